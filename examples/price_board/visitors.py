"""Who is here: each visitor is a subscription, an inbox that its stream reads from.

A visitor that stops reading is cut off by the broker when its inbox is full. Its stream does not
notice, since it waits until the connection takes the last event: so the connection is ended here,
a little later. Why is told where the connection still takes it, or else when the visitor is back.

>>> Visitors(per_address=2).count
0
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from examples.price_board.changes import Change
from examples.price_board.memory import Opening
from pubsub_lib import Disconnected, Inbox

#: How long one who was cut off may take to read the rest, and why, in seconds.
FAREWELL_S = 2.0
LOOK_EVERY_S = 0.25
#: For how many it is kept what could not be said to them.
UNTOLD = 1000


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why a stream ended: `too slow` or `shutdown`, the most that waited, and what was lost."""

    reason: str
    lag: int
    dropped: int


@dataclass(slots=True, kw_only=True, eq=False)
class Visitor:
    """One who is here.

    Attributes:
        name: what the visitor calls itself, or the board does.
        address: where it comes from.
        inbox: what waits for it.
        opening: what its stream begins with.
        abort_connection: ends its connection at once.
        untold: why its last stream ended, if that could not be said.
        began: when it came, on the monotonic clock.
        in_hand: what its connection is to take now.
        cut_off_at: since when the broker has given it up, on the monotonic clock.
        is_aborted: whether its connection was ended at once, with nothing said.
    """

    name: str
    address: str
    inbox: Inbox[Change]
    opening: Opening
    abort_connection: Callable[[], None]
    untold: Farewell | None = None
    began: float = field(default_factory=time.monotonic)
    in_hand: Change | None = None
    cut_off_at: float | None = None
    is_aborted: bool = False

    @property
    def is_cut_off(self) -> bool:
        """Whether the broker has given it up, because it was too slow."""
        return self.inbox.closed_because.startswith(Disconnected.__name__)

    def abort(self) -> None:
        """End its connection at once; it is told why when it is back."""
        self.is_aborted = True
        self.abort_connection()

    def farewell(self) -> Farewell:
        """Say why the stream ends."""
        stats = self.inbox.stats
        reason = "too slow" if self.is_cut_off else "shutdown"
        return Farewell(reason, stats.high_water_mark, stats.dropped)


class Visitors:
    """All who are here, and what could not be said to those who were.

    Args:
        per_address: how many may come from one address.

    Attributes:
        cut_off: how many were cut off so far.
    """

    def __init__(self, *, per_address: int) -> None:
        self.cut_off = 0
        self._per_address = per_address
        self._here: dict[Visitor, None] = {}
        self._addresses: Counter[str] = Counter()
        self._untold: dict[str, Farewell] = {}
        self._nobody_here = asyncio.Event()
        self._nobody_here.set()

    @property
    def count(self) -> int:
        """How many are here."""
        return len(self._here)

    @property
    def here(self) -> list[Visitor]:
        """Those who are here, who came first at first."""
        return list(self._here)

    def may_come_from(self, address: str) -> bool:
        """Return whether one more may come from there."""
        return self._addresses[address] < self._per_address

    def join(self, visitor: Visitor) -> None:
        """Note that one is here."""
        visitor.untold = self._untold.pop(visitor.name, None)
        self._here[visitor] = None
        self._addresses[visitor.address] += 1
        self._nobody_here.clear()

    def leave(self, visitor: Visitor) -> None:
        """Note that one is gone, and give up what waits for it."""
        if visitor.is_cut_off:
            self.cut_off += 1
            if visitor.is_aborted:
                self._untold[visitor.name] = visitor.farewell()
                if len(self._untold) > UNTOLD:
                    del self._untold[next(iter(self._untold))]
        visitor.inbox.close()
        del self._here[visitor]
        self._addresses[visitor.address] -= 1
        if not self._addresses[visitor.address]:
            del self._addresses[visitor.address]
        if not self._here:
            self._nobody_here.set()

    async def end_those_who_do_not_read(self) -> None:
        """End the connections of those who were cut off and do not take the rest."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            now = time.monotonic()
            for visitor in self.here:
                if not visitor.is_cut_off:
                    continue
                if visitor.cut_off_at is None:
                    visitor.cut_off_at = now
                elif now - visitor.cut_off_at > FAREWELL_S:
                    visitor.abort()

    async def all_gone(self, *, limit_s: float) -> None:
        """Wait until nobody is here; end the connections of those who are after that time."""
        try:
            async with asyncio.timeout(limit_s):
                await self._nobody_here.wait()
        except TimeoutError:
            for visitor in self.here:
                visitor.abort()
            await self._nobody_here.wait()
