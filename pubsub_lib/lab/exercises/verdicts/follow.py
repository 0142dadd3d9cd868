"""Exercise 12.2: a customer that leaves.

>>> from pubsub_lib.lab.exercises import examine
>>> async def give_up(inbox, handle):
...     async for price in inbox:
...         await handle(price)
>>> examine("12.2", give_up).explanation
'handle() raised, and so did you; return the exception: others are to go on'
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.traffic.price_feed import HandlePrice, Price

type Follow = Callable[[Inbox[Price], HandlePrice], Awaitable[Exception | None]]

hints(
    "12.2",
    "`async with inbox:` leaves the broker, however the block ends.",
    "`except Exception as error: return error` lets a cancellation pass, which is no Exception.",
)


@exercise("12.2", "whoever fails or is cancelled leaves, and nobody waits for who has left")
def check_follow(follow: Follow) -> None:
    """Refuse a customer that stays in the broker when it has ended, or ends without a word."""
    for scenario in (
        _follows_to_the_end,
        _leaves_when_it_fails,
        _leaves_when_cancelled,
        _leaves_when_cancelled_while_it_waits,
    ):
        run_without_polling(scenario(follow))


async def _follows_to_the_end(follow: Follow) -> None:
    broker, inbox = _broker_and_inbox()
    seen: list[int] = []

    async def handle(price: Price) -> None:
        await asyncio.sleep(0.01)
        seen.append(price.number)

    async with asyncio.TaskGroup() as group:
        following = group.create_task(_started(follow, inbox, handle), name="customer")
        for number in range(5):
            await broker.publish(Price("gold", 1900, number))
        await asyncio.sleep(AN_HOUR_S)
        require(not following.done(), "it ends while no price is there, and the feed goes on")
        await broker.publish(Price("gold", 1900, 5))
        report = await broker.shutdown(timeout=10)
    require(seen == list(range(6)), f"prices 0 to 5 were published, and handled were {seen}")
    require(
        report.unfinished == 0 and report.unread == 0,
        f"everything was handled, and shutdown() reports {report}; is each price marked as done?",
    )
    require(
        following.result() is None,
        f"the feed ended well; return None, not {following.result()!r}",
    )


async def _leaves_when_it_fails(follow: Follow) -> None:
    broker, inbox = _broker_and_inbox()
    bug = _UnheardOf("a bug")
    seen: list[int] = []

    async def handle(price: Price) -> None:
        seen.append(price.number)
        if price.number == 1:
            raise bug

    async with asyncio.TaskGroup() as group:
        following = group.create_task(_ended(follow, inbox, handle), name="customer")
        for number in range(3):
            await broker.publish(Price("gold", 1900, number))
        await asyncio.sleep(1)
        require(
            broker.stats.subscribers == 0,
            "handle() raised, and its inbox still takes prices: close it, or one day every publish "
            "will wait for it",
        )
        require(seen == [0, 1], f"handle() raised at price 1, and was given {seen}; end there")
        report = await broker.shutdown(timeout=1)
    raised = following.result()
    require(
        raised is bug,
        f"handle() raised {bug!r}; return that exception, so that others go on, not {raised!r}",
    )
    require(
        report.unfinished == 0,
        f"handle() raised, and shutdown() reports {report}: it waited for prices in hand",
    )


class _UnheardOf(Exception):
    """One that no answer can name: what a customer's function raises is anybody's guess."""


async def _leaves_when_cancelled_while_it_waits(follow: Follow) -> None:
    broker, inbox = _broker_and_inbox()

    async def handle(price: Price) -> None:
        pass

    following = asyncio.create_task(_started(follow, inbox, handle), name="customer")
    await broker.publish(Price("gold", 1900, 0))
    await asyncio.sleep(AN_HOUR_S)
    following.cancel()
    await asyncio.wait([following])
    require(
        following.cancelled() and broker.stats.subscribers == 0,
        "it was cancelled while it waited for a price, and its inbox still takes prices, or the "
        "cancellation has not passed through",
    )


async def _leaves_when_cancelled(follow: Follow) -> None:
    broker, inbox = _broker_and_inbox()

    async def handle(price: Price) -> None:
        await asyncio.sleep(3600)

    following = asyncio.create_task(_started(follow, inbox, handle), name="customer")
    await broker.publish(Price("gold", 1900, 0))
    await asyncio.sleep(1)
    following.cancel()
    await asyncio.wait([following])
    require(
        following.cancelled(),
        "it was cancelled, and went on or returned: a cancellation has to pass through",
    )
    require(broker.stats.subscribers == 0, "it was cancelled, and its inbox still takes prices")


async def _started(follow: Follow, inbox: Inbox[Price], handle: HandlePrice) -> Exception | None:
    following = follow(inbox, handle)
    require(inspect.isawaitable(following), "write it with `async def`")
    return await following


async def _ended(follow: Follow, inbox: Inbox[Price], handle: HandlePrice) -> Exception | None:
    """What `follow` returns, or raises: the check goes on, to say what else is wrong."""
    try:
        return await _started(follow, inbox, handle)
    except _UnheardOf:
        require(False, "handle() raised, and so did you; return the exception: others are to go on")
        raise


def _broker_and_inbox() -> tuple[AsyncPubSub[Price], Inbox[Price]]:
    broker = AsyncPubSub[Price](maxsize=100)
    return broker, broker.subscribe(name="customer")
