"""The checks of notebook 02.

>>> import asyncio
>>> from pubsub_lib.lab.exercises import examine
>>> def give_up_when_full(queue, message):
...     try:
...         queue.put_nowait(message)
...     except asyncio.QueueFull:
...         return 1
...     return 0
>>> examine("02.1", give_up_when_full).explanation
'in a queue of 2, after 1, 2 and 3, these are waiting: 1, 2; the newest belong there: 2, 3'
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from pubsub_lib.lab.clock.virtual_time import (
    Deadlock,
    LimitReached,
    Livelock,
    VirtualTimeError,
    run_virtual,
)
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints

MOST_STEPS = 5_000  # an answer takes some 50; one that looks again and again takes any number
QUIET_S = 1e6
A_MOMENT_S = 0.1  # who was cancelled has ended by then, and who goes on has not
SECOND = [1]


@exercise("02.1", "a full queue keeps the newest, nobody waits, and join() still ends")
def check_put_newest(put_newest: Callable[..., Any]) -> None:
    """Refuse an answer that drops too much or the wrong one, waits, or makes join() hang."""
    for maxsize in (2, 3):
        run_virtual(_keeps_the_newest(put_newest, maxsize))
    run_virtual(_leaves_join_able_to_end(put_newest))


hints(
    "02.1",
    "`queue.full()` tells whether there is room, and `queue.get_nowait()` takes out the oldest "
    "message without waiting. When you put yours in, there is room.",
    "The message you throw away was put in, so join() waits until somebody says that it is done. "
    "Nobody else will.",
    "Where the queue is full: `queue.get_nowait()`, `queue.task_done()`, and remember that it was "
    "1. Then, full or not, `queue.put_nowait(message)`.",
)


async def _keeps_the_newest(put_newest: Callable[..., Any], maxsize: int) -> None:
    queue = asyncio.Queue[int](maxsize)
    numbers = list(range(1, maxsize + 2))
    dropped = []
    for number in numbers:
        dropped.append(_called(put_newest, queue, number))
        if number == 1:
            require(queue.qsize() == 1, "put_newest() is to put the message in the queue")
    waiting = _emptied(queue)
    require(
        waiting == numbers[1:],
        f"in a queue of {maxsize}, after {_listed(numbers[:-1])} and {numbers[-1]}, these are "
        f"waiting: {_listed(waiting)}; the newest belong there: {_listed(numbers[1:])}",
    )
    require(
        dropped == [0] * maxsize + [1],
        "return how many messages were thrown away: 0 while there is room, 1 where there is none; "
        f"in a queue of {maxsize} you return {_listed(dropped)} for {maxsize + 1} messages",
    )
    unbounded = asyncio.Queue[int]()
    for number in range(5):
        _called(put_newest, unbounded, number)
    require(
        unbounded.qsize() == 5,
        "in a queue without a bound there is always room, and messages are thrown away",
    )


def _called(put_newest: Callable[..., Any], queue: asyncio.Queue[int], number: int) -> Any:
    try:
        returned = put_newest(queue, number)
    except asyncio.QueueFull:
        require(False, "put_newest() raises QueueFull; make room before you put the message in")
    if inspect.iscoroutine(returned):
        returned.close()
        require(False, "write a plain function, `def` without `async`: it has nothing to wait for")
    return returned


async def _leaves_join_able_to_end(put_newest: Callable[..., Any]) -> None:
    queue = asyncio.Queue[int](maxsize=2)
    for number in (1, 2, 3):
        _called(put_newest, queue, number)
    joining = asyncio.create_task(queue.join(), name="join")
    await asyncio.sleep(1)
    marked_too_often = joining.done()
    for _ in _emptied(queue):
        try:
            queue.task_done()
        except ValueError:
            marked_too_often = True
    require(
        not marked_too_often,
        "task_done() is called for a message that is still waiting; "
        "call it once for each that is thrown away, and leave the others to their reader",
    )
    await asyncio.sleep(1)
    ended = joining.done()
    joining.cancel()
    require(
        ended,
        "nobody will ever handle a message that was thrown away, and join() waits for that; "
        "call task_done() for it",
    )


@exercise("02.2", "all handled, so many at a time, read no further ahead than the queue, all ended")
def check_handle_all(handle_all: Callable[..., Awaitable[object]]) -> None:
    """Refuse an answer that reads ahead, is too slow or too quick, polls, or leaves tasks."""
    try:
        run_virtual(_handles_each_once(handle_all, maxsize=2))
    except Deadlock as stuck:
        require(
            False,
            "ten messages come, and handle_all() never returns, because somebody waits for what "
            f"never comes: {stuck}",
        )
    run_virtual(_handles_each_once(handle_all, maxsize=1))
    run_virtual(_handles_whatever_it_is(handle_all))
    run_virtual(_goes_on_beside_a_slow_one(handle_all))
    run_virtual(_reads_no_further_ahead(handle_all))
    try:
        run_virtual(_leaves_idle_workers_alone(handle_all), max_steps=MOST_STEPS)
    except (LimitReached, Livelock):
        require(
            False,
            "while one message is handled, the other workers look for the next again and again; "
            "`await queue.get()` waits for it without looking",
        )
    for failing, told in ((SECOND, "the second message"), (range(20), "every message")):
        try:
            run_virtual(_tells_of_a_failure(handle_all, failing, told))
        except VirtualTimeError as stuck:
            require(
                False,
                f"handle() raises for {told}, and handle_all() never returns; own the "
                f"workers in a TaskGroup, which tells of it: {stuck}",
            )


hints(
    "02.2",
    "A queue with a bound stands between a loop that puts the messages in and the workers that "
    "take them out. `await queue.put(message)` waits while there is no room, so nothing is read "
    "too far ahead.",
    "Each worker goes round for ever: `await queue.get()`, `await handle(message)`, "
    "`queue.task_done()`. Start so many of them as tasks of a TaskGroup: then an exception in one "
    "of them ends the others, and comes out at the end of the block.",
    "When all messages are in the queue, `await queue.join()` waits until they are handled. Then "
    "`cancel()` the workers, as `meet` does with its reader.",
)


async def _handles_each_once(handle_all: Callable[..., Awaitable[object]], *, maxsize: int) -> None:
    handled: list[int] = []
    at_work, most_at_work = 0, 0

    async def handle(number: int) -> None:
        nonlocal at_work, most_at_work
        at_work += 1
        most_at_work = max(most_at_work, at_work)
        await asyncio.sleep(1)
        at_work -= 1
        handled.append(number)

    await handle_all(range(10), handle, workers=3, maxsize=maxsize)
    now = asyncio.get_running_loop().time
    returned_s = now()
    handled_by_then = len(handled)
    await asyncio.sleep(60)  # whoever was told to stop has stopped by now
    _leaves_no_task("a minute after handle_all() has returned")
    require(
        handled_by_then == 10,
        f"of 10 messages, {handled_by_then} are handled when handle_all() returns",
    )
    require(
        sorted(handled) == list(range(10)),
        f"each of the messages 0 to 9 is to be handled once; handled: {_listed(sorted(handled))}",
    )
    require(
        most_at_work == 3,
        f"with workers=3 and maxsize={maxsize}, {most_at_work} of 10 messages are handled at the "
        "same time at most; a worker that finds the queue empty is to wait for the next message",
    )
    require(
        returned_s == 4.0,
        f"10 messages of 1 s by 3 workers take 4 s; you take {returned_s:g} s",
    )
    await handle_all([], handle, workers=3, maxsize=maxsize)


async def _handles_whatever_it_is(handle_all: Callable[..., Awaitable[object]]) -> None:
    sent: list[object] = [None, 0, "", None, "last"]
    handled: list[object] = []

    async def handle(message: object) -> None:
        await asyncio.sleep(1)
        handled.append(message)

    try:
        await asyncio.wait_for(handle_all(iter(sent), handle, workers=1, maxsize=2), timeout=60)
        returned = True
    except TimeoutError:
        returned = False
    require(
        returned and handled == sent,
        f"{_listed(map(repr, sent))} are the messages, and {_listed(map(repr, handled))} handled"
        f"{'' if returned else ', and it never returns'}; what a message may be, as None and 0 "
        "are, cannot be the sign that no more comes",
    )


async def _goes_on_beside_a_slow_one(handle_all: Callable[..., Awaitable[object]]) -> None:
    async def handle(number: int) -> None:
        await asyncio.sleep(4 if number == 0 else 1)

    await handle_all(range(10), handle, workers=3, maxsize=2)
    seconds = asyncio.get_running_loop().time()
    require(
        seconds <= 5.0,
        "the first of 10 messages takes 4 s and the others 1 s; with 3 workers, two handle the "
        f"others meanwhile, and it all takes 5 s; you take {seconds:g} s: does a worker that is "
        "done wait for the others?",
    )


async def _leaves_idle_workers_alone(handle_all: Callable[..., Awaitable[object]]) -> None:
    async def handle(number: int) -> None:
        await asyncio.sleep(QUIET_S if number == 3 else 1)

    await handle_all(range(4), handle, workers=3, maxsize=2)


async def _reads_no_further_ahead(handle_all: Callable[..., Awaitable[object]]) -> None:
    read, done, furthest_ahead = 0, 0, 0

    def source() -> Iterator[int]:
        nonlocal read, furthest_ahead
        for number in range(100):
            read += 1
            furthest_ahead = max(furthest_ahead, read - done)
            yield number

    async def handle(number: int) -> None:
        nonlocal done
        await asyncio.sleep(1)
        done += 1

    await handle_all(source(), handle, workers=2, maxsize=5)
    require(
        furthest_ahead <= 8,
        f"with maxsize=5 and 2 workers, {furthest_ahead} messages were read and not yet handled; "
        "there may be 5 in the queue, 2 with the workers, and 1 waiting for room: 8 in all",
    )


async def _tells_of_a_failure(
    handle_all: Callable[..., Awaitable[object]], failing: Iterable[int], told: str
) -> None:
    async def handle(number: int) -> None:
        await asyncio.sleep(1)
        if number in failing:
            raise ValueError(f"message {number} cannot be handled")

    raised = False
    try:
        await handle_all(range(20), handle, workers=3, maxsize=2)
    except (ValueError, BaseExceptionGroup):
        raised = True
    require(raised, f"handle() raises for {told}, and handle_all() keeps it to itself")
    await asyncio.sleep(A_MOMENT_S)
    _leaves_no_task("handle() raises, so does handle_all(), and after that")


def _leaves_no_task(when: str) -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    require(not left, f"{when}, {len(left)} of its tasks have not ended; cancel the workers")


def _emptied(queue: asyncio.Queue[int]) -> list[int]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values)) or "nothing"
