"""What an operator sees of the visitors while one of them does not read, and what many cost.

>>> Lags(at=[0, 10, 20], lags=[0, 40, 100]).at_look(15)
40
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pubsub_lib.lab.service.measuring import ProcessUsage, ages_ms
from pubsub_lib.lab.service.price_board import PriceBoard
from pubsub_lib.lab.service.visitors import PATIENCE_S, Visitor

#: How often the operator looks, in seconds.
LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Lags:
    """How many messages waited for a visitor.

    Attributes:
        at: when, or after how many messages, it was looked at.
        lags: how many waited then.
        cut_off_at: when it was cut off; `None` if it was not.
        looks: when a monitoring system has looked.
    """

    at: Sequence[float]
    lags: Sequence[int]
    cut_off_at: float | None = None
    looks: Sequence[float] = field(default=())

    def at_look(self, look: float) -> int:
        """Return how many waited at a look."""
        before = [lag for at, lag in zip(self.at, self.lags, strict=True) if at <= look]
        return before[-1] if before else 0


async def watch_until_one_is_cut_off(
    board: PriceBoard, *names: str, clock: Callable[[], float]
) -> dict[str, Lags]:
    """Look at these visitors as an operator does, until one of them has lost something.

    Args:
        board: where they are.
        names: what they call themselves.
        clock: says when a look was, such as by the number of prices sent until then.

    Returns:
        Their lags, by name. It gives up after `PATIENCE_S`, and then nobody was cut off.
    """
    looks: list[float] = []
    lags: dict[str, list[int]] = {name: [] for name in names}
    cut_off: dict[str, float] = {}
    ends_s = time.monotonic() + PATIENCE_S
    while not cut_off and time.monotonic() < ends_s:
        seen = {visitor["visitor"]: visitor for visitor in await board.operator()}
        looks.append(clock())
        for name in names:
            visitor = seen.get(name, {"lag": 0, "dropped": 1})  # who is not there was cut off
            lags[name].append(visitor["lag"])
            if visitor["dropped"]:
                cut_off[name] = looks[-1]
        await asyncio.sleep(LOOK_EVERY_S)
    return {name: Lags(looks, lags[name], cut_off.get(name)) for name in names}


@dataclass(frozen=True, slots=True)
class VisitorLoad:
    """What visitors cost a service.

    Attributes:
        ages_ms: how old each price was when it arrived, in milliseconds.
        memory_mb: what all of them together take, in megabytes.
        processor_s: what the service computed for one delivery, in seconds.
    """

    ages_ms: NDArray[np.float64]
    memory_mb: float
    processor_s: float


async def measure_load(visitors: int, *, rate: float, prices: int) -> VisitorLoad:
    """Start a price board, let it send prices to visitors who read, and say what that costs.

    Args:
        visitors: how many there are.
        rate: how many prices a second.
        prices: how many are sent to each while it is measured.
    """
    async with PriceBoard(rate=rate, visitors_per_address=visitors) as board:
        empty = board.usage()
        async with board.visitors(visitors) as reading:
            before, began_s = board.usage(), time.time()
            for visitor in reading:
                await visitor.until(_has(visitor, prices, began_s))
            used: ProcessUsage = board.usage() - before
            ages = ages_ms(reading, since_s=began_s)
    return VisitorLoad(ages, (before - empty).memory_mb, used.processor_s / max(len(ages), 1))


def _has(visitor: Visitor, prices: int, since_s: float) -> Callable[[], bool]:
    return lambda: sum(event.data["sent"] >= since_s for event in visitor.prices) >= prices


async def wait_for_a_price(visitors: Iterable[Visitor]) -> None:
    """Wait until each visitor has a price; for `PATIENCE_S` at most."""
    for visitor in visitors:
        await visitor.until_it_has(1)


async def wait_for_signs_of_life(visitors: Iterable[Visitor]) -> None:
    """Wait until each visitor has heard from the service twice more, as it does every second.

    What was sent to it before has come by then. The first sign may have been on its way already.
    """
    expected = [(visitor, len(visitor.named("lag")) + 2) for visitor in visitors]
    for visitor, count in expected:
        await visitor.until(_has_heard(visitor, count))


def _has_heard(visitor: Visitor, count: int) -> Callable[[], bool]:
    return lambda: len(visitor.named("lag")) >= count
