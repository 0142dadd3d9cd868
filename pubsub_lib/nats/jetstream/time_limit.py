"""Bounds what is asked of the server: who waits for an answer gets one in time, or an error.

Questions are asked again when the connection is lost, for as long as it takes. So without a bound
whoever asks a server that is gone would wait for ever.

>>> async def ask_in_vain(connection: Connection) -> None:
...     async with answering_within(connection, 0.01):
...         await asyncio.Event().wait()
>>> from pubsub_lib.in_process.event_loop import HomeLoop
>>> from pubsub_lib.nats.settings import connection_settings
>>> settings = connection_settings(url="nats://localhost")
>>> connection = Connection(settings, HomeLoop("JetStreamPubSub"))
>>> asyncio.run(ask_in_vain(connection))  # doctest: +ELLIPSIS
Traceback (most recent call last):
pubsub_lib.nats.connecting_errors.ServerUnreachable: ...no answer within 0.01 s...
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pubsub_lib.nats.connecting_errors import ServerUnreachable
from pubsub_lib.nats.connection import Connection


@asynccontextmanager
async def answering_within(connection: Connection, timeout: float | None) -> AsyncIterator[None]:
    """Give up what is done in this block after so many seconds; `None` for never.

    Raises:
        ServerUnreachable: if there is no connection then.
        JetStreamUnavailable: if there is one, but JetStream has not answered.
    """
    try:
        async with asyncio.timeout(timeout):
            yield
    except TimeoutError:
        reason = f"no answer within {timeout:g} s"
        if connection.connected:
            raise connection.unavailable(reason, silent=True) from None
        raise ServerUnreachable(connection.address, reason) from None
