"""The errors a broker raises. Each message names the remedy.

A copy of one, as another process gets it, says the same.

>>> issubclass(PubSubClosed, RuntimeError)
True
>>> Lagged(3).missed
3
"""

import asyncio

from pubsub_lib.reports import Deliveries, Delivery


class PubSubClosed(RuntimeError):
    """Raised when something is published to, or subscribed from, a broker that was shut down."""


class PubSubFull(RuntimeError):
    """Raised by a publish that found no room where that is to be an error.

    Attributes:
        delivery: who got the message all the same, and who did not; a `Deliveries`, if several
            were published at once.
    """

    def __init__(self, delivery: Delivery | Deliveries, why: str = "") -> None:
        super().__init__(
            why
            or f"no room for this message: missed by {delivery.dropped}, delivered to "
            f"{delivery.delivered}; wait longer, raise maxsize, or choose an overflow policy that "
            "drops"
        )
        self.delivery = delivery

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.delivery, *self.args), self.__dict__


class Lagged(RuntimeError):
    """Raised once to a reader of a ring that was overtaken. Reading again goes on after the gap.

    Attributes:
        missed: how many messages it has missed since it last read.
    """

    def __init__(self, missed: int) -> None:
        super().__init__(
            f"this subscriber was too slow and missed {missed} messages; read on, after loading "
            "anew what depends on them"
        )
        self.missed = missed

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.missed,), self.__dict__


class Disconnected(RuntimeError):
    """Raised once to a reader that was cut off by `Overflow.DISCONNECT`, after its last message.

    Attributes:
        missed: how many messages it has missed in all.
    """

    def __init__(self, missed: int) -> None:
        super().__init__(
            f"this subscriber was too slow and was disconnected; it missed {missed} messages and "
            "what came after them: subscribe again, after loading anew what depends on them"
        )
        self.missed = missed

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.missed,), self.__dict__


def in_words(error: BaseException) -> str:
    """Return the class of an error, and what it says; an error that cannot say it may be any."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as unspeakable:
        return f"{type(error).__name__}, whose text raised {type(unspeakable).__name__}"


def shown(thing: object) -> str:
    """Return the `repr` of anything; if it cannot be shown, that it cannot."""
    try:
        return repr(thing)
    except Exception as unspeakable:
        return f"a {type(thing).__name__} whose repr raised {type(unspeakable).__name__}"


def carry(cancelled: BaseException, delivery: Delivery | Deliveries) -> None:
    """Let the error of a cancelled publish say what had been delivered (see `delivered_before`).

    It stays a plain `CancelledError`: Python 3.12 takes no other for one that ends a time-out.
    """
    cancelled.delivery = delivery  # type: ignore[attr-defined]


def delivered_before(cancelled: asyncio.CancelledError) -> Delivery | Deliveries | None:
    """Return what had been delivered when a publish was cancelled; `None` if it did not wait.

    The error that comes out of a cancelled `publish` or `publish_many` carries its report, so that
    whoever cancels knows whom a second try would reach twice.
    """
    report: Delivery | Deliveries | None = getattr(cancelled, "delivery", None)
    return report
