"""How far a reader is in a stream: which messages have come in, and which are missing.

The server numbers the messages of the stream, and its deliveries to each consumer. So a message
that is missing between two others was lost on its way, and comes again; or it was removed from the
stream, and never comes.

>>> position = Position(window=100)
>>> position.note(sequence=1, delivery=1, pending=5)
0
>>> position.note(sequence=4, delivery=2, pending=2)  # two were removed
2
>>> position.note(sequence=6, delivery=4, pending=0)  # one was lost on its way
0
>>> position.has_all_up_to(6), position.missing
(False, {5})
"""

from nats.aio.msg import Msg


class Position:
    """How far one consumer's messages have come in here.

    Args:
        window: how many messages may be on their way at once.

    Attributes:
        highest: the last number in the stream that has come in, or that is not to come.
        missing: the numbers before it of what was lost on its way, for now.
        pending: how many messages there still were to be sent, when the server last said so.
    """

    def __init__(self, window: int) -> None:
        self.highest = 0
        self.missing: set[int] = set()
        self.pending = 0
        self._window = window
        self._deliveries = 0  # how many the server had sent up to the last one that came

    def note(self, sequence: int, delivery: int, pending: int) -> int:
        """Note that a message has come in; return how many before it never will.

        Args:
            sequence: its number in the stream.
            delivery: the number of its delivery to this consumer.
            pending: how many messages are still to be sent.
        """
        self.pending = pending
        if delivery == self._deliveries + 1 and sequence == self.highest + 1:  # the usual case
            self._deliveries, self.highest = delivery, sequence
            return 0
        lost_on_their_way = max(delivery - self._deliveries - 1, 0)
        self._deliveries = delivery
        self.missing.discard(sequence)
        gap = range(self.highest + 1, sequence)
        self.highest = max(self.highest, sequence)
        if lost_on_their_way and len(gap) <= self._window:
            self.missing.update(gap)
            return 0
        return max(len(gap) - lost_on_their_way, 0)

    def has_all_up_to(self, sequence: int) -> bool:
        """Return whether everything up to this number has come in."""
        return self.highest >= sequence and not self.missing

    def pass_over(self, sequence: int) -> int:
        """Expect nothing up to this number; return how many messages that are."""
        passed_over = max(sequence - self.highest, 0) + len(self.missing)
        self.highest = max(self.highest, sequence)
        self.missing.clear()
        return passed_over

    def begin_deliveries(self) -> None:
        """Expect that the server counts deliveries from the first again."""
        self._deliveries = self.pending = 0

    def begin_anew(self) -> int:
        """Begin in another stream; return how many messages of this one will never come."""
        lost = self.pending + len(self.missing)
        self.highest = 0
        self.missing.clear()
        self.begin_deliveries()
        return lost


def numbers_of(envelope: Msg) -> tuple[int, int, int, int]:
    """Return a message's number in the stream, the number of its delivery, how many messages are
    still to be sent, and how often this one was.

    `Msg.metadata` says the same, and makes six objects for it.

    >>> numbers_of(Msg(None, reply="$JS.ACK.orders.billing.2.17.40.1700000000000000000.5"))
    (17, 40, 5, 2)
    """
    words = envelope.reply.split(".")
    first = 4 if len(words) == 9 else 6  # the longer form names the server's domain and account
    return int(words[first + 1]), int(words[first + 2]), int(words[first + 4]), int(words[first])


def stored_at(envelope: Msg) -> float:
    """Return when the server has stored a message, by its clock, in seconds since 1970.

    >>> stored_at(Msg(None, reply="$JS.ACK.orders.billing.2.17.40.1700000000000000000.5"))
    1700000000.0
    """
    words = envelope.reply.split(".")
    return int(words[7 if len(words) == 9 else 9]) / 1e9
