"""The board: a broker, a memory, the visitors and a market, which begin and end together.

>>> from examples.price_board.settings import Settings
>>> async def main() -> None:
...     board = Board(Settings(rate=0), Numbers())
...     await board.open()
...     visitor = board.visit("ada", "127.0.0.1", hang_up=lambda: None)
...     print(await board.publish("TEA", 4.2))
...     print((await visitor.inbox.get()).price)
...     visitor.inbox.task_done()
...     board.visitors.leave(visitor)
...     await board.close()
>>> asyncio.run(main())
Delivery(delivered=1, missed_by=())
4.2
"""

import asyncio
import time
from collections.abc import Callable

from examples.price_board.changes import Change, Numbers
from examples.price_board.market import run_market
from examples.price_board.memory import Memory
from examples.price_board.settings import Settings
from examples.price_board.visitor import Visitor
from examples.price_board.visitors import Visitors
from pubsub_lib import AsyncPubSub, Delivery, Overflow
from pubsub_lib.nats import NatsPubSub

SUBJECT = "price_board.changes"
#: The memory's inbox, which is read at once: one turn of the event loop does not bring so many.
MEMORY_MAXSIZE = 10_000
#: How much of the grace streams may take; the rest is for other requests, and the server's own end.
PART_FOR_STREAMS = 0.6


class Board:
    """One worker's board. To be made in the worker's own process, as its connections are.

    Args:
        settings: how it is to run.
        numbers: gives each change its number.
        has_market: whether this worker is the one that changes prices.

    Attributes:
        broker: takes each change to every visitor.
        memory: what newcomers begin with.
        visitors: who is here.
        closing: whether it is being shut down.
    """

    def __init__(self, settings: Settings, numbers: Numbers, *, has_market: bool = True) -> None:
        self.settings = settings
        self.broker = _make_broker(settings)
        self._memory_inbox = self.broker.subscribe(
            name="memory", maxsize=MEMORY_MAXSIZE, overflow=Overflow.DROP_OLDEST
        )
        self.memory = Memory(self._memory_inbox, first=numbers.first)
        self.visitors = Visitors(per_address=settings.visitors_per_address)
        self.closing = False
        self._numbers = numbers
        self._has_market = has_market and settings.rate > 0
        self._tasks: list[asyncio.Task[None]] = []
        self._market: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin.

        Raises:
            NatsError: if there is to be a NATS server, and it is not there.
        """
        await self._memory_inbox
        self._tasks = [
            asyncio.create_task(self.memory.run()),
            asyncio.create_task(self.visitors.end_those_who_do_not_read()),
        ]
        if self._has_market:
            self._market = asyncio.create_task(run_market(self.publish, rate=self.settings.rate))
            self._tasks.append(self._market)

    def visit(
        self,
        name: str,
        address: str,
        *,
        hang_up: Callable[[], None],
        last_seen: int | None = None,
    ) -> Visitor:
        """Return a new visitor, who gets every change from now on."""
        # No `await` between these two, so that no change is in both or in neither.
        inbox = self.broker.subscribe(name=name)
        opening = self.memory.opening(last_seen)
        visitor = Visitor(name=name, address=address, inbox=inbox, opening=opening, hang_up=hang_up)
        self.visitors.join(visitor)
        return visitor

    async def publish(self, symbol: str, price: float) -> Delivery | None:
        """Tell everybody of a price.

        Returns:
            Which visitors have it; `None` over NATS, where nobody knows.
        """
        change = Change(self._numbers.take(), symbol, price, time.time())
        delivery = await self.broker.publish(change)
        if self.settings.nats is not None:
            return None
        return delivery._replace(delivered=delivery.delivered - 1)  # the memory is no visitor

    @property
    def delivered(self) -> int:
        """How many changes all visitors' inboxes have taken in."""
        return self.broker.stats.delivered - self.memory.received

    async def close(self) -> None:
        """Let every stream send what waits, say why it ends, and end; within the grace."""
        self.closing = True
        limit_s = self.settings.grace * PART_FOR_STREAMS
        ends_at = time.monotonic() + limit_s
        if self._market is not None:
            self._market.cancel()
        await self.broker.shutdown(timeout=limit_s)
        await self.visitors.all_gone(limit_s=max(ends_at - time.monotonic(), 0))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def failure(self) -> BaseException | None:
        """What ended one of its tasks before the time; `None` while all is well."""
        ended = [task for task in self._tasks if task.done() and not task.cancelled()]
        return next(filter(None, (task.exception() for task in ended)), None)


def _make_broker(settings: Settings) -> AsyncPubSub[Change]:
    """Return a broker of which no publish waits: who is slow lags, and then `overflow` decides."""
    if settings.nats is None:
        return AsyncPubSub(settings.maxsize, timeout=0, overflow=settings.overflow)
    return NatsPubSub(
        SUBJECT,
        Change,
        url=settings.nats or None,  # then it looks into the environment
        maxsize=settings.maxsize,
        timeout=0,
        overflow=settings.overflow,
    )
