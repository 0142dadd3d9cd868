"""Statistics: nothing is lost uncounted.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> print(keeps(ASYNC_PUB_SUB, the_counts_of_those_that_left_are_kept).findings[0])
what the broker counted: BrokerStats(subscribers=0, published=4, delivered=2, dropped=1)
"""

from typing import Any

from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.reports import BrokerStats

promise = Stage.STATISTICS.promise


@promise(Trait.DROPS, Trait.TIMEOUT, Trait.DELIVERIES, Trait.STATISTICS, maxsize=2, timeout=0)
async def received_and_dropped_is_all_that_was_published(broker: Any, trial: Trial) -> None:
    """What was received and what was dropped is all that was published."""
    dead, reading = await broker.subscribe(), await broker.subscribe()
    deliveries = []
    for number in range(5):
        deliveries.append(await broker.publish(number))
        await trial.arrival(broker)
        reading.get_nowait()
    for who, subscription, expected in (("dead", dead, (2, 3, 2)), ("reading", reading, (5, 0, 0))):
        stats = subscription.stats
        counts = (stats.received, stats.dropped, stats.depth)
        what = f"received, dropped and waiting, at the {who} subscriber"
        trial.found(what, counts, expected=expected)
    if trial.has(Trait.IN_PROCESS):
        dropped = sum(delivery.dropped for delivery in deliveries)
        trial.found("drops that the publisher was told of", dropped, expected=3)
    expected_stats = BrokerStats(subscribers=2, published=5, delivered=7, dropped=3)
    trial.found("what the broker counted", broker.stats, expected=expected_stats)


@promise(Trait.DROPS, Trait.TIMEOUT, Trait.LEAVING, Trait.STATISTICS, maxsize=2, timeout=0)
async def the_counts_of_those_that_left_are_kept(broker: Any, trial: Trial) -> None:
    """The counts of subscribers that left are kept."""
    leaving = await broker.subscribe()
    for number in range(3):
        await broker.publish(number)
        await trial.arrival(broker)
    leaving.close()
    await broker.publish(3)
    expected = BrokerStats(subscribers=0, published=4, delivered=2, dropped=1)
    trial.found("what the broker counted", broker.stats, expected=expected)
