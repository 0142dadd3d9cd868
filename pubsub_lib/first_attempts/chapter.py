"""The broker that the course sets out from: one `asyncio.Queue` per subscriber, faults included
(notebooks 03, 04).

This is what most people write first, and it works for as long as everybody behaves. Do not mend it
here: the course takes it apart fault by fault, and `in_process/queue_broker.py` is what comes of
that.

>>> import asyncio
>>> from pubsub_lib import Message
>>> async def main() -> None:
...     broker = ChapterPubSub[Message](maxsize=100)
...     async with asyncio.TaskGroup() as group:
...         group.create_task(subscriber_task(await broker.subscribe()))
...         await broker.publish(Message(content="Hello"))
...         await broker.shutdown()
>>> asyncio.run(main())
Received: Hello
"""

import asyncio

from pubsub_lib.messages import Message


class ChapterPubSub[T]:
    """Puts every message in every subscriber's queue, one queue after another.

    Attributes:
        maxsize: the bound of each queue, in messages; 0 means no bound.
        queues: the subscribers' queues, in the order in which they subscribed.
    """

    def __init__(self, maxsize: int = 100) -> None:
        self.queues: list[asyncio.Queue[T | None]] = []
        self.maxsize = maxsize

    async def subscribe(self) -> asyncio.Queue[T | None]:
        """Return a queue of the subscriber's own that receives every later message."""
        queue: asyncio.Queue[T | None] = asyncio.Queue(maxsize=self.maxsize)
        self.queues.append(queue)
        return queue

    async def publish(self, message: T) -> None:
        """Put the message in every queue; wait up to 1.0 s for a full one, then drop it there."""
        for queue in self.queues:
            try:
                await asyncio.wait_for(queue.put(message), timeout=1.0)
            except TimeoutError:
                print("Queue full, dropping message")

    async def shutdown(self) -> None:
        """Put `None`, the sentinel, in every queue, after the last message."""
        for queue in self.queues:
            await queue.put(None)


async def subscriber_task(queue: asyncio.Queue[Message | None]) -> None:
    """Print every message in the queue until the sentinel, `None`, arrives."""
    while True:
        message = await queue.get()
        if message is None:
            break
        print(f"Received: {message.content}")
        queue.task_done()
