"""Your own broker after notebook 03: a queue for each subscriber, and a loop that fills them.

New: everything. It keeps the promises of fan-out, and has most of the chapter's faults.

>>> async def main() -> list[str | None]:
...     broker = MyBroker[str](maxsize=2)
...     queue = await broker.subscribe()
...     await broker.publish("hello")
...     await broker.shutdown()
...     return [await queue.get(), await queue.get()]
>>> asyncio.run(main())
['hello', None]
"""

import asyncio


class MyBroker[T]:
    """Gives every message to every subscriber."""

    def __init__(self, maxsize: int = 100) -> None:
        self.maxsize = maxsize
        self.queues: list[asyncio.Queue[T | None]] = []

    async def subscribe(self) -> asyncio.Queue[T | None]:
        """Return a queue of the subscriber's own."""
        queue: asyncio.Queue[T | None] = asyncio.Queue(self.maxsize)
        self.queues.append(queue)
        return queue

    async def publish(self, message: T) -> None:
        """Put the message in every queue; wait for room up to a second, then drop it there."""
        for queue in self.queues:
            try:
                await asyncio.wait_for(queue.put(message), timeout=1.0)
            except TimeoutError:
                print("a queue was full, and has missed a message")

    async def shutdown(self) -> None:
        """Tell every subscriber that no more will come."""
        for queue in self.queues:
            await queue.put(None)
