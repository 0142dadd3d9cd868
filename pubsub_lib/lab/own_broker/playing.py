"""Plays a small program over a broker, on the virtual clock, and notes all that came of it.

>>> from pubsub_lib.lab.own_broker.programs import Program, Step
>>> from pubsub_lib.lab.promises.kinds import ASYNC_PUB_SUB
>>> played = Played()
>>> program = Program(1, (True,), (Step(Action.PUBLISH), Step(Action.END)))
>>> run_virtual(play(ASYNC_PUB_SUB.broker_class, program, played))
>>> [(message.number, message.took_s) for message in played.messages]
[(1, 0.0)]
>>> played.subscribers[0].got, played.subscribers[0].came_to_the_end
([1], True)
"""

import asyncio
import contextlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, assert_never

from pubsub_lib.errors import Lagged
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.own_broker.programs import Action, Program
from pubsub_lib.lab.promises.stepping import let_all_run, now

HANDLING_S = 0.001
A_WHILE_S = 0.4
LONG_S = 100.0
PUBLISHER = "publisher"

__all__ = ["Member", "Played", "Sent", "play", "run_virtual"]


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
    """

    number: int
    may_read: asyncio.Event
    before: frozenset[int]
    always_read: bool = True
    got: list[int] = field(default_factory=list)
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
        members: who was there when it began.
        began_s: when it began; `took_s` is how long it took, `None` while it goes on.
        after_the_end: whether the broker was being shut down before.
        cancelled: whether it was cancelled before it was over.
        error: the name of the error it raised; "" if none.
        timers: how many timers its task has set.
        left_meanwhile: whether somebody left while it went on.
        had_room: who had room when it began, if no other publish went on.
        nobody_stalled: whether all who were there read, from its begin to its end.
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
    had_room: list[Member] = field(default_factory=list)
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Played:
    """All that came of a program.

    Attributes:
        messages, subscribers: in the order in which they came.
        none_refused: whether each `publish(None)` raised `TypeError`; the names of others.
        late_joins: the names of the errors of joining after the shutdown; "" if none was raised.
        ended_s: when `shutdown()` returned; `None` if it never did.
    """

    messages: list[Sent] = field(default_factory=list)
    subscribers: list[Member] = field(default_factory=list)
    none_refused: list[str] = field(default_factory=list)
    late_joins: list[str] = field(default_factory=list)
    ended_s: float | None = None


async def play(broker_class: Callable[..., Any], program: Program, played: Played) -> None:
    """Play the program, and note in `played` what came of it."""
    player = _Player(broker_class(program.maxsize), played)
    with player.timers_counted():
        for reads in program.reads:
            await player.join(reads=reads)
        for step in program.steps:
            if not step.at_once:
                await let_all_run()
            await player.do(step.action, step.who)
        await let_all_run()
        await player.finish()


class _Player:
    """Does what a program says."""

    def __init__(self, broker: Any, played: Played) -> None:
        self.broker = broker
        self.played = played
        self.ending: asyncio.Task[None] | None = None
        self.is_ending = False  # once that task has begun

    async def do(self, action: Action, who: int) -> None:
        played = self.played
        member = played.subscribers[who % len(played.subscribers)]
        match action:
            case Action.PUBLISH:
                self.publish()
            case Action.PUBLISH_NONE:
                await self.publish_none()
            case Action.JOIN:
                await self.join(reads=True)
            case Action.STALL:
                member.may_read.clear()
                member.always_read = False
                self._note_stalled(member)
            case Action.RESUME:
                member.may_read.set()
            case Action.LEAVE:
                member.left = True
                for sent in self._under_way():
                    sent.left_meanwhile = True
                assert member.task is not None
                member.task.cancel()
            case Action.CANCEL:
                for sent in self._under_way()[:1]:
                    sent.cancelled = True
                    assert sent.task is not None
                    sent.task.cancel()
            case Action.WAIT:
                await asyncio.sleep(A_WHILE_S)
            case Action.END:
                self.end()
            case _:
                assert_never(action)

    def end(self) -> None:
        if self.ending is None:
            self.ending = asyncio.create_task(self._shut_down(), name="shutdown")

    async def join(self, *, reads: bool) -> None:
        taken = frozenset(one for each in self.played.subscribers for one in each.got)
        member = Member(len(self.played.subscribers) + 1, asyncio.Event(), taken)
        try:
            subscription = self.broker.subscribe()
            if inspect.iscoroutine(subscription):
                subscription = await subscription
        except Exception as error:
            if not self.is_ending:
                raise
            self.played.late_joins.append(type(error).__name__)
            return
        if self.is_ending:
            self.played.late_joins.append("")
        member.inbox = subscription
        if reads:
            member.may_read.set()
        else:
            member.always_read = False
        self.played.subscribers.append(member)
        name = f"subscriber {member.number}"
        member.task = asyncio.create_task(self._read(member), name=name)
        await let_all_run()

    async def _read(self, member: Member) -> None:
        inbox = member.inbox
        has_exit = hasattr(inbox, "__aexit__")
        async with inbox if has_exit else contextlib.nullcontext():
            await member.may_read.wait()
            while (message := await self._next(member)) is not None:
                member.got.append(message)
                await asyncio.sleep(HANDLING_S)
                member.handled_s.append(now())
                inbox.task_done()
                await member.may_read.wait()
            member.came_to_the_end = True

    async def _next(self, member: Member) -> Any:
        while True:
            try:
                return await member.inbox.get()
            except Lagged:  # a ring has told it that it was overtaken: it did not keep up
                member.always_read = False

    def publish(self) -> None:
        members = [each for each in self.played.subscribers if not each.left]
        number = len(self.played.messages) + 1
        sent = Sent(number, members, now())
        sent.nobody_stalled = all(each.may_read.is_set() for each in members)
        self.played.messages.append(sent)
        name = f"{PUBLISHER} of {number}"
        sent.task = asyncio.create_task(self._publish(sent), name=name)

    async def _publish(self, sent: Sent) -> None:
        sent.after_the_end = self.is_ending
        if self._under_way() == [sent]:
            sent.had_room = [each for each in sent.members if not each.inbox.full()]
        try:
            await self.broker.publish(sent.number)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            sent.error = type(error).__name__
        sent.took_s = now() - sent.began_s

    async def publish_none(self) -> None:
        try:
            async with asyncio.timeout(1.5):
                await self.broker.publish(None)
        except Exception as error:
            self.played.none_refused.append(type(error).__name__)
        else:
            self.played.none_refused.append("")

    async def _shut_down(self) -> None:
        self.is_ending = True
        await self.broker.shutdown()
        self.played.ended_s = now()

    def _under_way(self) -> list[Sent]:
        return [sent for sent in self.played.messages if sent.took_s is None and not sent.cancelled]

    def _note_stalled(self, member: Member) -> None:
        for sent in self._under_way():
            sent.nobody_stalled &= member not in sent.members

    async def finish(self) -> None:
        """Let time pass, shut down, and see who comes to an end."""
        await asyncio.sleep(LONG_S)
        self.end()
        await asyncio.sleep(LONG_S)
        for member in self.played.subscribers:
            if member.came_to_the_end:
                joining = asyncio.ensure_future(member.inbox.join())
                await let_all_run()
                member.joined = joining.done()
                joining.cancel()
        everybody = asyncio.all_tasks() - {asyncio.current_task()}
        for task in everybody:
            task.cancel()
        await asyncio.wait([asyncio.create_task(let_all_run()), *everybody], timeout=LONG_S)

    @contextlib.contextmanager
    def timers_counted(self) -> Iterator[None]:
        """Count, for each publish, the timers that its task sets."""
        loop = asyncio.get_running_loop()
        set_timer = loop.call_at

        def call_at(*args: Any, **options: Any) -> asyncio.TimerHandle:
            task = asyncio.current_task()
            for sent in self.played.messages:
                if sent.task is task:
                    sent.timers += 1
            return set_timer(*args, **options)

        setattr(loop, "call_at", call_at)  # noqa: B010  for type checkers, a method is no attribute
        try:
            yield
        finally:
            delattr(loop, "call_at")
