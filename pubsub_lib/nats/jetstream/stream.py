"""A stream on the server: where published messages are stored until everybody has handled them.

>>> stream_name("prices.gold")
'prices_gold'
"""

import asyncio
import contextlib
import datetime
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.js import JetStreamContext, api
from nats.js.errors import (
    APIError,
    NoStreamResponseError,
    NotFoundError,
    ServiceUnavailableError,
)

from pubsub_lib.nats.background import BackgroundTasks
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.errors import NatsError, StreamLost
from pubsub_lib.nats.jetstream.replies import Replies
from pubsub_lib.nats.once import Once

# How long one request to the server may take before it is made again, in seconds.
REQUEST_TIMEOUT_S = 5.0
# How long to wait before asking a server again that is not yet ready, in seconds.
ASK_AGAIN_AFTER_S = 0.05
# How long a server may need until it is ready, which it is not without JetStream, in seconds.
READY_AFTER_S = 5.0


@dataclass(slots=True)
class Counts:
    """What happened to the messages of a stream here, in messages."""

    duplicates_refused: int = 0
    received: int = 0
    redelivered: int = 0


class Stream:
    """The stream of one subject.

    Args:
        connection: the way to the server.
        tasks: what looks after the stream in the background.
        subject: what is stored.
        name: what the server calls the stream.
        max_messages: how many it may hold; then publishing fails.
        duplicate_window: how long it knows a message again, in seconds.
        replicas: how many servers keep it.

    Attributes:
        connection, tasks, subject, name: as given.
        replies: what readers tell the server.
        counts: what happened to messages here.
        created: when the server made it, which tells it from another one of the same name.
        subscriptions: how many the server knew, of all processes, when it was last asked.
    """

    def __init__(
        self,
        connection: Connection,
        tasks: BackgroundTasks,
        subject: str,
        *,
        name: str,
        max_messages: int,
        duplicate_window: float,
        replicas: int,
    ) -> None:
        self.connection = connection
        self.tasks = tasks
        self.replies = Replies(tasks)
        self.subject = subject
        self.name = name
        self.counts = Counts()
        self.created: datetime.datetime | None = None
        self.subscriptions = 0
        self._config = api.StreamConfig(
            name=name,
            subjects=[subject],
            retention=api.RetentionPolicy.INTEREST,
            discard=api.DiscardPolicy.NEW,
            max_msgs=max_messages,
            duplicate_window=duplicate_window,
            num_replicas=replicas,
        )
        self._making = Once[None](tasks.start)

    @property
    def context(self) -> JetStreamContext:
        """What nats-py calls the client of JetStream."""
        return self.connection.client.jetstream(timeout=REQUEST_TIMEOUT_S)

    @property
    def made(self) -> bool:
        """Whether the server has had the stream."""
        return self.created is not None

    async def make(self) -> None:
        """Connect, and make the stream if it is not there.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        await self._making.run(self._make)

    async def _make(self) -> None:
        await self.connection.connect()
        self.created = await self._add()

    async def _add(self) -> datetime.datetime | None:
        information = await self.ask(lambda: self.context.add_stream(self._config))
        self.subscriptions = information.state.consumer_count
        return information.created

    async def remake(self) -> None:
        """Make the stream again if the server no longer has it, and report that."""
        before, self.created = self.created, await self._add()
        if before not in (None, self.created):
            self.connection.report(StreamLost(self.connection.address, self.name))

    async def is_lost(self) -> bool:
        """Return whether the server no longer has it, or has another one of this name."""
        try:
            information = await self.ask(lambda: found(self.context.stream_info(self.name)))
        except LookupError:
            return True
        self.subscriptions = information.state.consumer_count
        return information.created != self.created

    async def ask[R](self, request: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Make a request until the server answers it, through reconnections.

        Raises:
            NatsError: if the answer is an error, or the server has no JetStream.
        """
        loop, unavailable_since = asyncio.get_running_loop(), None
        while True:
            await self.connection.until_connected()
            try:
                return await self.connection.answers.unless_lost(request())
            except (ServiceUnavailableError, NoStreamResponseError, nats.errors.NoRespondersError):
                unavailable_since = unavailable_since or loop.time()
                if loop.time() > unavailable_since + READY_AFTER_S:
                    raise NatsError(
                        f"the server at {self.connection.address} keeps no messages; start it with "
                        "JetStream, as `nats-server -js`, or use NatsPubSub"
                    ) from None
                await asyncio.sleep(ASK_AGAIN_AFTER_S)
            except (ConnectionResetError, nats.errors.TimeoutError):
                unavailable_since = None
            except APIError as error:
                raise NatsError(
                    f"the server at {self.connection.address} says of the stream {self.name!r}: "
                    f"{error.description}; give every process the same settings, or the stream "
                    "another name"
                ) from error

    async def last_sequence(self) -> int:
        """Return the number of the message that was stored last."""
        information = await self.ask(lambda: self.context.stream_info(self.name))
        return information.state.last_seq

    async def consumer(self, name: str) -> api.ConsumerInfo | None:
        """Return what the server knows of the consumer of this name; `None` if there is none."""
        try:
            return await self.ask(lambda: found(self.context.consumer_info(self.name, name)))
        except LookupError:
            return None

    async def forget(self, consumer: str) -> None:
        """Delete a consumer, if there is one of this name."""
        with contextlib.suppress(LookupError):
            await self.ask(lambda: found(self.context.delete_consumer(self.name, consumer)))


async def found[R](request: Coroutine[Any, Any, R]) -> R:
    """Turn the server's answer that there is no such thing into a `LookupError`."""
    try:
        return await request
    except NotFoundError as error:
        raise LookupError from error


def stream_name(subject: str) -> str:
    """Return what the stream of a subject is called, where dots are not allowed."""
    return subject.replace(".", "_")
