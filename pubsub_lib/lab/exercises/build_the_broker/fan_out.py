"""Exercise 03.1: a queue for each subscriber, and every message in each.

>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.lab.exercises import examine
>>> examine("03.1", ChapterPubSub).state
'solved'
"""

import asyncio
from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.build_the_broker.queues import (
    A_MOMENT_S,
    FIRST,
    LOOKS_FOR_ROOM,
    ROOM_AFTER_S,
    SECOND,
    THIRD,
    contents,
    emptied,
    publish_as_it_gets_room,
    subscribed,
)
from pubsub_lib.lab.exercises.checking import exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints


@exercise("03.1", "every subscriber has a bounded queue of its own, and every message is in it")
def check_fan_out(broker_class: Callable[..., Any]) -> None:
    """Refuse a broker whose queues are shared or unbounded, or that loses messages."""

    async def main() -> None:
        broker = broker_class(maxsize=2)
        early = await subscribed(broker)
        other = await subscribed(broker)
        require(
            early is not other,
            "two subscribers get the same queue, so each message reaches only one of them",
        )
        require(
            early.maxsize == 2,
            f"the broker has maxsize=2, and the queue that subscribe() returns has {early.maxsize}",
        )
        require(
            getattr(broker, "queues", None) == [early, other],
            "self.queues is the list of the subscribers' queues, in the order of subscribing",
        )
        require(
            not broker_class(maxsize=2).queues,
            "a second broker begins with the first one's queues; make the list in __init__",
        )
        await broker.publish(FIRST)
        late = await subscribed(broker)
        await broker.publish(SECOND)
        for name, queue, sent in (
            ("first", early, [FIRST, SECOND]),
            ("second", other, [FIRST, SECOND]),
            ("third, who came after the first message,", late, [SECOND]),
        ):
            waiting = emptied(queue)
            if waiting != sent:
                await asyncio.sleep(A_MOMENT_S)
                require(
                    waiting + emptied(queue) != sent,
                    "publish() has returned, and the message is in the queue only later; await "
                    "the put, and make no task for it",
                )
            require(
                waiting == sent,
                f"the {name} subscriber is to get {contents(sent)} and gets {contents(waiting)}",
            )
        await _publish_waits_for_room(broker, early)

    run_without_polling(main(), LOOKS_FOR_ROOM)
    run_virtual(_bound_is_that_of_the_broker(broker_class))


hints(
    "03.1",
    "Two things are kept, in `__init__`: the bound, and an empty list. What does each subscriber "
    "bring to that list?",
    "`asyncio.Queue(self.maxsize)` is a queue with the bound. `subscribe()` appends it to "
    "`self.queues`, and returns the same queue.",
    "In `publish()`, a loop over `self.queues`, and in it `await queue.put(message)`, which waits "
    "where there is no room.",
)


async def _bound_is_that_of_the_broker(broker_class: Callable[..., Any]) -> None:
    for broker, bound in ((broker_class(), 100), (broker_class(maxsize=7), 7)):
        made = "without an argument" if bound == 100 else f"with maxsize={bound}"
        require(
            getattr(broker, "maxsize", None) == bound, f"{made}, the broker's maxsize is {bound}"
        )
        queue = await subscribed(broker)
        require(
            queue.maxsize == bound,
            f"{made}, the broker's queues have a maxsize of {bound}, and not {queue.maxsize}",
        )


async def _publish_waits_for_room(broker: Any, full: asyncio.Queue[Any]) -> None:
    while not full.full():
        full.put_nowait(FIRST)
    await publish_as_it_gets_room(broker, full, THIRD)
    require(
        THIRD in emptied(full),
        f"a queue was full, its reader made room after {ROOM_AFTER_S:g} s, and the message is not "
        "in it",
    )
