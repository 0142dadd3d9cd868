"""Exercise 05.2: a log whose gaps are told.

>>> from pubsub_lib.lab.exercises import examine
>>> class PutsAlways:
...     def __init__(self, queue):
...         self.queue = queue
...     def write(self, line):
...         self.queue.put_nowait(line)
>>> examine("05.2", PutsAlways).explanation
'write() raises QueueFull; count the line, and tell of it when there is room'
"""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints

hints(
    "05.2",
    "`self.queue.full()` tells whether there is room, and `put_nowait` puts without waiting. The "
    "log needs a number of its own: how many lines are missing since the last that got in.",
    "At each line, look first whether something is missing and there is room: then the number goes "
    "in, and counting begins anew. Then look again whether there is room for the line.",
)


@exercise("05.2", "nobody waits, and wherever something is missing the reader is told how much")
def check_gap_log(log_class: Callable[..., Any]) -> None:
    """Refuse a log that waits, raises, or does not tell of a gap at its place."""
    run_virtual(_tells_of_gaps(log_class))
    run_virtual(_asks_the_queue_for_room(log_class))


async def _asks_the_queue_for_room(log_class: Callable[..., Any]) -> None:
    queue = asyncio.Queue[str | int](maxsize=5)
    log = log_class(queue)
    for line in "abcdefg":
        _written(log, line)
    _taken(queue, 3)
    _written(log, "h")
    _waiting_is(queue, ["d", "e", 2, "h"], "in a queue of 5, f and g were lost; then h found room")


async def _tells_of_gaps(log_class: Callable[..., Any]) -> None:
    queue = asyncio.Queue[str | int](maxsize=3)
    log = log_class(queue)
    for line in "abcde":
        _written(log, line)
    require(
        _taken(queue, 2) == ["a", "b"],
        "in a queue of 3, after a, b, c, d and e, the first two that are read are to be a and b",
    )
    _written(log, "f")
    _waiting_is(
        queue, ["c", 2, "f"], "d and e were lost; then there was room for two, and f was written"
    )
    _taken(queue, 3)
    _written(log, "g")
    _waiting_is(queue, ["g"], "the gap was told, nothing is missing since, and g was written")
    for line in "hij":
        _written(log, line)
    _taken(queue, 1)
    _written(log, "k")
    _waiting_is(
        queue,
        ["h", "i", 1],
        "j was lost; then there was room for one, and k was written: in a queue that is never less "
        "than nearly full, this is the only way in which the reader will ever be told",
    )
    _taken(queue, 3)
    _written(log, "l")
    _waiting_is(queue, [1, "l"], "k was lost, there was room again, and l was written")


def _written(log: Any, line: str) -> None:
    try:
        returned = log.write(line)
    except asyncio.QueueFull:
        require(
            False, "write() raises QueueFull; count the line, and tell of it when there is room"
        )
    if inspect.iscoroutine(returned):
        returned.close()
        require(False, "write() is a plain function, `def` without `async`: it never waits")


def _waiting_is(queue: asyncio.Queue[str | int], expected: list[str | int], story: str) -> None:
    waiting = _taken(queue, queue.qsize())
    require(
        waiting == expected,
        f"{story}; waiting are {_listed(waiting)}, and there should be {_listed(expected)}",
    )
    for item in expected:
        queue.put_nowait(item)


def _taken(queue: asyncio.Queue[str | int], count: int) -> list[str | int]:
    return [queue.get_nowait() for _ in range(min(count, queue.qsize()))]


def _listed(items: list[Any]) -> str:
    return ", ".join(map(repr, items)) or "nothing"
