"""What a service costs, and how old what it sends is when it arrives.

>>> import os
>>> used = usage_of(os.getpid())
>>> used.memory_mb > 1, used.processor_s > 0
(True, True)
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import psutil
from numpy.typing import NDArray

from pubsub_lib.lab.service.visitors import Visitor


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """What processes have taken.

    Attributes:
        memory_mb: what they hold now and share with nobody, in megabytes.
        processor_s: what they have computed since they began, in seconds.
    """

    memory_mb: float
    processor_s: float

    def __sub__(self, before: Self) -> "ProcessUsage":
        return ProcessUsage(
            self.memory_mb - before.memory_mb, self.processor_s - before.processor_s
        )


def usage_of(process_id: int) -> ProcessUsage:
    """Return what a process and those that it has started have taken."""
    memory_mb = processor_s = 0.0
    for process in family_of(process_id):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            memory_mb += process.memory_full_info().uss / 1e6
            times = process.cpu_times()
            processor_s += times.user + times.system
    return ProcessUsage(memory_mb, processor_s)


def family_of(process_id: int) -> list[psutil.Process]:
    """Return a process and those that it has started, and they, as long as they live."""
    try:
        parent = psutil.Process(process_id)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def ages_ms(visitors: Iterable[Visitor], *, since_s: float = 0.0) -> NDArray[np.float64]:
    """Return how old each price was when it arrived, in milliseconds.

    Args:
        visitors: who has read them.
        since_s: leave out what was sent before, in seconds since the epoch, as the last prices are
            that each visitor gets at first.
    """
    return np.array(
        [
            (event.at_s - event.data["sent"]) * 1e3
            for visitor in visitors
            for event in visitor.prices
            if event.data["sent"] >= since_s
        ]
    )
