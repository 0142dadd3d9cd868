"""Ending: nothing is accepted any more, everybody comes to the end, and what was left is told.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> for finding in keeps(ASYNC_PUB_SUB, shutdown_reports_what_was_left).findings:
...     print(finding)
what was left: ShutdownReport(unread=5, unfinished=1)
what can still be read: [0, 1, 2]
"""

import asyncio
import contextlib
import gc
import io
import re
import warnings
from typing import Any

from pubsub_lib.errors import PubSubClosed
from pubsub_lib.first_attempts.chapter import subscriber_task
from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import let_all_run, now, read_all, start, unread
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.messages import Message
from pubsub_lib.reports import BrokerStats, Delivery, ShutdownReport

promise = Stage.ENDING.promise

NOTHING_LEFT = ShutdownReport(unread=0, unfinished=0)
ONE_UNREAD = ShutdownReport(unread=1, unfinished=0)


@promise(Trait.IN_PROCESS, Trait.ENDING, Trait.LEAVING)
async def shutdown_without_work_takes_no_time(broker: Any, trial: Trial) -> None:
    """A shutdown without work takes no time, and closes all."""
    subscription = await broker.subscribe()
    trial.found("what was left", await broker.shutdown(), expected=NOTHING_LEFT)
    trial.found("seconds that it took", now(), expected=0.0)
    trial.found("whether the broker is closed", broker.closed, expected=True)
    trial.found("whether the subscription is closed", subscription.closed, expected=True)


@promise(Trait.ENDING)
async def shutdown_reports_what_was_left(broker: Any, trial: Trial) -> None:
    """`shutdown()` reports what was left, and it can still be read."""
    reading, unread_by_all = await broker.subscribe(), await broker.subscribe()
    for number in range(3):
        await broker.publish(number)
    await trial.arrival(broker)
    await reading.get()
    report = await broker.shutdown(timeout=0)
    trial.found("what was left", report, expected=ShutdownReport(unread=5, unfinished=1))
    trial.found("what can still be read", unread(unread_by_all), expected=[0, 1, 2])


@promise(Trait.IN_PROCESS, Trait.ENDING, cases=({"timeout": 0}, {"timeout": 0.25}, {"timeout": 60}))
async def shutdown_ends_at_exactly_its_timeout(broker: Any, trial: Trial, timeout: float) -> None:
    """If nobody reads, `shutdown()` ends at exactly its time-out."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    report = await broker.shutdown(timeout=timeout)
    trial.found("what was left", report, expected=ONE_UNREAD)
    trial.found("seconds that it took", now(), expected=timeout)
    trial.found("what can still be read", unread(subscription), expected=[1])


@promise(Trait.ENDING, Trait.ITERATION)
async def every_reader_gets_none_each_time_it_asks(broker: Any, trial: Trial) -> None:
    """After the end every reader gets `None` each time it asks."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    await trial.arrival(broker)
    await broker.shutdown(timeout=0)
    read = [await subscription.get() for _ in range(3)]
    trial.found("what get() gave, three times", read, expected=[1, None, None])
    messages = [message async for message in subscription]
    trial.found("what `async for` gave", messages, expected=[])
    batches = [batch async for batch in subscription.batches()]
    trial.found("what `batches()` gave", batches, expected=[])


@promise(Trait.IN_PROCESS, Trait.ENDING)
async def two_shutdowns_each_end_at_their_own_timeout(broker: Any, trial: Trial) -> None:
    """Two shutdowns at once each end at their own time-out, and a third one is possible."""

    async def shut_down(timeout: float) -> float:
        await broker.shutdown(timeout=timeout)
        return now()

    subscription = await broker.subscribe()
    await broker.publish(1)
    ended = await asyncio.gather(shut_down(1), shut_down(2))
    trial.found("when each of them ended, in s", ended, expected=[1.0, 2.0])
    trial.found("what can still be read", unread(subscription), expected=[1])
    subscription.task_done()
    trial.found("what was left then", await broker.shutdown(), expected=NOTHING_LEFT)


@promise(Trait.ENDING)
async def a_cancelled_shutdown_can_be_repeated(broker: Any, trial: Trial) -> None:
    """A cancelled `shutdown()` leaves the broker closed, and can be repeated."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    await trial.arrival(broker)
    shutdown = start(broker.shutdown(timeout=None))
    await asyncio.sleep(0.1)
    shutdown.cancel()
    await asyncio.wait([shutdown])
    trial.found("whether the first one was cancelled", shutdown.cancelled(), expected=True)
    trial.found("whether the broker is closed", broker.closed, expected=True)
    report = await broker.shutdown(timeout=0.1)
    trial.found("what was left", report, expected=ONE_UNREAD)
    trial.found("what can still be read", unread(subscription), expected=[1])


@promise(Trait.IN_PROCESS, Trait.ENDING, Trait.TIMEOUT, Trait.DELIVERIES, maxsize=1, timeout=None)
async def a_publish_that_waits_gets_in_during_shutdown(broker: Any, trial: Trial) -> None:
    """A publish that waits for room gets in during the shutdown, and is handled."""
    reader = start(read_all(await broker.subscribe(), seconds=1))
    await asyncio.sleep(0)
    publishers = [start(broker.publish(number)) for number in range(4)]
    await let_all_run()
    trial.found("what was left", await broker.shutdown(), expected=NOTHING_LEFT)
    trial.found("what was read", await reader, expected=[0, 1, 2, 3])
    deliveries = [await publisher for publisher in publishers]
    expected = [Delivery(delivered=1)] * 4
    trial.found("what became of the messages", deliveries, expected=expected)


@promise(
    Trait.IN_PROCESS,
    Trait.ENDING,
    Trait.TIMEOUT,
    Trait.DELIVERIES,
    Trait.STATISTICS,
    maxsize=1,
    timeout=None,
)
async def shutdown_releases_the_publishers_that_still_wait(broker: Any, trial: Trial) -> None:
    """At its time-out `shutdown()` releases the publishers that still wait."""
    subscription = await broker.subscribe()
    await broker.publish(0)
    publishers = [start(broker.publish(number)) for number in (1, 2)]
    await let_all_run()
    trial.found("what was left", await broker.shutdown(timeout=3), expected=ONE_UNREAD)
    trial.found("seconds that it took", now(), expected=3.0)
    deliveries = await asyncio.gather(*publishers)
    dropped = Delivery(delivered=0, missed_by=(subscription,))
    trial.found("what became of the messages", deliveries, expected=[dropped, dropped])
    expected = BrokerStats(subscribers=1, published=3, delivered=1, dropped=2)
    trial.found("what the broker counted", broker.stats, expected=expected)


@promise(Trait.IN_PROCESS, Trait.ENDING, Trait.LEAVING)
async def one_that_leaves_during_shutdown_is_not_waited_for(broker: Any, trial: Trial) -> None:
    """A subscriber that leaves during the shutdown is not waited for."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    asyncio.get_running_loop().call_later(2, subscription.close)
    trial.found("what was left", await broker.shutdown(timeout=60), expected=NOTHING_LEFT)
    trial.found("seconds that it took", now(), expected=2.0)


@promise(Trait.ENDING)
async def async_with_shuts_down_and_waits(broker: Any, trial: Trial) -> None:
    """`async with` shuts the broker down and waits for the readers."""
    async with broker:
        reader = start(read_all(await broker.subscribe(), seconds=0.1))
        await broker.publish(1)
    trial.found("whether the broker is closed", broker.closed, expected=True)
    trial.found("whether the reader has finished", reader.done(), expected=True)


@promise(Trait.IN_PROCESS, Trait.ENDING)
async def async_with_waits_for_nobody_after_an_error(broker: Any, trial: Trial) -> None:
    """`async with` waits for nobody after an error."""
    subscription = await broker.subscribe()
    await broker.publish(1)
    with trial.refused("the error of the block", ValueError, "a bug"):
        async with broker:
            raise ValueError("a bug")
    trial.found("whether the broker is closed", broker.closed, expected=True)
    trial.found("seconds that it took", now(), expected=0.0)
    trial.found("what can still be read", unread(subscription), expected=[1])


@promise(Trait.IN_PROCESS, Trait.ENDING)
async def one_that_was_never_shut_down_is_reported(broker: Any, trial: Trial) -> None:
    """A broker that was never shut down is reported when it is forgotten."""
    subscriptions = []

    async def forget() -> None:
        async with trial.open() as forgotten:
            subscriptions.append(await forgotten.subscribe())

    with warnings.catch_warnings(record=True, action="always") as caught:
        await forget()
    says = rf"{trial.kind.name} .* was never shut down; use `async"
    reports = [
        warning
        for warning in caught
        if issubclass(warning.category, ResourceWarning) and re.search(says, str(warning.message))
    ]
    trial.found("warnings that say so", len(reports), expected=1)


# Faults of the chapter's broker.


@promise(Trait.ENDING, fault="D1")
async def join_returns_after_the_end(broker: Any, trial: Trial) -> None:
    """`join()` returns after the end."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        queue = await broker.subscribe()
        task = start(subscriber_task(queue))
        await broker.publish(Message("Hello"))
        await trial.shutdown(broker)
        await task
        await queue.join()
    trial.found("what was printed", printed.getvalue(), expected="Received: Hello\n")


@promise(Trait.ENDING, fault="D2")
async def shutdown_returns_when_everything_was_handled(broker: Any, trial: Trial) -> None:
    """`shutdown()` returns when everything was handled, not sooner."""

    async def handle(subscription: Any) -> None:
        while (message := await subscription.get()) is not None:
            await asyncio.sleep(0.001)
            handled.append(message)
            subscription.task_done()

    handled: list[int] = []
    start(handle(await broker.subscribe()))  # nobody keeps the task
    gc.collect()
    for number in range(50):
        await broker.publish(number)
    await trial.shutdown(broker)
    trial.found("what was handled by then", handled, expected=list(range(50)))


@promise(Trait.IN_PROCESS, Trait.ENDING, fault="D4", maxsize=1)
async def shutdown_does_not_hang_on_one_that_is_full(broker: Any, trial: Trial) -> None:
    """`shutdown()` does not hang on a subscriber that is full, and everybody gets the end."""
    before, full, after = [await broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    readers = [start(read_all(subscription)) for subscription in (before, after)]
    trial.found("what was left", await broker.shutdown(timeout=60), expected=ONE_UNREAD)
    read = [await reader for reader in readers]
    trial.found("what the others read, and then ended", read, expected=[[0], [0]])
    trial.found("seconds that it took", now(), expected=60.0)
    late = [await full.get(), await full.get()]
    trial.found("what the full one can still read", late, expected=[0, None])


@promise(Trait.ENDING, fault="D7")
async def nothing_can_be_published_after_shutdown(broker: Any, trial: Trial) -> None:
    """Publishing after `shutdown()` is refused, with the remedy."""
    await broker.shutdown()
    says = "was shut down; publish to a new one"
    with trial.refused("publishing", PubSubClosed, says):
        await broker.publish(1)
    if trial.has(Trait.IN_PROCESS) and trial.has(Trait.TIMEOUT):
        with trial.refused("publishing without waiting", PubSubClosed, says):
            broker.publish_nowait(1)
    if trial.has(Trait.STATISTICS):
        trial.found("messages that count as published", broker.stats.published, expected=0)


@promise(Trait.ENDING, fault="D7")
async def nobody_can_subscribe_after_shutdown(broker: Any, trial: Trial) -> None:
    """Subscribing after `shutdown()` is refused, with the remedy."""
    await broker.shutdown()
    with trial.refused("subscribing", PubSubClosed, "subscribe to a new one"):
        await broker.subscribe()


@promise(Trait.ENDING, fault="D8")
async def none_cannot_be_published(broker: Any, trial: Trial) -> None:
    """`None` cannot be published, since it is what a reader gets at the end."""
    subscription = await broker.subscribe()
    says = "^None cannot be published: it tells a reader"
    with trial.refused("publishing None", TypeError, says):
        await broker.publish(None)
    if trial.has(Trait.IN_PROCESS) and trial.has(Trait.TIMEOUT):
        with trial.refused("publishing None without waiting", TypeError, says):
            broker.publish_nowait(None)
    trial.found("messages that wait", subscription.qsize(), expected=0)
    trial.found("whether it says that it is empty", subscription.empty(), expected=True)
    if trial.has(Trait.STATISTICS):
        trial.found("messages that count as published", broker.stats.published, expected=0)


@promise(Trait.IN_PROCESS, Trait.ENDING, Trait.ITERATION, fault="D9")
async def a_cancelled_handler_is_reported(broker: Any, trial: Trial) -> None:
    """A handler that is cancelled is reported, and `shutdown()` does not hang."""

    async def handle() -> None:
        async for _ in subscription:
            await asyncio.sleep(60)

    subscription = await broker.subscribe()
    handler = start(handle())
    await broker.publish(1)
    await asyncio.sleep(1)
    handler.cancel()
    report = await broker.shutdown(timeout=5)
    trial.found("what was left", report, expected=ShutdownReport(unread=0, unfinished=1))
    trial.found("the time, in s", now(), expected=6.0)
