"""Logs lost messages: a line now and then with their sum, not one for each.

A broker that drops, drops much. The first loss is logged at once, so that nobody has to wait to
learn of it; later ones are summed up, for `EVERY_S` seconds at least.

>>> import asyncio
>>> import sys
>>> from pubsub_lib.in_process.event_loop import HomeLoop
>>> logging.getLogger(__name__).addHandler(handler := logging.StreamHandler(sys.stdout))
>>> async def main() -> None:
...     home, losses = HomeLoop("AsyncPubSub"), LossLog()
...     home.check()
...     for _ in range(1000):
...         losses.add(1, home)
>>> asyncio.run(main())
subscribers of this AsyncPubSub missed 1 messages: read faster, raise maxsize, or wait longer
>>> logging.getLogger(__name__).removeHandler(handler)
"""

import logging
import math

from pubsub_lib.in_process.event_loop import HomeLoop

logger = logging.getLogger(__name__)

EVERY_S = 10.0  #: seconds of the event loop's clock between two lines


class LossLog:
    """What the subscribers of one broker have missed since the last line about it."""

    __slots__ = ("_next_s", "_unreported")

    def __init__(self) -> None:
        self._unreported = 0
        self._next_s = -math.inf

    def add(self, count: int, home: HomeLoop) -> None:
        """Note that so many messages were lost; log the sum if the last line is long ago."""
        self._unreported += count
        now_s = home.loop.time() if home.loop is not None else math.inf
        if self._unreported and now_s >= self._next_s:
            logger.warning(
                "subscribers of this %s missed %d messages: read faster, raise maxsize, or wait "
                "longer",
                home.owner,
                self._unreported,
            )
            self._unreported = 0
            self._next_s = now_s + EVERY_S
