"""A stream on the server: where published messages are stored until everybody has handled them.

>>> stream_name("prices.gold")
'prices_gold'
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api
from nats.js.errors import (
    APIError,
    NoStreamResponseError,
    NotFoundError,
    ServiceUnavailableError,
)

from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.errors import NatsError, PayloadTooLarge, StreamFull, Unconfirmed

# The server's number of the error "maximum messages exceeded".
MAXIMUM_MESSAGES_EXCEEDED = 10077
# How long one request to the server may take before it is made again, in seconds.
REQUEST_TIMEOUT_S = 5.0
# How long to wait before asking a server again that is not yet ready, in seconds.
ASK_AGAIN_AFTER_S = 0.05


@dataclass(slots=True)
class Counts:
    """What happened to the messages of a stream here, in messages."""

    duplicates_refused: int = 0
    received: int = 0
    redelivered: int = 0
    undecodable: int = 0


class Stream:
    """The stream of one subject.

    Args:
        connection: the way to the server.
        subject: what is stored.
        name: what the server calls the stream.
        max_messages: how many it may hold; then publishing fails.
        duplicate_window: how long it knows a message again, in seconds.

    Attributes:
        counts: what happened to messages here.
    """

    def __init__(
        self,
        connection: Connection,
        subject: str,
        *,
        name: str,
        max_messages: int,
        duplicate_window: float,
    ) -> None:
        self.connection = connection
        self.subject = subject
        self.name = name
        self.counts = Counts()
        self._config = api.StreamConfig(
            name=name,
            subjects=[subject],
            retention=api.RetentionPolicy.INTEREST,
            discard=api.DiscardPolicy.NEW,
            max_msgs=max_messages,
            duplicate_window=duplicate_window,
        )
        self._making: asyncio.Task[None] | None = None
        self._replies: list[tuple[Msg, Callable[[Msg], Awaitable[None]]]] = []
        self._replying: asyncio.Task[None] | None = None
        self.restoring: asyncio.Task[None] | None = None

    @property
    def context(self) -> JetStreamContext:
        """What nats-py calls the client of JetStream."""
        return self.connection.client.jetstream(timeout=REQUEST_TIMEOUT_S)

    @property
    def made(self) -> bool:
        """Whether the server has the stream."""
        return self._making is not None and self._making.done()

    async def make(self) -> None:
        """Connect, and make the stream if it is not there.

        Raises:
            NatsError: if the server refuses it.
        """
        if self._making is None:
            self._making = asyncio.get_running_loop().create_task(self._make())
        try:
            await asyncio.shield(self._making)
        except NatsError:
            self._making = None
            raise

    async def _make(self) -> None:
        await self.connection.connect()
        await self.ask(lambda: self.context.add_stream(self._config))

    async def remake(self) -> None:
        """Make the stream again, if the server has come back without it."""
        await self.ask(lambda: self.context.add_stream(self._config))

    async def ask[R](self, request: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Make a request until the server answers it, through reconnections.

        Raises:
            NatsError: if the answer is an error.
        """
        while True:
            await self.connection.until_connected()
            try:
                return await self.connection.unless_lost(request())
            except (ServiceUnavailableError, NoStreamResponseError, nats.errors.NoRespondersError):
                await asyncio.sleep(ASK_AGAIN_AFTER_S)  # it has started, and is reading its files
            except (ConnectionResetError, nats.errors.TimeoutError):
                pass
            except APIError as error:
                raise NatsError(
                    f"the server at {self.connection.address} says of the stream {self.name!r}: "
                    f"{error.description}; give every process the same settings, or the stream "
                    "another name"
                ) from error

    async def store(self, data: bytes, message_id: str, timeout: float | None) -> None:
        """Return when the server has stored a message, or had it before.

        Raises:
            StreamFull: if it holds as many as it may.
            PayloadTooLarge: if the server takes no message of this size.
            Unconfirmed: if it has not answered in time.
        """
        connection = self.connection
        if len(data) > connection.client.max_payload:
            raise PayloadTooLarge(len(data), connection.client.max_payload)
        headers = {api.Header.MSG_ID.value: message_id}
        try:
            async with asyncio.timeout(timeout):
                confirmation = await self.ask(
                    lambda: self._publish(data, headers),
                )
        except TimeoutError:
            raise Unconfirmed(
                1, f"publish again with message_id={message_id!r}, and it is stored once"
            ) from None
        self.counts.duplicates_refused += bool(confirmation.duplicate)

    async def _publish(self, data: bytes, headers: dict[str, str]) -> api.PubAck:
        try:
            return await self.context.publish(
                self.subject, data, stream=self.name, headers=dict(headers)
            )
        except APIError as error:
            if error.err_code == MAXIMUM_MESSAGES_EXCEEDED:
                raise StreamFull(self.name) from error
            raise
        except nats.errors.OutboundBufferLimitError as error:
            raise ConnectionResetError from error

    async def last_sequence(self) -> int:
        """Return the number of the message that was stored last."""
        information = await self.ask(lambda: self.context.stream_info(self.name))
        return information.state.last_seq

    async def forget(self, consumer: str) -> None:
        """Delete a consumer, if there is one of this name."""
        with contextlib.suppress(LookupError):
            await self.ask(lambda: found(self.context.delete_consumer(self.name, consumer)))

    # What readers tell the server.

    def reply(self, deliveries: list[Msg], answer: Callable[[Msg], Awaitable[None]]) -> None:
        """Answer the server, soon and in order: how it is to go on with these messages."""
        self._replies += [(delivery, answer) for delivery in deliveries]
        if self._replies and (self._replying is None or self._replying.done()):
            self._replying = asyncio.get_running_loop().create_task(self._send_replies())

    async def _send_replies(self) -> None:
        while self._replies:
            replies, self._replies = self._replies, []
            for delivery, answer in replies:
                # Without an answer the server delivers the message again, which is always safe.
                with contextlib.suppress(nats.errors.Error):
                    await answer(delivery)

    async def replied(self) -> None:
        """Return when every answer is on its way."""
        if self._replying is not None:
            await asyncio.wait([self._replying])


async def found[R](request: Coroutine[Any, Any, R]) -> R:
    """Turn the server's answer that there is no such thing into a `LookupError`."""
    try:
        return await request
    except NotFoundError as error:
        raise LookupError from error


def stream_name(subject: str) -> str:
    """Return what the stream of a subject is called, where dots are not allowed."""
    return subject.replace(".", "_")
