"""The envelopes of a subscription's messages: what the server has to be told when one is handled.

A reader gets the message alone, and says later that it has handled it. So who has taken which
message must be known: the iterator, or for `get()` the task.

>>> envelopes = Envelopes()
>>> envelopes.put(Msg(None, data=b"hello"), 17)
>>> envelopes.is_waiting(17)
True
>>> envelopes.take()
>>> [envelope.data for envelope in envelopes.claim("this task")]
[b'hello']
>>> envelopes.taken_by("this task").data
b'hello'
"""

from collections import deque

from nats.aio.msg import Msg

# Who has taken what `async for` and `batches()` read.
ITERATOR = object()


class Envelopes:
    """What waits for a reader, and what is taken and not acknowledged."""

    __slots__ = ("_just_taken", "_numbers", "_taken", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Msg]] = deque()  # with the number of each in the stream
        self._numbers: set[int] = set()
        self._just_taken: list[Msg] = []
        # In the order of taking, with who is to acknowledge it.
        self._taken: dict[int, tuple[object, Msg]] = {}

    def put(self, envelope: Msg, sequence: int) -> None:
        """Add the envelope of a message that waits from now on."""
        self._waiting.append((sequence, envelope))
        self._numbers.add(sequence)

    def withdraw(self) -> None:
        """Remove what was put in last."""
        sequence, _ = self._waiting.pop()
        self._numbers.discard(sequence)

    def is_waiting(self, sequence: int) -> bool:
        """Whether the message of this number in the stream waits here to be read."""
        return sequence in self._numbers

    def take(self) -> None:
        """Note that the next message is taken. Whoever takes it claims it at once."""
        sequence, envelope = self._waiting.popleft()
        self._numbers.discard(sequence)
        self._just_taken = [envelope]

    def take_all(self) -> None:
        """Note that all that waits is taken. Whoever takes it claims it at once."""
        self._just_taken = self.give_up_waiting()

    def claim(self, taker: object) -> list[Msg]:
        """Note who is to say when that was handled which was just taken, and return it."""
        for envelope in self._just_taken:
            self._taken[id(envelope)] = (taker, envelope)
        return self._just_taken

    def forget(self, envelopes: list[Msg]) -> None:
        """Note that nobody has to say anything of these any more."""
        for envelope in envelopes:
            self._taken.pop(id(envelope), None)

    def taken_by(self, taker: object) -> Msg | None:
        """Return the first that this one has taken; else the first that any task has; or `None`."""
        of_any = None
        for other, envelope in self._taken.values():
            if other is taker:
                return envelope
            if of_any is None and other is not ITERATOR:
                of_any = envelope
        return of_any

    def taken_by_tasks(self) -> list[Msg]:
        """Return what tasks have taken. An iterator looks after its own."""
        return [envelope for taker, envelope in self._taken.values() if taker is not ITERATOR]

    def give_up_waiting(self) -> list[Msg]:
        """Return what waits, which waits no more."""
        waiting = [envelope for _, envelope in self._waiting]
        self._waiting.clear()
        self._numbers.clear()
        return waiting

    def all(self) -> list[Msg]:
        """Return all that is taken or waits."""
        taken = [envelope for _, envelope in self._taken.values()]
        return taken + [envelope for _, envelope in self._waiting]
