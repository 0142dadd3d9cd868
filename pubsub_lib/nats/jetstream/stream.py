"""A stream on the server: where published messages are stored until everybody has handled them.

>>> stream_name("prices.gold")
'prices_gold'
"""

import asyncio
import contextlib
import datetime
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

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.errors import NatsError

# How long one request to the server may take before it is made again, in seconds.
REQUEST_TIMEOUT_S = 5.0
# How long to wait before asking a server again that is not yet ready, in seconds.
ASK_AGAIN_AFTER_S = 0.05
# How long a server may need until it is ready, which it is not without JetStream, in seconds.
READY_AFTER_S = 5.0
# How long tasks may need to notice that the connection was closed, in seconds.
NOTICED_AFTER_S = 0.5


@dataclass(slots=True)
class Counts:
    """What happened to the messages of a stream here, in messages."""

    duplicates_refused: int = 0
    received: int = 0
    redelivered: int = 0


class Stream:
    """The stream of one subject, and the tasks that look after it.

    Args:
        connection: the way to the server.
        home: the event loop that it belongs to.
        subject: what is stored.
        name: what the server calls the stream.
        max_messages: how many it may hold; then publishing fails.
        duplicate_window: how long it knows a message again, in seconds.

    Attributes:
        counts: what happened to messages here.
        created: when the server made it, which tells it from another one of the same name.
        restored: looks whether the server still has the stream and what belongs to it.
        ended: whether the connection was closed, so that there is nothing more to do.
    """

    def __init__(
        self,
        connection: Connection,
        home: HomeLoop,
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
        self.created: datetime.datetime | None = None
        self.restored: Callable[[], Coroutine[Any, Any, None]]
        self._home = home
        self._config = api.StreamConfig(
            name=name,
            subjects=[subject],
            retention=api.RetentionPolicy.INTEREST,
            discard=api.DiscardPolicy.NEW,
            max_msgs=max_messages,
            duplicate_window=duplicate_window,
        )
        self._tasks: set[asyncio.Task[Any]] = set()
        self.ended = False
        self._making: asyncio.Task[None] | None = None
        self._restoring: asyncio.Task[None] | None = None
        self._replies: list[tuple[Msg, Callable[[Msg], Awaitable[None]]]] = []
        self._replying: asyncio.Task[None] | None = None
        connection.on_reconnected = self.restore

    @property
    def context(self) -> JetStreamContext:
        """What nats-py calls the client of JetStream."""
        return self.connection.client.jetstream(timeout=REQUEST_TIMEOUT_S)

    @property
    def made(self) -> bool:
        """Whether the server has had the stream."""
        return self.created is not None

    @property
    def ready(self) -> bool:
        """Whether the server can be expected to have it now."""
        return self.connection.connected and self._restoring is None

    async def until_ready(self) -> None:
        """Wait until there is a connection, and what the server has lost is there again.

        Raises:
            NotConnected: if the connection is closed meanwhile.
        """
        while not self.ready:
            await asyncio.sleep(0)  # nats-py may know that it is lost before it tells us
            await self.connection.until_connected()
            if self._restoring is not None:
                await asyncio.wait([self._restoring])

    async def make(self) -> None:
        """Connect, and make the stream if it is not there.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        if self._making is None:
            self._making = self.start(self._make())
            self._making.add_done_callback(self._not_making)
        await asyncio.shield(self._making)

    async def _make(self) -> None:
        await self.connection.connect()
        self.created = (await self._add()).created

    def _not_making(self, making: asyncio.Task[None]) -> None:
        if making.cancelled() or making.exception() is not None:
            self._making = None  # another try is allowed

    async def _add(self) -> api.StreamInfo:
        return await self.ask(lambda: self.context.add_stream(self._config))

    async def remake(self) -> None:
        """Make the stream again if the server has come back without it, and report that."""
        before, self.created = self.created, (await self._add()).created
        if before not in (None, self.created):
            self.connection.report(
                NatsError(
                    f"the server at {self.connection.address} has come back without the stream "
                    f"{self.name!r}: what it kept is lost; give it a store that lasts"
                )
            )

    def restore(self) -> None:
        """Look soon whether the server still has the stream and what belongs to it."""
        if self._restoring is not None:
            self._restoring.cancel()
        restoring = self._restoring = self.start(self.restored())
        restoring.add_done_callback(self._not_restoring)

    def _not_restoring(self, restoring: asyncio.Task[None]) -> None:
        if restoring is self._restoring:
            self._restoring = None

    async def ask[R](self, request: Callable[[], Coroutine[Any, Any, R]]) -> R:
        """Make a request until the server answers it, through reconnections.

        Raises:
            NatsError: if the answer is an error, or the server has no JetStream.
        """
        loop, unavailable_since = asyncio.get_running_loop(), None
        while True:
            await self.connection.until_connected()
            try:
                return await self.connection.unless_lost(request())
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

    async def has(self, consumer: str) -> bool:
        """Return whether the server knows a consumer of this name."""
        try:
            await self.ask(lambda: found(self.context.consumer_info(self.name, consumer)))
        except LookupError:
            return False
        return True

    async def forget(self, consumer: str) -> None:
        """Delete a consumer, if there is one of this name."""
        with contextlib.suppress(LookupError):
            await self.ask(lambda: found(self.context.delete_consumer(self.name, consumer)))

    # What readers tell the server.

    def reply(self, deliveries: list[Msg], answer: Callable[[Msg], Awaitable[None]]) -> None:
        """Answer the server, soon and in order: how it is to go on with these messages."""
        self._replies += [(delivery, answer) for delivery in deliveries]
        idle = self._replying is None or self._replying.done()
        if self._replies and idle and self.can_start:
            # It begins at once, so that what is sent next takes the answers with it.
            replying = asyncio.Task(self._send_replies(), loop=self._home.loop, eager_start=True)
            self._replying = self._keep(replying)

    async def _send_replies(self) -> None:
        while self._replies:
            replies, self._replies = self._replies, []
            for delivery, answer in replies:
                # Without an answer the server delivers it again, which is always safe.
                with contextlib.suppress(nats.errors.Error):
                    await answer(delivery)

    async def replied(self) -> None:
        """Return when every answer is on its way."""
        if self._replying is not None:
            await asyncio.wait([self._replying])

    # Its tasks.

    def start[R](self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """Do something in the background, until it is done or everything ends."""
        loop = self._home.loop or self._home.check()
        return self._keep(loop.create_task(work))

    def _keep[R](self, task: asyncio.Task[R]) -> asyncio.Task[R]:
        if not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task

    async def end(self) -> None:
        """Wait for the tasks to end. To be called when the connection was closed."""
        self.ended = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=NOTICED_AFTER_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def can_start(self) -> bool:
        """Whether anything can still be done in the background."""
        loop = self._home.loop
        return not self.ended and loop is not None and not loop.is_closed()


async def found[R](request: Coroutine[Any, Any, R]) -> R:
    """Turn the server's answer that there is no such thing into a `LookupError`."""
    try:
        return await request
    except NotFoundError as error:
        raise LookupError from error


def stream_name(subject: str) -> str:
    """Return what the stream of a subject is called, where dots are not allowed."""
    return subject.replace(".", "_")
