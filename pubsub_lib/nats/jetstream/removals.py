"""Finds out that messages were removed from a stream before a reader got them.

An administrator may purge a stream or delete a message, and the server tells nobody. It shows in
the numbers: where a message comes in that follows another, and those between them were not sent to
anybody; or where nothing comes in any more, and the server has fewer to send than it had.

>>> from pubsub_lib.nats.jetstream.position import Position
>>> position = Position(window=100)
>>> removals = Removals(position, durable=True)
>>> position.begin(after=0), removals.begin(deliveries=0, highest=0)
(0, None)
>>> removals.note(sequence=1, delivery=1, pending=3, tries=1)
0
>>> [removals.look(Look(sent=1, pending=0, last=4), unanswered=0) for _ in range(LOOKS)]
[0, 3, 0]
>>> removals.note(sequence=6, delivery=2, pending=0, tries=1)  # and the one before it
1
"""

from collections import deque
from typing import NamedTuple

from pubsub_lib.nats.jetstream.position import Position

# So many looks have to agree that messages were removed: a server hears a moment later of what is
# stored, and a cluster that changes its leader still later.
LOOKS = 3


class Look(NamedTuple):
    """What the server has said, when it was asked now and then."""

    sent: int  #: how many messages it had sent
    pending: int  #: how many it had still to send
    last: int  #: the number of the message that was stored last


class SentSoFar(NamedTuple):
    """What a consumer had sent, to all its readers, when this one last got a message."""

    deliveries: int  #: how many, copies included
    highest: int  #: the highest number in the stream among them


class Removals:
    """Finds out what was removed before it came in here.

    Args:
        position: how far the messages have come in.
        durable: whether others may get what does not come in here.
    """

    def __init__(self, position: Position, *, durable: bool) -> None:
        self._position = position
        self._durable = durable
        self._looks: deque[Look] = deque(maxlen=LOOKS)
        self._sent: SentSoFar | None = None  # where that is known
        self._told = 0  # how many were removed since then, as the looks have told

    def begin(self, deliveries: int, highest: int) -> None:
        """Begin where the consumer does, unless something has come in already."""
        if self._sent is None:
            self._sent = SentSoFar(deliveries, highest)

    def begin_anew(self) -> None:
        """Forget what was known, since the stream is another."""
        self._looks.clear()
        self._sent = None

    def note(self, sequence: int, delivery: int, pending: int, tries: int) -> int:
        """Note that a message has come in; return how many before it were removed.

        Args:
            sequence: its number in the stream.
            delivery: the number of its delivery by this consumer.
            pending: how many messages are still to be sent.
            tries: how often it was delivered.
        """
        position = self._position
        self._looks.clear()
        if not self._durable:
            return position.note(sequence, delivery, pending)
        position.deliveries, position.pending = delivery, pending
        return self._removed_before(sequence, delivery, is_copy=tries > 1)

    def _removed_before(self, sequence: int, delivery: int, *, is_copy: bool) -> int:
        """Return how many messages were removed that would have been sent before this one.

        That is known if nobody was sent anything since the last one that came in here.
        """
        sent, told, self._told = self._sent, self._told, 0
        follows = sent is not None and delivery == sent.deliveries + 1
        if is_copy:
            self._sent = SentSoFar(delivery, sent.highest) if sent is not None and follows else None
            return 0
        self._sent = SentSoFar(delivery, sequence)
        if sent is None or not follows or not self._position.consecutive:
            return 0
        return max(sequence - sent.highest - 1 - told, 0)

    def look(self, now: Look, *, unanswered: int) -> int:
        """Note what the server says where nothing has come in; return how many were removed.

        Args:
            now: what it says.
            unanswered: how many messages it has sent that are not acknowledged, and may come again.
        """
        position, looks = self._position, self._looks
        # Of a durable one others may have been sent what has not come in here, and numbers that are
        # not consecutive do not tell. Then it shows only in what was still to be sent.
        by_pending = self._durable or not position.consecutive
        if by_pending and position.deliveries == now.sent and not looks:
            looks.append(Look(now.sent, position.pending, 0))  # as the last delivery said
        position.pending = now.pending
        looks.append(now)
        oldest, *later = looks
        if len(looks) < LOOKS or position.held or any(look.sent != now.sent for look in looks):
            return 0
        removed = 0
        if by_pending:
            removed = max(oldest.pending - max(look.pending for look in later), 0)
            self._told += removed
        comes_again = position.absent and unanswered
        if (
            not self._durable
            and position.deliveries == now.sent
            and not comes_again
            and not any(look.pending for look in looks)
        ):
            removed += position.pass_over(oldest.last)
        return removed
