"""A day at the desks: five orders, two desks that are killed, a server that is killed, too.

The desks share one name, and each goes on where the last one stopped. The first is killed before it
has carried out its second order, the second when it has just carried out its third. Then the server
is killed, and started again; the fifth order comes in between.

>>> events = [Event(0.1, What.CARRIED_OUT, order=order) for order in (1, 3, 3, 4, 5)]
>>> day = Day("async def serve(inbox, ledger): ...", events)
>>> day.lost, day.repeated
([2], [3])
"""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

ORDERS = range(1, 6)


class What(StrEnum):
    """What can happen in a day."""

    STARTED = "started"
    STORED = "stored"
    TOOK = "took"
    CARRIED_OUT = "carried-out"
    ACKNOWLEDGED = "acknowledged"
    KILLED = "killed"
    SERVER_KILLED = "server-killed"
    PUBLISHER_WAITS = "publisher-waits"
    SERVER_STARTED = "server-started"
    STOOD_STILL = "stood-still"
    FAILED = "failed"


class Event(NamedTuple):
    """What happened, and when.

    Attributes:
        time_s: seconds since the day began.
        what: what happened.
        order: to which order; 0 for none.
        desk: at which desk; 0 for none.
        line: at which line of its loop that desk stood, counted from 0; -1 for none.
    """

    time_s: float
    what: What
    order: int = 0
    desk: int = 0
    line: int = -1


@dataclass(slots=True)
class Day:
    """What happened in a day.

    Attributes:
        source: the loop of the desks.
        events: in the order of time.
        error: what ended a desk before its time; "" if nothing did.
    """

    source: str
    events: list[Event] = field(default_factory=list)
    error: str = ""

    @property
    def carried_out(self) -> list[int]:
        """The orders that were carried out, in this order."""
        return [event.order for event in self.events if event.what is What.CARRIED_OUT]

    @property
    def lost(self) -> list[int]:
        """The orders that were never carried out."""
        return [order for order in ORDERS if order not in self.carried_out]

    @property
    def repeated(self) -> list[int]:
        """The orders that were carried out more than once."""
        return [order for order, times in Counter(self.carried_out).items() if times > 1]

    @property
    def names(self) -> list[tuple[What, int, int]]:
        """What happened, without the times, which are others in each run."""
        return [(event.what, event.order, event.desk) for event in self.events]
