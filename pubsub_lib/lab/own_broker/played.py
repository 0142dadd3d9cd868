"""What came of a program: each publish, each subscriber, and the end.

>>> ada = Member(1, asyncio.Event(), before=frozenset())
>>> played = Played(messages=[Sent(1, [ada], began_s=0.0)], subscribers=[ada])
>>> played.messages[0].took_s is None, played.ended_s is None
(True, True)
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from pubsub_lib.overflow import Overflow


@dataclass(slots=True, eq=False)
class Member:
    """A subscriber, and what became of it.

    Attributes:
        number: counted from 1.
        may_read: whether it reads now.
        always_read: whether it has read all the time.
        got: the numbers of the messages it took, in order; `handled_s` when each was handled.
        left: whether it was cancelled.
        came_to_the_end: whether it has read the end.
        joined: whether `join()` returned after that; `None` if it never came so far.
        before: the messages that somebody had taken when it joined.
        replayed: the earlier messages that it has a right to; `None` if nobody can tell which.
        unread: what was in its inbox in the end, if it did not read.
        overtaken: whether it was told that it has lost messages which it had not read in time.
        bad_batch: what was wrong with one of its batches; "" if nothing.
        done_too_soon: whether a batch counted as handled while it was being handled.
    """

    number: int
    may_read: asyncio.Event
    before: frozenset[int]
    replayed: list[int] | None = field(default_factory=list)
    always_read: bool = True
    got: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    overtaken: bool = False
    bad_batch: str = ""
    done_too_soon: bool = False
    handled_s: list[float] = field(default_factory=list)
    left: bool = False
    came_to_the_end: bool = False
    joined: bool | None = None
    inbox: Any = None
    task: asyncio.Task[None] | None = None


@dataclass(slots=True, eq=False)
class Sent:
    """A publish, and what became of it.

    Attributes:
        number: of the message, counted from 1.
        nowait: whether by `publish_nowait()`.
        members: who was there when it began.
        began_s: when it began; `took_s` is how long it took, `None` while it goes on.
        after_the_end: whether the broker was being shut down before.
        cancelled: whether it was cancelled before it was over.
        error: the name of the error it raised; "" if none.
        timers: how many timers its task has set.
        left_meanwhile: whether somebody left while it went on.
        had_room: who had room when it began, if no other publish went on.
        full: who had none, and how many messages each had read by then.
        kept_out: of those who had none when it was cancelled, and had not read since.
        nobody_stalled: whether all who were there read, from its begin to its end.
        there: how many had not left when it was called, or joined while it waited.
        delivered: how many have got it, as its `Delivery` says; 0 if it gave none.
    """

    number: int
    members: list[Member]
    began_s: float
    after_the_end: bool = False
    took_s: float | None = None
    cancelled: bool = False
    error: str = ""
    timers: int = 0
    left_meanwhile: bool = False
    nobody_stalled: bool = True
    there: int = 0
    delivered: int = 0
    nowait: bool = False
    had_room: list[Member] = field(default_factory=list)
    full: list[tuple[Member, int]] = field(default_factory=list)
    kept_out: list[Member] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Played:
    """All that came of a program.

    Attributes:
        messages, subscribers: in the order in which they came.
        accepted: the messages in the order in which the broker was given them.
        none_refused: whether each `publish(None)` raised `TypeError`; the names of others.
        late_joins: the names of the errors of joining after the shutdown; "" if none was raised.
        ended_s: when `shutdown()` returned; `None` if it never did.
        overflow: the policy of the program.
    """

    messages: list[Sent] = field(default_factory=list)
    accepted: list[Sent] = field(default_factory=list)
    subscribers: list[Member] = field(default_factory=list)
    none_refused: list[str] = field(default_factory=list)
    late_joins: list[str] = field(default_factory=list)
    ended_s: float | None = None
    overflow: Overflow = Overflow.DROP_NEWEST
