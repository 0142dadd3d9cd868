"""How a broker leaves its server in good order: nothing is left half said, as far as there is time.

>>> Leaving.drain.__doc__.partition(",")[0]
'Return when all that was published has come in'
"""

import asyncio
import contextlib
from collections.abc import Collection
from typing import Any

from pubsub_lib.nats.errors import NatsError
from pubsub_lib.nats.jetstream.consumer import LEAVING_TAKES_S, Consumer
from pubsub_lib.nats.jetstream.dead_letters import DeadLetters
from pubsub_lib.nats.jetstream.publishing import Publishing
from pubsub_lib.nats.jetstream.stream import Stream


class Leaving:
    """Ends what one broker does on its server.

    Args:
        stream: where its messages are kept.
        consumers: what brings them, as many as there are at the time.
        publishing: what still publishes.
        dead_letters: what is still being set aside.
    """

    def __init__(
        self,
        stream: Stream,
        consumers: Collection[Consumer[Any]],
        publishing: Publishing,
        dead_letters: DeadLetters[Any],
    ) -> None:
        self._stream = stream
        self._consumers = consumers
        self._publishing = publishing
        self._dead_letters = dead_letters

    async def drain(self) -> None:
        """Return when all that was published has come in, for those without a name, and nothing
        more will.
        """
        await self._publishing.ended()
        with contextlib.suppress(NatsError):
            for consumer in sorted(self._consumers, key=lambda consumer: not consumer.durable):
                if not consumer.durable and self._stream.made:
                    await consumer.arrived(await self._stream.last_sequence(consumer.pattern))
                await consumer.stop()

    async def leave(self) -> None:
        """Give back what is not handled, say what was, and disconnect; if the server is slow,
        disconnect after a short time.
        """
        connection = self._stream.connection
        if connection.connected:
            with contextlib.suppress(NatsError, TimeoutError):
                async with asyncio.timeout(LEAVING_TAKES_S):
                    for consumer in self._consumers:
                        await consumer.leave()
                    await self._dead_letters.settled()
                    await self._stream.replies.sent()
                    await connection.confirm()
        for consumer in self._consumers:
            consumer.left()
        await connection.close()
        await self._stream.tasks.end()
