"""What a film keeps an eye on: a queue and what was in it, a publish that has not returned.

>>> import asyncio
>>> queue = asyncio.Queue(maxsize=1)
>>> watched = WatchedQueue(queue, number=0)
>>> watched.contents.append(("hello", 0))
>>> watched.full, watched.has_left()
(True, False)
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pubsub_lib.lab.clock.waiting_tasks import frames_of
from pubsub_lib.lab.replay.calls import Call
from pubsub_lib.lab.replay.events import ChangeKind
from pubsub_lib.lab.replay.peeking import is_held


@dataclass(slots=True, eq=False)
class WatchedQueue:
    """A queue, as it was when it was last looked at.

    Attributes:
        queue: the queue, or whatever end of a subscription there is.
        number: its number in the recording.
        owner: its broker, as far as it is known.
        contents: the messages in it, each with its number in the recording, the oldest first.
        entered: the numbers of those that got in.
        seen: the numbers of those that got in or were lost.
        missing: the numbers of those that had not got in when their publish was over.
        in_hand: who has taken a message and not come back for more, by the message's number.
        marked: the numbers of those for which `task_done()` was called.
        held: whether its owner holds it in a list or the like.
        left: whether it takes no more messages.
        asleep: whether its reader sleeps though there are messages.
    """

    queue: Any
    number: int
    owner: Any = None
    contents: list[tuple[Any, int]] = field(default_factory=list)
    entered: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    in_hand: dict[int, asyncio.Task[Any] | None] = field(default_factory=dict)
    marked: set[int] = field(default_factory=set)
    held: bool = False
    left: bool = False
    asleep: bool = False

    @property
    def full(self) -> bool:
        """Whether there is no room in it."""
        return bool(0 < self.queue.maxsize <= len(self.contents))

    @property
    def closed(self) -> bool:
        """Whether nothing can be put into it any more."""
        shut_down = getattr(self.queue, "_is_shutdown", False)  # asyncio's, since Python 3.13
        return bool(shut_down or getattr(self.queue, "closed", False))

    def takes_no_more(self, owner: Any) -> bool:
        """Return whether it has left, for who publishes to its broker, or puts into it itself."""
        return self.closed if owner is self.queue else self.left

    def cannot_be(self, number: int) -> bool:
        """Return whether what gets in now cannot be the message of this number."""
        return number in self.seen and number not in self.missing

    def has_left(self) -> bool:
        """Return whether it is closed, or its broker, which held it, has let it go."""
        held_before, self.held = self.held, is_held(self.owner, self.queue)
        return self.closed or (held_before and not self.held)

    def mark(self, task: asyncio.Task[Any] | None) -> None:
        """Note that `task_done()` was called: for what this task has in hand, if it reads."""
        unmarked = [number for number in self.in_hand if number not in self.marked]
        own = [number for number in unmarked if self.in_hand[number] is task]
        self.marked.update((own or unmarked)[:1])

    def what_became_of(self, message: int) -> ChangeKind:
        """Return what became of a message whose reader is over, or has come back for more."""
        task = self.in_hand[message]
        if task is None or not task.done() or message in self.marked:
            return ChangeKind.HANDLE
        if task.cancelled():
            return ChangeKind.DROP
        return ChangeKind.HANDLE if task.exception() is None else ChangeKind.KEEP

    def read_by(self, call: Call | None) -> list[Any]:
        """Return the messages that a call has read from this queue: none, one, or a batch."""
        if call is None or call.error is not None or not self.belongs_to(call):
            return []
        return call.result if isinstance(call.result, list) else [call.result]

    def belongs_to(self, call: Call) -> bool:
        """Return whether a call reads this queue."""
        state = getattr(call.owner, "_state", call.owner)  # an iterator knows its subscription's
        return state is getattr(self.queue, "_state", self.queue)

    def is_asleep(self, readers: Iterable[asyncio.Task[Any]]) -> bool:
        """Return whether messages wait, and so do readers, none of whom has been woken."""
        if not self.contents or not isinstance(self.queue, asyncio.Queue):
            return False
        waits = [future for task in readers if (future := _waits_in_get(task, self.queue))]
        return bool(waits) and not any(future.done() for future in waits)


@dataclass(slots=True, eq=False)
class Sending:
    """A publish, or a put, that has not returned.

    Attributes:
        call: the call.
        message: the number of its message in the recording; of many, each is a sending.
        task: who calls.
        before: the queues that were there when it began.
        unread: those of them whose readers had all ended by then.
        waits_for: the numbers of those that it waits for, to have room.
    """

    call: Call
    message: int
    task: asyncio.Task[Any] | None
    before: list[WatchedQueue]
    unread: list[WatchedQueue] = field(default_factory=list)
    waits_for: tuple[int, ...] = ()

    def full_queues(self) -> tuple[int, ...]:
        """Return the numbers of the queues that have no room for it."""
        putting = _queue_of_a_put(self.task)
        return tuple(
            watched.number
            for watched in self.before
            if watched.full
            and self.message not in watched.seen
            and (putting is watched.queue or (putting is None and not watched.left))
        )


def _waits_in_get(task: asyncio.Task[Any], queue: Any) -> asyncio.Future[None] | None:
    """Return what wakes a task that waits in the `get` of a queue; `None` if it does not."""
    for frame in frames_of(task):
        if frame.f_code is asyncio.Queue.get.__code__ and frame.f_locals["self"] is queue:
            return frame.f_locals.get("getter")
    return None


def _queue_of_a_put(task: asyncio.Task[Any] | None) -> Any:
    """Return the queue in whose `put` a task waits; `None` if it does not."""
    if task is None:
        return None
    for frame in frames_of(task):
        if frame.f_code is asyncio.Queue.put.__code__:
            return frame.f_locals["self"]
    return None
