"""The contract within one process in debug mode, with eager tasks, and on uvloop (`make test-all`).

All but what needs threads runs on the virtual clock there, too. uvloop is an event loop of its own,
with a real clock: it tries the promises that take no longer than a second, and that do not ask what
time it is.
"""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.promises import Kind, Promise
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from tests.test_contract import trials

uvloop = pytest.importorskip("uvloop", reason="uvloop is for Linux and macOS")

type Program = Coroutine[Any, Any, None]

pytestmark = pytest.mark.run_all
LONGEST_S = 1.0


async def in_debug_mode(program: Program) -> None:
    asyncio.get_running_loop().set_debug(True)
    await program


async def with_eager_tasks(program: Program) -> None:
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    await asyncio.create_task(program)


def is_in_real_time(promise: Promise) -> bool:
    return Trait.THREADS in promise.needs


def trials_in_process() -> list[Any]:
    return [trial for trial in trials() if Trait.IN_PROCESS in trial.values[0].traits]


@pytest.mark.parametrize("under", [in_debug_mode, with_eager_tasks])
@pytest.mark.parametrize(("kind", "promise", "case"), trials_in_process())
def test_the_broker_keeps_its_promise(
    under: Callable[[Program], Program], kind: Kind, promise: Promise, case: dict[str, Any]
):
    run = asyncio.run if is_in_real_time(promise) else run_virtual
    run(under(Trial(kind, promise, case).run()))


def looks_at_the_clock(promise: Promise) -> bool:
    source = inspect.getsource(promise.program)
    return "now()" in source or "record_timers()" in source


def seconds_taken(kind: Kind, promise: Promise, case: dict[str, Any]) -> float:
    async def timed() -> float:
        await Trial(kind, promise, case).run()
        return asyncio.get_running_loop().time()

    return run_virtual(timed())


def trials_without_a_clock() -> list[Any]:
    """Return the trials that say the same in real time as on the virtual clock."""
    return [
        trial
        for trial in trials_in_process()
        if is_in_real_time(trial.values[1]) or not looks_at_the_clock(trial.values[1])
    ]


@pytest.mark.parametrize(("kind", "promise", "case"), trials_without_a_clock())
def test_the_broker_keeps_its_promise_on_uvloop(kind: Kind, promise: Promise, case: dict[str, Any]):
    if not is_in_real_time(promise) and seconds_taken(kind, promise, case) > LONGEST_S:
        pytest.skip(f"takes more than {LONGEST_S} s in real time")
    uvloop.run(Trial(kind, promise, case).run())


def test_most_promises_are_tried_on_uvloop():
    assert len(trials_without_a_clock()) > 0.6 * len(trials_in_process())
