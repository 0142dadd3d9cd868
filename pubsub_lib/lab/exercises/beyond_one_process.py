"""The checks of notebook 11: what was lost, what a desk does, how to handle a message once.

Where a real server belongs to the task, the answer is first tried on the virtual clock, which can
stop it at each step, and then on a server of its own.

>>> from pubsub_lib.lab.exercises import examine
>>> examine("11.1", lambda numbers: 0).explanation
'Ada 1, Ada 4: 2 and 3 are missing, which makes 2, and you return 0'
"""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Iterable
from enum import StrEnum
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import AN_HOUR_S, exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.lesson.sources import source_of
from pubsub_lib.lab.processes.servers import why_stop
from pubsub_lib.lab.real_runs.commands import day_with, relayed_with
from pubsub_lib.lab.real_runs.day import What
from pubsub_lib.lab.real_runs.filming import in_words
from pubsub_lib.lab.real_runs.serving import Relay, Serve

hints(
    "11.1",
    "The numbers of one publisher's run count up by one; what is missing between two was lost.",
    "Several publishers, and a publisher that starts again, count each for itself.",
)
hints(
    "11.2",
    "First carry out, then acknowledge: a crash between the two does it again, and loses nothing.",
    "What comes again may have been carried out by a desk that is dead. The ledger knows.",
    "Only what is not in the ledger is to be carried out, and everything is to be acknowledged.",
)
hints(
    "11.3",
    "Remember the ids that had their effect, and only those.",
    "Memory is bounded: an OrderedDict, or a deque beside a set, forgets the oldest first.",
)

hints(
    "11.4",
    "First publish, then remove: who dies in between does it again, and the server has it already.",
    "The server knows a change again by its message_id, if the next relay gives the same one.",
    "The number in the outbox is the same for every relay; make the id of it.",
)


@exercise(
    "11.1", "gaps count, for each publisher; late starts, repetitions and late arrivals do not"
)
def check_lost(count_lost: Callable[[Iterable[tuple[str, int]]], int]) -> None:
    """Refuse a count that mixes publishers, or takes what came twice or late for a loss."""

    def expect(lost: int, hint: str, *numbers: tuple[str, int]) -> None:
        counted = count_lost(iter(numbers))
        told = ", ".join(f"{name} {number}" for name, number in numbers)
        require(counted == lost, f"{told}: {hint}, which makes {lost}, and you return {counted!r}")

    expect(0, "nothing came in and nothing is known to be missing")
    expect(0, "nothing is missing", ("Ada", 1), ("Ada", 2), ("Ada", 3))
    expect(2, "2 and 3 are missing", ("Ada", 1), ("Ada", 4))
    expect(
        0,
        "each publisher has numbers of its own, and neither has a gap",
        *[("Ada", 1), ("Ben", 1), ("Ben", 2), ("Ben", 3), ("Ada", 2), ("Ben", 4)],
    )
    expect(
        3, "Ada's 2 and Ben's 2 and 3 are missing", ("Ada", 1), ("Ben", 1), ("Ada", 3), ("Ben", 4)
    )
    expect(
        1,
        "who came late has not lost what was before, but 9 is missing",
        *[("Ada", 8), ("Ada", 10)],
    )
    expect(
        0, "2 came twice, and nothing is missing", ("Ada", 1), ("Ada", 2), ("Ada", 2), ("Ada", 3)
    )
    expect(1, "2 is missing, and 3 came twice", ("Ada", 1), ("Ada", 3), ("Ada", 3))
    expect(0, "2 was late, and came in after all", ("Ada", 1), ("Ada", 3), ("Ada", 2), ("Ada", 4))
    expect(
        1,
        "2 came in after all, twice, and 3 is missing",
        *[("Ada", 1), ("Ada", 4), ("Ada", 2), ("Ada", 2)],
    )
    expect(
        0,
        "4 is from before the first one that came in, and tells nothing about those between",
        *[("Ada", 5), ("Ada", 4), ("Ada", 6)],
    )


@exercise(
    "11.2", "whatever is killed, a desk or the server, each order is carried out, and none twice"
)
def check_desk(serve: Serve) -> None:
    """Refuse a desk that loses an order or repeats one.

    The virtual clock can stop it at each step, and say which. What a process is, only a real run
    shows.
    """
    moments = [(when, place) for place in range(1, 5) for when in Trouble]
    for first, trouble in enumerate([None, *moments]):
        # In each scenario other orders, as they are for a desk that remembers some.
        run_without_polling(_has_trouble(serve, trouble, range(10 * first + 1, 10 * first + 5)))
    _handles_a_real_day(serve)


class Trouble(StrEnum):
    """What befalls a desk."""

    KILLED_BEFORE = "killed before order {} is carried out"
    KILLED_AFTER = "killed when order {} is just carried out"
    RAISES = "carry_out() of order {} raises"


class _Inbox:
    """Hands out orders, and knows which of them are acknowledged, as a server would."""

    def __init__(self, orders: Iterable[int], *, waits_s: float = 0.0) -> None:
        self.waiting = list(orders)
        self.taken: list[int] = []
        self.acknowledged: list[int] = []
        self._waits_s = waits_s

    async def get(self) -> int | None:
        await asyncio.sleep(0.001 if self.waiting else self._waits_s)
        if not self.waiting:
            return None
        self.taken.append(self.waiting.pop(0))
        return self.taken[-1]

    def task_done(self) -> None:
        require(bool(self.taken), "task_done() is called more often than orders were taken")
        self.acknowledged.append(self.taken.pop(0))

    async def __aiter__(self) -> AsyncIterator[int]:
        while (order := await self.get()) is not None:
            yield order
            self.task_done()


class _Ledger:
    """Notes what is carried out; at one order it gets into trouble."""

    def __init__(self, trouble: Trouble | None, at: int) -> None:
        self.effects: list[int] = []
        self.in_trouble = asyncio.Event()
        self._trouble = trouble
        self._at = at

    def __contains__(self, order: int) -> bool:
        return order in self.effects

    async def carry_out(self, order: int) -> None:
        require(order is not None, "get() returned None, which is the end and no order")
        await asyncio.sleep(0.01)
        trouble = self._trouble if order == self._at else None
        match trouble:
            case Trouble.RAISES:
                raise ConnectionError("the database is away")
            case Trouble.KILLED_BEFORE:
                await self._stop()
            case Trouble.KILLED_AFTER:
                self.effects.append(order)
                await self._stop()
            case None:
                self.effects.append(order)

    async def _stop(self) -> None:
        self.in_trouble.set()
        await asyncio.Event().wait()

    def end(self) -> None:
        """From now on all goes well."""
        self._trouble = None


async def _has_trouble(serve: Serve, moment: tuple[Trouble, int] | None, orders: range) -> None:
    """Let the loop have its trouble; then let another one go on, and look at what was done."""
    trouble, at = (None, 0) if moment is None else (moment[0], orders[moment[1] - 1])
    what = "nothing fails" if trouble is None else trouble.format(at)
    inbox, ledger = _Inbox(orders, waits_s=AN_HOUR_S), _Ledger(trouble, at)
    desk = asyncio.ensure_future(serve(inbox, ledger))
    in_trouble = asyncio.create_task(ledger.in_trouble.wait(), name="what kills the desk")
    await asyncio.wait([desk, in_trouble], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(1)  # others may go on meanwhile
    # What a dying process does is done by no dead one.
    acknowledged, effects = list(inbox.acknowledged), list(ledger.effects)
    for task in (desk, in_trouble):
        task.cancel()
    await asyncio.wait([desk, in_trouble])
    if not desk.cancelled() and (error := desk.exception()) is not None:
        if trouble is not Trouble.RAISES:
            raise error
        if isinstance(error, NotImplementedError):
            raise error
    ledger.effects = effects
    ledger.end()
    again = [order for order in orders if order not in acknowledged]
    second = _Inbox(again)
    await serve(second, ledger)
    _judge(what, orders, acknowledged, ledger.effects)
    left = [order for order in again if order not in second.acknowledged]
    require(
        not left,
        f"orders {_listed(orders)} were handled, and {_listed(left)} not acknowledged; the server "
        "will deliver them again, for ever",
    )


def _judge(what: str, orders: range, acknowledged: list[int], effects: list[int]) -> None:
    """Refuse what was lost or repeated, with the reason."""
    missing = [order for order in orders if order not in effects]
    require(
        not missing,
        f"{what}: acknowledged were {_listed(acknowledged)}, so {_listed(missing)} is never "
        "delivered again, and never carried out; what has to come first, carry_out() or "
        "task_done()?",
    )
    repeated = sorted({order for order in effects if effects.count(order) > 1})
    require(
        not repeated,
        f"{what}: acknowledged were {_listed(acknowledged)}, so {_listed(repeated)} came again, "
        "and was carried out twice; who knows, beyond the end of a process, what was carried out?",
    )


def _listed(orders: Iterable[int]) -> str:
    return ", ".join(map(str, orders)) or "none"


def _handles_a_real_day(serve: Serve) -> None:
    """Run it at real desks, on a real server, and kill both."""
    if reason := why_stop():
        require(False, f"on the virtual clock all is right, but there is no server: {reason}")
    day = day_with(source_of(serve))
    require(
        not day.error and What.STOOD_STILL not in [event.what for event in day.events],
        f"at a real desk, in a process of its own, it ends with {day.error or 'nothing'}: a desk "
        "knows the source of this function, and nothing else of the notebook",
    )
    require(
        not day.lost and not day.repeated,
        f"on a real server, with desks that are killed: {in_words(day)}",
    )


@exercise("11.3", "each message has its effect once, and memory is bounded")
def check_once_each(receiver_class: Callable[[int], Any]) -> None:
    """Refuse a receiver that repeats, gives up, or remembers too much or too little."""
    receiver = receiver_class(100)
    effects: list[str] = []
    answers = [receiver.handle(message_id, lambda: effects.append("done")) for message_id in "abab"]
    require(len(effects) == 2, f"two messages came in, twice each: {len(effects)} effects, not 2")
    require(
        answers == [True, True, False, False],
        f"handle() is to return whether it has called the effect: True, True, False, False, and "
        f"not {', '.join(map(repr, answers))}",
    )
    _tries_again_what_has_failed(receiver_class)
    _remembers_enough(receiver_class)
    _forgets_the_rest(receiver_class)


def _tries_again_what_has_failed(receiver_class: Callable[[int], Any]) -> None:
    receiver = receiver_class(100)
    effects: list[str] = []

    def fail() -> None:
        raise ConnectionError("the database is away")

    try:
        receiver.handle("a", fail)
    except ConnectionError:
        pass
    else:
        require(False, "the effect raised, and handle() does not; who called it would acknowledge")
    receiver.handle("a", lambda: effects.append("done"))
    require(
        effects == ["done"],
        "the effect raised, so it has not happened; the message was delivered again, and its "
        "effect was not called: it is lost",
    )


def _remembers_enough(receiver_class: Callable[[int], Any]) -> None:
    receiver = receiver_class(3)
    effects: list[str] = []
    for message_id in ("a", "b", "c", "a", "b", "c"):
        receiver.handle(message_id, lambda message_id=message_id: effects.append(message_id))
    require(
        effects == ["a", "b", "c"],
        f"with a capacity of 3: a, b, c, and again a, b, c; the effects are {', '.join(effects)}",
    )
    receiver.handle("d", lambda: effects.append("d"))
    for message_id in ("d", "c", "b"):
        receiver.handle(message_id, lambda message_id=message_id: effects.append(message_id))
    require(
        effects == ["a", "b", "c", "d"],
        "with a capacity of 3: a, b, c, d, then d, c, b again: these are the last three, and are "
        f"to be remembered; the effects are {', '.join(effects)}",
    )


class _Name(str):
    """An identifier that can be watched."""

    __slots__ = ("__weakref__",)


def _forgets_the_rest(receiver_class: Callable[[int], Any]) -> None:
    receiver = receiver_class(10)
    names = [_Name(f"message {number}") for number in range(1_000)]
    alive = weakref.WeakSet(names)
    for name in names:
        receiver.handle(name, lambda: None)
    del name
    names.clear()
    gc.collect()
    require(
        len(alive) <= 10,
        f"with a capacity of 10, {len(alive):,} of 1,000 messages are remembered: in a year the "
        "memory will be full",
    )
    del receiver  # until here it has to remember


@exercise("11.4", "whoever dies, each change is published, and the server has it once")
def check_relay(relay: Relay) -> None:
    """Refuse a relay that loses a change, or publishes one that cannot be recognised."""
    for place in range(1, 5):
        for trouble in Trouble:
            run_virtual(_relays(relay, trouble, place))
    if reason := why_stop():
        require(False, f"on the virtual clock all is right, but there is no server: {reason}")
    changes = relayed_with(relay)
    require(
        changes == sorted(set(changes)) and len(changes) == 5,
        f"on a real server: changes 1 to 5 waited, a relay and the server were killed, and the "
        f"server has {_listed(changes)}",
    )


class _Outbox:
    """The changes that wait, by number."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._waiting = {number: f"change {number}" for number in numbers}

    def waiting(self) -> list[tuple[int, str]]:
        return list(self._waiting.items())

    def remove(self, number: int) -> None:
        require(number in self._waiting, f"remove({number!r}): there is no such number waiting")
        del self._waiting[number]


class _Server:
    """Stores what is published, and knows ids again; at one change there is trouble."""

    def __init__(self, trouble: Trouble, at: str) -> None:
        self.stored: list[str] = []
        self.in_trouble = asyncio.Event()
        self._ids: set[str] = set()
        self._trouble: Trouble | None = trouble
        self._at = at

    async def publish(self, change: str, *, message_id: str = "") -> None:
        await asyncio.sleep(0.01)
        trouble = self._trouble if change == self._at else None
        if trouble is not None:
            self._trouble = None
        if trouble is not Trouble.KILLED_BEFORE and not (message_id and message_id in self._ids):
            self.stored.append(change)
            self._ids.add(message_id)
        if trouble is Trouble.RAISES:
            self.in_trouble.set()
            raise TimeoutError("the server has not confirmed it")
        if trouble is not None:
            self.in_trouble.set()
            await asyncio.Event().wait()


async def _relays(relay: Relay, trouble: Trouble, place: int) -> None:
    """Let a relay have its trouble, and another one go on; then look at what the server has."""
    numbers = range(1, 5)
    changes = [f"change {number}" for number in numbers]
    outbox, server = _Outbox(numbers), _Server(trouble, f"change {place}")
    first = asyncio.ensure_future(relay(outbox, server))
    in_trouble = asyncio.create_task(server.in_trouble.wait(), name="what kills the relay")
    await asyncio.wait([first, in_trouble], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(1)
    left = outbox.waiting()
    for task in (first, in_trouble):
        task.cancel()
    await asyncio.wait([first, in_trouble])
    error = None if first.cancelled() else first.exception()
    if error is not None and not isinstance(error, TimeoutError):
        raise error
    outbox = _Outbox(number for number, _ in left)  # as it was when the process died
    await relay(outbox, server)
    what = {
        Trouble.KILLED_BEFORE: f"killed before the server has change {place}",
        Trouble.KILLED_AFTER: f"killed when the server has change {place}, and has not said so",
        Trouble.RAISES: f"no confirmation comes for change {place}",
    }[trouble]
    missing = [change for change in changes if change not in server.stored]
    require(
        not missing,
        f"{what}: {', '.join(missing)} is neither with the server nor in the outbox; what has to "
        "come first, publish() or remove()? And does each change have an id of its own?",
    )
    require(
        server.stored == changes,
        f"{what}: the server has {', '.join(server.stored)}; by what could it know again what it "
        "has already?",
    )
    require(not outbox.waiting(), "all is published, and the outbox is not empty")
