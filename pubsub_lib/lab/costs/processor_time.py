"""What a delivery costs, for one or more brokers and numbers of subscribers.

The cost is processor time, so time in which another program has the processor does not count. Each
round measures everything once, and of all rounds the cheapest counts: whatever else the machine
does can only add to it.

>>> import asyncio
>>> from pubsub_lib import ChapterPubSub
>>> costs = asyncio.run(
...     delivery_costs({"chapter": ChapterPubSub}, subscribers=(1, 10), deliveries=100, rounds=2)
... )
>>> list(costs["chapter"]), min(costs["chapter"].values()) > 0
([1, 10], True)
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from pubsub_lib.interfaces import Broker, Subscription


async def delivery_costs(
    brokers: Mapping[str, Callable[[], Broker[int]]],
    *,
    subscribers: Sequence[int],
    deliveries: int,
    least_messages: int = 1,
    rounds: int = 5,
) -> dict[str, dict[int, float]]:
    """Return the processor time of one delivery, in µs, by broker and number of subscribers.

    The clock runs from the first publish until every subscriber has taken its last message.

    Args:
        brokers: what makes a new broker, by name.
        subscribers: the numbers of subscribers to measure.
        deliveries: how many deliveries to make each time; more subscribers get fewer messages.
        least_messages: how many messages each is to get nevertheless, since the first of them cost
            more than those that follow.
        rounds: how often everything is measured.

    Raises:
        ValueError: if there are fewer deliveries than subscribers, no messages or no rounds.
    """
    if min(rounds, least_messages, *subscribers) < 1 or deliveries < max(subscribers):
        raise ValueError("each subscriber needs at least one delivery, in at least one round")
    costs: dict[str, dict[int, float]] = {name: {} for name in brokers}
    for _ in range(rounds):
        for count in subscribers:
            for name, new_broker in brokers.items():
                messages = max(deliveries // count, least_messages)
                cost_us = await _delivery_cost_us(new_broker(), count, messages)
                costs[name][count] = min(cost_us, costs[name].get(count, cost_us))
    return costs


async def _delivery_cost_us(broker: Broker[int], subscribers: int, messages: int) -> float:
    subscriptions = [await broker.subscribe() for _ in range(subscribers)]
    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(_take(inbox, messages)) for inbox in subscriptions]
        await asyncio.sleep(0)  # every reader waits for its first message
        start = time.thread_time()
        for number in range(messages):
            await broker.publish(number)
        await asyncio.wait(readers)
        busy_s = time.thread_time() - start
    await broker.shutdown()
    return busy_s / (subscribers * messages) * 1e6


async def _take(subscription: Subscription[int], messages: int) -> None:
    for _ in range(messages):
        await subscription.get()
        subscription.task_done()
