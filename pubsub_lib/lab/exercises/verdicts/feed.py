"""Exercise 12.3: the whole feed.

>>> from pubsub_lib.lab.exercises import examine
>>> examine("12.3", None).state
'not attempted yet'
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import (
    exercise,
    require,
)
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.traffic.price_feed import HandlePrice, Price, Served

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


@exercise("12.3", "everybody is served as they asked, nobody holds up the rest, nothing is left")
def check_feed(feed_class: Callable[[], Any]) -> None:
    """Refuse a feed in which one customer harms another, or that does not close cleanly."""
    run_virtual(_a_day_at_the_exchange(feed_class))
    run_virtual(_a_burst(feed_class))
    run_virtual(_an_empty_day(feed_class))


PRICES = 400
EVERY_S = 0.01
GRACE_S = 2.0
SYMBOLS = ("gold", "silver")
BURST = 100


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


async def _a_burst(feed_class: Callable[[], Any]) -> None:
    feed, customers = feed_class(), _Customers()
    feed.follow("desk", customers.handler("desk", lambda _: 0.15))
    await asyncio.sleep(1)
    start_s = _now_s()
    for number in range(BURST):
        await feed.publish(Price("gold", 1900.0, number))
    waited_s = _now_s() - start_s
    require(
        waited_s == 0,
        f"{BURST} prices come at once, a customer takes 0.15 s for each, and the publisher waits "
        f"for {waited_s:.3g} s; the inboxes are to have room for bursts of {BURST}",
    )
    await feed.close(grace_s=60)
    seen = len(customers.seen["desk"])
    require(
        seen == BURST,
        f"{BURST} prices come at once, and a customer that takes 0.15 s for each gets {seen}",
    )


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


def _named(symbols: Iterable[str]) -> str:
    return " and ".join(sorted(symbols)) or "nothing"
