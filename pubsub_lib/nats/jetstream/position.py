"""How far a reader is in a stream: which messages have come in, and which are missing.

The server numbers the messages of the stream, and its deliveries to each consumer. So a message
that is missing between two others was lost on its way, and comes again; or it was removed from the
stream, and never comes.

>>> position = Position(window=100)
>>> position.begin(after=0)
0
>>> position.note(sequence=1, delivery=1, pending=5)
0
>>> position.note(sequence=4, delivery=2, pending=2)  # two were removed
2
>>> position.note(sequence=6, delivery=4, pending=0)  # one was lost on its way
0
>>> position.has_all_up_to(6), position.missing
(False, {5})
"""

from typing import NamedTuple

from nats.aio.msg import Msg


class Arrival(NamedTuple):
    """The numbers of a message that has come in."""

    sequence: int  #: its number in the stream
    delivery: int  #: the number of its delivery to this consumer


class Gap(NamedTuple):
    """Between which numbers deliveries were lost on their way."""

    after: int
    before: int
    lost: int  #: how many; the others are not for this consumer
    came: set[int]  #: which have come again


class Position:
    """How far one consumer's messages have come in here.

    Messages may come in before the answer that says where the server begins. They are only
    remembered until then, or what was stored before would seem to be lost.

    Args:
        window: how many messages may be on their way at once.

    Attributes:
        highest: the last number in the stream that has come in, or that is not to come.
        missing: the numbers before it of what was lost on its way, for now, if they are
            consecutive.
        pending: how many messages there still were to be sent, when the server last said so.
        consecutive: whether all messages of the stream are for this consumer. Else a gap between
            their numbers says nothing: only a missing delivery was lost on its way, and what is
            removed shows where the server has nothing more to send.
        deliveries: how many the server had sent up to the last one that came.
    """

    def __init__(self, window: int) -> None:
        self.highest = 0
        self.consecutive = True
        self.deliveries = 0
        self.missing: set[int] = set()
        self.pending = 0
        self._window = window
        self._gaps: list[Gap] = []
        self._expected = 0  # how many there were still to come before it was held
        self._begun = False  # whether it was ever known where the server begins
        self._early: list[Arrival] | None = []  # what has come in before that is known

    def note(self, sequence: int, delivery: int, pending: int) -> int:
        """Note that a message has come in; return how many before it never will.

        Args:
            sequence: its number in the stream.
            delivery: the number of its delivery to this consumer.
            pending: how many messages are still to be sent.
        """
        self.pending = pending
        if self._early is not None:
            self._early.append(Arrival(sequence, delivery))
            return 0
        return self._note(sequence, delivery)

    def _note(self, sequence: int, delivery: int) -> int:
        lost_on_their_way = max(delivery - self.deliveries - 1, 0)
        self.deliveries = delivery
        self._came(sequence)
        if not self.consecutive:
            if lost_on_their_way and sequence > self.highest:
                self._gaps.append(Gap(self.highest, sequence, lost_on_their_way, set()))
            self.highest = max(self.highest, sequence)
            return 0
        gap = range(self.highest + 1, sequence)
        self.highest = max(self.highest, sequence)
        if lost_on_their_way and len(gap) <= self._window:
            self.missing.update(gap)
            return 0
        return max(len(gap) - lost_on_their_way, 0)

    def _came(self, sequence: int) -> None:
        """Note that it is not missing, if it was."""
        self.missing.discard(sequence)
        for gap in self._gaps:
            if gap.after < sequence < gap.before:
                gap.came.add(sequence)
        if self._gaps:
            self._gaps = [gap for gap in self._gaps if len(gap.came) < gap.lost]

    @property
    def absent(self) -> int:
        """How many messages were lost on their way, for now."""
        return len(self.missing) + sum(gap.lost - len(gap.came) for gap in self._gaps)

    def has_all_up_to(self, sequence: int) -> bool:
        """Return whether everything up to this number has come in."""
        return self.highest >= sequence and not self.absent

    def pass_over(self, sequence: int) -> int:
        """Expect nothing up to this number; return how many messages that are."""
        lost = 0
        if self._early is not None:  # it is the end, and nobody will say where it begins
            begun_before = self._early[0].sequence - 1 if self._early else sequence
            lost = self.begin(self.highest if self._begun else begun_before)
        return lost + self._pass_over(sequence)

    def _pass_over(self, sequence: int) -> int:
        unseen = max(sequence - self.highest, 0) if self.consecutive else 0
        self.highest = max(self.highest, sequence)
        return unseen + self._give_up_absent()

    def _give_up_absent(self) -> int:
        absent = self.absent
        self.missing.clear()
        self._gaps.clear()
        return absent

    @property
    def held(self) -> bool:
        """Whether what comes in is only remembered, until `begin` says where it begins."""
        return self._early is not None

    def hold(self) -> None:
        """Only remember what comes in from now on, until `begin` says where it begins."""
        self._early, self._expected = [], self.pending

    def begin(self, after: int, still_to_come: int = 0) -> int:
        """Expect what comes after this number, in deliveries that are counted from the first.

        Return how many messages never will come, which did not begin before it.

        Args:
            after: the number.
            still_to_come: how many messages that are, as far as is known. What it lacks of those
                that were to come before is lost, where their numbers are not consecutive.
        """
        early, self._early = self._early or [], None
        for arrival in early:
            self._came(arrival.sequence)
        lost = self._pass_over(after) if self._begun else 0
        if self._begun and not self.consecutive:
            lost += max(self._expected - still_to_come, 0)
        self.highest, self._begun, self.deliveries = max(self.highest, after), True, 0
        return lost + sum(self._note(*arrival) for arrival in early)

    def begin_anew(self) -> int:
        """Begin in another stream; return how many messages of this one will never come.

        Where that begins is said by `begin`.
        """
        lost = self.pending + self._give_up_absent()
        self.highest = self.pending = 0
        self.hold()
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
