"""A stream on the server: where published messages are stored until everybody has handled them.

>>> stream_name("prices.gold")
'prices_gold'
"""

import asyncio
import contextlib
import datetime
from dataclasses import dataclass

from nats.js import api
from nats.js.errors import APIError

from pubsub_lib.nats.background import BackgroundTasks
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.errors import NatsError, StreamLost
from pubsub_lib.nats.jetstream.asking import Request, ask, found
from pubsub_lib.nats.jetstream.configurations import why_it_cannot_serve
from pubsub_lib.nats.jetstream.replies import Replies
from pubsub_lib.nats.single_flight import SingleFlight

# The server's number of the error "stream name already in use with a different configuration".
OTHER_SETTINGS = 10058


class StreamChanged(Exception):
    """Somebody has made the stream anew while it was looked at: what was found out is of no use."""


@dataclass(slots=True)
class StreamCounts:
    """What happened to the messages of a stream here, in messages."""

    duplicates_refused: int = 0
    received: int = 0
    redelivered: int = 0
    copies_dropped: int = 0
    filter_raised: int = 0


class Stream:
    """The stream of one subject.

    Args:
        connection: the way to the server.
        tasks: what looks after the stream in the background.
        subject: what is stored, as people call it.
        pattern: on which of the server's subjects it travels (see `Routing.pattern_of`).
        name: what the server calls the stream.
        max_messages: how many it may hold; then publishing fails.
        duplicate_window: how long it knows a message again, in seconds.
        replicas: how many servers keep it.
        retention: how long it keeps a message; by default until all subscriptions have handled it.

    Attributes:
        connection, tasks, subject, pattern, name: as given.
        replies: what readers tell the server.
        counts: what happened to messages here.
        created: when the server made it, which tells it from another one of the same name.
        subscriptions: how many the server knew, of all processes, when it was last asked.
        last: the number of the message that was stored last, when somebody last looked.
        silent: whether a publisher has waited long for its answers.
        shared: whether it keeps what is not of this pattern, too.
    """

    def __init__(
        self,
        connection: Connection,
        tasks: BackgroundTasks,
        subject: str,
        *,
        pattern: str,
        name: str,
        max_messages: int,
        duplicate_window: float,
        replicas: int,
        retention: api.RetentionPolicy = api.RetentionPolicy.INTEREST,
    ) -> None:
        self.connection = connection
        self.tasks = tasks
        self.replies = Replies(tasks)
        self.subject = subject
        self.pattern = pattern
        self.name = name
        self.counts = StreamCounts()
        self.created: datetime.datetime | None = None
        self.subscriptions = 0
        self.last = 0
        self.shared = False
        self.silent = False
        self._empty_at: int | None = None  # its last number when it was made anew
        self._config = api.StreamConfig(
            name=name,
            subjects=[pattern],
            retention=retention,
            discard=api.DiscardPolicy.NEW,
            max_msgs=max_messages,
            duplicate_window=duplicate_window,
            num_replicas=replicas,
        )
        self._making = SingleFlight[None](tasks.start)

    def beside(self, *, name_ends: str, subject_begins: str) -> "Stream":
        """Return another stream of the same size, which keeps messages until they are deleted."""
        config = self._config
        return Stream(
            self.connection,
            self.tasks,
            subject_begins + self.subject,
            pattern=subject_begins + self.pattern,
            name=self.name + name_ends,
            max_messages=config.max_msgs or -1,
            duplicate_window=config.duplicate_window or 0,
            replicas=config.num_replicas or 1,
            retention=api.RetentionPolicy.LIMITS,
        )

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
        try:
            async with asyncio.timeout(self.connection.settings.connect_timeout):
                self.created = await self._add()
        except TimeoutError:
            raise self.connection.unavailable(
                "JetStream does not answer in time", silent=True
            ) from None

    async def _add(self) -> datetime.datetime | None:
        """Make it, or use one that somebody has made with other settings; return when it was made.

        Raises:
            NatsError: if the server does not make it, or the one that is there cannot serve.
        """
        try:
            information = await self.ask(lambda jetstream: jetstream.add_stream(self._config))
        except NatsError as refusal:
            reason = refusal.__cause__
            if not isinstance(reason, APIError) or reason.err_code != OTHER_SETTINGS:
                raise
            information = await self.ask(lambda jetstream: jetstream.stream_info(self.name))
            if obstacle := why_it_cannot_serve(information.config, self.pattern):
                raise NatsError(f"{refusal}; {obstacle}") from reason
        self.subscriptions = information.state.consumer_count
        self.last = information.state.last_seq
        self.shared = information.config.subjects != [self.pattern]
        return information.created

    async def remake(self) -> None:
        """Make the stream again if the server, which had it, no longer does, and report that."""
        if self.silent:
            self.silent = False
            await self._delete_if_broken()
        if self.connection.client.in_cluster and not await self.is_lost():
            return  # as its own leader says; who makes one waits for the leader of all, too
        before, self.created = self.created, await self._add()
        if before != self.created:
            self._empty_at = self.last
            self.connection.report(StreamLost(self.connection.address, self.name))

    async def _delete_if_broken(self) -> None:
        """Delete it if the server has made it anew while it was still deleting the one before.

        The server then deletes the files of the new one, too: it stores nothing and answers no
        publisher, until it is deleted in its turn (so does nats-server 2.15.1).
        """
        if self._empty_at is None:
            return
        with contextlib.suppress(LookupError):
            known = await self.ask(found(lambda jetstream: jetstream.stream_info(self.name)))
            is_the_same, state = known.created == self.created, known.state
            if is_the_same and not state.messages and state.last_seq == self._empty_at:
                await self.ask(found(lambda jetstream: jetstream.delete_stream(self.name)))

    async def is_lost(self) -> bool:
        """Return whether the server no longer has it, or has another one of this name."""
        try:
            information = await self.ask(found(lambda jetstream: jetstream.stream_info(self.name)))
        except LookupError:
            return True
        self.subscriptions = information.state.consumer_count
        self.last = information.state.last_seq
        return information.created != self.created

    async def ask[R](self, request: Request[R]) -> R:
        """Make a request until the server answers it (see `asking.ask`)."""
        return await ask(self.connection, request, stream=self.name)

    def is_all(self, pattern: str) -> bool:
        """Return whether all that the stream keeps is of this pattern."""
        return pattern == self.pattern and not self.shared

    async def last_sequence(self, pattern: str) -> int:
        """Return the number of the message of this pattern that was stored last.

        Where that is not all that the stream keeps, it is 0 if none of them is there any more.
        """
        if self.is_all(pattern):
            return (
                await self.ask(lambda jetstream: jetstream.stream_info(self.name))
            ).state.last_seq
        try:
            last = await self.ask(
                found(lambda jetstream: jetstream.get_last_msg(self.name, pattern))
            )
        except LookupError:
            return 0
        return last.seq or 0

    async def consumer(self, name: str) -> api.ConsumerInfo | None:
        """Return what the server knows of the consumer of this name; `None` if there is none."""
        try:
            return await self.ask(found(lambda jetstream: jetstream.consumer_info(self.name, name)))
        except LookupError:
            return None

    async def consumers(self) -> list[api.ConsumerInfo]:
        """Return what the server knows of all consumers."""
        known: list[api.ConsumerInfo] = []
        while True:
            offset = len(known)
            more = await self.ask(lambda jetstream: jetstream.consumers_info(self.name, offset))  # noqa: B023
            known += more
            if not more:
                return known

    async def forget(self, consumer: str) -> None:
        """Delete a consumer, if there is one of this name."""
        with contextlib.suppress(LookupError):
            await self.ask(found(lambda jetstream: jetstream.delete_consumer(self.name, consumer)))


def stream_name(subject: str) -> str:
    """Return what the stream of a subject is called, where dots are not allowed."""
    return subject.replace(".", "_")
