"""Stores messages in a stream: sends each until the server has confirmed it, many at a time.

This is what nats-py's `JetStreamContext.publish` does, with two differences. A message is sent
again when its answer cannot come any more, since the connection was lost or the server was killed;
the server knows it by its id, and stores it once. And a message costs no task. Several that are to
keep their order go through a `Pipeline`.

>>> Outgoing.of("orders", b"hello", "orders-7").size
40
"""

import asyncio
import json
from dataclasses import dataclass
from typing import NamedTuple, Self, override

import nats.errors
from nats.aio.msg import Msg
from nats.js import api

from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.diagnosis import STORE_FULL, of_stream
from pubsub_lib.nats.errors import (
    MOST_HAVE_TO_RUN,
    NatsError,
    NotConnected,
    PayloadTooLarge,
    StreamFull,
    Unconfirmed,
)
from pubsub_lib.nats.headers import overhead
from pubsub_lib.nats.jetstream.asking import ASK_AGAIN_AFTER_S
from pubsub_lib.nats.jetstream.recovery import Recovery
from pubsub_lib.nats.jetstream.stream import Stream

MESSAGE_ID = api.Header.MSG_ID.value
# What the server answers when no stream takes the message, or JetStream is not ready.
UNAVAILABLE = 503
# The server's number of whatever keeps it from storing a message, and what it says then if the
# stream has as many as it may.
NOT_STORED = 10077
MAXIMUM_MESSAGES_EXCEEDED = "maximum messages exceeded"
# The server's number of the error "duplicate message id is in process": it has the message, but a
# cluster has not agreed on it yet.
IN_PROCESS = 10158
# How long an answer may take before a message is sent again, in seconds, and how long while the
# servers of a cluster do not agree. One that was on its way while a cluster changed its leader gets
# none.
ANSWER_WITHIN_S = 2.0
ANSWER_WITHIN_WHILE_DISAGREEING_S = 1.0
# After how long without any answer the stream may be broken, in seconds.
SILENT_AFTER_S = 3.0
# After so many bytes a publisher waits until they are sent. nats-py has a bound, too, but who waits
# there does not notice that it is cancelled, so a publish could not time out.
BYTES_ON_THE_WAY = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for the stream.

    Attributes:
        subject: where it travels.
        data: the message.
        message_id: what the server knows it by.
        headers: what goes with it, the id included.
        size: how many bytes count for the server's limit.
    """

    subject: str
    data: bytes
    message_id: str
    headers: dict[str, str]
    size: int

    @classmethod
    def of(
        cls, subject: str, data: bytes, message_id: str, headers: dict[str, str] | None = None
    ) -> Self:
        """Return a message with its id, and perhaps with other headers."""
        headers = {MESSAGE_ID: message_id} | (headers or {})
        return cls(subject, data, message_id, headers, len(data) + overhead(headers))


type Confirmation = asyncio.Future[Msg | None]


class OnItsWay(NamedTuple):
    """A message that was sent, and not yet answered."""

    subject: str
    answer: Confirmation
    timer: asyncio.TimerHandle  #: gives it up


class StreamPublisher(ConnectionWatcher):
    """Puts messages into a stream.

    Args:
        stream: where they go.
        recovery: makes what a server has lost, before anything more is sent to it.

    Attributes:
        interruptions: how often the connection was lost, and all that was on its way with it.
        disagreeing: whether the servers of a cluster do not seem to agree on what to store.
    """

    def __init__(self, stream: Stream, recovery: Recovery) -> None:
        self.interruptions = 0
        self.disagreeing = False
        self._stream = stream
        self._recovery = recovery
        self._inbox = ""
        self._refused: tuple[str, NatsError] | None = None  # what was last, in lower case, and why
        self._attempts = 0
        self._unanswered_since: float | None = None  # by the loop's clock
        self._on_their_way: dict[str, OnItsWay] = {}
        stream.connection.watch(self)

    async def put(self, message: Outgoing) -> None:
        """Return when the server has stored a message, or had it before.

        Raises:
            StreamFull: if it holds as many as it may.
            StoreFull: if the server has no room for any more.
            PayloadTooLarge: if the server takes no message of this size.
            Unconfirmed: if the connection is closed meanwhile.
            NatsError: if the server refuses it.
        """
        self.check_size(message)
        sent = False
        while True:
            try:
                await self.until_ready()
                waiting = await self.send(message)
                sent = True
                answer = await waiting
                if answer is not None and self.confirms(answer):
                    return
            except NotConnected:
                if sent:
                    raise self.unconfirmed(message) from None
                raise
            if answer is not None:  # the server is not ready yet
                await asyncio.sleep(ASK_AGAIN_AFTER_S)

    def check_size(self, message: Outgoing) -> None:
        """Check that the server takes a message of this size.

        Raises:
            PayloadTooLarge: if not.
        """
        limit = self._stream.connection.client.max_payload
        if message.size > limit:
            raise PayloadTooLarge(message.size, limit)

    @property
    def ready(self) -> bool:
        """Whether a message can be sent without waiting."""
        pending = self._stream.connection.client.pending_data_size
        return self._recovery.ready and pending <= BYTES_ON_THE_WAY

    async def until_ready(self) -> None:
        """Wait until a message can be sent, through reconnections.

        Raises:
            NotConnected: if the connection is closed meanwhile.
        """
        while not self.ready:
            await self._recovery.until_ready()
            if not self.ready:
                await self._stream.connection.confirm()

    async def send(self, message: Outgoing) -> Confirmation:
        """Send a message, and return where the server's answer will be, or `None` if it is lost.

        Raises:
            NatsError: if it cannot be sent.
        """
        connection, loop = self._stream.connection, asyncio.get_running_loop()
        client = connection.client
        if self._refused is not None and self._refused[0] == message.subject.lower():
            (_, refusal), self._refused = self._refused, None
            raise refusal
        if not self._inbox:
            self._inbox = f"{client.new_inbox()}."
            await client.subscribe(f"{self._inbox}*", cb=self._answered)
        self._attempts += 1
        number = str(self._attempts)
        if self._unanswered_since is None:
            self._unanswered_since = loop.time()
        answer: Confirmation = loop.create_future()
        patience = ANSWER_WITHIN_WHILE_DISAGREEING_S if self.disagreeing else ANSWER_WITHIN_S
        timer = loop.call_later(patience, self._give_up, number)
        self._on_their_way[number] = OnItsWay(message.subject, answer, timer)
        try:
            await client.publish(
                message.subject, message.data, self._inbox + number, message.headers
            )
        except BaseException as error:
            self._settle(number, None)
            if isinstance(error, nats.errors.Error):
                raise connection.named(error, len(message.data)) from error
            raise
        return answer

    def unconfirmed(self, message: Outgoing) -> Unconfirmed:
        """Return the error for a message that the server may have."""
        return self.several_unconfirmed(
            1, f"publish again with message_id={message.message_id!r}, and it is stored once"
        )

    def several_unconfirmed(self, count: int, remedy: str) -> Unconfirmed:
        """Return the error for messages that the server may have."""
        connection = self._stream.connection
        # Or nothing could be sent again, since a server that is connected did not even tell of the
        # stream.
        silent = connection.connected and not self._recovery.ready
        if self.disagreeing or (silent and connection.client.in_cluster):
            remedy = f"its cluster may have no quorum: {MOST_HAVE_TO_RUN}; then {remedy}"
        elif self._recovery.failure is not None:
            remedy = f"its stream cannot be used: {self._recovery.failure}; then {remedy}"
        return Unconfirmed(count, remedy)

    async def _answered(self, answer: Msg) -> None:
        self._unanswered_since = None
        self._settle(answer.subject[len(self._inbox) :], answer)

    def _give_up(self, number: str) -> None:
        self.disagreeing = self._stream.connection.client.in_cluster
        since, now = self._unanswered_since, asyncio.get_running_loop().time()
        if not self.disagreeing and since is not None and now - since > SILENT_AFTER_S:
            self._unanswered_since = None
            self._stream.silent = True
            self._recovery.begin()
        self._settle(number, None)

    def _settle(self, number: str, answer: Msg | None) -> None:
        sent = self._on_their_way.pop(number, None)
        if sent is not None:
            sent.timer.cancel()
            if not sent.answer.done():
                sent.answer.set_result(answer)

    @override
    def connection_lost(self) -> None:
        self.interruptions += 1
        self._unanswered_since = None
        # It would be sent before what was lost on its way, and so be stored before it.
        self._stream.connection.client.discard_pending()
        for number in list(self._on_their_way):
            self._settle(number, None)

    @override
    def publish_refused(self, subject: str, error: NatsError) -> None:
        # It does not say of which message. Whoever tries again first is told, or is told it anew.
        for number, sent in list(self._on_their_way.items()):
            if sent.subject.lower() == subject:
                self._refused = subject, error
                self._settle(number, None)

    def confirms(self, answer: Msg) -> bool:
        """Return whether the server has the message; if not, it is worth another try.

        Raises:
            NatsError: if it is not.
        """
        stream = self._stream
        self.disagreeing = False
        if answer.headers is not None:  # it says that no stream takes this subject
            self._recovery.begin()
            return False
        content = json.loads(answer.data)
        error = content.get("error")
        if error is None:
            if (taken_by := content.get("stream", stream.name)) != stream.name:
                self._recovery.begin()
                raise NatsError(
                    f"the server has stored it in the stream {taken_by!r}, since {stream.name!r} "
                    "keeps this subject no longer, and no subscription of this broker gets it; "
                    "delete the other one, or give this broker another subject"
                )
            stream.counts.duplicates_refused += content.get("duplicate", False)
            return True
        number, description = error.get("err_code"), error.get("description", "no reason given")
        if number == NOT_STORED and description == MAXIMUM_MESSAGES_EXCEEDED:
            raise StreamFull(stream.name)
        if number == IN_PROCESS:
            self.disagreeing = True
            return False
        if error["code"] == UNAVAILABLE and number not in STORE_FULL:
            return False
        raise of_stream(number, description, stream.connection.address, stream.name)
