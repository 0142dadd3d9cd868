"""The market: changes a price, and then another, at the rate that it was told.

It is the load of the demonstration, and open: it publishes when it is time, however the visitors
keep up. One worker of a service has it.

>>> {type(price) for price in START.values()}
{<class 'float'>}
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator

from pubsub_lib.nats import NotConnected

logger = logging.getLogger(__name__)

#: Where prices begin.
START = {
    "CLOVES": 9.1,
    "COCOA": 8.2,
    "COFFEE": 6.4,
    "PEPPER": 7.3,
    "SAFFRON": 38.0,
    "SUGAR": 1.2,
    "TEA": 4.2,
    "VANILLA": 24.5,
}
LARGEST_STEP = 0.02
LEAST_PRICE = 0.05


async def run_market(publish: Callable[[str, float], Awaitable[object]], *, rate: float) -> None:
    """Publish each first price, and then `rate` changes a second, until it is cancelled."""
    clock = asyncio.get_running_loop().time
    due = clock()
    for number, (symbol, price) in enumerate(_changes()):
        if number >= len(START):
            due += 1 / rate
            await asyncio.sleep(due - clock())
        try:
            await publish(symbol, price)
        except NotConnected as error:
            logger.warning("a price was not published: %s", error)


def _changes() -> Iterator[tuple[str, float]]:
    """Yield every first price, and then one change after the other, without end."""
    prices = dict(START)
    yield from prices.items()
    while True:
        symbol = random.choice(list(prices))
        step = 1 + random.uniform(-LARGEST_STEP, LARGEST_STEP)
        prices[symbol] = max(round(prices[symbol] * step, 2), LEAST_PRICE)
        yield symbol, prices[symbol]
