"""Run the benchmark: `make bench`, or `python -m tests.benchmarks` from the project's folder.

It reports and does not judge whether anything failed: it exits with 0 whatever was measured. Only a
message that was lost, doubled or out of order stops it.
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pubsub_lib.nats import why_no_server

from .figure import draw
from .measuring import cost_ns, heap_left_alone
from .network import measure_network, network_report
from .peers import installed_peers, versions
from .report import report
from .rounds import FULL, QUICK, Sizes, measure
from .systems import LIMITS, SYSTEMS, System

README = Path(__file__).with_name("README.md")
FIGURE = Path(__file__).with_name("benchmark.png")
RESULTS, NETWORK = "results", "results over a network"


def main() -> None:
    options = _options()
    sizes = QUICK if options.quick else FULL
    sizes = replace(sizes, rounds=options.rounds or sizes.rounds)
    peers, missing = installed_peers()
    for name in dict.fromkeys(peer.distribution for peer in missing):
        print(f"Skipped: {name} is not installed (`make bench` installs it).")
    systems = [*SYSTEMS, *peers]
    if options.profile:
        _profile(options.profile, systems)
        return
    if options.network:
        print(network := _network(sizes))
        if options.save:
            _save(NETWORK, network)
        return
    started_s = time.monotonic()
    with heap_left_alone():
        results = measure(systems, LIMITS, sizes, lambda what: print(what, file=sys.stderr))
    text = report(results, systems, LIMITS, sizes, versions())
    print(text)
    network = _network(sizes)
    print(f"\n{network}")
    plot = draw(results, [*systems, *LIMITS], sizes)
    figure = FIGURE if options.save else Path(tempfile.gettempdir()) / FIGURE.name
    figure.write_bytes(plot.png())
    print(f"\n{plot.caption}\n\nDrawn in {figure}; {time.monotonic() - started_s:.0f} s in all.")
    if options.save:
        picture = f"![{plot.caption}]({FIGURE.name})\n\n*{plot.caption}*"
        _save(RESULTS, f"{picture}\n\n{text}")
        _save(NETWORK, network)


def _network(sizes: Sizes) -> str:
    """Return what a message costs over a server, or why that is not known."""
    if reason := why_no_server():
        return f"Over a NATS server nothing was measured: {reason}."
    print("over a NATS server", file=sys.stderr)
    return network_report(
        measure_network(sizes.rounds, share=0.1 if sizes.messages == QUICK.messages else 1.0)
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of everything, in under 30 s")
    parser.add_argument("--rounds", type=int, help="how many rounds (7, or 2 with --quick)")
    parser.add_argument("--save", action="store_true", help=f"put the results into {README.name}")
    parser.add_argument("--network", action="store_true", help="only over a NATS server")
    parser.add_argument(
        "--profile", metavar="SYSTEM", help="only show where one system's time goes"
    )
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds must be at least 1")
    if options.save and options.quick:
        parser.error("--quick measures too little to be saved")
    return options


def _profile(name: str, systems: Sequence[System]) -> None:
    """Print which functions take the most time when a system delivers to 10 subscribers.

    Profiling adds to every call, so functions that are called often look worse than they are.
    """
    (system,) = [one for one in systems if one.name == name] or sys.exit(
        f"There is no system {name!r}. There are: {'; '.join(one.name for one in systems)}."
    )
    with heap_left_alone(), cProfile.Profile() as profile:
        cost_ns(system, subscribers=10, messages=FULL.messages[10])
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(12)


def _save(section: str, text: str) -> None:
    """Replace a section of the README by this."""
    begin, end = markers(section)
    before, rest = README.read_text(encoding="utf-8").split(begin)
    _, after = rest.split(end)
    README.write_text(f"{before}{begin}\n{text}\n\n{end}{after}", encoding="utf-8")
    print(f"Saved in {README}.")


def markers(section: str) -> tuple[str, str]:
    """Return what a section of the README stands between."""
    return f"<!-- {section} -->\n", f"<!-- end of {section} -->\n"


if __name__ == "__main__":
    main()
