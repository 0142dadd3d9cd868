"""The checks of notebook 09: a fan-out that pays only for full queues, and a reader of a ring.

>>> from pubsub_lib.lab.exercises import examine
>>> import asyncio
>>> async def a_task_for_each(queues, message):
...     await asyncio.gather(*(queue.put(message) for queue in queues))
>>> examine("09.1", a_task_for_each).explanation.partition(";")[0]
'three queues have room, and you have started 3 tasks for them'
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints

type FanOut = Callable[[list[asyncio.Queue[str]], str], Awaitable[object]]
ROOM_AFTER_S = {"first": 60.0371, "second": 1.0371}  #: at no time at which somebody would look
LOOKS_FOR_ROOM = (
    "while a queue is full it looks for room again and again; `await queue.put()` waits until "
    "there is some"
)

hints(
    "09.1",
    "`put_nowait()` where there is room costs no task; catch asyncio.QueueFull, and "
    "remember whose queue it was.",
    "Wait for the full ones together: in a TaskGroup, with a task for each of them alone.",
)
hints(
    "09.2",
    "A reader's cursor is the number of the next message; it lies in slot `cursor % len(slots)`.",
    "What is older than `published - len(slots)` has been overwritten: so many are missed, "
    "and reading goes on with the oldest that is there.",
)


@exercise("09.1", "queues with room cost no task, and full ones are waited for together")
def check_fan_out(fan_out: FanOut) -> None:
    """Refuse an answer that starts tasks for nothing, waits in turn, or loses the message."""
    run_virtual(_check_room(fan_out))
    for backwards in (False, True):
        run_without_polling(_check_full(fan_out, backwards=backwards), LOOKS_FOR_ROOM)


def _counting_tasks() -> list[str]:
    """Return a list to which the name of every task is added that is started from now on."""
    started: list[str] = []

    def start(
        loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **options)
        started.append(task.get_name())
        return task

    asyncio.get_running_loop().set_task_factory(start)
    return started


async def _check_room(fan_out: FanOut) -> None:
    queues = [asyncio.Queue[str](1) for _ in range(3)]
    given, started = list(queues), _counting_tasks()
    await fan_out(queues, "hello")
    require(
        queues == given,
        "you have changed the list of queues that you were given; it is the broker's own",
    )
    held = [queue.qsize() for queue in queues]
    require(held == [1, 1, 1], f"three queues have room, and now hold {held} messages, not 1 each")
    require(
        not started,
        f"three queues have room, and you have started {len(started)} tasks for them; a "
        "put_nowait() needs none",
    )


async def _check_full(fan_out: FanOut, *, backwards: bool) -> None:
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    arrived_s: dict[str, float] = {}
    full = {name: asyncio.Queue[str](1) for name in ROOM_AFTER_S}
    roomy = asyncio.Queue[str](1)
    for queue in full.values():
        queue.put_nowait("old")

    async def note_the_arrival(name: str, queue: asyncio.Queue[str], room_after_s: float) -> None:
        await asyncio.sleep(room_after_s)
        if name in full:
            queue.get_nowait()
        try:
            async with asyncio.timeout(2 * ROOM_AFTER_S["first"]):
                await queue.get()
        except TimeoutError:
            return
        arrived_s[name] = round(loop.time() - start_s, 6)

    async with asyncio.TaskGroup() as group:
        group.create_task(note_the_arrival("third", roomy, 0))
        for name, queue in full.items():
            group.create_task(note_the_arrival(name, queue, ROOM_AFTER_S[name]))
        queues = [*full.values(), roomy]
        if backwards:
            queues.reverse()
        given, started = list(queues), _counting_tasks()
        await fan_out(queues, "hello")
        returned_s = round(loop.time() - start_s, 6)
        loop.set_task_factory(None)

    told = (
        f"the first queue has room after {ROOM_AFTER_S['first']:g} s, the second after "
        f"{ROOM_AFTER_S['second']:g} s, the third at once"
    )
    for name in ("third", "second", "first"):
        expected_s = ROOM_AFTER_S.get(name, 0.0)
        require(name in arrived_s, f"{told}: the {name} one never gets the message")
        require(
            arrived_s[name] == expected_s,
            f"{told}: the {name} one gets the message after {arrived_s[name]:g} s, not "
            f"{expected_s:g}; let nobody wait for another queue",
        )
    require(
        returned_s == ROOM_AFTER_S["first"],
        f"{told}: you return after {returned_s:g} s, not {ROOM_AFTER_S['first']:g}; return when "
        "all have the message",
    )
    require(
        len(started) <= len(full),
        f"{told}: you have started {len(started)} tasks; only those that are full need one",
    )
    require(
        queues == given,
        "you have changed the list of queues that you were given; it is the broker's own",
    )
    left = sum(queue.qsize() for queue in (*full.values(), roomy))
    require(left == 0, f"{told}: {left} messages are in the queues twice")


@exercise("09.2", "whoever reads the ring gets what is there, in order, and is told what is not")
def check_read_ring(read_ring: Callable[..., Any]) -> None:
    """Refuse an answer that takes wrong slots, hides a gap, or returns an unusable cursor."""
    for slots, published, cursor, expected, why in (
        (["a", "b", "c", None], 3, 0, (["a", "b", "c"], 3, 0), "three of the four slots are used"),
        (["a", "b", "c", None], 3, 3, ([], 3, 0), "nothing is new"),
        ([4, 5, 2, 3], 6, 4, ([4, 5], 6, 0), "message number n is in slot n % 4"),
        ([4, 5, 2, 3], 6, 3, ([3, 4, 5], 6, 0), "from the last slot go on with the first"),
        ([4, 5, 2, 3], 6, 2, ([2, 3, 4, 5], 6, 0), "the whole ring is unread, and nothing lost"),
        ([4, 5, 2, 3], 6, 1, ([2, 3, 4, 5], 6, 1), "message 1 was overwritten by message 5"),
        (["a", "b", "c", None], 3, 1, (["b", "c"], 3, 0), "message 0 was read already"),
        ([None, 0, ""], 3, 0, ([None, 0, ""], 3, 0), "a message may be anything, None and 0 too"),
        ([6, 7, 5], 8, 4, ([5, 6, 7], 8, 1), "three slots: message number n is in slot n % 3"),
        ([8, 9, 10, 7], 11, 0, ([7, 8, 9, 10], 11, 7), "it was overtaken by more than a round"),
    ):
        given = list(slots)
        result = read_ring(given, published, cursor)
        require(given == slots, "you have changed the slots; others have to read them, too")
        require(
            isinstance(result, tuple) and len(result) == 3,
            f"return three things, the messages, the new cursor and the gap, not {result!r}",
        )
        messages, new_cursor, missed = result
        require(
            (list(messages), new_cursor, missed) == expected,
            f"slots {slots}, {published} published, cursor {cursor}: that makes {expected}, not "
            f"{(list(messages), new_cursor, missed)}; {why}",
        )
