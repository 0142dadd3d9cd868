"""Solutions to the exercises of notebook 04."""

import asyncio
from collections.abc import Awaitable, Callable

from pubsub_lib import ChapterPubSub
from pubsub_lib.lab.lesson.experiments import NewBroker


# Exercise 04.1: the publish runs as a task, so that the message can be read while it waits.
async def seconds_late(new_broker: NewBroker) -> float:
    now = asyncio.get_running_loop().time
    broker = new_broker(maxsize=1)
    await broker.subscribe()  # the dead one, in front
    healthy = await broker.subscribe()
    await broker.publish(1)
    await healthy.get()  # the dead one's queue stays full
    published = now()
    publishing = asyncio.create_task(broker.publish(2))
    await healthy.get()
    arrived = now()
    await publishing
    return arrived - published


# Exercise 04.2: one finally for each message, one for the queue. The broker gets a new list, since
# a publish may be going through the old one.
async def subscriber(
    broker: ChapterPubSub[int], handle: Callable[[int], Awaitable[object]]
) -> None:
    queue = await broker.subscribe()
    try:
        while True:
            message = await queue.get()
            try:
                if message is None:
                    break
                await handle(message)
            finally:
                queue.task_done()
    finally:
        broker.queues = [other for other in broker.queues if other is not queue]


ANSWERS = {"04.1": seconds_late, "04.2": subscriber}
