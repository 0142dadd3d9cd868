"""What the board remembers: the last price of each symbol, and the last so many changes.

The broker keeps nothing for those who are not there. The memory is one more subscriber, with an
inbox like everybody's, so it works the same with a broker in this process and over a network.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def main() -> None:
...     async with AsyncPubSub[Change]() as broker:
...         memory = Memory(broker.subscribe(), first=1)
...         for number, price in enumerate([4.0, 4.1, 4.2], start=1):
...             await broker.publish(Change(number, "TEA", price, sent=0.0))
...         print([change.price for change in memory.opening(None).changes])
...         print([change.price for change in memory.opening(1).changes])
>>> asyncio.run(main())
[4.2]
[4.1, 4.2]
"""

from collections import deque
from dataclasses import dataclass

from examples.price_board.changes import Change
from pubsub_lib import Inbox


@dataclass(frozen=True, slots=True)
class Opening:
    """What a stream begins with.

    Attributes:
        changes: what the visitor is sent first, in order.
        has_gap: whether the visitor misses something that came after the last it has seen.
        missed: how many changes that are; `None` if nobody knows.
    """

    changes: list[Change]
    has_gap: bool = False
    missed: int | None = 0


class Memory:
    """Remembers prices, so that newcomers and those who come back need not wait for a change.

    Args:
        inbox: where it gets the changes from.
        first: the first number of this service; a visitor may know numbers of an earlier one.
        length: how many changes it remembers.
    """

    def __init__(self, inbox: Inbox[Change], *, first: int, length: int = 1000) -> None:
        self._inbox = inbox
        self._first = first
        self._length = length
        self._recent: deque[Change] = deque(maxlen=length)
        self._last: dict[str, Change] = {}
        self._newest = 0

    async def run(self) -> None:
        """Remember what comes in, until the broker is shut down."""
        while (change := await self._inbox.get()) is not None:
            self._remember(change)

    def opening(self, last_seen: int | None) -> Opening:
        """Return what a visitor is to be sent first, who has seen changes up to this number.

        It is exact for who subscribes at the same moment, with no `await` between: all that was
        delivered before is in it, and nothing that comes into the new inbox.
        """
        self._catch_up()
        if last_seen is None:
            return Opening(self._last_values())
        # Another worker may be a little ahead. A number far ahead is one of an earlier service,
        # whose clock was.
        is_known = self._first <= last_seen <= self._newest + self._length
        if not (is_known and self._recent):  # of another service, or before a crash
            return Opening(self._last_values(), has_gap=True, missed=None)
        later = [change for change in self._recent if change.number > last_seen]
        if len(later) >= self._newest - last_seen:
            return Opening(later)
        unseen = [change for change in self._last_values() if change.number > last_seen]
        missed = self._newest - last_seen - len(unseen)
        return Opening(self._last_values(), has_gap=True, missed=missed)

    @property
    def received(self) -> int:
        """How many changes it was given."""
        return self._inbox.stats.received

    @property
    def symbols(self) -> set[str]:
        """Everything that has a price."""
        return set(self._last)

    def _last_values(self) -> list[Change]:
        return sorted(self._last.values(), key=lambda change: change.number)

    def _catch_up(self) -> None:
        """Remember what has come in, and waits for its turn of the event loop."""
        while self._inbox.qsize():
            change = self._inbox.get_nowait()
            assert change is not None
            self._remember(change)

    def _remember(self, change: Change) -> None:
        self._recent.append(change)
        self._last[change.symbol] = change
        self._newest = max(self._newest, change.number)
        self._inbox.task_done()
