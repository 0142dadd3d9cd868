"""Who is subscribed to a broker: joining and leaving cost the same however many there are.

A publisher goes through a snapshot, which is made when it is first asked for after somebody has
come or gone. So subscribers that come and go disturb nobody, and a thousand of them that join
between two publishes are one new snapshot.

>>> from pubsub_lib import AsyncPubSub
>>> broker = AsyncPubSub[str]()
>>> ada, bob = broker.subscribe(name="ada"), broker.subscribe(name="bob")
>>> ada.close()
>>> broker.queues
[<Inbox 'bob' 0 of 100>]
"""

from collections.abc import Hashable, Iterable
from typing import Any

from pubsub_lib.in_process.losses import LossLog
from pubsub_lib.in_process.subscriber import SubscriberState
from pubsub_lib.reports import Delivery


class Subscribers[B: SubscriberState[Any]]:
    """The states of the subscribers that a broker has now, and the sums of those that left.

    Attributes:
        accepted: a count that the broker may keep.
        everybody: what to tell a publisher whose message every subscriber has.
        losses: logs the messages that subscribers miss.
        filters: how many of them want only some of the messages.
        received_by_leavers, dropped_by_leavers: sums over those that left.
    """

    def __init__(self) -> None:
        self.accepted = 0
        self.everybody = Delivery(0)
        self.filters = 0
        self.losses = LossLog()
        self.received_by_leavers = 0
        self.dropped_by_leavers = 0
        self._members: InOrder[B] = InOrder()

    @property
    def states(self) -> list[B]:
        """Those that are here now, in the order of subscribing; never changed, but replaced."""
        return self._members.snapshot

    def join(self, state: B) -> None:
        """Add a subscriber."""
        self._members.add(state)
        self.filters += state.where is not None
        self.everybody = Delivery(len(self._members))

    def leave(self, state: B) -> None:
        """Remove a subscriber, and keep its sums. Does nothing if it has left before."""
        if state in self._members:
            self._members.remove(state)
            self.filters -= state.where is not None
            self.everybody = Delivery(len(self._members))
            stats = state.stats
            self.received_by_leavers += stats.received
            self.dropped_by_leavers += stats.dropped

    def __len__(self) -> int:
        return len(self._members)

    def fail(self, error: BaseException) -> None:
        """Close every subscription because of an error, which its reader is to see."""
        for state in self.states:
            state.fail(error)

    @property
    def published(self) -> int:
        """How many messages were accepted so far."""
        return self.accepted


class InOrder[M: Hashable]:
    """Members that come and go, and a list of those that are here, in the order of coming."""

    __slots__ = ("_next", "_numbers", "_snapshot")

    def __init__(self) -> None:
        self._numbers: dict[M, int] = {}
        self._next = 0
        self._snapshot: list[M] | None = []

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, member: M) -> bool:
        return member in self._numbers

    def add(self, member: M) -> None:
        """Let one come, after all others."""
        self._numbers[member] = self._next
        self._next += 1
        self._snapshot = None

    def remove(self, member: M) -> None:
        """Let one go."""
        del self._numbers[member]
        self._snapshot = None

    @property
    def snapshot(self) -> list[M]:
        """Those that are here; never changed, but replaced."""
        if self._snapshot is None:
            self._snapshot = list(self._numbers)
        return self._snapshot

    def in_order(self, some: Iterable[M]) -> list[M]:
        """Return some that are here in the order of coming."""
        return sorted(some, key=self._numbers.__getitem__)


def held(states: Iterable[SubscriberState[Any]]) -> list[Any]:
    """Return the subscriptions of these states that somebody still holds."""
    subscriptions = [state.subscription for state in states]
    return [subscription for subscription in subscriptions if subscription is not None]


def other_ends(states: Iterable[SubscriberState[Any]]) -> tuple[Any, ...]:
    """Return the subscriptions of these states, for a report: to hold them keeps nothing."""
    return tuple(state.end(own=False) for state in states)
