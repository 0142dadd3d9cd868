"""A bound: so many messages wait for a subscriber, and whoever publishes more waits for room.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, RING_PUB_SUB, keeps
>>> print(keeps(ASYNC_PUB_SUB, a_full_subscriber_is_waited_for_up_to_one_second).findings[-2])
messages that are left to read: [0, 1, 2]
>>> print(keeps(RING_PUB_SUB, a_full_subscriber_is_waited_for_up_to_one_second).findings[-2])
messages that are left to read: [1, 2, 3]
"""

import asyncio
from typing import Any

from pubsub_lib.errors import Lagged
from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import (
    let_all_run,
    now,
    read_all,
    record_timers,
    start,
    unread,
)
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.reports import Delivery

promise = Stage.BOUND.promise


@promise()
async def the_bound_is_one_hundred_unless_told_otherwise(broker: Any, trial: Trial) -> None:
    """The bound is 100 messages unless told otherwise."""
    trial.found("the bound", broker.maxsize, expected=100)
    async with trial.open(maxsize=7) as smaller:
        trial.found("the bound that was asked for", smaller.maxsize, expected=7)


@promise(Trait.IN_PROCESS, Trait.WAITS_FOR_ROOM, Trait.DROPS, maxsize=3)
async def a_full_subscriber_is_waited_for_up_to_one_second(broker: Any, trial: Trial) -> None:
    """A full subscriber is waited for up to one second, and then loses one message."""
    subscription, after_it = await broker.subscribe(), await broker.subscribe()
    for number in range(3):
        await broker.publish(number)
    trial.found("seconds it took to fill it", now(), expected=0.0)
    trial.found("whether it is full then", subscription.full(), expected=True)
    unread(after_it)
    await broker.publish(3)
    trial.found("seconds that one more took", now(), expected=1.0)
    trial.found("what the next subscriber, who has room, gets", unread(after_it), expected=[3])
    if trial.has(Trait.OVERTAKES):
        with trial.refused("reading on", Lagged, "missed 1 "):
            await subscription.get()
    left = [1, 2, 3] if trial.has(Trait.OVERTAKES) else [0, 1, 2]
    trial.found("messages that are left to read", unread(subscription), expected=left)
    await broker.publish(4)
    trial.found("what it gets once it has room again", unread(subscription), expected=[4])


@promise(Trait.IN_PROCESS, Trait.WAITS_FOR_ROOM, maxsize=1)
async def a_subscriber_that_makes_room_gets_the_message(broker: Any, trial: Trial) -> None:
    """A full subscriber that makes room within the second gets the message."""
    subscription = await broker.subscribe()
    await broker.publish("first")
    asyncio.get_running_loop().call_later(0.5, subscription.get_nowait)
    await broker.publish("in time")
    trial.found("seconds that the publish took", now(), expected=0.5)
    trial.found("what is read next", subscription.get_nowait(), expected="in time")


@promise(Trait.IN_PROCESS, Trait.WAITS_FOR_ROOM, maxsize=1)
async def a_slow_subscriber_within_the_second_loses_nothing(broker: Any, trial: Trial) -> None:
    """A slow subscriber that keeps within the second loses nothing."""
    reader = start(read_all(await broker.subscribe(), seconds=0.9))
    for number in range(10):
        await broker.publish(number)
    trial.found("seconds that ten messages took", round(now(), 6), expected=7.2)
    await broker.shutdown()
    trial.found("what it read", await reader, expected=list(range(10)))


@promise(Trait.TIMEOUT, Trait.STATISTICS, maxsize=2, timeout=None)
async def the_bound_is_never_exceeded(broker: Any, trial: Trial) -> None:
    """The bound is never exceeded, however many publish."""

    async def publish() -> None:
        for number in range(10):
            await broker.publish(number)
            depths.append(subscription.qsize())

    subscription = await broker.subscribe()
    depths: list[int] = []
    publishers = [start(publish()) for _ in range(5)]
    for _ in range(50):
        await subscription.get()
        subscription.task_done()
        depths.append(subscription.qsize())
    await asyncio.gather(*publishers)
    most = subscription.stats.high_water_mark
    if trial.has(Trait.IN_PROCESS):
        trial.found("the most that ever waited", max(depths), expected=2)
        trial.found("the most that ever waited, as it says", most, expected=2)
    else:  # a reader may be quicker than a server
        trial.found("whether more than two ever waited", max(*depths, most) > 2, expected=False)


@promise(Trait.TIMEOUT, maxsize=1, timeout=None)
async def publishers_that_wait_are_served_first_come_first_served(
    broker: Any, trial: Trial
) -> None:
    """Publishers that wait for room are served first come, first served."""
    subscription = await broker.subscribe()
    await broker.publish(0)
    publishers = [start(broker.publish(number)) for number in range(1, 5)]
    await let_all_run()
    read = []
    for _ in range(5):
        read.append(await subscription.get())
        subscription.task_done()
    trial.found("what was read", read, expected=[0, 1, 2, 3, 4])
    await asyncio.gather(*publishers)


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, Trait.DELIVERIES, maxsize=1, timeout=None)
async def timeout_none_waits_as_long_as_it_takes(broker: Any, trial: Trial) -> None:
    """`timeout=None` waits for room as long as it takes."""
    subscription = await broker.subscribe()
    await broker.publish(0)
    asyncio.get_running_loop().call_later(3600, subscription.get_nowait)
    delivery = await broker.publish(1)
    trial.found("what became of the message", delivery, expected=Delivery(delivered=1))
    trial.found("seconds that the publish took", now(), expected=3600)


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, fault="D10", maxsize=10_000)
async def no_timer_is_set_while_there_is_room(broker: Any, trial: Trial) -> None:
    """No timer is set while there is room."""
    subscription = await broker.subscribe()
    timers = record_timers()
    for number in range(10_000):
        await broker.publish(number)
    trial.found("whether it is full in the end", subscription.full(), expected=True)
    trial.found("timers that were set", len(timers), expected=0)


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, fault="D10", maxsize=1)
async def a_publish_that_waits_sets_one_timer_and_cancels_it(broker: Any, trial: Trial) -> None:
    """A publish that waits sets one timer and cancels it."""
    subscriptions = [await broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    timers = record_timers()
    publisher = start(broker.publish(1))
    await let_all_run()
    for subscription in subscriptions:
        subscription.get_nowait()
    await publisher
    cancelled = [timer.cancelled() for timer in timers]
    trial.found("whether each timer was cancelled", cancelled, expected=[True])
