"""Plays a small program over a broker, on the virtual clock, and notes all that came of it.

>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> from pubsub_lib.lab.own_broker.programs import BrokerProgram, ProgramStep
>>> from pubsub_lib.lab.promises.kinds import ASYNC_PUB_SUB
>>> played = Played()
>>> program = BrokerProgram(1, (True,), (ProgramStep(Action.PUBLISH), ProgramStep(Action.END)))
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
from typing import Any, assert_never

from pubsub_lib.errors import Lagged
from pubsub_lib.lab.own_broker.played import Member, Played, Sent
from pubsub_lib.lab.own_broker.programs import Action, BrokerProgram
from pubsub_lib.lab.promises.stepping import let_all_run, now
from pubsub_lib.overflow import Overflow
from pubsub_lib.reports import Delivery

HANDLING_S = 0.001
A_WHILE_S = 0.4
HISTORY = 4
LONG_S = 100.0
PUBLISHER = "publisher"


async def play(broker_class: Callable[..., Any], program: BrokerProgram, played: Played) -> None:
    """Play the program, and note in `played` what came of it."""
    options: dict[str, Any] = {}
    if program.overflow is not Overflow.DROP_NEWEST:
        options["overflow"] = played.overflow = program.overflow
    if program.replay and "history" in inspect.signature(broker_class).parameters:
        options["history"] = HISTORY
    player = _Player(broker_class(program.maxsize, **options), program, played)
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

    def __init__(self, broker: Any, program: BrokerProgram, played: Played) -> None:
        self.broker = broker
        self.program = program
        self.played = played
        self.ending: asyncio.Task[None] | None = None
        self.is_ending = False  # once that task has begun

    async def do(self, action: Action, who: int) -> None:
        played = self.played
        member = played.subscribers[who % len(played.subscribers)]
        match action:
            case Action.PUBLISH:
                self.publish()
            case Action.PUBLISH_NOWAIT:
                self.publish_nowait()
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
        replay = {"replay": self.program.replay} if self.program.replay else {}
        member.replayed = self._last(self.program.replay)
        try:
            subscription = self.broker.subscribe(**replay)
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
        for sent in self._under_way():
            sent.there += 1  # where nobody gets it before everybody, a newcomer may
        name = f"subscriber {member.number}"
        member.task = asyncio.create_task(self._read(member), name=name)
        await let_all_run()

    async def _read(self, member: Member) -> None:
        inbox = member.inbox
        has_exit = hasattr(inbox, "__aexit__")
        async with inbox if has_exit else contextlib.nullcontext():
            await member.may_read.wait()
            if self.program.in_batches:
                await self._read_batches(member)
            else:
                await self._read_one_by_one(member)
            member.came_to_the_end = True

    async def _read_one_by_one(self, member: Member) -> None:
        while (message := await self._next(member)) is not None:
            member.got.append(message)
            await asyncio.sleep(HANDLING_S)
            member.handled_s.append(now())
            member.inbox.task_done()
            await member.may_read.wait()

    async def _read_batches(self, member: Member) -> None:
        batches = member.inbox.batches()
        while True:
            waiting = member.inbox.qsize()
            try:
                batch = await anext(batches)
            except StopAsyncIteration:
                return
            except Lagged:
                member.always_read, member.overtaken = False, True
                continue
            member.got += batch
            if len(batch) < max(waiting, 1):
                member.bad_batch = f"a batch of {len(batch)}, and {waiting} waited"
            joining = asyncio.ensure_future(member.inbox.join())
            await asyncio.sleep(HANDLING_S)
            member.done_too_soon |= joining.done()
            joining.cancel()
            member.handled_s += [now()] * len(batch)
            await member.may_read.wait()

    async def _next(self, member: Member) -> Any:
        while True:
            try:
                return await member.inbox.get()
            except Lagged:  # a ring has told it that it was overtaken: it did not keep up
                member.always_read, member.overtaken = False, True

    def _last(self, replay: int) -> list[int] | None:
        """Return the numbers of the last messages; `None` if it is not known which those are."""
        if not replay:
            return []
        if self._under_way() or any(sent.cancelled for sent in self.played.messages):
            return None
        kept = [one.number for one in self.played.accepted if one.error in ("", "PubSubFull")]
        return kept[-replay:]

    def _sent(self) -> Sent:
        members = [each for each in self.played.subscribers if not each.left]
        sent = Sent(len(self.played.messages) + 1, members, now())
        sent.nobody_stalled = all(each.may_read.is_set() for each in members)
        return sent

    def publish_nowait(self) -> None:
        sent = self._sent()
        sent.nowait, sent.took_s, sent.after_the_end = True, 0.0, self.is_ending
        if not self._under_way():
            sent.had_room = [each for each in sent.members if not each.inbox.full()]
        self.played.messages.append(sent)
        self.played.accepted.append(sent)
        sent.there = self._there()
        try:
            delivery = self.broker.publish_nowait(sent.number)
        except Exception as error:
            sent.error = type(error).__name__
        else:
            if inspect.iscoroutine(delivery):
                delivery.close()
                raise TypeError("publish_nowait() waits for nobody: write it with `def`")
            sent.delivered = _delivered(delivery)

    def publish(self) -> None:
        sent = self._sent()
        self.played.messages.append(sent)
        name = f"{PUBLISHER} of {sent.number}"
        sent.task = asyncio.create_task(self._publish(sent), name=name)

    async def _publish(self, sent: Sent) -> None:
        sent.after_the_end = self.is_ending
        self.played.accepted.append(sent)
        if self._under_way() == [sent]:
            sent.had_room = [each for each in sent.members if not each.inbox.full()]
        sent.full = [(each, len(each.got)) for each in sent.members if each.inbox.full()]
        sent.there = self._there()
        try:
            sent.delivered = _delivered(await self.broker.publish(sent.number))
        except asyncio.CancelledError:
            if not self.is_ending:  # when the line may come in
                sent.kept_out = [one for one, read in sent.full if len(one.got) == read]
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

    def _there(self) -> int:
        """Return how many subscribers have not left; who was cancelled may be on its way out."""
        tasks = [member.task for member in self.played.subscribers]
        return sum(task is not None and not task.done() for task in tasks)

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
        if self.ending is not None and self.ending.done():
            self.ending.result()  # a shutdown() that raises is no end
        for member in self.played.subscribers:
            if member.came_to_the_end:
                joining = asyncio.ensure_future(member.inbox.join())
                await let_all_run()
                member.joined = joining.done()
                joining.cancel()
            elif not member.may_read.is_set() and not member.left:
                self._take_what_is_unread(member)
        everybody = asyncio.all_tasks() - {asyncio.current_task()}
        for task in everybody:
            task.cancel()
        await asyncio.wait([asyncio.create_task(let_all_run()), *everybody], timeout=LONG_S)

    def _take_what_is_unread(self, member: Member) -> None:
        with contextlib.suppress(asyncio.QueueEmpty):
            while True:
                try:
                    if (message := member.inbox.get_nowait()) is None:
                        return
                    member.unread.append(message)
                except Lagged:
                    member.overtaken = True

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


def _delivered(delivery: Any) -> int:
    return delivery.delivered if isinstance(delivery, Delivery) else 0
