"""When a message comes again on which its reader has failed, and how often.

Whatever made it fail, such as a database that is away, may need a while. So each try comes later
than the last one, and a message that always fails does not keep its reader from the others.

>>> redelivery = Redelivery(max_tries=5, backoff=(0.1, 1.0, 10.0))
>>> [redelivery.delay_after(tries) for tries in range(1, 5)]
[0.1, 1.0, 10.0, 10.0]
>>> redelivery.is_last(5)
True
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pubsub_lib.arguments import Unset, checked_seconds, checked_whole_number

# How often a message is tried that always fails.
MAX_TRIES = 5
# How long to wait after the first try, after the second, and so on, in seconds.
BACKOFF_S = (0.1, 1.0, 10.0, 60.0)
# A message on which its reader dies says nothing, and neither do those that waited behind it, which
# come again with it. So it takes more such deliveries to give a message up than failures.
DELIVERIES_PER_TRY = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivery:
    """When to try again, and how often.

    Attributes:
        max_tries: how often a message is tried that always fails; `None` for ever.
        backoff: how long to wait after the first try, after the second, and so on, in seconds; the
            last one is for all that follow.
    """

    max_tries: int | None
    backoff: tuple[float, ...]

    def but(
        self, *, max_tries: int | Unset | None, backoff: Sequence[float] | None
    ) -> "Redelivery":
        """Return the same with other numbers, where there are any.

        Raises:
            TypeError, ValueError: if one of them is none.
        """
        return Redelivery(
            max_tries=(
                self.max_tries if isinstance(max_tries, Unset) else checked_max_tries(max_tries)
            ),
            backoff=self.backoff if backoff is None else checked_backoff(backoff),
        )

    def is_last(self, tries: int) -> bool:
        """Return whether a message that has failed so often is not to be tried again."""
        return self.max_tries is not None and tries >= self.max_tries

    def is_hopeless(self, tries: int) -> bool:
        """Return whether a message was delivered so often without a word that it is given up."""
        return self.max_tries is not None and tries > self.max_tries * DELIVERIES_PER_TRY

    def delay_after(self, tries: int) -> float:
        """Return how long to wait after so many tries, in seconds."""
        return self.backoff[min(tries, len(self.backoff)) - 1]


DEFAULT_REDELIVERY = Redelivery(max_tries=MAX_TRIES, backoff=BACKOFF_S)


def checked_backoff(backoff: Sequence[float]) -> tuple[float, ...]:
    """Return times to wait in seconds, or say what is wrong with them."""
    if isinstance(backoff, str | bytes) or not isinstance(backoff, Sequence):
        raise TypeError(f"backoff is several times in seconds, as {BACKOFF_S}, not {backoff!r}")
    if not backoff:
        raise ValueError(f"backoff must be at least one time in seconds, as {BACKOFF_S}")
    return tuple(checked_seconds("each time of backoff", seconds) for seconds in backoff)


def checked_max_tries(max_tries: int | None) -> int | None:
    """Return how often to try a message, or say what is wrong with it."""
    if max_tries is None:
        return None
    return checked_whole_number("max_tries", max_tries, unit="tries, or None for ever", least=1)
