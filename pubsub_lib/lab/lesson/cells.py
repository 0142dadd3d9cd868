"""Knows which cell is running, and how busy the machine was meanwhile.

A claim about real time has to know whether other programs were in the way, from before the cell
began; so the clocks are read at the beginning and at the end of every cell, from the first on that
imports this.

>>> with_a_new_one = Cells()
>>> with_a_new_one.began()
>>> with_a_new_one.number
1
"""

import time
from collections import deque

from IPython.core.getipython import get_ipython

from pubsub_lib.lab.costs.contention import Contention, MachineUsage, contention_of, usage_now

#: The clocks go in steps of 10 ms or so: what a shorter time says of a machine is not worth much.
LONG_ENOUGH_S = 0.25


class Cells:
    """The cells that ran until now.

    Attributes:
        number: how many have begun; it tells whether two things happen in the same cell.
    """

    def __init__(self) -> None:
        self.number = 0
        self._began = usage_now()
        self._before: deque[MachineUsage] = deque(maxlen=100)

    def began(self, *_: object) -> None:
        """Note that a cell begins."""
        self.number += 1
        self._began = usage_now()

    def ended(self, *_: object) -> None:
        """Note that a cell has ended."""
        self._before.append(usage_now() - self._began)

    def contention(self) -> Contention:
        """Return how busy the machine was since the cell began.

        A cell that took no time speaks of what others have measured: then the cells before it count
        as well, and if all of them were short, how busy the machine is now.
        """
        usage = usage_now() - self._began
        for earlier in reversed(self._before):
            if usage.wall_s >= LONG_ENOUGH_S:
                break
            usage += earlier
        if usage.wall_s < LONG_ENOUGH_S:
            now = usage_now()
            time.sleep(LONG_ENOUGH_S - usage.wall_s)
            usage += usage_now() - now
        return contention_of(usage)


#: Those of this kernel.
CELLS = Cells()

if shell := get_ipython():
    shell.events.register("pre_run_cell", CELLS.began)
    shell.events.register("post_run_cell", CELLS.ended)
