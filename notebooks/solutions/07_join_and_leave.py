"""Solutions to the exercises of notebook 07."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

from pubsub_lib import ChapterPubSub
from pubsub_lib.lab.lesson.experiments import NewBroker


# Exercise 07.1: hold the messages only as long as it takes to publish them. Then let the event loop
# have a turn, for what it does later, and collect what holds itself.
async def messages_kept(
    new_broker: NewBroker,
    visit: Callable[[Any], Awaitable[object]],
    new_message: Callable[[], object],
) -> int:
    broker = new_broker()
    await visit(broker)
    watched = []
    for _ in range(10):
        message = new_message()
        watched.append(weakref.ref(message))
        await broker.publish(message)
    del message
    await asyncio.sleep(0)
    gc.collect()
    return sum(reference() is not None for reference in watched)


# Exercise 07.2: publish to those who are there as it begins. Who leaves empties its queue, so that
# a publish that waits there has room, and goes on; it takes its score out again, for the next one.
class MendedRelay:
    def __init__(self) -> None:
        self.phones: dict[str, asyncio.Queue[int]] = {}

    def join(self, name: str) -> asyncio.Queue[int]:
        self.phones[name] = asyncio.Queue(maxsize=1)
        return self.phones[name]

    def leave(self, name: str) -> None:
        queue = self.phones.pop(name)
        while not queue.empty():
            queue.get_nowait()

    async def publish(self, score: int) -> None:
        for name, queue in list(self.phones.items()):
            if self.phones.get(name) is queue:
                await queue.put(score)
                if self.phones.get(name) is not queue:
                    queue.get_nowait()


# Exercise 07.3: what is called in the end knows the broker and the queue, and not the handle. To
# call a finalizer more than once does nothing. While get() waits, its coroutine holds `self`.
def take_off[T](broker: ChapterPubSub[T], queue: asyncio.Queue[T | None]) -> None:
    broker.queues = [other for other in broker.queues if other is not queue]


class Handle[T]:
    def __init__(self, broker: ChapterPubSub[T], queue: asyncio.Queue[T | None]) -> None:
        self._queue = queue
        self._leave = weakref.finalize(self, take_off, broker, queue)

    async def get(self) -> T | None:
        return await self._queue.get()

    def close(self) -> None:
        self._leave()


ANSWERS = {"07.1": messages_kept, "07.2": MendedRelay, "07.3": Handle}
