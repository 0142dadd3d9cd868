"""Tries mutants: pytest collects the tests once, and a fork of it runs them against each mutant.

A fork is ready in some milliseconds, with everything imported. It runs only the tests that run the
changed statement, those first that noticed other changes of the function, and then some of each
module, the fastest first, until one fails. A test that takes many times longer than without the
mutant has noticed it too. It is processor time that counts, so a busy machine makes no difference;
only one that waits and does nothing is ended by the clock on the wall.

What tests share, such as a server, lasts from one to the next as always, in each fork anew; it ends
with the fork.
"""

import gc
import os
import pickle
import resource
import signal
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.covering import Lines, Run
from tests.mutants.making import Mutant
from tests.mutants.patching import CannotPatch, Functions

EXAMPLES = 20  #: of each test that hypothesis drives, always the same
WAITED_S = 10  #: on the wall, for which a test may wait for nothing before it is ended
BY_THE_CLOCK = signal.Signals.SIGALRM.name  #: what ends it
MEMORY_BYTES = 1 << 30  #: more than any test needs


@dataclass(frozen=True)
class Trial:
    """What became of a mutant.

    Attributes:
        mutant: what was tried.
        killed_by: the test that noticed it, or what ended it; empty if it survived.
        not_tried: why it could not be tried; empty if it was.
        tests: how many there were that run what it changes.
        seconds: of processor time.
    """

    mutant: Mutant
    killed_by: str
    not_tried: str
    tests: int
    seconds: float


class Runner:
    """A plugin of pytest that runs the tests against mutants, and not by themselves.

    Args:
        paths: the modules that the mutants are of.
        mutants: what to try.
        report: is told of each.
        longest_s: processor time of a test that is worth running thousands of times.
        most: how many tests to run against one mutant.
    """

    def __init__(
        self,
        paths: list[Path],
        mutants: Iterable[Mutant],
        report: Callable[[Trial], object],
        *,
        longest_s: float,
        most: int,
    ) -> None:
        self._paths = paths
        self._mutants = mutants
        self._report = report
        self._longest_s = longest_s
        self._most = most

    def pytest_configure(self) -> None:
        """Let hypothesis try few examples, and look for no smaller ones, which are for people."""
        import hypothesis  # not before pytest has had a look at the plugin

        os.environ["EXAMPLES"] = str(EXAMPLES)
        hypothesis.settings.register_profile(
            "mutants",
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
        )
        hypothesis.settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted("not all tests can be collected")
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        gc.unfreeze()  # what a test module froze is not found
        functions = Functions(self._paths)
        gc.collect()
        gc.freeze()  # so that what a test collects is what it has made
        items = {item.nodeid: item for item in session.items}
        runs, _, _ = in_a_fork(partial(_all_runs, session.items, functions, self._longest_s))
        if runs is None:
            raise session.Interrupted("the tests ended early, without any mutant")
        print(f"{len(runs)} tests; of these {len(items) - len(runs)} more are too long, or fail:")
        print(*sorted(set(items) - set(runs)), sep="\n", flush=True)
        killers: dict[str, Counter[str]] = {}
        for mutant in self._mutants:
            killed = killers.setdefault(mutant.function, Counter())
            tests = [
                (items[name], runs[name]) for name in _which(runs, mutant, killed)[: self._most]
            ]
            found, ended_by, seconds = in_a_fork(partial(_try, functions, mutant, tests))
            killed_by, not_tried = (ended_by, "") if found is None else found
            killed[killed_by] += 1
            self._report(Trial(mutant, killed_by, not_tried, len(tests), seconds))
        return True


def _all_runs(items: list[pytest.Item], functions: Functions, longest_s: float) -> dict[str, Run]:
    """Run every test without a mutant; leave out those that fail, and the longest."""
    lines = Lines(functions.codes())
    runs = {}
    for item, following in _with_the_next(items):
        with lines.measured() as run:
            passed = _passes(item, following)
        if passed and run.seconds < longest_s:
            runs[item.nodeid] = run
    return runs


def _which(runs: dict[str, Run], mutant: Mutant, killed: Counter[str]) -> list[str]:
    """Return the tests that run what is mutated, in the order in which to run them.

    After those that have noticed others, the fastest of each test module, the next of each, and so
    on, since those of one module notice much the same.
    """
    lines = {(str(mutant.path), line) for line in mutant.lines}
    covering = [name for name, run in runs.items() if not lines.isdisjoint(run.lines)]
    covering.sort(key=lambda name: runs[name].seconds)
    faster: Counter[str] = Counter()
    ranks = {}
    for name in covering:
        module = name.partition("::")[0]
        ranks[name] = faster[module]
        faster[module] += 1
    return sorted(covering, key=lambda name: (-killed[name], ranks[name], runs[name].seconds))


def _try(
    functions: Functions, mutant: Mutant, tests: list[tuple[pytest.Item, Run]]
) -> tuple[str, str]:
    """Return the test that noticed the mutant, if one did, and why it could not be tried."""
    try:
        functions.put_in(mutant)
    except CannotPatch as error:
        return "", str(error)
    resource.setrlimit(resource.RLIMIT_DATA, (_data_bytes() + MEMORY_BYTES,) * 2)
    following = _with_the_next([item for item, _ in tests])
    for (item, next_one), (_, run) in zip(following, tests, strict=True):
        signal.setitimer(signal.ITIMER_PROF, 2 + 5 * run.seconds)
        signal.alarm(WAITED_S + int(5 * run.waited))
        if not _passes(item, next_one):
            return item.nodeid, ""
    return "", ""


def _data_bytes() -> int:
    """Return how much memory this process has asked for."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmData"))
    return int(line.split()[1]) * 1024


def _with_the_next(items: list[pytest.Item]) -> Iterator[tuple[pytest.Item, pytest.Item | None]]:
    return zip_longest(items, items[1:])


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    reports = runtestprotocol(item, log=False, nextitem=following)
    return not any(report.failed for report in reports)


def in_a_fork[R](work: Callable[[], R]) -> tuple[R | None, str, float]:
    """Do something in a copy of this process.

    Return what it returns, or `None` and what ended the copy; and the processor time it took.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, sys.stdout.fileno())
            os.dup2(silent, sys.stderr.fileno())
            with os.fdopen(writing, "wb") as answer:
                pickle.dump(work(), answer)
        finally:
            os._exit(0)  # whatever threads or exit handlers there are
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        answered = answer.read()
    _, status, usage = os.wait4(child, 0)
    seconds = usage.ru_utime + usage.ru_stime
    if answered:
        return pickle.loads(answered), "", seconds
    by = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "an error"
    return None, by, seconds
