"""Who reads: the subscribers of a workload, fast, slow or dead.

>>> [reader.name for reader in (fast_reader(), slow_reader("till", service_time_s=0.02))]
['fast', 'till']
>>> dead_reader().pace
<Pace.DEAD: 'dead'>
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from pubsub_lib.arguments import checked_positive


class Pace(Enum):
    """How a reader keeps up; each has its colour and marker in every figure."""

    FAST = "fast"
    SLOW = "slow"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber of a workload. Made by `fast_reader`, `slow_reader` or `dead_reader`.

    Attributes:
        name: how tables and figures call it.
        pace: how it keeps up.
        service_time_s: how long it takes for one message, in seconds; infinitely long for the dead.

    Raises:
        TypeError: if the name is no string.
        ValueError: if the name is empty.
    """

    name: str
    pace: Pace
    service_time_s: float

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"a reader's name is a string, not {self.name!r}")
        if not self.name:
            raise ValueError("a reader needs a name, such as 'fast'")


def fast_reader(name: str = "fast") -> Reader:
    """Return a reader that handles a message in no time."""
    return Reader(name, Pace.FAST, 0.0)


def slow_reader(name: str = "slow", *, service_time_s: float) -> Reader:
    """Return a reader that takes `service_time_s` seconds for each message."""
    checked_positive("service_time_s", service_time_s, unit="seconds")
    return Reader(name, Pace.SLOW, service_time_s)


def dead_reader(name: str = "dead") -> Reader:
    """Return a reader that subscribes and never reads."""
    return Reader(name, Pace.DEAD, math.inf)


def require_readers(readers: Iterable[Reader]) -> tuple[Reader, ...]:
    """Return the readers of a workload.

    Raises:
        TypeError: if one is no reader.
        ValueError: if there is none, or two have the same name.
    """
    readers = tuple(readers)
    if not all(isinstance(reader, Reader) for reader in readers):
        raise TypeError("readers are made by fast_reader(), slow_reader() or dead_reader()")
    if not readers or len({reader.name for reader in readers}) < len(readers):
        raise ValueError("a workload needs at least one reader, and each name only once")
    return readers
