"""What one subscriber saw of numbered messages, and when: what is missing, and what came twice.

>>> seen = Sightings(clock=lambda: 0.5)
>>> for number in (1, 2, 4, 2):
...     seen.note(number)
>>> seen.missing(range(1, 5)), seen.repeated
([3], [2])
>>> seen.table
[(0.5, 1), (0.5, 2), (0.5, 4), (0.5, 2)]
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable


class Sightings:
    """Notes the numbers that come in, and wakes whoever waits for a count of them.

    Args:
        clock: tells the time, in seconds.

    Attributes:
        now: the clock.
        table: when each number was seen, in seconds, and which it was, in the order of seeing.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.now = clock
        self._news = asyncio.Event()
        self.table: list[tuple[float, int]] = []

    def note(self, number: int) -> None:
        """Note that this number was seen now."""
        self.table.append((self.now(), number))
        self._news.set()

    async def reach(self, count: int) -> None:
        """Wait until so many were seen, repeated ones included."""
        while len(self.table) < count:
            self._news.clear()
            await self._news.wait()

    @property
    def numbers(self) -> list[int]:
        """All that was seen, in the order of seeing."""
        return [number for _, number in self.table]

    @property
    def repeated(self) -> list[int]:
        """What was seen more than once, in the order of the first time."""
        return [number for number, times in Counter(self.numbers).items() if times > 1]

    def missing(self, published: Iterable[int]) -> list[int]:
        """Return what was published and not seen."""
        seen = set(self.numbers)
        return [number for number in published if number not in seen]
