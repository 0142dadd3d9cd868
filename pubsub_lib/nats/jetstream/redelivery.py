"""When a message comes again on which its reader has failed.

Whatever made it fail, such as a database that is away, may need a while. So each try comes later
than the last one, and a message that always fails does not keep its reader from the others.

>>> redelivery = Redelivery(backoff=(0.1, 1.0, 10.0))
>>> [redelivery.delay_after(tries) for tries in range(1, 6)]
[0.1, 1.0, 10.0, 10.0, 10.0]
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pubsub_lib.arguments import checked_seconds

# How long to wait after the first try, after the second, and so on, in seconds.
BACKOFF_S = (0.1, 1.0, 10.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivery:
    """When to try again.

    Attributes:
        backoff: how long to wait after the first try, after the second, and so on, in seconds; the
            last one is for all that follow.
    """

    backoff: tuple[float, ...]

    def delay_after(self, tries: int) -> float:
        """Return how long to wait after so many tries, in seconds."""
        return self.backoff[min(tries, len(self.backoff)) - 1]


def checked_backoff(backoff: Sequence[float]) -> tuple[float, ...]:
    """Return times to wait in seconds, or say what is wrong with them."""
    if isinstance(backoff, str | bytes) or not isinstance(backoff, Sequence):
        raise TypeError(f"backoff is several times in seconds, as {BACKOFF_S}, not {backoff!r}")
    if not backoff:
        raise ValueError(f"backoff must be at least one time in seconds, as {BACKOFF_S}")
    return tuple(checked_seconds("each time of backoff", seconds) for seconds in backoff)
