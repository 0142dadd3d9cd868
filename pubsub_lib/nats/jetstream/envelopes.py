"""The envelopes of a subscription's messages: what the server has to be told when one is handled.

A reader gets the message alone, and says later that it has handled it. So who has taken which
message must be known: the task, and the iterator if there is one.

>>> envelopes = Envelopes(maxsize=100)
>>> envelopes.put(Msg(None, data=b"hello"), 17)
>>> envelopes.is_waiting(17)
True
>>> envelopes.take()
>>> [envelope.data for envelope in envelopes.claim("this task")]
[b'hello']
>>> envelopes.to_acknowledge("this task").data
b'hello'
"""

import asyncio
import weakref
from collections import deque
from typing import Any, NamedTuple

from nats.aio.msg import Msg

from pubsub_lib.nats.jetstream.position import numbers_of


class Taken(NamedTuple):
    """One message that was taken and not acknowledged."""

    envelope: Msg
    task: object  #: stands for who has taken it, and does not keep it
    iterator: object | None  #: stands for what says when it is handled; `None` if the task does


class Envelopes:
    """What waits for a reader, what is taken and not acknowledged, and what just was.

    Args:
        maxsize: how many there may be that are not acknowledged. The server may deliver as many
            again that are acknowledged here, before it hears of that.
    """

    __slots__ = (
        "_acknowledged",
        "_copies",
        "_just_acknowledged",
        "_just_taken",
        "_numbers",
        "_orphans",
        "_taken",
        "_waiting",
    )

    def __init__(self, *, maxsize: int) -> None:
        self._just_acknowledged: deque[int] = deque(maxlen=maxsize)
        self._acknowledged: set[int] = set()  # the same numbers
        self._waiting: deque[tuple[int, Msg]] = deque()  # with the number of each in the stream
        self._numbers: set[int] = set()
        self._copies: set[int] = set()  # those of them that were delivered before
        self._just_taken: list[Msg] = []
        self._taken: dict[int, Taken] = {}  # in the order of taking
        self._orphans: dict[int, Msg] = {}  # those of them that the server no longer has

    def put(self, envelope: Msg, sequence: int, *, is_copy: bool = False) -> None:
        """Add the envelope of a message that waits from now on."""
        self._waiting.append((sequence, envelope))
        self._numbers.add(sequence)
        if is_copy:
            self._copies.add(sequence)

    def is_waiting(self, sequence: int) -> bool:
        """Whether the message of this number in the stream waits here to be read."""
        return sequence in self._numbers

    def take(self) -> None:
        """Note that the next message is taken. Whoever takes it claims it at once."""
        sequence, envelope = self._waiting.popleft()
        self._numbers.discard(sequence)
        self._copies.discard(sequence)
        self._just_taken = [envelope]

    def take_all(self) -> None:
        """Note that all that waits is taken. Whoever takes it claims it at once."""
        self._just_taken = self.give_up_waiting()

    def claim(self, task: object, iterator: object | None = None) -> list[Msg]:
        """Note who is to say when that was handled which was just taken, and return it."""
        for envelope in self._just_taken:
            self._taken[id(envelope)] = Taken(envelope, task, iterator)
        return self._just_taken

    def forget(self, envelopes: list[Msg]) -> None:
        """Note that nobody has to say anything of these any more."""
        for envelope in envelopes:
            self._taken.pop(id(envelope), None)
            self._orphans.pop(id(envelope), None)

    def note_acknowledged(self, envelopes: list[Msg]) -> None:
        """Remember that these were handled, for copies that come too late."""
        just = self._just_acknowledged
        for envelope in envelopes:
            if len(just) == just.maxlen:
                self._acknowledged.discard(just[0])
            sequence = numbers_of(envelope)[0]
            just.append(sequence)
            self._acknowledged.add(sequence)

    def was_acknowledged(self, sequence: int) -> bool:
        """Whether the message of this number in the stream was handled here a short time ago."""
        return sequence in self._acknowledged

    def forget_acknowledged(self) -> None:
        """Forget what was acknowledged, as in another stream, where the numbers are of others."""
        self._just_acknowledged.clear()
        self._acknowledged.clear()

    def orphan(self) -> None:
        """Note that the server no longer has what is here, and is told nothing more of it.

        Whatever has the same number from now on is another message.
        """
        self.forget_acknowledged()
        self._numbers.clear()
        self._copies.clear()
        self._orphans = {id(envelope): envelope for envelope in self.all()}
        for envelope in self._orphans.values():
            envelope._ackd = True  # or nats-py would answer

    def is_orphan(self, envelope: Msg) -> bool:
        """Whether the server no longer has this one, so that it cannot deliver it again."""
        return id(envelope) in self._orphans

    def held(self, envelopes: list[Msg]) -> list[Msg]:
        """Return those of them of which somebody still has to say something."""
        return [envelope for envelope in envelopes if id(envelope) in self._taken]

    def to_acknowledge(self, task: object) -> Msg | None:
        """Return the first that this task has taken without an iterator; else the first that any
        has; or `None`.
        """
        of_any = None
        for taken in self._taken.values():
            if taken.iterator is None:
                if taken.task == task:
                    return taken.envelope
                of_any = of_any or taken.envelope
        return of_any

    def last_taken(self, task: object) -> Taken | None:
        """Return what this task has taken last; else what any has taken last; or `None`."""
        of_any = None
        for taken in reversed(self._taken.values()):
            if taken.task == task:
                return taken
            of_any = of_any or taken
        return of_any

    def taken_with(self, iterator: object) -> list[Msg]:
        """Return what an iterator has taken."""
        return [taken.envelope for taken in self._taken.values() if taken.iterator is iterator]

    def taken_by_tasks(self) -> list[Msg]:
        """Return what tasks have taken. An iterator looks after its own."""
        return self.taken_with(None)

    def give_up_waiting(self) -> list[Msg]:
        """Return what waits, which waits no more."""
        waiting = [envelope for _, envelope in self._waiting]
        self._waiting.clear()
        self._numbers.clear()
        self._copies.clear()
        return waiting

    def copies_of(self, envelopes: list[Msg]) -> list[int]:
        """Return at which places copies of these wait, the last place first."""
        if not self._copies:
            return []
        numbers = {numbers_of(envelope)[0] for envelope in envelopes} & self._copies
        places = [place for place, (number, _) in enumerate(self._waiting) if number in numbers]
        return places[::-1]

    def drop(self, place: int) -> None:
        """Note that what waits at this place waits no more."""
        sequence, _ = self._waiting[place]
        del self._waiting[place]
        self._numbers.discard(sequence)
        self._copies.discard(sequence)

    def being_handled(self) -> list[Msg]:
        """Return what iterators have, and what waits behind it; nothing if they have nothing."""
        handled = [taken.envelope for taken in self._taken.values() if taken.iterator is not None]
        return handled + [envelope for _, envelope in self._waiting] if handled else []

    def all(self) -> list[Msg]:
        """Return all that is taken or waits."""
        taken = [taken.envelope for taken in self._taken.values()]
        return taken + [envelope for _, envelope in self._waiting]


def this_task() -> weakref.ref[asyncio.Task[Any]] | None:
    """Return what stands for the task that runs, if there is one."""
    # Weak, since a task that has failed holds what it was reading with.
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    return None if task is None else weakref.ref(task)
