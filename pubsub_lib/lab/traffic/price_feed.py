"""The messages and reports of the final project, a live price feed (notebook 12).

>>> Price("gold", 1900.0, number=0)
Price(symbol='gold', value=1900.0, number=0)
>>> Served(handled=400, missed=0, end="closed")
Served(handled=400, missed=0, end='closed')
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

type HandlePrice = Callable[[Price], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs from now on.

    Attributes:
        symbol: what it is the price of, such as `gold`.
        value: the price, in euros.
        number: 0 for the feed's first price, 1 for the next.
    """

    symbol: str
    value: float
    number: int


class Served(NamedTuple):
    """What became of one customer of the feed."""

    handled: int  #: prices that its function has handled, without an error
    missed: int  #: prices for this customer that were dropped, as its inbox counts them
    #: `closed`: it got to the end of the feed; `failed`: its function raised; `disconnected`: it
    #: did not keep up; `cancelled`: it was still busy when the time for closing was over
    end: Literal["closed", "failed", "disconnected", "cancelled"]
