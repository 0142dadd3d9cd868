"""Logs lost messages: a line now and then with their sum, not one for each.

A broker that drops, drops much. The first loss is logged at the loop's next turn, so that nobody
has to wait to learn of it; later ones are summed up, for `EVERY_S` seconds at least, or until the
broker is shut down. A log may be handled by anything, so nothing is logged in the middle of a drop.

>>> import sys
>>> from pubsub_lib.in_process.event_loop import HomeLoop
>>> logging.getLogger(__name__).addHandler(handler := logging.StreamHandler(sys.stdout))
>>> async def main() -> None:
...     home, losses = HomeLoop("AsyncPubSub"), LossLog()
...     home.check()
...     for _ in range(1000):
...         losses.add(1, home)
>>> asyncio.run(main())
subscribers of this AsyncPubSub missed 1000 messages: read faster, raise maxsize, or wait longer
>>> logging.getLogger(__name__).removeHandler(handler)
"""

import asyncio
import contextlib
import logging
import math

from pubsub_lib.in_process.event_loop import HomeLoop

logger = logging.getLogger(__name__)

EVERY_S = 10.0  #: seconds of the event loop's clock between two lines


class LossLog:
    """What the subscribers of one broker have missed since the last line about it."""

    __slots__ = ("_next_s", "_reporting", "_unreported")

    def __init__(self) -> None:
        self._unreported = 0
        self._next_s = -math.inf
        self._reporting: asyncio.Handle | None = None

    def add(self, count: int, home: HomeLoop) -> None:
        """Note that so many messages were lost; soon log the sum, if the last line is long ago."""
        self._unreported += count
        if home.loop is not None and home.loop.time() >= self._next_s:
            self.report_soon(home)

    def report_soon(self, home: HomeLoop) -> None:
        """Log at the loop's next turn what was lost since the last line, if anything was."""
        if self._unreported and self._reporting is None and home.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._reporting = home.loop.call_soon(self._report, home, home.loop)

    def _report(self, home: HomeLoop, loop: asyncio.AbstractEventLoop) -> None:
        count, self._unreported = self._unreported, 0
        self._reporting = None
        self._next_s = loop.time() + EVERY_S
        if count:
            logger.warning(
                "subscribers of this %s missed %d messages: read faster, raise maxsize, or wait "
                "longer",
                home.owner,
                count,
            )
