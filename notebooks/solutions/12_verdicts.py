"""Solutions to the exercises of notebook 12."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from pubsub_lib import AsyncPubSub, Delivery, Inbox, Overflow
from pubsub_lib.lab.traffic.price_feed import HandlePrice, Price, Served


# Exercise 12.1: room for one, no waiting, and the older one gives way.
def newest_price(broker: AsyncPubSub[Price], symbol: str) -> Inbox[Price]:
    return broker.subscribe(
        name=f"newest {symbol}",
        where=lambda price: price.symbol == symbol,
        maxsize=1,
        timeout=0,
        overflow=Overflow.DROP_OLDEST,
    )


# Exercise 12.2: the block of the inbox closes it, however it ends. `Exception` does not catch a
# cancellation, which is a `BaseException`.
async def follow(inbox: Inbox[Price], handle: HandlePrice) -> Exception | None:
    async with inbox:
        try:
            async for price in inbox:
                await handle(price)
        except Exception as error:
            return error
    return None


# Exercise 12.3: every customer has an inbox and a task. Whose inbox is closed before the feed is,
# and has not failed, was disconnected.
class PriceFeed:
    def __init__(self) -> None:
        self.broker = AsyncPubSub[Price](maxsize=100, timeout=0.1, overflow=Overflow.DISCONNECT)
        self.inboxes: dict[str, Inbox[Price]] = {}
        self.tasks: dict[str, asyncio.Task[Exception | None]] = {}
        self.handled = Counter[str]()

    def follow(
        self,
        name: str,
        handle: HandlePrice,
        *,
        symbols: Sequence[str] = (),
        newest: bool = False,
    ) -> None:
        def wanted(price: Price) -> bool:
            return not symbols or price.symbol in symbols

        if newest:
            inbox = self.broker.subscribe(
                name=name, where=wanted, maxsize=1, timeout=0, overflow=Overflow.DROP_OLDEST
            )
        else:
            inbox = self.broker.subscribe(name=name, where=wanted)

        async def handle_and_count(price: Price) -> None:
            await handle(price)
            self.handled[name] += 1

        self.inboxes[name] = inbox
        self.tasks[name] = asyncio.create_task(follow(inbox, handle_and_count), name=name)

    async def publish(self, price: Price) -> Delivery:
        return await self.broker.publish(price)

    async def close(self, *, grace_s: float) -> dict[str, Served]:
        left_early = {name for name, inbox in self.inboxes.items() if inbox.closed}
        await self.broker.shutdown(timeout=0)
        if self.tasks:
            _, busy = await asyncio.wait(self.tasks.values(), timeout=grace_s)
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)
        return {name: self._served(name, name in left_early) for name in self.tasks}

    def _served(self, name: str, left_early: bool) -> Served:
        task, missed = self.tasks[name], self.inboxes[name].stats.dropped
        if not task.cancelled() and task.result() is not None:
            end = "failed"
        elif left_early:
            end = "disconnected"
        else:
            end = "cancelled" if task.cancelled() else "closed"
        return Served(self.handled[name], missed, end)


ANSWERS = {"12.1": newest_price, "12.2": follow, "12.3": PriceFeed}
