"""Makes anew what a server has lost that has come back: the stream, and its consumers.

>>> Recovery.ready.__doc__
'Whether the server can be expected to have everything now.'
"""

import asyncio
from collections.abc import Iterable
from typing import Any, override

from pubsub_lib.nats.errors import NatsError, NotConnected
from pubsub_lib.nats.jetstream.consumer import Consumer
from pubsub_lib.nats.jetstream.stream import Stream
from pubsub_lib.nats.once import Once
from pubsub_lib.nats.watcher import ConnectionWatcher


class Recovery(ConnectionWatcher):
    """Looks after each interruption whether the server still has the stream and the consumers.

    Args:
        stream: what it should have.
        consumers: and these, as many as there are at the time.
    """

    def __init__(self, stream: Stream, consumers: Iterable[Consumer[Any]]) -> None:
        self._stream = stream
        self._consumers = consumers
        self._recovering = Once[None](stream.tasks.start)
        stream.connection.watch(self)

    @property
    def ready(self) -> bool:
        """Whether the server can be expected to have everything now."""
        going_on = self._recovering.begun and not self._recovering.ended
        return self._stream.connection.connected and not going_on

    async def until_ready(self) -> None:
        """Wait until there is a connection, and what the server has lost is there again.

        Raises:
            NotConnected: if the connection is closed meanwhile.
        """
        while not self.ready:
            await asyncio.sleep(0)  # nats-py may know that it is lost before it tells us
            await self._stream.connection.until_connected()
            await self._recovering.settled()

    def begin(self) -> None:
        """Look soon whether the server still has everything. What was begun before is given up."""
        self._recovering.cancel()
        self._recovering.forget()
        self._recovering.begin(self.recover)

    async def recover(self) -> None:
        """Look whether the server has the stream and the consumers, and make what it lacks."""
        try:
            await self._stream.remake()
            for consumer in list(self._consumers):
                await consumer.remake()
        except NotConnected:
            pass  # it is over
        except NatsError as error:
            self._stream.connection.report(error)

    @override
    def connection_restored(self) -> None:
        self.begin()

    @override
    def connection_failed(self, error: NatsError) -> None:
        for consumer in list(self._consumers):
            if consumer.inbox.in_use:
                consumer.inbox.fail(error)
