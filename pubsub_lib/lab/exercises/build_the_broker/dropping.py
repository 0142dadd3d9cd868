"""Exercise 03.2: a full queue is waited for, and what finds no room is counted.

>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.lab.exercises import examine
>>> examine("03.2", ChapterPubSub).explanation
'keep count of the messages that were dropped, in self.dropped'
"""

import asyncio
from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.build_the_broker.queues import (
    A_MOMENT_S,
    FIRST,
    ROOM_AFTER_S,
    SECOND,
    THIRD,
    emptied,
    publish_as_it_gets_room,
    subscribed,
)
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints


@exercise(
    "03.2",
    "a full queue is waited for, then misses one message, which is counted, and no other does",
)
def check_drop(broker_class: Callable[..., Any]) -> None:
    """Refuse a broker that drops too soon, too much, for everybody, or in silence."""

    async def main() -> None:
        now = asyncio.get_running_loop().time
        broker = broker_class(maxsize=1)
        before, stuck, after = [await subscribed(broker) for _ in range(3)]
        await broker.publish(FIRST)
        emptied(before), emptied(after)
        require(
            getattr(broker, "dropped", None) is not None,
            "keep count of the messages that were dropped, in self.dropped",
        )
        require(broker.dropped == 0, f"nothing was dropped yet, and dropped is {broker.dropped}")
        start = now()
        try:
            await broker.publish(SECOND)
        except TimeoutError:
            require(False, "publish() raises TimeoutError; catch it, and count the message")
        seconds = now() - start
        for name, queue in (("before", before), ("behind", after)):
            require(
                emptied(queue) == [SECOND],
                f"one queue is full, and the subscriber {name} it does not get the message",
            )
        require(
            seconds == 1.0,
            f"with one full queue, publish() takes {seconds:g} s; wait for it up to 1.0 s",
        )
        require(broker.dropped == 1, f"1 message was dropped, and dropped is {broker.dropped}")
        require(
            emptied(stuck) == [FIRST],
            "the message that finds no room is dropped, and not one that is in the queue already",
        )
        await asyncio.sleep(A_MOMENT_S)
        require(
            stuck.empty(),
            "a message was counted as dropped, and is in the queue as soon as there is room: its "
            "put still waits; cancel it, as `asyncio.wait_for` does",
        )
        stuck.put_nowait(FIRST)
        await broker.publish(SECOND)
        require(
            broker.dropped == 2,
            f"2 messages in a row were dropped, and dropped is {broker.dropped}",
        )
        emptied(before), emptied(after)
        await publish_as_it_gets_room(broker, stuck, THIRD)
        require(
            emptied(stuck) == [THIRD] and broker.dropped == 2,
            f"a full queue that gets room after {ROOM_AFTER_S:g} s is to get the message; nothing "
            "is dropped",
        )

    run_virtual(main())
    run_virtual(_counts_each_subscriber(broker_class))


async def _counts_each_subscriber(broker_class: Callable[..., Any]) -> None:
    broker = broker_class(maxsize=1)
    for _ in range(3):
        await subscribed(broker)
    await broker.publish(FIRST)
    await broker.publish(SECOND)
    require(
        broker.dropped == 3,
        f"three queues are full, so three subscribers miss the message, and dropped is "
        f"{broker.dropped}; count it for each of them",
    )


hints(
    "03.2",
    "`asyncio.wait_for(coroutine, timeout=1.0)` waits for a coroutine, and raises TimeoutError "
    "when the time is up.",
    "The coroutine is `queue.put(message)`, as before, without an `await` of its own: "
    "`await asyncio.wait_for(queue.put(message), timeout=1.0)`.",
    "The `try` belongs inside the loop: then an `except TimeoutError` counts the message, and the "
    "loop goes on with the next queue.",
)
