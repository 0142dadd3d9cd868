"""Try every mutant: `make mutants`, or `python -m tests.mutants [module ...] [--function NAME]`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants.making import Mutant, mutants_of
from tests.mutants.running import Runner, Trial
from tests.mutants.survivors import Change, equivalents

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "pubsub_lib"
MUTATED = ["in_process", "handlers.py", "topics.py", "caching"]
TESTS = [
    *(str(LIBRARY / name) for name in MUTATED),
    *("tests/in_process", "tests/caching", "tests/test_contract.py", "tests/test_handlers.py"),
    *("tests/test_interfaces.py", "tests/test_topics.py"),
]
OPTIONS = [
    # Its plugins, and ours; none that would run the tests elsewhere, or end them.
    *("-c", str(ROOT / "pyproject.toml"), "-o", "addopts=", "--doctest-modules"),
    *("-p", "no:cacheprovider", "-p", "no:xdist", "--timeout=0", "--capture=no", "-q"),
    *("-m", "not run_all and not drill", "-k", "not Nats and not JetStream"),
]
WANTED = 0.95  #: of the mutants that are not equivalent are to be killed


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("modules", nargs="*", type=Path, help="all of them, if none is given")
    arguments.add_argument("--function", default="", help="only those whose name begins so")
    arguments.add_argument(
        "--longest",
        type=float,
        default=0.5,
        help="seconds; slower tests are not run",
    )
    options = arguments.parse_args()
    modules = [path.resolve() for path in options.modules] or all_modules()
    trials: list[Trial] = []

    def report(trial: Trial) -> None:
        trials.append(trial)
        if not trial.killed_by and described(trial.mutant) not in equivalents():
            print(in_words(trial), flush=True)

    mutants = chosen(modules, options.function)
    runner = Runner(modules, mutants, report, longest_s=options.longest)
    code = pytest.main([*OPTIONS, *TESTS], plugins=[runner])
    if code != pytest.ExitCode.OK or not trials:
        return 1
    return summed_up(trials)


def all_modules() -> list[Path]:
    folders_and_files = [LIBRARY / name for name in MUTATED]
    return [
        path
        for each in folders_and_files
        for path in (sorted(each.glob("*.py")) if each.is_dir() else [each])
    ]


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


def summed_up(trials: list[Trial]) -> int:
    counting = [trial for trial in trials if described(trial.mutant) not in equivalents()]
    killed = sum(bool(trial.killed_by) for trial in counting)
    share = killed / max(len(counting), 1)
    seconds = sum(trial.seconds for trial in trials)
    print(
        f"{killed:,} of {len(counting):,} killed, {share:.1%}; beside them "
        f"{len(trials) - len(counting)} do the same as the library. {seconds:,.0f} s of "
        "processor time."
    )
    return 0 if share >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
