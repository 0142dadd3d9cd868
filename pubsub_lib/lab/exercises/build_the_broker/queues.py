"""What the checks of notebook 03 share: messages, and what is to be seen of a queue.

>>> contents([FIRST, None])
"'first', None"
"""

import asyncio
from typing import Any

from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import require
from pubsub_lib.messages import Message

LOOKS_FOR_ROOM = (
    "while a queue is full it looks for room again and again; `await queue.put()` waits until "
    "there is some"
)


#: Whoever is about to do something has done it by then.
A_MOMENT_S = 0.1
ROOM_AFTER_S = 0.5371  # at no time at which somebody would look who looks now and then
MOST_TIMERS = 10  # a time-out for each queue, and the reader's; whoever looks often sets more


FIRST, SECOND, THIRD = Message("first"), Message("second"), Message("third")


async def publish_as_it_gets_room(broker: Any, full: asyncio.Queue[Any], message: Any) -> None:
    """Refuse a publish that does not return just as a full queue gets room, or that polls."""
    now = asyncio.get_running_loop().time
    start = now()
    async with asyncio.TaskGroup() as group:
        group.create_task(take_one_after(ROOM_AFTER_S, full), name="reader")
        try:
            with count_timers() as timers:
                await broker.publish(message)
        except asyncio.QueueFull:
            require(False, "publish() raises QueueFull; where a queue is full, wait for room")
        seconds = now() - start
        require(
            round(seconds, 6) == ROOM_AFTER_S,
            f"a full queue gets room after {ROOM_AFTER_S:g} s, and publish() returns after "
            f"{seconds:g} s; `queue.put()` waits for room, and no longer",
        )
        require(timers.count <= MOST_TIMERS, LOOKS_FOR_ROOM)


async def subscribed(broker: Any) -> asyncio.Queue[Any]:
    """Return what `subscribe()` returns, if it is a queue."""
    queue = await broker.subscribe()
    require(
        isinstance(queue, asyncio.Queue),
        f"subscribe() is to return an asyncio.Queue, not {queue!r}",
    )
    return queue  # type: ignore[no-any-return]


async def take_one_after(seconds: float, queue: asyncio.Queue[Any]) -> None:
    """Make room in a queue, later."""
    await asyncio.sleep(seconds)
    queue.get_nowait()
    queue.task_done()


def emptied(queue: asyncio.Queue[Any]) -> list[Any]:
    """Take all that waits out of a queue."""
    messages = []
    while not queue.empty():
        messages.append(queue.get_nowait())
    return messages


def contents(messages: list[Any]) -> str:
    """Return in words what a list of messages holds."""
    shown = [
        repr(message.content) if isinstance(message, Message) else repr(message)
        for message in messages
    ]
    return ", ".join(shown) or "nothing"
