"""The publishes of one broker: each has an id and a time limit, and says in the end what is stored.

>>> checked_ids(["a", "b"], 2)
['a', 'b']
>>> checked_ids(["a", "b"], 3)
Traceback (most recent call last):
ValueError: message_ids has to name each of the 3 messages, not 2
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pubsub_lib.errors import carry
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.errors import NatsError, NotConnected, name_unconfirmed
from pubsub_lib.nats.jetstream.pipeline import Pipeline
from pubsub_lib.nats.jetstream.publisher import Outgoing, StreamPublisher
from pubsub_lib.nats.jetstream.recovery import Recovery
from pubsub_lib.reports import Deliveries

SAID_BY_THE_ERROR = (
    "unconfirmed_in(error) says which, and with which message_ids to publish them again, so that "
    "each is stored once"
)


class Publishing:
    """Publishes for one broker.

    Args:
        publisher: the way to the stream.
        recovery: makes the stream, and lets the broker's subscriptions join.
        connection: whose identity is part of the ids.

    Attributes:
        stored: how many messages the server has confirmed.
    """

    def __init__(
        self, publisher: StreamPublisher, recovery: Recovery, connection: Connection
    ) -> None:
        self.stored = 0
        self._publisher = publisher
        self._recovery = recovery
        self._connection = connection
        self._numbered = 0
        self._going_on = 0
        self._ended = asyncio.Event()

    async def one(
        self,
        subject: str,
        data: bytes,
        message_id: str,
        headers: dict[str, str],
        timeout: float | None,
    ) -> None:
        """Store one message; without an id it is given one.

        Raises:
            NatsError: if it is not stored, or that is not known.
        """
        message = Outgoing.of(subject, data, message_id or self._next_id(), headers)
        try:
            async with self._limited(timeout):
                await self._publisher.put(message)
        except TimeoutError:
            raise self._publisher.unconfirmed(message) from None
        self.stored += 1

    async def many(
        self,
        payloads: Sequence[tuple[str, bytes]],
        message_ids: Sequence[str],
        timeout: float | None,
    ) -> None:
        """Store several messages in order, each on its subject, many on their way at once.

        Raises:
            NatsError: if not all are stored, or that is not known; it says which are not.
            CancelledError: it says so, too.
        """
        messages = [
            Outgoing.of(subject, data, message_id or self._next_id())
            for (subject, data), message_id in zip(payloads, message_ids, strict=True)
        ]
        pipeline = Pipeline(self._publisher, messages)
        try:
            async with self._limited(timeout):
                await pipeline.run()
        except (TimeoutError, NatsError, asyncio.CancelledError) as error:
            left = {place: messages[place].message_id for place in pipeline.unconfirmed}
            end: BaseException = error
            if isinstance(error, asyncio.CancelledError):
                stored = len(messages) - len(left)
                carry(error, Deliveries(stored, stored))
            elif isinstance(error, TimeoutError) or (
                isinstance(error, NotConnected) and pipeline.begun
            ):
                end = self._publisher.several_unconfirmed(len(left), SAID_BY_THE_ERROR)
            name_unconfirmed(end, left)
            if end is error:
                raise
            raise end from None
        finally:
            self.stored += len(messages) - len(pipeline.unconfirmed)

    async def ended(self) -> None:
        """Return when nothing is being published any more."""
        while self._going_on:
            self._ended.clear()
            await self._ended.wait()

    @asynccontextmanager
    async def _limited(self, timeout: float | None) -> AsyncIterator[None]:
        self._going_on += 1
        try:
            async with asyncio.timeout(timeout):
                await self._recovery.get_ready()
                yield
        finally:
            self._going_on -= 1
            if not self._going_on:
                self._ended.set()

    def _next_id(self) -> str:
        self._numbered += 1
        return f"{self._connection.identify()}.{self._numbered}"


def checked_id(message_id: str) -> str:
    """Return an id for a message, or say what is wrong with it."""
    if not isinstance(message_id, str):
        raise TypeError(f"message_id is a string, not {message_id!r}")
    if message_id != message_id.strip() or len(message_id.splitlines()) > 1:
        raise ValueError(f"message_id is one line without blanks around it, not {message_id!r}")
    return message_id


def checked_ids(message_ids: Sequence[str] | None, count: int) -> list[str]:
    """Return ids for so many messages, empty ones if none are given, or say what is wrong."""
    if message_ids is None:
        return [""] * count
    if isinstance(message_ids, str):
        raise TypeError(f"message_ids is one for each message, not the string {message_ids!r}")
    ids = [checked_id(each) for each in message_ids]
    if len(ids) != count:
        raise ValueError(f"message_ids has to name each of the {count} messages, not {len(ids)}")
    return ids
