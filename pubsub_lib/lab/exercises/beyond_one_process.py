"""The checks of notebook 11: what was lost, when to acknowledge, how to handle a message once.

None of them needs a server: what is to be right is the order of two steps, or a count.

>>> from pubsub_lib.lab.exercises import examine
>>> examine("11.1", lambda numbers: 0).explanation
'Ada 1, Ada 4: 2 and 3 are missing, which makes 2, and you return 0'
"""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints

hints(
    "11.1",
    "The numbers of one publisher's run count up by one; what is missing between two was lost.",
    "Several publishers, and a publisher that starts again, count each for itself.",
)
hints(
    "11.2",
    "First the effect, then the acknowledgement: a crash between the two does it again, and loses "
    "nothing.",
    "One order after the other: await both before you take the next.",
)
hints(
    "11.3",
    "Remember the ids that had their effect, and only those.",
    "Memory is bounded: an OrderedDict, or a deque beside a set, forgets the oldest first.",
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


@exercise("11.2", "the effect comes first, then the acknowledgement, for one order after the other")
def check_acknowledgement(handle_all: Callable[[Any, Any], Any]) -> None:
    """Refuse a loop that loses an order in a crash, or repeats more than the one in hand."""
    run_virtual(_handles_everything(handle_all))
    for crash_in in range(1, 5):
        run_virtual(_is_killed(handle_all, crash_in))
        run_virtual(_has_an_effect_that_raises(handle_all, crash_in))


class _Inbox:
    """Hands out orders, and knows which of them are acknowledged, as a server would."""

    def __init__(self, orders: Iterable[int]) -> None:
        self.waiting = list(orders)
        self.taken: list[int] = []
        self.acknowledged: list[int] = []

    async def get(self) -> int | None:
        await asyncio.sleep(0.001)
        if not self.waiting:
            return None
        self.taken.append(self.waiting.pop(0))
        return self.taken[-1]

    def task_done(self) -> None:
        require(bool(self.taken), "task_done() is called more often than orders were taken")
        self.acknowledged.append(self.taken.pop(0))


ORDERS = (1, 2, 3, 4)


async def _handles_everything(handle_all: Callable[[Any, Any], Any]) -> None:
    inbox, effects = _Inbox(ORDERS), []

    async def effect(order: int) -> None:
        require(order is not None, "get() returned None, which is the end and no order")
        await asyncio.sleep(0.01)
        effects.append(order)

    await handle_all(inbox, effect)
    require(
        effects == list(ORDERS),
        f"orders 1 to 4 come in, one at a time, and the effects are {effects}",
    )
    require(
        inbox.acknowledged == list(ORDERS),
        f"orders 1 to 4 were handled, and acknowledged are {inbox.acknowledged or 'none'}; the "
        "server will deliver the others again",
    )


async def _is_killed(handle_all: Callable[[Any, Any], Any], crash_in: int) -> None:
    """Let the loop be killed in the middle of an effect, and count after a second one."""
    inbox, effects = _Inbox(ORDERS), []
    in_the_middle = asyncio.Event()

    async def effect(order: int) -> None:
        await asyncio.sleep(0.01)
        if order == crash_in:
            in_the_middle.set()
            await asyncio.Event().wait()
        effects.append(order)

    killed = asyncio.create_task(handle_all(inbox, effect), name="the desk that is killed")
    await in_the_middle.wait()
    await asyncio.sleep(1)  # others may go on meanwhile
    acknowledged = list(inbox.acknowledged)  # what the dying process does is done by no dead one
    killed.cancel()
    await asyncio.wait([killed])
    await _continue(handle_all, acknowledged, effects, f"killed in the effect of order {crash_in}")


async def _has_an_effect_that_raises(handle_all: Callable[[Any, Any], Any], crash_in: int) -> None:
    inbox, effects = _Inbox(ORDERS), []

    async def effect(order: int) -> None:
        await asyncio.sleep(0.01)
        if order == crash_in:
            raise ConnectionError("the database is away")
        effects.append(order)

    desk = asyncio.create_task(handle_all(inbox, effect), name="the desk")
    await asyncio.wait([desk])
    if not desk.cancelled() and isinstance(desk.exception(), NotImplementedError):
        raise NotImplementedError
    await _continue(
        handle_all, inbox.acknowledged, effects, f"the effect of order {crash_in} raises"
    )


async def _continue(
    handle_all: Callable[[Any, Any], Any], acknowledged: list[int], effects: list[int], what: str
) -> None:
    """Deliver to another desk what is not acknowledged, and look at the effects of both."""
    again = [order for order in ORDERS if order not in acknowledged]

    async def effect(order: int) -> None:
        effects.append(order)

    await handle_all(_Inbox(again), effect)
    missing = [order for order in ORDERS if order not in effects]
    require(
        not missing,
        f"{what}: acknowledged were {acknowledged}, so order {', '.join(map(str, missing))} is "
        "never delivered again, and never carried out; what has to come first, the effect or "
        "task_done()?",
    )
    repeated = sorted({order for order in effects if effects.count(order) > 1})
    require(
        not repeated,
        f"{what}: orders {repeated} had their effect and no acknowledgement, and were carried out "
        "twice; acknowledge each one as soon as it is carried out",
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
