"""Other right answers to the exercises of notebook 12, which its checks are not to refuse."""

import asyncio
from operator import attrgetter

from pubsub_lib import AsyncPubSub, Disconnected, Overflow
from pubsub_lib.lab.traffic.price_feed import Served


def by_a_named_filter(broker, symbol):
    def is_asked_for(price):
        return price.symbol == symbol

    return broker.subscribe(
        maxsize=1, overflow=Overflow.DROP_OLDEST, timeout=0.0, where=is_asked_for
    )


class _Is:
    def __init__(self, symbol):
        self.symbol, self.of = symbol, attrgetter("symbol")

    def __call__(self, price):
        return self.of(price) == self.symbol


def by_an_object(broker, symbol):
    options = {"maxsize": 1, "timeout": 0, "overflow": Overflow.DROP_OLDEST}
    return broker.subscribe(name=symbol, where=_Is(symbol), **options)


async def closes_in_a_finally(inbox, handle):
    try:
        async for price in inbox:
            await handle(price)
    except Exception as error:
        return error
    finally:
        inbox.close()
    return None


async def gets_and_marks(inbox, handle):
    async with inbox:
        while (price := await inbox.get()) is not None:
            try:
                await handle(price)
            except Exception as error:
                return error
            finally:
                inbox.task_done()
    return None


class NotesHowEachEnds:
    """Each customer's task notes by itself how it ended."""

    def __init__(self):
        self.broker = AsyncPubSub(100, timeout=0.1, overflow=Overflow.DISCONNECT)
        self.newest = {"maxsize": 1, "timeout": 0, "overflow": Overflow.DROP_OLDEST}
        self.tasks, self.inboxes, self.handled, self.ends = {}, {}, {}, {}

    def follow(self, name, handle, *, symbols=(), newest=False):
        inbox = self.inboxes[name] = self.broker.subscribe(
            where=lambda price: not symbols or price.symbol in symbols,
            **(self.newest if newest else {}),
        )
        self.handled[name] = 0
        self.tasks[name] = asyncio.create_task(self._serve(name, inbox, handle))

    async def _serve(self, name, inbox, handle):
        self.ends[name] = "cancelled"
        async with inbox:
            try:
                async for price in inbox:
                    await handle(price)
                    self.handled[name] += 1
                self.ends[name] = "closed"
            except Disconnected:
                self.ends[name] = "disconnected"
            except Exception:
                self.ends[name] = "failed"

    async def publish(self, price):
        return await self.broker.publish(price)

    async def close(self, *, grace_s):
        hung = [name for name, inbox in self.inboxes.items() if inbox.closed]
        await self.broker.shutdown(timeout=0)
        tasks = list(self.tasks.values())
        if tasks:
            _, busy = await asyncio.wait(tasks, timeout=grace_s)
            for task in busy:
                task.cancel()
            await asyncio.wait(tasks)
        for name in hung:
            if self.ends[name] == "cancelled":
                self.ends[name] = "disconnected"
        return {
            name: Served(self.handled[name], inbox.stats.dropped, self.ends[name])
            for name, inbox in self.inboxes.items()
        }


RIGHT_ANSWERS = [
    ("12.1", by_a_named_filter),
    ("12.1", by_an_object),
    ("12.2", closes_in_a_finally),
    ("12.2", gets_and_marks),
    ("12.3", NotesHowEachEnds),
]
