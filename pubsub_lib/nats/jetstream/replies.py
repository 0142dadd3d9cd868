"""What readers tell the server of messages: that they were handled, or are to be sent again.

Whoever reads must not wait for the network at each message, so the answers go out in the
background, in order.

>>> from pubsub_lib.in_process.event_loop import HomeLoop
>>> async def acknowledge(envelope: Msg) -> None:
...     print("acknowledged", envelope.data)
>>> async def main() -> None:
...     home = HomeLoop("JetStreamPubSub")
...     home.check()
...     replies = Replies(BackgroundTasks(home))
...     replies.send([Msg(None, data=b"hello")], acknowledge)
...     await replies.sent()
>>> asyncio.run(main())
acknowledged b'hello'
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable

import nats.errors
from nats.aio.msg import Msg

from pubsub_lib.nats.background import BackgroundTasks

type Reply = Callable[[Msg], Awaitable[None]]


class Replies:
    """Answers the server, soon and in order.

    Args:
        tasks: where this goes on.
    """

    def __init__(self, tasks: BackgroundTasks) -> None:
        self._tasks = tasks
        self._waiting: list[tuple[Msg, Reply]] = []
        self._sending: asyncio.Task[None] | None = None

    def send(self, envelopes: Iterable[Msg], reply: Reply) -> None:
        """Tell the server, soon, how it is to go on with these messages."""
        self._waiting += [(envelope, reply) for envelope in envelopes]
        idle = self._sending is None or self._sending.done()
        if self._waiting and idle and self._tasks.can_start:
            # It begins at once, so that what is sent next takes the answers with it.
            self._sending = self._tasks.start_at_once(self._send())

    async def _send(self) -> None:
        while self._waiting:
            replies, self._waiting = self._waiting, []
            for envelope, reply in replies:
                # Without an answer the server delivers it again, which is always safe.
                with contextlib.suppress(OSError, nats.errors.Error):
                    await reply(envelope)

    async def sent(self) -> None:
        """Return when every answer is on its way."""
        if self._sending is not None:
            await asyncio.wait([self._sending])
