"""The checks of notebook 12: the newest price, a customer that leaves, and the whole feed.

>>> from pubsub_lib.lab.exercises import examine
>>> def like_everybody(broker, symbol):
...     return broker.subscribe()
>>> examine("12.1", like_everybody).explanation
'gold 1, 2 and 3 and silver 4 were published, nobody has read, and waiting are gold 1, gold 2, \
gold 3, silver 4; it should be gold 3 alone'
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.traffic.price_feed import HandlePrice, Price, Served

type Follow = Callable[[Inbox[Price], HandlePrice], Awaitable[Exception | None]]

hints(
    "12.1",
    "`subscribe(where=...)` takes a function of a price; the bound of one is maxsize=1.",
    "`timeout=0` never waits, and of the overflow policies one makes room for what is new.",
)
hints(
    "12.2",
    "`async with inbox:` leaves the broker, however the block ends.",
    "`except Exception as error: return error` lets a cancellation pass, which is no Exception.",
)
hints(
    "12.3",
    "One task for each customer, which runs your follow() of 12.2; keep the inbox beside it.",
    "`publish()` waits for 0.2 s at most, and Overflow.DISCONNECT sees to it that this "
    "happens once; who wants the newest gets an inbox of one that drops the oldest.",
    "`close()` is exercise 06.2: ask, wait for what is left of the grace, cancel, wait "
    "for the end; asyncio.wait() wants at least one task.",
    "How it ended: cancelled, an exception returned, the inbox closed by the broker "
    "before the shutdown, or none of these.",
)


@exercise("12.1", "the newest price of one symbol waits, and the publisher waits for nobody")
def check_newest_price(newest_price: Callable[..., Any]) -> None:
    """Refuse a subscription that holds old or other prices, or holds the publisher up."""
    for symbol, other in (("gold", "silver"), ("silver", "tin")):
        run_virtual(_holds_the_newest(newest_price, symbol, other))


async def _holds_the_newest(newest_price: Callable[..., Any], symbol: str, other: str) -> None:
    broker = AsyncPubSub[Price](maxsize=100)
    every_price = broker.subscribe(name="every price")
    inbox = newest_price(broker, symbol)
    require(
        isinstance(inbox, Inbox),
        f"return the inbox that broker.subscribe() gives you, not {inbox!r}",
    )
    start_s = _now_s()
    for number, named in enumerate((symbol, symbol, symbol, other), start=1):
        await broker.publish(Price(named, number, number))
    waited_s = _now_s() - start_s
    waiting = _taken(inbox)
    require(
        [price.number for price in waiting] == [3],
        f"{symbol} 1, 2 and 3 and {other} 4 were published, nobody has read, and waiting are "
        f"{_listed(waiting)}; it should be {symbol} 3 alone",
    )
    require(waited_s == 0, f"the publisher waits {waited_s:g} s; for this reader it is not to wait")
    every = _taken(every_price)
    require(
        len(every) == 4 and every_price.maxsize == 100,
        "somebody else subscribed as before, and is to get all four prices as before",
    )
    await broker.publish(Price(symbol, 5, 5))
    waiting = _taken(inbox)
    require(
        [price.number for price in waiting] == [5],
        f"then {symbol} 5 is published, and waiting are {_listed(waiting)}",
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


@exercise("12.3", "everybody is served as they asked, nobody holds up the rest, nothing is left")
def check_feed(feed_class: Callable[[], Any]) -> None:
    """Refuse a feed in which one customer harms another, or that does not close cleanly."""
    run_virtual(_a_day_at_the_exchange(feed_class))
    run_virtual(_an_empty_day(feed_class))


PRICES = 400
EVERY_S = 0.01
GRACE_S = 2.0
SYMBOLS = ("gold", "silver")


class _Customers:
    """Who reads the feed in the check, and what each of them has seen."""

    def __init__(self) -> None:
        self.seen: dict[str, list[tuple[Price, float]]] = {}

    def handler(self, name: str, pause_s: Callable[[int], float]) -> HandlePrice:
        self.seen[name] = []

        async def handle(price: Price) -> None:
            self.seen[name].append((price, _now_s()))
            await asyncio.sleep(pause_s(price.number))

        return handle

    async def fail(self, price: Price) -> None:
        seen = self.seen.setdefault("buggy", [])
        seen.append((price, _now_s()))
        if len(seen) == 3:
            raise ValueError("a bug")

    def numbers(self, name: str) -> list[int]:
        return [price.number for price, _ in self.seen[name]]


async def _a_day_at_the_exchange(feed_class: Callable[[], Any]) -> None:
    before = asyncio.all_tasks()
    feed, customers = feed_class(), _Customers()
    feed.follow("recorder", customers.handler("recorder", lambda _: 0))
    feed.follow("gold desk", customers.handler("gold desk", lambda _: 0), symbols=["gold"])
    slow = customers.handler("dashboard", lambda _: 0.1)
    feed.follow("dashboard", slow, symbols=["gold"], newest=True)
    feed.follow("buggy", customers.fail)
    feed.follow("hung", customers.handler("hung", lambda _: 3600))
    last = customers.handler("archive", lambda number: 3600 if number == PRICES - 1 else 0)
    feed.follow("archive", last, symbols=["silver"])
    waits_s = [await _published(feed, number) for number in range(PRICES)]
    require(
        max(waits_s) <= 0.2 + 1e-9,
        f"publish() takes up to {max(waits_s):.3g} s; one customer hangs, and 0.2 s is the limit",
    )
    require(
        sum(waits_s) <= 0.2 + 1e-9,
        f"the publisher waits for {sum(waits_s):.3g} s in all, again and again: disconnect who "
        "hangs, and wait for nobody who wants only the newest price",
    )
    start_s = _now_s()
    report = await feed.close(grace_s=GRACE_S)
    took_s = _now_s() - start_s
    _served_as_asked(customers)
    require(
        took_s <= GRACE_S + 1e-9,
        f"close(grace_s={GRACE_S:g}) takes {took_s:g} s",
    )
    left = sorted(task.get_name() for task in asyncio.all_tasks() - before)
    require(not left, f"after close() {len(left)} tasks are left: {', '.join(left)}")
    _reported_as_served(customers, report)


async def _published(feed: Any, number: int) -> float:
    start_s = _now_s()
    await feed.publish(Price(SYMBOLS[number % 2], 1900.0 + number, number))
    took_s = _now_s() - start_s
    await asyncio.sleep(EVERY_S)
    return took_s


def _served_as_asked(customers: _Customers) -> None:
    every, gold = list(range(PRICES)), list(range(0, PRICES, 2))
    for name, wanted in (("recorder", every), ("gold desk", gold), ("archive", every[1::2])):
        seen = customers.numbers(name)
        require(
            seen == wanted,
            f"{name} is to get {len(wanted)} prices, in order, and gets {len(seen)}"
            + ("" if len(seen) != len(wanted) else ", which are others or in another order"),
        )
    dashboard = customers.seen["dashboard"]
    symbols = {price.symbol for price, _ in dashboard}
    require(symbols == {"gold"}, f"dashboard asked for gold, and gets {_named(symbols)}")
    at_s = {price.number: time_s for price, time_s in customers.seen["gold desk"]}
    for price, time_s in dashboard:
        newest = max(number for number in at_s if number == 0 or at_s[number] < time_s)
        require(
            price.number >= newest,
            f"dashboard asked for the newest price, and is given number {price.number} at "
            f"{time_s:.3g} s, when number {newest} was there",
        )
    require(
        dashboard[-1][0].number == gold[-1],
        f"the last price of gold is number {gold[-1]}, and the last that dashboard sees is number "
        f"{dashboard[-1][0].number}",
    )
    buggy = customers.numbers("buggy")
    require(len(buggy) == 3, f"buggy raised at its third price, and was given {len(buggy)}")


def _reported_as_served(customers: _Customers, report: Any) -> None:
    ends = {
        "recorder": "closed",
        "gold desk": "closed",
        "dashboard": "closed",
        "buggy": "failed",
        "hung": "disconnected",
        "archive": "cancelled",
    }
    require(
        isinstance(report, dict) and set(report) == set(ends),
        f"close() is to return what became of each of {', '.join(ends)}, by name, not {report!r}",
    )
    for name, end in ends.items():
        served: Served = report[name]
        require(isinstance(served, Served), f"{name}: report it as Served(...), not {served!r}")
        require(served.end == end, f"{name} is reported as {served.end}, and was {end}")
        handled = len(customers.seen[name]) - (name in ("buggy", "hung", "archive"))
        require(
            served.handled == handled,
            f"{name} has handled {handled} prices, and the report says {served.handled}",
        )
    missed = PRICES // 2 - len(customers.seen["dashboard"])
    require(
        report["dashboard"].missed == missed,
        f"dashboard has missed {missed} prices of gold, and the report says "
        f"{report['dashboard'].missed}",
    )
    require(
        report["recorder"].missed == 0,
        f"recorder has missed nothing, and the report says {report['recorder'].missed}",
    )


async def _an_empty_day(feed_class: Callable[[], Any]) -> None:
    feed = feed_class()
    await feed.publish(Price("gold", 1900.0, 0))
    try:
        report = await feed.close(grace_s=GRACE_S)
    except ValueError as error:
        require(False, f"a feed without customers is closed, and close() raises {error!r}")
    require(report == {}, f"a feed without customers is closed, and reports {report!r}, not {{}}")


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _taken(inbox: Inbox[Price]) -> list[Price]:
    prices = [inbox.get_nowait() for _ in range(inbox.qsize())]
    return [price for price in prices if price is not None]


def _listed(prices: Iterable[Price]) -> str:
    return ", ".join(f"{price.symbol} {price.number}" for price in prices) or "none"


def _named(symbols: Iterable[str]) -> str:
    return " and ".join(sorted(symbols)) or "nothing"
