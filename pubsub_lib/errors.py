"""The errors a broker raises. Each message names the remedy.

>>> issubclass(PubSubClosed, RuntimeError)
True
>>> Lagged(3).missed
3
"""

from pubsub_lib.reports import Delivery


class PubSubClosed(RuntimeError):
    """Raised when something is published to, or subscribed from, a broker that was shut down."""


class PubSubFull(RuntimeError):
    """Raised by a publish that found no room where that is to be an error.

    Attributes:
        delivery: who got the message all the same, and who did not.
    """

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(
            f"no room for this message: missed by {delivery.dropped}, delivered to "
            f"{delivery.delivered}; wait longer, raise maxsize, or choose an overflow policy that "
            "drops"
        )
        self.delivery = delivery


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
