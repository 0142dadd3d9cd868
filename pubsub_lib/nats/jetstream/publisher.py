"""Stores messages in a stream: sends each until the server has confirmed it, many at a time.

This is what nats-py's `JetStreamContext.publish` does, with two differences. A message is sent
again when its answer cannot come any more, since the connection was lost or the server was killed;
the server knows it by its id, and stores it once. And a message costs no task and no object but the
future that its answer sets.

>>> overhead({MESSAGE_ID: "orders-7"})
35
"""

import asyncio
import json
from typing import override

import nats.errors
from nats.aio.msg import Msg
from nats.js import api

from pubsub_lib.nats.diagnosis import STORE_FULL, of_stream
from pubsub_lib.nats.errors import (
    NotConnected,
    PayloadTooLarge,
    StreamFull,
    Unconfirmed,
)
from pubsub_lib.nats.jetstream.recovery import Recovery
from pubsub_lib.nats.jetstream.stream import ASK_AGAIN_AFTER_S, REQUEST_TIMEOUT_S, Stream
from pubsub_lib.nats.watcher import ConnectionWatcher

MESSAGE_ID = api.Header.MSG_ID.value
# What the server answers when no stream takes the message, or JetStream is not ready.
UNAVAILABLE = 503
# The server's number of the error "maximum messages exceeded".
MAXIMUM_MESSAGES_EXCEEDED = 10077
# After so many bytes a publisher waits until they are sent. nats-py has a bound, too, but who waits
# there does not notice that it is cancelled, so a publish could not time out.
BYTES_ON_THE_WAY = 1024 * 1024


class StreamPublisher(ConnectionWatcher):
    """Puts messages into a stream.

    Args:
        stream: where they go.
        recovery: makes what a server has lost, before anything more is sent to it.
    """

    def __init__(self, stream: Stream, recovery: Recovery) -> None:
        self._stream = stream
        self._recovery = recovery
        self._inbox = ""
        self._attempts = 0
        self._answers: dict[str, asyncio.Future[Msg | None]] = {}
        stream.connection.watch(self)

    async def put(
        self, data: bytes, message_id: str, headers: dict[str, str] | None = None
    ) -> None:
        """Return when the server has stored a message, or had it before.

        Args:
            data: the message.
            message_id: what the server knows it by.
            headers: what else goes with it.

        Raises:
            StreamFull: if it holds as many as it may.
            StoreFull: if the server has no room for any more.
            PayloadTooLarge: if the server takes no message of this size.
            Unconfirmed: if the connection is closed meanwhile.
            NatsError: if the server refuses it.
        """
        connection, recovery = self._stream.connection, self._recovery
        headers = {MESSAGE_ID: message_id} | (headers or {})
        size, limit = len(data) + overhead(headers), connection.client.max_payload
        if size > limit:
            raise PayloadTooLarge(size, limit)
        sent = False
        while True:
            try:
                if not recovery.ready:
                    await recovery.until_ready()
                while connection.client.pending_data_size > BYTES_ON_THE_WAY:
                    await connection.confirm()
                answer = await self._attempt(data, headers)
            except NotConnected:
                if sent:
                    raise unconfirmed(message_id) from None
                raise
            if answer is not None:
                if self._confirms(answer):
                    return
                await asyncio.sleep(ASK_AGAIN_AFTER_S)
            sent = True

    async def _attempt(self, data: bytes, headers: dict[str, str]) -> Msg | None:
        """Send it, and return the server's answer, or `None` if none will come."""
        connection, loop = self._stream.connection, asyncio.get_running_loop()
        client = connection.client
        if not self._inbox:
            self._inbox = f"{client.new_inbox()}."
            await client.subscribe(f"{self._inbox}*", cb=self._answered)
        self._attempts += 1
        number = str(self._attempts)
        answer: asyncio.Future[Msg | None] = loop.create_future()
        self._answers[number] = answer
        timer = loop.call_later(REQUEST_TIMEOUT_S, _set, answer, None)
        try:
            await client.publish(self._stream.subject, data, self._inbox + number, headers)
            return await answer
        except nats.errors.Error as error:
            raise connection.named(error, len(data)) from error
        finally:
            timer.cancel()
            del self._answers[number]

    async def _answered(self, answer: Msg) -> None:
        waiting = self._answers.get(answer.subject[len(self._inbox) :])
        if waiting is not None:
            _set(waiting, answer)

    @override
    def connection_lost(self) -> None:
        for waiting in self._answers.values():
            _set(waiting, None)

    def _confirms(self, answer: Msg) -> bool:
        """Whether the server has the message; if not, it is worth another try."""
        stream = self._stream
        if answer.headers is not None:  # it says that no stream takes this subject
            self._recovery.begin()
            return False
        content = json.loads(answer.data)
        error = content.get("error")
        if error is None:
            stream.counts.duplicates_refused += content.get("duplicate", False)
            return True
        if error.get("err_code") == MAXIMUM_MESSAGES_EXCEEDED:
            raise StreamFull(stream.name)
        number, description = error.get("err_code"), error.get("description", "no reason given")
        if error["code"] == UNAVAILABLE and number not in STORE_FULL:
            return False
        raise of_stream(number, description, stream.connection.address, stream.name)


def checked_id(message_id: str) -> str:
    """Return an id for a message, or say what is wrong with it."""
    if not isinstance(message_id, str):
        raise TypeError(f"message_id is a string, not {message_id!r}")
    if message_id != message_id.strip() or len(message_id.splitlines()) > 1:
        raise ValueError(f"message_id is one line without blanks around it, not {message_id!r}")
    return message_id


def overhead(headers: dict[str, str]) -> int:
    """Return how many bytes go with a message, which count for the server's limit."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return len(f"NATS/1.0\r\n{lines}\r\n".encode())


def unconfirmed(message_id: str) -> Unconfirmed:
    """Return the error for a message that the server may have."""
    return Unconfirmed(1, f"publish again with message_id={message_id!r}, and it is stored once")


def _set(waiting: asyncio.Future[Msg | None], answer: Msg | None) -> None:
    if not waiting.done():
        waiting.set_result(answer)
