"""Make notebooks behave as tests: the same outputs for everybody, no failure hidden, and an end.

It stands at the root because nbval's items come from notebooks/, and the documentation's examples
from pubsub_lib/, which tests/ does not cover.
"""

import atexit
import gc
import signal
from collections.abc import Generator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from jupyter_client.blocking import BlockingKernelClient
from pytest_timeout import Settings

from pubsub_lib.nats.local_server.server import why_no_server
from tools.kernels import NOTEBOOK_BUDGET_S, needs_server, neutral_environment

# Solutions are run by the tests of the exercises, each with its notebook; none is a test module.
collect_ignore_glob = ["notebooks/*.py"]
# A cell has 60 s (--nbval-cell-timeout), and as many may go by until its kernel has started.
CELL_TIME_LIMIT_S = 180
AGAIN_AFTER_S = 5.0
# Not among addopts, where it would be looked for in the folder that pytest is started from.
SANITIZE = str(Path(__file__).parent / "tools" / "nbval_sanitize.ini")

# What an example takes depends on what else the machine does; the test that has it has a limit.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_configure(config: pytest.Config) -> None:
    """Start every kernel and program as if from a terminal of a user without settings.

    What a script starts in the background ignores interrupts, and so does all that it starts: a
    test that interrupts something would wait for ever.
    """
    config.option.nbval_sanitize_with = SANITIZE
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    environment = ExitStack()
    environment.enter_context(neutral_environment())
    config.add_cleanup(environment.close)
    atexit.register(environment.close)  # a process of xdist may be cut short before that


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the examples and the notebooks that need a NATS server where there is none."""
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.timeout(CELL_TIME_LIMIT_S))
        if item.path.suffix == ".ipynb" and (reason := why_not_run(item.path)):
            item.add_marker(pytest.mark.skip(reason=reason))
        if isinstance(item, pytest.DoctestItem):
            sources = "".join(example.source for example in item.dtest.examples)
            of_our_own = "NatsServer(" in sources or "server_or_stop()" in sources
            if (of_our_own or "nats_server(" in sources) and (
                reason := why_no_server(of_our_own=of_our_own)
            ):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep thousands of tests that stay to the end out of each look for cycles that are garbage."""
    gc.collect()
    gc.freeze()


@cache
def why_not_run(notebook: Path) -> str | None:
    """Return why a notebook cannot run here; `None` if it can."""
    return why_no_server(of_our_own=True) if needs_server(notebook) else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail the cells that come after one that timed out.

    nbval would mark them as expected failures, and the run would say nothing about them.
    """
    if getattr(item.parent, "timed_out", False):
        pytest.fail("not run, because an earlier cell of this notebook timed out", pytrace=False)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Fail after the last cell of a notebook that takes more than its budget.

    It is the processor's time that counts, since a busy machine takes longer over the same work.
    """
    if item.path.suffix != ".ipynb" or (nextitem and nextitem.parent is item.parent):
        return
    kernel = item.parent.kernel
    if kernel is None or item.parent.timed_out or not kernel.is_alive():
        return
    took_s = processor_time_s(kernel.kc)
    if took_s > NOTEBOOK_BUDGET_S:
        pytest.fail(
            f"{item.path.name} took {took_s:.1f} s of processor time, and may take "
            f"{NOTEBOOK_BUDGET_S} s: make its experiments smaller",
            pytrace=False,
        )


def processor_time_s(kernel: BlockingKernelClient) -> float:
    """Return what a kernel has taken until now, with the programs that have ended beside it."""
    question = {"seconds": "sum(__import__('os').times()[:4])"}
    reply = kernel.execute("", silent=True, user_expressions=question, reply=True, timeout=30)
    return float(reply["content"]["user_expressions"]["seconds"]["data"]["text/plain"])


@pytest.hookimpl(wrapper=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Settings) -> Generator[None, bool, bool]:
    """Fail a test that takes too long once more every few seconds, until it ends.

    A task that happens to run at that moment takes the failure for its own, and the test goes on.
    """
    is_set = yield
    if settings.method == "signal":
        signal.setitimer(signal.ITIMER_REAL, settings.timeout, AGAIN_AFTER_S)
    return is_set
