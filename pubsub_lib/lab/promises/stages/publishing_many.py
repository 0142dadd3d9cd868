"""Batches on the publishing side: many messages in one call.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> for finding in keeps(ASYNC_PUB_SUB, each_reader_is_woken_once_for_many_messages).findings:
...     print(finding)
the batches that each read: [[[0, 1, 2, 3, 4]], [[0, 1, 2, 3, 4]]]
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from pubsub_lib.errors import delivered_before
from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import let_all_run, now, read_all, start, unread
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.reports import Deliveries

promise = Stage.BATCHES.promise


@promise(Trait.PUBLISHING_MANY)
async def many_messages_at_once_keep_their_order(broker: Any, trial: Trial) -> None:
    """Messages that are published at once arrive in their order, before what comes after them."""
    reader = start(read_all(await broker.subscribe()))
    await let_all_run()
    report = await broker.publish_many(range(50))
    await broker.publish(50)
    await trial.shutdown(broker)
    trial.found("messages published", report.published, expected=50)
    trial.found("what was read", await reader, expected=list(range(51)))


@promise(Trait.PUBLISHING_MANY, Trait.IN_PROCESS, Trait.DELIVERIES, Trait.STATISTICS)
async def many_messages_count_as_if_each_were_published_alone(broker: Any, trial: Trial) -> None:
    """Messages that are published at once count as if each were published alone."""
    subscriptions = [await broker.subscribe() for _ in range(2)]
    alone = [await broker.publish(number) for number in range(4)]
    stats = broker.stats
    report = await broker.publish_many(range(4))
    delivered = sum(delivery.delivered for delivery in alone)
    trial.found("what became of them", report, expected=Deliveries(4, delivered))
    trial.found("messages published", broker.stats.published, expected=2 * stats.published)
    received = [subscription.stats.received for subscription in subscriptions]
    trial.found("messages that each received", received, expected=[8, 8])


@promise(Trait.PUBLISHING_MANY, Trait.IN_PROCESS, Trait.ITERATION)
async def each_reader_is_woken_once_for_many_messages(broker: Any, trial: Trial) -> None:
    """Each reader is woken once for all messages that are published at once."""

    async def read(subscription: Any, found: list[list[int]]) -> None:
        async for batch in subscription.batches():
            found.append(batch)

    found: list[list[list[int]]] = [[], []]
    readers = [start(read(await broker.subscribe(), batches)) for batches in found]
    await let_all_run()
    await broker.publish_many(range(5))
    await let_all_run()
    for reader in readers:
        reader.cancel()
    trial.found("the batches that each read", found, expected=[[[0, 1, 2, 3, 4]]] * 2)


@promise(Trait.PUBLISHING_MANY, Trait.IN_PROCESS, Trait.ENDING, maxsize=3)
async def more_messages_at_once_than_the_bound_lose_nothing(broker: Any, trial: Trial) -> None:
    """More messages at once than the bound lose nothing, where the readers keep up."""
    readers = [start(read_all(await broker.subscribe())) for _ in range(2)]
    await let_all_run()
    report = await broker.publish_many(range(20))
    trial.found("what became of them", report, expected=Deliveries(20, 40))
    await broker.shutdown()
    read = await asyncio.gather(*readers)
    trial.found("what they read", read, expected=[list(range(20))] * 2)
    trial.found("seconds that it took", now(), expected=0)


@promise(Trait.PUBLISHING_MANY, Trait.STATISTICS)
async def no_messages_at_all_may_be_published(broker: Any, trial: Trial) -> None:
    """To publish a list of no messages does nothing."""
    await broker.subscribe()
    report = await broker.publish_many([])
    trial.found("what became of them", report, expected=Deliveries(0, 0))
    trial.found("messages published", broker.stats.published, expected=0)


def _one_and_then_an_error() -> Iterator[int]:
    yield 1
    raise LookupError("there is no second message")


def _bad_lists() -> Iterable[dict[str, Any]]:
    return (
        {"messages": [1, None, 2], "error": TypeError, "says": "None cannot be published"},
        {"messages": "one", "error": TypeError, "says": "iterable of messages"},
        {"messages": 1, "error": TypeError, "says": "iterable of messages"},
    )


@promise(Trait.PUBLISHING_MANY, Trait.STATISTICS, cases=tuple(_bad_lists()))
async def of_a_list_that_cannot_be_published_nothing_is(
    broker: Any, trial: Trial, messages: Any, error: type[Exception], says: str
) -> None:
    """Of messages of which one cannot be published, none is; the error says why."""
    await broker.subscribe()
    with trial.refused("publishing them", error, says):
        await broker.publish_many(messages)
    trial.found("messages published", broker.stats.published, expected=0)


@promise(Trait.PUBLISHING_MANY, Trait.STATISTICS)
async def an_iterator_that_raises_publishes_nothing(broker: Any, trial: Trial) -> None:
    """Of an iterator that raises on its way, no message is published."""
    await broker.subscribe()
    with trial.refused("publishing them", LookupError, "no second message"):
        await broker.publish_many(_one_and_then_an_error())
    trial.found("messages published", broker.stats.published, expected=0)


@promise(Trait.PUBLISHING_MANY, Trait.IN_PROCESS, Trait.TIMEOUT, maxsize=3, timeout=None)
async def cancelled_in_the_middle_it_says_how_many_were_published(
    broker: Any, trial: Trial
) -> None:
    """Cancelled in the middle, it says how many were published, and the rest is not."""
    subscription = await broker.subscribe()
    publishing = start(broker.publish_many(range(10)))
    await let_all_run()
    publishing.cancel()
    try:
        await publishing
    except asyncio.CancelledError as cancelled:
        report = delivered_before(cancelled)
    assert isinstance(report, Deliveries)
    trial.found("messages delivered", report.delivered, expected=3)
    trial.found("what is there to read", unread(subscription), expected=[0, 1, 2])
    await let_all_run()
    trial.found("what comes after that", unread(subscription), expected=[])
