"""How late the event loop is: the delay between asking to be woken and being woken.

An event loop runs one thing at a time. While a callback computes, or blocks, everything else waits;
that wait is the loop's lag. A heartbeat that asks to be woken at a steady interval measures it.

>>> import asyncio, time
>>> async def main() -> bool:
...     async with LoopLag(interval_s=0.001) as lag:
...         await asyncio.sleep(0.005)
...         time.sleep(0.05)
...     return bool(lag.table()["lag_s"].max() > 0.04)
>>> asyncio.run(main())
True
"""

import asyncio
from typing import TYPE_CHECKING, Self

from pubsub_lib.arguments import checked_positive

if TYPE_CHECKING:
    import pandas as pd


class LoopLag:
    """Measures, while its block runs, how late the loop wakes a task.

    Args:
        interval_s: the time between two heartbeats, in seconds.

    Raises:
        ValueError: if the interval is not positive, or has no end.
    """

    def __init__(self, *, interval_s: float = 0.001) -> None:
        self._interval_s = checked_positive("interval_s", interval_s, unit="seconds")
        self._beats: list[tuple[float, float]] = []
        self._task: asyncio.Task[None] | None = None

    def table(self) -> "pd.DataFrame":
        """Return a row per heartbeat: time_s (from the start) and lag_s (how late it came)."""
        import pandas as pd  # here, since to measure needs none

        return pd.DataFrame(self._beats, columns=["time_s", "lag_s"])

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._beat(), name="heartbeat")
        await asyncio.sleep(0)  # the heartbeat runs before what it is to measure
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._task is not None
        try:
            await asyncio.sleep(self._interval_s)  # a stall at the very end is measured too
        finally:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _beat(self) -> None:
        now = asyncio.get_running_loop().time
        start = now()
        while True:
            due = now() + self._interval_s
            await asyncio.sleep(self._interval_s)
            woken = now()
            self._beats.append((woken - start, woken - due))
