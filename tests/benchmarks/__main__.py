"""Run the benchmark: `make bench`, or `python -m tests.benchmarks` from the project's folder.

It reports and does not judge whether anything failed: it exits with 0 whatever was measured. Only a
message that was lost, doubled or out of order stops it.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pubsub_lib.nats import why_no_server

from .against import compare, comparison_report
from .by_hand import BY_HAND, LIMITS
from .figure import draw
from .library import LIBRARY
from .measuring import heap_left_alone
from .network import measure_network, network_report
from .page import Page
from .peers import installed_peers, versions
from .profiling import profile, profile_table, profiles_of
from .report import report
from .requirements import judge_all
from .rounds import FULL, QUICK, Quantity, Sizes, measure
from .run import ProfileRow, Run, this_machine
from .systems import System

PAGE = Page(Path(__file__).parent)


def main() -> None:
    options = _options()
    sizes = QUICK if options.quick else FULL
    sizes = replace(sizes, rounds=options.rounds or sizes.rounds)
    peers, missing = installed_peers()
    for name in dict.fromkeys(peer.distribution for peer in missing):
        print(f"Skipped: {name} is not installed (`make bench` installs it).")
    systems = [*LIBRARY, *BY_HAND, *peers]
    if options.page:
        PAGE.write()
    elif options.against:
        print(comparison_report(compare(options.against, sizes, _progress)))
    elif options.profile:
        print(profile_table(_profile(options.profile, systems)))
    elif options.network:
        _tell(_measure_network(sizes), save=options.save)
    else:
        _measure_all(systems, sizes, save=options.save)


def _measure_all(systems: Sequence[System], sizes: Sizes, *, save: bool) -> None:
    started_s = time.monotonic()
    with heap_left_alone():
        results = measure(systems, LIMITS, sizes, _progress)
        profiles = profiles_of(judge_all(results, systems), systems, sizes)
    times = _measure_network(sizes)
    seconds = time.monotonic() - started_s
    run = Run(results, sizes, this_machine(), versions(), seconds, profiles)
    plot = draw(run, systems, LIMITS)
    figure = Path(tempfile.gettempdir()) / PAGE.figure.name
    figure.write_bytes(plot.png())
    print(report(run, systems, LIMITS))
    print(f"\n{plot.caption}\n\nDrawn in {figure}.")
    if save:
        PAGE.save_run(run)
    _tell(times, save=save)


def _measure_network(sizes: Sizes) -> dict[str, list[float]]:
    """Return what a message costs over a server; nothing, if there is none."""
    if why_no_server():
        return {}
    _progress("over a NATS server")
    share = 0.1 if sizes.messages == QUICK.messages else 1.0
    return measure_network(sizes.rounds, share=share)


def _tell(times: dict[str, list[float]], *, save: bool) -> None:
    """Print what was measured over a server, or why nothing was."""
    if not times:
        print(f"\nOver a NATS server nothing was measured: {why_no_server()}.")
        return
    print(f"\n{network_report(times)}")
    if save:
        PAGE.save_network(times)


def _profile(name: str, systems: Sequence[System]) -> Sequence[ProfileRow]:
    (system,) = [one for one in systems if one.name == name] or sys.exit(
        f"There is no system {name!r}. There are: {'; '.join(one.name for one in systems)}."
    )
    with heap_left_alone():
        return profile(system, Quantity.COST, FULL, rows=12)


def _progress(what: str) -> None:
    print(what, file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of everything, in under 30 s")
    parser.add_argument("--rounds", type=int, help="how many rounds (7, or 2 with --quick)")
    parser.add_argument("--save", action="store_true", help="put the results into README.md")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--network", action="store_true", help="only over a NATS server")
    only.add_argument("--profile", metavar="SYSTEM", help="only show where one system's time goes")
    only.add_argument(
        "--against",
        metavar="CHECKOUT",
        type=Path,
        help="only compare the library with that of another folder, such as an older checkout",
    )
    only.add_argument(
        "--page", action="store_true", help="only write README.md again, from what was saved"
    )
    options = parser.parse_args()
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds must be at least 1")
    if options.save and options.quick:
        parser.error("--quick measures too little to be saved")
    if options.save and (options.profile or options.against or options.page):
        parser.error("--save goes with everything, or with --network")
    if options.against and not (options.against / "pubsub_lib").is_dir():
        parser.error(f"there is no pubsub_lib in {options.against}")
    return options


if __name__ == "__main__":
    main()
