"""Exercise 12.1: the newest price.

>>> from pubsub_lib.lab.exercises import examine
>>> def like_everybody(broker, symbol):
...     return broker.subscribe()
>>> examine("12.1", like_everybody).explanation
'gold 1, 2 and 3 and silver 4 were published, nobody has read, and waiting are gold 1, gold 2, \
gold 3, silver 4; it should be gold 3 alone'
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import (
    exercise,
    require,
)
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.traffic.price_feed import Price

hints(
    "12.1",
    "`subscribe(where=...)` takes a function of a price; the bound of one is maxsize=1.",
    "`timeout=0` never waits, and of the overflow policies one makes room for what is new.",
)


@exercise("12.1", "the newest price of one symbol waits, and the publisher waits for nobody")
def check_newest_price(newest_price: Callable[..., Any]) -> None:
    """Refuse a subscription that holds old or other prices, or holds the publisher up."""
    for symbol, other in (("gold", "silver"), ("silver", "tin")):
        run_virtual(_holds_the_newest(newest_price, symbol, other))


async def _holds_the_newest(newest_price: Callable[..., Any], symbol: str, other: str) -> None:
    broker = AsyncPubSub[Price](maxsize=100)
    settings = _settings(broker)
    every_price = broker.subscribe(name="every price")
    inbox = newest_price(broker, symbol)
    require(
        isinstance(inbox, Inbox),
        f"return the inbox that broker.subscribe() gives you, not {inbox!r}",
    )
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    for number, named in enumerate((symbol, symbol, symbol, other), start=1):
        await broker.publish(Price(named, number, number))
    waited_s = loop.time() - start_s
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
    changed = [name for name, value in _settings(broker).items() if value != settings[name]]
    require(
        not changed,
        f"you have changed the broker's {' and '.join(changed)}, and whoever subscribes after "
        "that has it, too; give it to subscribe(), for this inbox alone",
    )


def _settings(broker: AsyncPubSub[Price]) -> dict[str, object]:
    """What somebody who subscribes now gets."""
    newcomer = broker.subscribe(name="newcomer")
    settings: dict[str, object] = {
        "maxsize": newcomer.maxsize,
        "timeout": broker.timeout,
        "overflow": broker.overflow,
    }
    newcomer.close()
    return settings


def _taken(inbox: Inbox[Price]) -> list[Price]:
    prices = [inbox.get_nowait() for _ in range(inbox.qsize())]
    return [price for price in prices if price is not None]


def _listed(prices: Iterable[Price]) -> str:
    return ", ".join(f"{price.symbol} {price.number}" for price in prices) or "none"
