"""Try every mutant: `make mutants`, or `python -m tests.mutants [module ...] [--function NAME]`."""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.mutants.areas import AREAS, LIBRARY, ROOT, Area, area_of, modules_in, part
from tests.mutants.making import Mutant, mutants_of
from tests.mutants.running import BY_THE_CLOCK, Runner, Trial
from tests.mutants.survivors import Change, equivalents

OPTIONS = [
    # Its plugins, and ours; none that would run the tests elsewhere, or end them.
    *("-c", str(ROOT / "pyproject.toml"), "-o", "addopts=", "--doctest-modules"),
    *("-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=0", "--capture=no", "-q"),
    *("-m", "not run_all and not drill"),
]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "modules",
        nargs="*",
        type=Path,
        help=f"files and folders of one area; by default {', '.join(AREAS[0].modules)}",
    )
    arguments.add_argument("--function", default="", help="only those whose name begins so")
    arguments.add_argument(
        "--longest",
        type=float,
        default=0.5,
        help="seconds; slower tests are not run",
    )
    arguments.add_argument(
        "--most",
        type=int,
        default=10_000,
        help="tests that are run against one mutant; so a few more seem to survive",
    )
    arguments.add_argument(
        "--part", type=part, default=(1, 1), help="only a part of them, such as 1/4, for each of 4"
    )
    options = arguments.parse_args()
    named = [path for each in options.modules for path in modules_in(each.resolve())]
    try:
        area = area_of(named)
    except ValueError as error:
        arguments.error(str(error))
    modules = named or area.paths
    trials: list[Trial] = []

    def report(trial: Trial) -> None:
        trials.append(trial)
        if not trial.killed_by and described(trial.mutant) not in equivalents():
            print(in_words(trial), flush=True)

    number, of = options.part
    mutants = islice(chosen(modules, options.function), number - 1, None, of)
    runner = Runner(modules, mutants, report, longest_s=options.longest, most=options.most)
    code = pytest.main([*OPTIONS, *area.options], plugins=[runner])
    if code != pytest.ExitCode.OK or not trials:
        return 1
    return summed_up(trials, area)


def chosen(modules: list[Path], function: str) -> Iterator[Mutant]:
    for path in modules:
        yield from (each for each in mutants_of(path) if each.function.startswith(function))


def described(mutant: Mutant) -> Change:
    module = mutant.path.relative_to(LIBRARY).as_posix()
    return Change(module, mutant.function, *mutant.change)


def in_words(trial: Trial) -> str:
    change = described(trial.mutant)
    where = f"{change.module}:{trial.mutant.lines.start} {change.function}"
    why = trial.not_tried or f"survived {trial.tests} tests"
    return f"{where}: {why}\n  - {change.was}\n  + {change.is_now}"


def summed_up(trials: list[Trial], area: Area) -> int:
    counting = [trial for trial in trials if described(trial.mutant) not in equivalents()]
    for path in dict.fromkeys(trial.mutant.path for trial in counting):
        in_it = [trial for trial in counting if trial.mutant.path == path]
        print(f"{path.relative_to(LIBRARY)}: {_share_of(in_it)[1]}")
    share, killed = _share_of(counting)
    by_the_clock = sum(trial.killed_by == BY_THE_CLOCK for trial in counting)
    print(
        f"{killed}, {by_the_clock} of them since a test waited too long; beside them "
        f"{len(trials) - len(counting)} do the same as the library. "
        f"{sum(trial.seconds for trial in trials):,.0f} s of processor time."
    )
    return 0 if share >= area.wanted else 1


def _share_of(trials: list[Trial]) -> tuple[float, str]:
    killed = sum(bool(trial.killed_by) for trial in trials)
    share = killed / max(len(trials), 1)
    return share, f"{killed:,} of {len(trials):,} killed, {share:.1%}"


if __name__ == "__main__":
    sys.exit(main())
