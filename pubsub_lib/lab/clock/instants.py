"""Moments of the virtual clock: seconds to look at, whole nanoseconds to reckon with.

A float holds nanoseconds for the first 97 days only; after 2**24 s, which are 194 days, a timer of
a nanosecond is lost in it. So an instant is a float to everybody who looks at it, and remembers its
whole nanoseconds for those who add to it: asyncio's time-outs, which are `loop.time()` plus a
delay, stay exact however late it is.

>>> late = Instant(365 * 86400 * 10**9) + 0.000_000_001
>>> late
31536000.0
>>> late.nanoseconds
31536000000000001
>>> late - Instant(365 * 86400 * 10**9)
1e-09
"""

import math
from decimal import Decimal, localcontext
from typing import Self, overload, override

NANOSECONDS = 1_000_000_000  # in a second
# From here on, a float times 1e9 is off by more than half a nanosecond.
_LARGE_S = 2**20


def nanoseconds(seconds: float) -> int:
    """Return the whole number of nanoseconds nearest to a time.

    A large float is taken as it is written: 20000000.001 s are 20000000001000000 ns, although the
    float of that name is a little more.

    Raises:
        ValueError: if it is not a finite number.
    """
    if isinstance(seconds, Instant):
        return seconds.nanoseconds
    if not math.isfinite(seconds):
        raise ValueError(f"a time is a finite number of seconds, not {seconds!r}")
    if -_LARGE_S < seconds < _LARGE_S:
        return round(seconds * 1e9)
    with localcontext(prec=400):  # the largest float has 309 digits
        return int((Decimal(repr(float(seconds))) * NANOSECONDS).to_integral_value())


class Instant(float):
    """A time in seconds, which knows its whole nanoseconds, and adds and subtracts those.

    Attributes:
        nanoseconds: the same time, exactly.
    """

    __slots__ = ("nanoseconds",)
    nanoseconds: int

    def __new__(cls, exactly: int, seconds: float | None = None) -> Self:
        """Return the instant so many nanoseconds after the start.

        Args:
            exactly: the nanoseconds.
            seconds: the float it looks like, if that is not the nearest one.
        """
        instant = super().__new__(cls, exactly / NANOSECONDS if seconds is None else seconds)
        instant.nanoseconds = exactly
        return instant

    @override
    def __add__(self, seconds: float) -> float:
        if not isinstance(seconds, float | int) or not math.isfinite(seconds):
            return super().__add__(seconds)
        step = nanoseconds(seconds)
        if not step and seconds > 0:  # or whoever waits for a moment would wait for none
            step = 1
        return Instant(self.nanoseconds + step, super().__add__(seconds))  # the sum of any floats

    __radd__ = __add__

    @overload
    def __sub__(self, other: "Instant") -> float: ...
    @overload
    def __sub__(self, other: float) -> float: ...
    @override
    def __sub__(self, other: float) -> float:
        if isinstance(other, Instant):
            return (self.nanoseconds - other.nanoseconds) / NANOSECONDS
        return super().__sub__(other)

    # Two instants are in exact order, too: asyncio asks which timer is due first.

    @property
    def _order(self) -> tuple[int, float]:
        return self.nanoseconds, float(self)

    @override
    def __eq__(self, other: object) -> bool:
        return self._order == other._order if isinstance(other, Instant) else super().__eq__(other)

    @override
    def __ne__(self, other: object) -> bool:  # or it would be that of floats
        return not self == other

    __hash__ = float.__hash__

    @override
    def __lt__(self, other: float) -> bool:
        return self._order < other._order if isinstance(other, Instant) else super().__lt__(other)

    @override
    def __le__(self, other: float) -> bool:
        return self._order <= other._order if isinstance(other, Instant) else super().__le__(other)

    @override
    def __gt__(self, other: float) -> bool:
        return self._order > other._order if isinstance(other, Instant) else super().__gt__(other)

    @override
    def __ge__(self, other: float) -> bool:
        return self._order >= other._order if isinstance(other, Instant) else super().__ge__(other)

    @override
    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)  # in another process it is a number like any other
