"""What a broker and a subscription say of themselves: numbers to read, never pushed.

All counts are in messages. For each subscription `received + dropped` is what was published for it.

>>> Delivery(delivered=3)
Delivery(delivered=3, missed_by=())
>>> Delivery(delivered=3).dropped
0
"""

from typing import Any, NamedTuple


class Delivery(NamedTuple):
    """What became of one published message."""

    delivered: int  #: subscribers that have it, or will read it
    #: subscriptions that lost a message to it: this one or, where the oldest is given up, an older;
    #: each equal to the subscriber's own, but to hold it does not keep one that nobody reads
    missed_by: tuple[Any, ...] = ()

    @property
    def dropped(self) -> int:
        """How many messages were given up for this one."""
        return len(self.missed_by)


class Missed(NamedTuple):
    """One message that one subscriber lost while several were published at once."""

    number: int  #: which message of the call it was lost to, from 0
    subscription: Any  #: whose it was; equal to the subscriber's own


class Deliveries(NamedTuple):
    """What became of several messages that were published at once."""

    published: int  #: messages that were accepted, from the first on
    delivered: int  #: over all of them, subscribers that have them, or will read them
    missed: tuple[Missed, ...] = ()  #: as `Delivery.missed_by`, and for which message

    @property
    def dropped(self) -> int:
        """How many messages were given up for these."""
        return len(self.missed)


class ShutdownReport(NamedTuple):
    """What was left when the broker had been shut down."""

    unread: int  #: still waiting; their readers can go on reading
    unfinished: int  #: taken by a reader, but not marked as done


class SubscriptionStats(NamedTuple):
    """What one subscription has seen so far."""

    received: int  #: read, waiting to be read, or discarded by closing
    dropped: int  #: missed, because the subscriber did not keep up
    depth: int  #: waiting to be read now
    high_water_mark: int  #: the most that ever waited at once; on a ring, that was seen to wait


class BrokerStats(NamedTuple):
    """What a broker has done so far."""

    subscribers: int  #: subscriptions that are open now
    published: int  #: messages accepted
    delivered: int  #: messages received, over all subscribers that ever were
    dropped: int  #: messages missed, over all subscribers that ever were
