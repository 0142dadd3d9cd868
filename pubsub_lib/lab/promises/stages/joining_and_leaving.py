"""Joining and leaving: at any moment, in any way, and nobody else notices.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> for finding in keeps(ASYNC_PUB_SUB, closing_releases_the_publisher_that_waits).findings[1:4]:
...     print(finding)
what a task_done() after close() raises: None
what became of the message: Delivery(delivered=0, missed_by=())
messages dropped: 0
"""

import asyncio
import gc
import weakref
from typing import Any

from pubsub_lib.interfaces import ManagedBroker, ManagedSubscription
from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import let_all_run, now, start, unread
from pubsub_lib.lab.promises.traits import MANAGED, Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.reports import Delivery, ShutdownReport

promise = Stage.JOINING_AND_LEAVING.promise


@promise(*MANAGED)
async def it_is_a_managed_broker(broker: Any, trial: Trial) -> None:
    """It has all that a managed broker has, and so have its subscriptions."""
    managed = isinstance(broker, ManagedBroker)
    trial.found("whether it is a ManagedBroker", managed, expected=True)
    managed = isinstance(broker.subscribe(), ManagedSubscription)
    trial.found("whether it gives a ManagedSubscription", managed, expected=True)


@promise(Trait.LEAVING)
async def a_subscription_can_be_had_in_three_ways(broker: Any, trial: Trial) -> None:
    """A subscription can be had at once, by `await` and by `async with`."""
    plain = broker.subscribe()
    awaited = await broker.subscribe()
    async with broker.subscribe() as entered:
        await broker.publish(1)
        await trial.arrival(broker)
        depths = [each.qsize() for each in (plain, awaited, entered)]
        trial.found("messages that wait for each of the three", depths, expected=[1, 1, 1])
    trial.found("whether to await it gives itself", await plain is plain, expected=True)


@promise(Trait.LEAVING)
async def a_subscription_has_the_name_it_was_given(broker: Any, trial: Trial) -> None:
    """A subscription has the name that it was given, and says it."""
    ada, anonymous = await broker.subscribe(name="ada"), await broker.subscribe()
    names = (ada.name, anonymous.name)
    trial.found("the name that was given, and that of one without", names, expected=("ada", ""))
    shown = f"<{type(ada).__name__} 'ada' 0 of 100"
    trial.found("what it says while it is open", repr(ada), expected=f"{shown}>")
    ada.close()
    trial.found("what it says when it is closed", repr(ada), expected=f"{shown} closed>")


@promise(Trait.LEAVING, Trait.ENDING)
async def a_broker_says_what_it_is(broker: Any, trial: Trial) -> None:
    """A broker says how many subscribers it has, and whether it is closed."""
    subscription = await broker.subscribe()
    shown = f"<{trial.kind.name} of 1 subscribers"
    trial.found("what it says while it is open", repr(broker), expected=f"{shown}>")
    await broker.shutdown()
    trial.found("what it says when it was shut down", repr(broker), expected=f"{shown} closed>")
    trial.found("whether the subscription is closed", subscription.closed, expected=True)


@promise(Trait.LEAVING, Trait.STATISTICS)
async def close_discards_what_is_unread_and_releases_join(broker: Any, trial: Trial) -> None:
    """`close()` discards what is unread and releases `join()`."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    await trial.arrival(broker)
    joining = start(subscription.join())
    await let_all_run()
    subscription.close()
    await joining
    trial.found("whether it is closed", subscription.closed, expected=True)
    trial.found("what is read then", await subscription.get(), expected=None)
    trial.found("subscribers that are left", broker.stats.subscribers, expected=0)


@promise(Trait.LEAVING, Trait.STATISTICS)
async def to_close_twice_does_no_harm(broker: Any, trial: Trial) -> None:
    """To close a subscription twice does no harm."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    await trial.arrival(broker)
    subscription.close()
    once = broker.stats
    subscription.close()
    trial.found("what the broker counted", broker.stats, expected=once)


@promise(Trait.LEAVING)
async def close_wakes_every_reader(broker: Any, trial: Trial) -> None:
    """`close()` wakes every reader."""
    subscription = await broker.subscribe()
    readers = [start(subscription.get()) for _ in range(3)]
    await let_all_run()
    subscription.close()
    read = await asyncio.gather(*readers)
    trial.found("what the three readers got", read, expected=[None, None, None])


@promise(Trait.LEAVING, Trait.ITERATION)
async def closing_inside_an_async_for_ends_it(broker: Any, trial: Trial) -> None:
    """Closing a subscription inside its `async for` ends it."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    await broker.publish(2)
    await trial.arrival(broker)
    read = []
    async for message in subscription:
        read.append(message)
        subscription.close()
    trial.found("what was read", read, expected=[1])


@promise(
    Trait.IN_PROCESS,
    Trait.LEAVING,
    Trait.TIMEOUT,
    Trait.DELIVERIES,
    maxsize=1,
    timeout=None,
)
async def closing_releases_the_publisher_that_waits(broker: Any, trial: Trial) -> None:
    """A subscriber that leaves is not waited for, drops nothing, and comes to its end."""
    subscription = await broker.subscribe()
    await broker.publish(0)
    trial.found("what is in its hand", subscription.get_nowait(), expected=0)
    await broker.publish(1)
    publishing, joining = start(broker.publish(2)), start(subscription.join())
    await let_all_run()
    subscription.close()
    raised = None
    try:
        subscription.task_done()  # of the message that was in its hand
    except ValueError as error:
        raised = str(error)
    trial.found("what a task_done() after close() raises", raised, expected=None)
    delivery = await publishing
    trial.found("what became of the message", delivery, expected=Delivery(delivered=0))
    if trial.has(Trait.STATISTICS):
        trial.found("messages dropped", broker.stats.dropped, expected=0)
    await let_all_run()
    trial.found("whether its join() returns", joining.done(), expected=True)
    await _comes_to_its_end(trial, "its get()", start(subscription.get()))
    another = await broker.subscribe()
    reading = start(another.get())
    await let_all_run()
    another.close()
    await _comes_to_its_end(trial, "a get() that waits as another one leaves", reading)


async def _comes_to_its_end(trial: Trial, what: str, reading: "asyncio.Task[object]") -> None:
    await let_all_run()
    trial.found(f"whether {what} returns", reading.done(), expected=True)
    trial.found("what it returns", reading.result(), expected=None)


@promise(Trait.LEAVING, Trait.STATISTICS)
async def async_with_leaves_at_the_end_and_after_an_error(broker: Any, trial: Trial) -> None:
    """`async with` leaves at its end, and after an error, too."""
    async with broker.subscribe() as first:
        trial.found("subscribers inside", broker.stats.subscribers, expected=1)
    with trial.refused("the error of the block", ValueError, "a bug"):
        async with broker.subscribe() as second:
            raise ValueError("a bug")
    closed = (first.closed, second.closed)
    trial.found("whether the two are closed", closed, expected=(True, True))
    trial.found("subscribers afterwards", broker.stats.subscribers, expected=0)


@promise(Trait.LEAVING, Trait.STATISTICS)
async def a_subscription_that_nobody_holds_leaves(broker: Any, trial: Trial) -> None:
    """A subscription that nobody holds any more leaves."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    await trial.arrival(broker)
    trial.found("subscribers while it is held", broker.stats.subscribers, expected=1)
    del subscription
    await let_all_run()
    trial.found("subscribers afterwards", broker.stats.subscribers, expected=0)


@promise(
    Trait.IN_PROCESS,
    Trait.LEAVING,
    Trait.TIMEOUT,
    Trait.DELIVERIES,
    Trait.STATISTICS,
    maxsize=1,
    timeout=None,
)
async def one_that_nobody_holds_releases_the_publisher_that_waits(
    broker: Any, trial: Trial
) -> None:
    """A subscription that nobody holds any more is not waited for."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    publishing = start(broker.publish(2))
    await let_all_run()
    del subscription
    delivery = await publishing
    trial.found("what became of the message", delivery, expected=Delivery(delivered=0))
    trial.found("subscribers", broker.stats.subscribers, expected=0)


async def _crash(broker: Any) -> None:
    async for _ in await broker.subscribe():
        raise ValueError("a bug")


@promise(Trait.LEAVING, Trait.ITERATION, Trait.STATISTICS)
async def a_subscriber_that_crashed_leaves(broker: Any, trial: Trial) -> None:
    """A subscriber that crashed leaves."""
    task = start(_crash(broker))
    await let_all_run()
    await broker.publish(1)
    await asyncio.wait([task])
    trial.found("the error of its task", str(task.exception()), expected="a bug")
    del task
    await let_all_run()
    gc.collect()
    await let_all_run()
    trial.found("subscribers", broker.stats.subscribers, expected=0)


class _Payload:
    """A message that can be watched."""


@promise(Trait.IN_PROCESS, Trait.LEAVING, Trait.ITERATION, Trait.DELIVERIES, fault="D6", maxsize=1)
async def a_crashed_subscriber_costs_nothing(broker: Any, trial: Trial) -> None:
    """A subscriber that crashed is gone with its messages, and costs nothing."""
    task = start(_crash(broker))
    await let_all_run()
    payload = _Payload()
    reference = weakref.ref(payload)
    await broker.publish(payload)
    del payload
    await asyncio.wait([task])
    trial.found("the error of its task", str(task.exception()), expected="a bug")
    del task
    await let_all_run()
    gc.collect()
    await let_all_run()
    deliveries = [await broker.publish(number) for number in range(10)]
    nobody = [Delivery(delivered=0)] * 10
    trial.found("what became of ten later messages", deliveries, expected=nobody)
    trial.found("seconds that they took", now(), expected=0.0)
    trial.found("whether its message is still kept", reference() is not None, expected=False)


@promise(Trait.IN_PROCESS, Trait.ENDING, Trait.LEAVING, Trait.DELIVERIES, fault="D6", maxsize=1)
async def one_that_left_by_an_error_costs_nothing(broker: Any, trial: Trial) -> None:
    """A subscriber whose `async with` ended, by an error too, costs nothing any more."""

    async def crash(*, after_s: float) -> None:
        async with broker.subscribe() as subscription:
            await subscription.get()
            await asyncio.sleep(after_s)
            raise ValueError("a bug")

    task = start(crash(after_s=0))
    await let_all_run()
    await broker.publish(0)
    await asyncio.wait([task])
    trial.found("the error of its task", str(task.exception()), expected="a bug")
    deliveries = [await broker.publish(number) for number in range(1, 4)]
    nobody = [Delivery(delivered=0)] * 3
    trial.found("what became of three later messages", deliveries, expected=nobody)
    trial.found("seconds that they took", now(), expected=0.0)

    task = start(crash(after_s=2))
    await let_all_run()
    await broker.publish(4)
    await let_all_run()
    await broker.publish(5)  # which it never reads
    report = await broker.shutdown(timeout=60)
    nothing = ShutdownReport(unread=0, unfinished=0)
    trial.found("what was left when one crashed during shutdown()", report, expected=nothing)
    trial.found("seconds that shutdown() took", now(), expected=2.0)
    await asyncio.wait([task])
    trial.found("the error of that one", str(task.exception()), expected="a bug")


@promise(Trait.IN_PROCESS, Trait.LEAVING, Trait.DELIVERIES, fault="D5", maxsize=1)
async def leaving_during_a_publish_makes_nobody_miss_the_message(broker: Any, trial: Trial) -> None:
    """Whoever leaves during a publish makes nobody else miss the message."""
    a, b, c = [await broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    before = (a.get_nowait(), c.get_nowait())
    trial.found("what a and c read before", before, expected=(0, 0))
    publisher = start(broker.publish(1))
    await asyncio.sleep(0.5)
    a.close()
    trial.found("what b reads, and so makes room", b.get_nowait(), expected=0)
    expected = Delivery(delivered=2 if trial.has(Trait.SHARES_FATE) else 3)
    trial.found("what became of the message", await publisher, expected=expected)
    trial.found("seconds that it took", now(), expected=0.5)
    trial.found("what b and c have", (unread(b), unread(c)), expected=([1], [1]))


@promise(Trait.IN_PROCESS, Trait.LEAVING, fault="D5", maxsize=1)
async def a_newcomer_gets_no_message_that_others_have_already(broker: Any, trial: Trial) -> None:
    """A newcomer gets no message that others have already."""
    full, healthy = await broker.subscribe(), await broker.subscribe()
    await broker.publish(0)
    healthy.get_nowait()
    publisher = start(broker.publish(1))
    await asyncio.sleep(0.5)
    others_have_it = not trial.has(Trait.SHARES_FATE)
    has_it = not healthy.empty()
    trial.found("whether the healthy one has it before", has_it, expected=others_have_it)
    newcomer = await broker.subscribe()
    full.get_nowait()
    await publisher
    expected = [] if others_have_it else [1]
    trial.found("what the newcomer has", unread(newcomer), expected=expected)
