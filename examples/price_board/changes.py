"""What travels through the broker: one price that has changed, with a number that only grows.

The number is the `id:` of the event that a visitor gets. A browser that lost its connection sends
the last one it saw, so the numbers of all workers are one sequence without holes: then a worker can
tell exactly how many changes a visitor has missed.

>>> numbers = Numbers()
>>> numbers.take() == numbers.first
True
>>> numbers.take() - numbers.first
1
"""

import multiprocessing
import time
from dataclasses import dataclass

LOCK_LIMIT_S = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """One price that has changed.

    Attributes:
        number: its place among all changes of this service.
        symbol: what has this price.
        price: the new one.
        sent: when it was published, in seconds since the epoch.
    """

    number: int
    symbol: str
    price: float
    sent: float


class Numbers:
    """Gives each change its number, within one process.

    The first is the time of the start, in microseconds, so that those of a service that was started
    again are above all that came before.

    Attributes:
        first: the first number of this service.
    """

    def __init__(self) -> None:
        self.first = time.time_ns() // 1000
        self._next = self.first

    def take(self) -> int:
        """Return a number that nobody else gets."""
        number = self._next
        self._next += 1
        return number


class SharedNumbers(Numbers):
    """The same for several processes: made before they are, and given to each."""

    def __init__(self) -> None:
        super().__init__()
        context = multiprocessing.get_context("spawn")
        self._lock = context.Lock()
        self._shared = context.Value("Q", self.first, lock=False)

    def take(self) -> int:
        """Return a number that nobody else gets, in whatever process."""
        # Who has held the lock for so long was killed while it did, and cannot give it back.
        self._lock.acquire(timeout=LOCK_LIMIT_S)
        try:
            number: int = self._shared.value
            self._shared.value = number + 1
        finally:
            self._lock.release()
        return number
