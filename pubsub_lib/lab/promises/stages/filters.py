"""Filters: a subscriber gets only what it wants, and its mistakes harm nobody else.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> for finding in keeps(ASYNC_PUB_SUB, a_filter_that_raises_closes_its_subscription).findings:
...     print(finding)
reading through the filter: ZeroDivisionError: division by zero
what is read after the error: None
whether the subscription is closed: True
subscribers that are left: 1
what the other one has: [0]
"""

import asyncio
from typing import Any

from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import read_all, unread
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial

promise = Stage.FILTERS.promise


@promise(Trait.FILTERS, Trait.DELIVERIES, Trait.ENDING, Trait.STATISTICS)
async def a_filter_lets_only_what_is_wanted_through(broker: Any, trial: Trial) -> None:
    """A filter lets only what is wanted through."""
    even = await broker.subscribe(where=lambda number: number % 2 == 0)
    everything = await broker.subscribe()
    for number in range(5):
        delivery = await broker.publish(number)
        if trial.has(Trait.IN_PROCESS):
            both = number % 2 == 0 or trial.has(Trait.COUNTS_THE_UNWANTED)
            what = f"subscribers that message {number} was delivered to"
            trial.found(what, delivery.delivered, expected=2 if both else 1)
    await trial.arrival(broker)
    await broker.shutdown(timeout=0)
    trial.found("what was read through the filter", await read_all(even), expected=[0, 2, 4])
    trial.found("what the other read", await read_all(everything), expected=[0, 1, 2, 3, 4])
    received = (even.stats.received, everything.stats.received)
    trial.found("messages that each received", received, expected=(3, 5))


# A broker that drops nothing may set the message aside instead, as JetStreamPubSub does.
@promise(Trait.FILTERS, Trait.LEAVING, Trait.STATISTICS, Trait.DROPS)
async def a_filter_that_raises_closes_its_subscription(broker: Any, trial: Trial) -> None:
    """A filter that raises closes its own subscription, whose reader sees the error."""
    broken = await broker.subscribe(where=lambda number: 6 / number)
    healthy = await broker.subscribe()
    await broker.publish(0)
    await trial.arrival(broker)
    with trial.refused("reading through the filter", ZeroDivisionError):
        await broken.get()
    trial.found("what is read after the error", await broken.get(), expected=None)
    trial.found("whether the subscription is closed", broken.closed, expected=True)
    trial.found("subscribers that are left", broker.stats.subscribers, expected=1)
    trial.found("what the other one has", unread(healthy), expected=[0])


@promise(
    Trait.FILTERS,
    Trait.STATISTICS,
    cases=({"where": "even"}, {"where": 3}, {"where": asyncio.sleep}),
)
async def a_filter_that_is_no_plain_function_is_refused(
    broker: Any, trial: Trial, where: object
) -> None:
    """A filter that is no plain function is refused, and the error says what it has to be."""
    says = "^where is a function that says at once if a message is"
    with trial.refused("subscribing with it", TypeError, says):
        await broker.subscribe(where=where)
    trial.found("subscribers", broker.stats.subscribers, expected=0)
