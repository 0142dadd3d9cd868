"""The event loop's clock, virtual or real, counted from when the stopwatch is made.

>>> import asyncio
>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> async def main() -> list[float]:
...     await asyncio.sleep(10)
...     clock = Stopwatch()
...     times_s = []
...     for due_s in (1.0, 3.0, 2.0):
...         await clock.wait_until(due_s)
...         times_s.append(clock.elapsed_s())
...     return times_s
>>> run_virtual(main())
[1.0, 3.0, 3.0]
"""

import asyncio


class Stopwatch:
    """Measures from now on, on the running event loop.

    Raises:
        RuntimeError: if no event loop is running.
    """

    def __init__(self) -> None:
        self._now = asyncio.get_running_loop().time
        self._start = self._now()

    def elapsed_s(self) -> float:
        """Return how long it has been running, in seconds."""
        return self._now() - self._start

    def on_the_loop_s(self, time_s: float) -> float:
        """Return what the loop's own clock shows then, as `asyncio.timeout_at` wants it."""
        return self._start + time_s

    async def wait_until(self, time_s: float) -> None:
        """Sleep until it shows so many seconds; return at once if it is later already."""
        if (wait_s := time_s - self.elapsed_s()) > 0:
            await asyncio.sleep(wait_s)
