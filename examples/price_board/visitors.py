"""Who is here, how many of one address, and the end of those who do not read.

A visitor that stops reading is cut off by the broker when its inbox is full. Its stream does not
notice, since it waits until the connection takes the last event: so the connection is ended here,
a little later. Why is told where the connection still takes it, or else when the visitor is back.

>>> Visitors(per_address=2).count
0
"""

import asyncio
import time
from collections import Counter

from examples.price_board.visitor import Farewell, Visitor

#: How long one who was cut off may take to read the rest, and why, in seconds.
FAREWELL_S = 2.0
LOOK_EVERY_S = 0.25
#: For how many it is kept what could not be said to them.
UNTOLD = 1000


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
