"""Exercise 06.3: stop a chain of brokers, and lose nothing on the way.

>>> from pubsub_lib.lab.exercises import examine
>>> async def an_equal_share_for_each(brokers, *, grace_s):
...     return [await broker.shutdown(timeout=grace_s / len(brokers)) for broker in brokers]
>>> print(examine("06.3", an_equal_share_for_each).explanation.partition(";")[0])
3 of 5 messages came to a broker that was shut down already
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pubsub_lib.handlers import HandlerGroup
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual, stall
from pubsub_lib.lab.exercises.checking import (
    exercise,
    require,
)
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.exercises.shut_down_gracefully.services import now

hints(
    "06.3",
    "Whoever sends to others stops before those to whom it sends.",
    "One deadline for all: note at the beginning when it is, and give each broker what is left.",
)


@exercise("06.3", "each broker is stopped once nothing more can come into it, within the grace")
def check_stop_chain(stop_chain: Callable[..., Awaitable[Any]]) -> None:
    """Refuse an order in which messages are lost between two brokers, and too many deadlines."""
    run_virtual(_nothing_is_lost_on_the_way(stop_chain))
    for unread in ([2, 1, 3], [2, 1], [2, 1, 3, 1, 2]):
        run_virtual(_the_grace_is_shared(stop_chain, unread))


async def _nothing_is_lost_on_the_way(stop_chain: Callable[..., Awaitable[Any]]) -> None:
    orders, invoices, letters = (AsyncPubSub[int](maxsize=10) for _ in range(3))
    refused: list[int] = []
    posted: list[int] = []

    async def write_invoice(order: int) -> None:
        await asyncio.sleep(1)
        await invoices.publish(order)

    async def write_letter(invoice: int) -> None:
        await asyncio.sleep(1)
        await letters.publish(invoice)

    async def post(letter: int) -> None:
        await asyncio.sleep(1)
        posted.append(letter)

    def note(failure: Any) -> None:
        refused.append(failure.message)

    async with (
        HandlerGroup(orders, report=note) as first,
        HandlerGroup(invoices, report=note) as second,
        HandlerGroup(letters, report=note) as third,
    ):
        first.add(write_invoice)
        second.add(write_letter)
        third.add(post)
        for order in range(1, 6):
            await orders.publish(order)
        brokers = [orders, invoices, letters]
        reports = await stop_chain(brokers, grace_s=8)
        require(
            brokers == [orders, invoices, letters],
            "you have changed the list of brokers that you were given",
        )
        for broker in (orders, invoices, letters):
            require(broker.closed, "a broker of the chain still takes messages")
    require(
        not refused,
        f"{len(refused)} of 5 messages came to a broker that was shut down already; "
        "stop those first who send to others, and let each of them take what is left of the grace: "
        "the first needs 5 s of 8 s",
    )
    require(posted == [1, 2, 3, 4, 5], f"5 orders were sent, and {len(posted)} letters posted")
    require(
        list(reports) == [(0, 0)] * 3,
        f"return what each shutdown() reports, in the order of the brokers, not {reports!r}",
    )


async def _the_grace_is_shared(
    stop_chain: Callable[..., Awaitable[Any]], unread: list[int]
) -> None:
    brokers = [AsyncPubSub[int](maxsize=10) for _ in unread]
    dead = [broker.subscribe() for broker in brokers]
    for broker, messages in zip(brokers, unread, strict=True):
        for message in range(messages):
            await broker.publish(message)
    # The loop is busy when the first time-out is due, which so ends a little late.
    asyncio.get_running_loop().call_later(0.0999, stall, 0.0002)
    reports = await stop_chain(brokers, grace_s=0.1)
    took_s = round(now(), 3)
    require(
        took_s <= 0.1,
        f"the grace is 0.1 s for the whole chain; with dead subscribers it takes {took_s:g} s",
    )
    require(all(broker.closed for broker in brokers), "a broker still takes messages")
    require(
        list(reports) == [(messages, 0) for messages in unread],
        f"{len(dead)} brokers have a dead subscriber each, with {unread} messages unread, and you "
        f"return {reports!r}; return what each shutdown() reports, in the order of the brokers",
    )
