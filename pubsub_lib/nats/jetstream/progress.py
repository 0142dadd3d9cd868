"""Tells the server that messages are being worked on, so that it does not deliver them again.

A handler may take longer than the server waits for an acknowledgement. Whoever reads in an
`async for` is known to be at work until it asks for the next message. So the server is told, three
times in each `ack_wait` for as long as that lasts: of what is at hand, and what waits behind it.

>>> progress = Progress(HomeLoop("JetStreamPubSub"), lambda: [], print, every=10)
>>> progress.running
False
"""

import asyncio
from collections.abc import Callable

from nats.aio.msg import Msg

from pubsub_lib.in_process.event_loop import HomeLoop

TIMES_IN_ACK_WAIT = 3


class Progress:
    """Says now and then of what messages it knows that they are being worked on.

    Args:
        home: the event loop that it belongs to.
        at_hand: returns these messages; with none it ends, until it is begun again.
        tell: is given them.
        every: how often to do so, in seconds.
    """

    def __init__(
        self,
        home: HomeLoop,
        at_hand: Callable[[], list[Msg]],
        tell: Callable[[list[Msg]], object],
        *,
        every: float,
    ) -> None:
        self._home = home
        self._at_hand = at_hand
        self._tell = tell
        self._every = every
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        """Whether it will look again by itself."""
        return self._timer is not None

    def begin(self) -> None:
        """Look from now on, if it does not do so already."""
        if self._timer is None and self._home.loop is not None:
            self._timer = self._home.loop.call_later(self._every, self._look)

    def _look(self) -> None:
        self._timer = None
        if messages := self._at_hand():
            self._tell(messages)
            self.begin()
