"""Solutions to the exercises of notebook 03: the broker, grown in three steps, and a tap."""

import asyncio
from collections.abc import Callable

from pubsub_lib import Broker, Subscription


# Exercise 03.1: a queue each, and every message in every queue.
class FanOutPubSub[T]:
    def __init__(self, maxsize: int = 100) -> None:
        self.maxsize = maxsize
        self.queues: list[asyncio.Queue[T | None]] = []

    async def subscribe(self) -> asyncio.Queue[T | None]:
        queue: asyncio.Queue[T | None] = asyncio.Queue(self.maxsize)
        self.queues.append(queue)
        return queue

    async def publish(self, message: T) -> None:
        for queue in self.queues:
            await queue.put(message)


# Exercise 03.2: the time-out is around one put, so the loop goes on with the next queue.
class DroppingPubSub[T](FanOutPubSub[T]):
    def __init__(self, maxsize: int = 100) -> None:
        super().__init__(maxsize)
        self.dropped = 0

    async def publish(self, message: T) -> None:
        for queue in self.queues:
            try:
                await asyncio.wait_for(queue.put(message), timeout=1.0)
            except TimeoutError:
                self.dropped += 1


# Exercise 03.3: None is put without a time-out, because it must arrive.
class StoppingPubSub[T](DroppingPubSub[T]):
    async def run_subscriber(self, handle: Callable[[T], object]) -> None:
        queue = await self.subscribe()
        while (message := await queue.get()) is not None:
            handle(message)
            queue.task_done()

    async def shutdown(self) -> None:
        for queue in self.queues:
            await queue.put(None)


# Exercise 03.4: it has a broker and passes every call on; nothing is inherited.
class Tap[T]:
    def __init__(self, broker: Broker[T]) -> None:
        self.broker = broker
        self.seen: list[T] = []

    async def subscribe(self) -> Subscription[T]:
        return await self.broker.subscribe()

    async def publish(self, message: T, /) -> object:
        self.seen.append(message)
        return await self.broker.publish(message)

    async def shutdown(self) -> object:
        return await self.broker.shutdown()


ANSWERS = {
    "03.1": FanOutPubSub,
    "03.2": DroppingPubSub,
    "03.3": StoppingPubSub,
    "03.4": Tap,
}
