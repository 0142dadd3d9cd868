"""Exercise 06.1: stop against a deadline.

>>> from pubsub_lib.lab.exercises import examine
>>> async def stop(broker, tasks, *, grace_s):
...     await broker.shutdown(timeout=grace_s)
...     return []
>>> examine("06.1", stop).explanation
'stop() has returned, and a task is still running'
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.exercises.shut_down_gracefully.services import SERVICE_TIME_S, broker_with, now

TIDY_UP_S = AN_HOUR_S + 0.0371  #: at no time at which somebody would look


LOOKS_AGAIN = (
    "while the tasks are busy it looks again and again whether they have ended; `asyncio.wait()` "
    "waits until they have"
)


hints(
    "06.1",
    "First ask, with `broker.shutdown(timeout=grace_s)`. It may take all of the grace or none of "
    "it.",
    "`asyncio.wait(tasks, timeout=...)` returns two sets, those that are done and those that are "
    "not, and raises nothing. The time-out is what is left of the grace.",
    "Cancel those that are not done, and wait for them, before you return their names.",
)


@exercise("06.1", "whoever can end does so, whoever cannot is cancelled, and all within the grace")
def check_stop(stop: Callable[..., Awaitable[Any]]) -> None:
    """Refuse a stop that is too hasty, too slow, or leaves somebody behind."""
    run_without_polling(_all_are_alive(stop), LOOKS_AGAIN)
    run_virtual(_one_is_dead(stop))
    for backwards in (False, True):
        run_virtual(_many_are_dead(stop, backwards=backwards))
    run_virtual(_one_fails(stop))


async def _all_are_alive(stop: Callable[..., Awaitable[Any]]) -> None:
    ended: list[str] = []

    async def read_and_tidy_up(inbox: Inbox[int]) -> None:
        async for _message in inbox:
            await asyncio.sleep(SERVICE_TIME_S)
        await asyncio.sleep(TIDY_UP_S)  # close a file, say goodbye to a server
        ended.append("reader")

    broker, inbox = await broker_with(1, 2)
    reader = asyncio.create_task(read_and_tidy_up(inbox), name="reader")
    await asyncio.sleep(0)
    cancelled = await stop(broker, [reader], grace_s=3 * AN_HOUR_S)
    _is_stopped(broker, reader)
    require(
        ended == ["reader"],
        "a reader needs 4 s for its messages and an hour to tidy up, has three hours, and is "
        "cancelled",
    )
    ended_s = 2 * SERVICE_TIME_S + TIDY_UP_S
    require(
        round(now() - ended_s, 6) == 0,
        f"everybody has ended after {ended_s:.2f} s, and stop() returns after {now():.2f} s",
    )
    require(cancelled == [], f"nobody was cancelled, and you return {cancelled!r}")


async def _one_is_dead(stop: Callable[..., Awaitable[Any]]) -> None:
    tidied_up: list[str] = []

    async def hang(inbox: Inbox[int]) -> None:
        try:
            async for _message in inbox:
                await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0.5)
            tidied_up.append("dead")

    async def read(inbox: Inbox[int]) -> None:
        async for _message in inbox:
            await asyncio.sleep(SERVICE_TIME_S)

    broker, inbox = await broker_with()
    alive = asyncio.create_task(read(inbox), name="alive")
    dead = asyncio.create_task(hang(broker.subscribe()), name="dead")
    await broker.publish(1)
    await asyncio.sleep(0)
    cancelled = await stop(broker, [alive, dead], grace_s=8)
    require(dead.done(), "stop() has returned, and a task that was cancelled has not ended yet")
    _is_stopped(broker, alive)
    require(not alive.cancelled(), "a reader that needs 2 s and has 8 s is cancelled")
    require(
        now() == 8.5,
        "the grace is 8 s in all, and the dead one needs 0.5 s to tidy up when it is cancelled; "
        f"stop() returns after {now():g} s",
    )
    require(
        cancelled == ["dead"],
        f"return the names of those that were cancelled, ['dead'], not {cancelled!r}",
    )


async def _many_are_dead(stop: Callable[..., Awaitable[Any]], *, backwards: bool) -> None:
    """A dozen: the order of a set, or of their names, is not by chance that of `tasks`."""

    async def end_in_time() -> None:
        await asyncio.sleep(7)

    async def hang() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0.5)

    broker, _inbox = await broker_with()
    tasks = [asyncio.create_task(hang(), name=f"task {number}") for number in range(12)]
    if backwards:
        tasks.reverse()
    busy = asyncio.create_task(end_in_time(), name="busy")
    tasks.insert(0, busy)
    await asyncio.sleep(0)
    given = list(tasks)
    names = await stop(broker, tasks, grace_s=8)
    require(tasks == given, "you have changed the list of tasks that you were given")
    _is_stopped(broker, *given)
    require(
        not busy.cancelled() and "busy" not in names,
        "a task that needs 7 s of a grace of 8 s is taken for one that hangs; wait for all of them "
        "at the same time",
    )
    expected = [task.get_name() for task in given if task is not busy]
    require(
        isinstance(names, list) and sorted(names) == sorted(expected),
        f"twelve tasks hang, and are cancelled; return the names of all, not {names!r}",
    )
    require(
        names == expected,
        "the names come in another order than the tasks; the sets of asyncio.wait() have no order",
    )
    require(
        round(now(), 6) == 8.5,
        "twelve tasks hang, the grace is 8 s in all, and each needs 0.5 s to tidy up when it is "
        f"cancelled; stop() returns after {now():g} s: cancel all of them, and then wait",
    )


async def _one_fails(stop: Callable[..., Awaitable[Any]]) -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise OSError("the disk is full")

    async def hang() -> None:
        await asyncio.get_running_loop().create_future()

    broker, _inbox = await broker_with()
    tasks = [asyncio.create_task(fail(), name="fails"), asyncio.create_task(hang(), name="dead")]
    tasks[0].add_done_callback(lambda task: task.cancelled() or task.exception())  # it is known
    with contextlib.suppress(OSError):  # to tell of it is right, too
        await stop(broker, tasks, grace_s=8)
    require(
        all(task.done() for task in tasks),
        "one task fails while the broker is stopped, and stop() ends with another one still "
        "running; asyncio.wait() raises nothing of what the tasks raise",
    )


def _is_stopped(broker: AsyncPubSub[int], *tasks: asyncio.Task[Any]) -> None:
    require(broker.closed, "the broker still takes messages; shut it down")
    require(all(task.done() for task in tasks), "stop() has returned, and a task is still running")
