"""Overflow: what becomes of a message that finds no room, of its publisher, and of the others.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, RING_PUB_SUB, keeps
>>> promised = a_dead_subscriber_delays_the_healthy_by_no_more_than_its_second
>>> print(keeps(ASYNC_PUB_SUB, promised).findings[1])
when the healthy one got each message, in s: [0.0, 0.0, 1.0, 1.0]
>>> print(keeps(RING_PUB_SUB, promised).findings[1])
when the healthy one got each message, in s: [0.0, 1.0, 1.0, 1.0]
"""

import asyncio
from collections.abc import Iterator
from typing import Any

from pubsub_lib.errors import Disconnected, Lagged, PubSubFull
from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import now, read_all, start, unread
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.overflow import Overflow
from pubsub_lib.reports import Delivery, ShutdownReport

promise = Stage.OVERFLOW.promise


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, Trait.DELIVERIES, maxsize=1, timeout=0)
async def timeout_zero_lets_a_reader_run_before_it_drops(broker: Any, trial: Trial) -> None:
    """`timeout=0` lets a reader run before anything is dropped."""
    reader = start(read_all(await broker.subscribe()))
    await asyncio.sleep(0)
    for number in range(100):
        delivery = await broker.publish(number)
        what = f"what became of message {number}"
        trial.found(what, delivery, expected=Delivery(delivered=1))
    await broker.shutdown()
    trial.found("what was read", await reader, expected=list(range(100)))
    trial.found("seconds that it took", now(), expected=0)


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, Trait.DELIVERIES, maxsize=1, timeout=0)
async def timeout_zero_waits_for_no_dead_subscriber(broker: Any, trial: Trial) -> None:
    """`timeout=0` waits for no dead subscriber."""
    dead = await broker.subscribe()
    await broker.publish(0)
    delivery = await broker.publish(1)
    trial.found("who missed a message", delivery.missed_by, expected=(dead,))
    trial.found("how many missed one", delivery.dropped, expected=1)
    trial.found("seconds that it took", now(), expected=0)


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, Trait.DELIVERIES, maxsize=1)
async def publish_nowait_never_waits(broker: Any, trial: Trial) -> None:
    """`publish_nowait()` never waits, and says who missed the message."""
    subscription = await broker.subscribe()
    delivery = broker.publish_nowait(0)
    trial.found("what became of the first", delivery, expected=Delivery(delivered=1))
    missed_by = broker.publish_nowait(1).missed_by
    trial.found("who missed the second", missed_by, expected=(subscription,))
    trial.found("seconds that it took", now(), expected=0)


@promise(
    Trait.IN_PROCESS,
    Trait.TIMEOUT,
    Trait.DELIVERIES,
    fault="D3",
    cases=({"dead": 1}, {"dead": 3}),
    maxsize=1,
)
async def any_number_of_dead_subscribers_costs_one_second(
    broker: Any, trial: Trial, dead: int
) -> None:
    """Dead subscribers, however many, cost a publish one second in all."""
    subscriptions = tuple([await broker.subscribe() for _ in range(dead)])
    await broker.publish(0)
    missed_by = (await broker.publish(1)).missed_by
    trial.found("who missed the message", missed_by, expected=subscriptions)
    trial.found("seconds that it took", now(), expected=1.0)


@promise(
    Trait.IN_PROCESS,
    Trait.TIMEOUT,
    Trait.ENDING,
    Trait.ITERATION,
    Trait.STATISTICS,
    fault="D3",
    maxsize=1,
)
async def a_dead_subscriber_delays_the_healthy_by_no_more_than_its_second(
    broker: Any, trial: Trial
) -> None:
    """A dead subscriber delays the healthy ones by no more than its second."""

    async def read() -> None:
        async for _ in healthy:
            arrivals.append(now())

    dead, healthy = await broker.subscribe(), await broker.subscribe()
    arrivals: list[float] = []
    reader = start(read())
    for number in range(4):
        await broker.publish(number)
    report = await broker.shutdown(timeout=0)
    trial.found("what was left", report, expected=ShutdownReport(unread=1, unfinished=0))
    await reader
    # With an inbox each, the publisher is held up, and every message arrives when it is published;
    # in a ring all are held up once, until it is known that the dead one does not keep up.
    expected = [0.0, 1.0, 1.0, 1.0] if trial.has(Trait.SHARES_FATE) else [0.0, 0.0, 1.0, 1.0]
    trial.found("when the healthy one got each message, in s", arrivals, expected=expected)
    trial.found("messages that the dead one missed", dead.stats.dropped, expected=3)


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, Trait.STATISTICS, fault="D3", maxsize=1)
async def a_dead_subscriber_costs_its_second_once_until_it_reads(broker: Any, trial: Trial) -> None:
    """A dead subscriber costs 100 publishes one second in all; who has read is waited for again."""
    subscription = await broker.subscribe()
    await broker.publish(0)
    for number in range(1, 101):
        await broker.publish(number)
    trial.found("seconds that 100 publishes took", now(), expected=1.0)
    trial.found("messages that it missed", subscription.stats.dropped, expected=100)
    if trial.has(Trait.OVERTAKES):
        with trial.refused("reading on", Lagged, "missed 100 "):
            await subscription.get()
    last = 100 if trial.has(Trait.OVERTAKES) else 0
    trial.found("what it reads", await subscription.get(), expected=last)
    for seconds, which in ((1.0, "finds room"), (2.0, "does not"), (2.0, "does not, either")):
        await broker.publish(101)
        trial.found(f"when a publish is over that {which}, in s", now(), expected=seconds)


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, fault="D9", maxsize=1)
async def a_cancelled_publish_has_reached_all_who_had_room_or_nobody(
    broker: Any, trial: Trial
) -> None:
    """A cancelled publish has reached all who had room, or nobody."""
    first, full, last = [await broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    before = (first.get_nowait(), last.get_nowait())
    trial.found("what the first and the last read before", before, expected=(0, 0))
    publisher = start(broker.publish(1))
    await asyncio.sleep(0.5)
    publisher.cancel()
    await asyncio.wait([publisher])
    reached = [] if trial.has(Trait.SHARES_FATE) else [1]
    trial.found("what the first one has", unread(first), expected=reached)
    trial.found("what the full one has", unread(full), expected=[0])
    trial.found("what the last one has", unread(last), expected=reached)
    if trial.has(Trait.STATISTICS):
        dropped = 0 if trial.has(Trait.SHARES_FATE) else 1
        trial.found("messages dropped", broker.stats.dropped, expected=dropped)


def _refusals() -> Iterator[dict[str, Any]]:
    """Yield bad options with the error that refuses them, and what it says."""
    for maxsize in (0, -1):
        says = f"^maxsize must be at least 1, not {maxsize}"
        yield {"options": {"maxsize": maxsize}, "error": ValueError, "says": says}
    for odd in (2.0, True):
        says = f"^maxsize is a whole number of messages, not {odd}"
        yield {"options": {"maxsize": odd}, "error": TypeError, "says": says}
    for timeout in (-1, float("nan"), float("inf")):
        says = "^timeout must be 0 or more seconds, or None"
        yield {"options": {"timeout": timeout}, "error": ValueError, "says": says}
    says = "^timeout is a number of seconds or None, not '1'"
    yield {"options": {"timeout": "1"}, "error": TypeError, "says": says}


@promise(Trait.TIMEOUT, Trait.ENDING, cases=tuple(_refusals()))
async def a_bad_option_is_refused_with_the_remedy(
    broker: Any, trial: Trial, options: dict[str, Any], error: type[Exception], says: str
) -> None:
    """A bad bound or time-out is refused at once, with the remedy."""
    with trial.refused("opening a broker with it", error, says):
        async with trial.open(**options):
            pass
    if "timeout" in options:
        with trial.refused("shutting down with it", error, says):
            await broker.shutdown(**options)
        trial.found("whether the broker is closed by that", broker.closed, expected=False)


@promise(
    Trait.IN_PROCESS,
    Trait.TIMEOUT,
    Trait.POLICIES,
    maxsize=2,
    timeout=0,
    overflow=Overflow.DROP_OLDEST,
)
async def dropping_the_oldest_keeps_the_newest(broker: Any, trial: Trial) -> None:
    """With `DROP_OLDEST` a subscriber that is full loses its oldest message, and gets this one."""
    subscription = await broker.subscribe()
    for number in range(5):
        await broker.publish(number)
    trial.found("what is left to read", unread(subscription), expected=[3, 4])


@promise(
    Trait.IN_PROCESS,
    Trait.TIMEOUT,
    Trait.POLICIES,
    maxsize=1,
    overflow=Overflow.RAISE,
)
async def raising_tells_the_publisher_and_harms_nobody_else(broker: Any, trial: Trial) -> None:
    """With `RAISE` the publisher is told of a subscriber that is full, and the others get it."""
    full, healthy = await broker.subscribe(), await broker.subscribe()
    await broker.publish(0)
    trial.found("what the healthy one reads before", healthy.get_nowait(), expected=0)
    with trial.refused("publishing once more", PubSubFull):
        await broker.publish(1)
    trial.found("seconds that it took", now(), expected=1.0)
    trial.found("what the full one has", unread(full), expected=[0])
    trial.found("what the healthy one has", unread(healthy), expected=[1])


@promise(
    Trait.IN_PROCESS,
    Trait.TIMEOUT,
    Trait.POLICIES,
    maxsize=2,
    timeout=0,
    overflow=Overflow.DISCONNECT,
)
async def a_reader_that_is_cut_off_learns_why(broker: Any, trial: Trial) -> None:
    """A reader that is cut off gets what it has, then learns why, and how much it has missed."""
    subscription = await broker.subscribe()
    for number in range(4):
        await broker.publish(number)
    read = [await subscription.get(), await subscription.get()]
    trial.found("what it can read", read, expected=[0, 1])
    with trial.refused("reading on", Disconnected, "was disconnected; it missed 1 message"):
        await subscription.get()
    trial.found("what it reads after that", await subscription.get(), expected=None)
