"""The broker on a NATS server, which delivers each message at most once (notebook 11).

A `NatsPubSub` is an `AsyncPubSub` whose messages take the way over a server. Each process has its
own, all with the same subject, and every subscriber of every process gets every message. What
changes, since a network is between them:

- A publisher does not know the subscribers: `Delivery(1)` says that the connection has the message.
  `flush()` says that the server has it. Each message is numbered, so what did not arrive is counted
  all the same, at the subscriber (`stats.dropped`), when a later one of its publisher arrives.
- Nobody waits for subscribers in another process. Within each process the rule is the same as ever,
  wait up to `timeout` and then `overflow`; but what is held up by that is not the publisher: up to
  `receive_buffer` messages wait, and more are dropped and counted.
- A message travels as bytes: each process makes its own object of them. Its bytes may not be those
  of a message: they are set aside, counted and reported.
- Joining takes the time of a way to the server. `await broker.subscribe()`, or entering it, returns
  when messages come in; from a subscription that is not awaited earlier ones may be missed.
- When the connection is lost it is made again, for ever. Meanwhile `send_buffer` bytes of messages
  are kept, and more are refused with `NotConnected`.

>>> import asyncio
>>> from pubsub_lib import Message
>>> from pubsub_lib.nats import NatsPubSub, nats_server
>>> async def main(url: str) -> None:
...     async with (
...         NatsPubSub("greetings", Message, url=url) as broker,
...         NatsPubSub("greetings", Message, url=url) as another,  # perhaps on another machine
...         another.subscribe() as inbox,
...     ):
...         await broker.publish(Message("hello"))
...         print(await inbox.get())
>>> with nats_server() as server:
...     asyncio.run(main(server.url))
Message(content='hello')
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import is_dataclass
from typing import Any, NamedTuple, Self, override

import nats.aio.msg
import nats.aio.subscription

from pubsub_lib.broker import LIKE_THE_BROKER, AsyncPubSub, Where
from pubsub_lib.inbox import Inbox, Mailbox, Mailboxes, Publication
from pubsub_lib.interfaces import Codec
from pubsub_lib.json_messages import Json
from pubsub_lib.lifecycle import checked_maxsize, checked_timeout
from pubsub_lib.nats.connection import Connection, SendStats
from pubsub_lib.nats.errors import NatsError, SlowConsumer, UndecodablePayload
from pubsub_lib.overflow import Overflow
from pubsub_lib.reports import Delivery, ShutdownReport

logger = logging.getLogger(__name__)

# How many payloads that do not decode are kept, the latest.
KEPT_ASIDE = 100
SENT = Delivery(1)


class NetworkStats(NamedTuple):
    """What the network did to a broker's messages so far."""

    connected: bool  #: whether there is a connection now
    reconnects: int  #: how often it was made again
    sending: SendStats  #: what became of the messages that were published here
    received: int  #: messages that came in
    lost: int  #: messages of others that did not come in, as the numbers show that came later
    undecodable: int  #: payloads that came in and were no messages


class Intake[T](Mailboxes[T]):
    """The mailboxes of this process, and what puts into them the messages that come in.

    Attributes:
        connection: the way to the server.
        set_aside: the latest payloads that did not decode.
    """

    def __init__(
        self, connection: Connection, subject: str, codec: Codec[T], receive_buffer: int
    ) -> None:
        super().__init__()
        self.connection = connection
        self.set_aside: deque[UndecodablePayload] = deque(maxlen=KEPT_ASIDE)
        self.received = 0
        self.lost = 0
        self.undecodable = 0
        self._subject = subject
        self._codec = codec
        self._receive_buffer = receive_buffer
        self._overflowing = False
        self._subscription: nats.aio.subscription.Subscription | None = None
        self._joining: asyncio.Task[None] | None = None
        self._next_numbers: dict[str, int] = {}

    @property
    @override
    def published(self) -> int:
        return self.connection.stats.sent

    @property
    def ready(self) -> bool:
        """Whether messages can be sent, and come in for those who have subscribed."""
        return self._subscription is not None or (self.connection.made and not self.backlogs)

    async def get_ready(self) -> None:
        """Connect, and let messages come in if there are subscribers."""
        await self.connection.connect()
        if self.backlogs:
            await asyncio.shield(self.begin())

    def begin(self) -> asyncio.Task[None]:
        """Let messages come in, soon."""
        if self._joining is None:
            self._joining = asyncio.get_running_loop().create_task(self._join())
            self._joining.add_done_callback(self._joined)
        return self._joining

    async def _join(self) -> None:
        await self.connection.connect()
        self._next_numbers.clear()
        self._subscription = await self.connection.client.subscribe(
            self._subject, cb=self._receive, pending_msgs_limit=self._receive_buffer
        )
        await self.connection.confirm()

    def _joined(self, joining: asyncio.Task[None]) -> None:
        if joining.cancelled() or joining.exception() is not None:
            self._joining = None
            if not joining.cancelled() and (error := joining.exception()) is not None:
                self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Close every subscription because of an error, which its reader is to see."""
        for mailbox in self.backlogs:
            mailbox.fail(error)

    async def _receive(self, received: nats.aio.msg.Msg) -> None:
        self.received += 1
        if received.reply:
            self._check_number(received.reply)
        if not self.backlogs:
            await self._leave()
            return
        try:
            message = self._codec.from_bytes(received.data)
            if message is None:
                raise ValueError("null stands for the end, and is no message")
        except Exception as error:
            self._put_aside(received, error)
            return
        full = self.offer(message)[1]
        if full:
            await Publication(message, full).settle(asyncio.get_running_loop())

    def _check_number(self, number: str) -> None:
        """Count what was lost between the last message of its publisher and this one."""
        publisher, _, digits = number.rpartition(".")
        try:
            sequence = int(digits)
        except ValueError:
            return  # not one of our numbers
        missing = sequence - self._next_numbers.get(publisher, sequence)
        self._next_numbers[publisher] = sequence + 1
        if missing > 0:
            self._count_lost(missing)

    def _count_lost(self, count: int) -> None:
        self.lost += count
        for mailbox in self.backlogs:
            mailbox.dropped += count

    def _put_aside(self, received: nats.aio.msg.Msg, reason: Exception) -> None:
        error = UndecodablePayload(received.subject, received.data, reason)
        self.undecodable += 1
        self.set_aside.append(error)
        self.connection.report(error)

    def slow_consumer(self, subject: str) -> None:
        """Report that messages are dropped, once each time it begins."""
        if not self._overflowing:
            self._overflowing = True
            self.connection.report(SlowConsumer(subject, self._receive_buffer))

    async def _leave(self) -> None:
        subscription, self._subscription = self._subscription, None
        self._joining = None
        if subscription is not None:
            await subscription.unsubscribe()

    async def drain(self) -> None:
        """Let nothing more in, and put into the mailboxes what has come in."""
        if self._joining is not None:
            await asyncio.wait([self._joining])
        if self.connection.made:
            await self.connection.confirm()
            if self._subscription is not None:
                await self._subscription.drain()  # type: ignore[no-untyped-call]

    def give_up(self) -> None:
        """Count what has come in and is in no mailbox as lost."""
        if self._subscription is not None:
            self._count_lost(self._subscription.pending_msgs)


class NatsMailbox[T](Mailbox[T]):
    """A mailbox whose messages come over a network, which has to be told that they are wanted."""

    __slots__ = ()
    _roster: Intake[T]

    @override
    def announce_reader(self) -> None:
        if not self.closed:
            self._roster.begin()

    async def get_ready(self) -> None:
        """Return when messages come in."""
        await self._roster.get_ready()


class NatsInbox[T](Inbox[T]):
    """A subscriber's own bounded queue of messages. Made by `NatsPubSub.subscribe()`."""

    _backlog: NatsMailbox[T]

    def __await__(self) -> Generator[Any, None, Self]:
        yield from self._backlog.get_ready().__await__()
        return self

    async def __aenter__(self) -> Self:
        return await self


class NatsPubSub[T](AsyncPubSub[T]):
    """Gives every message to every subscriber of the subject, in whatever process it is.

    Args:
        subject: what all these processes call it: words with dots between, as `prices.gold`.
        codec: turns messages into bytes and back: a `Serializable` message type, a dataclass, or
            a `Codec`; by default messages are what JSON knows.
        url: the server's address, `nats://host:port`, or `nats://TOKEN@host:port`; by default the
            environment's `NATS_URL`, or else a server on this machine.
        maxsize, timeout, overflow: as for `AsyncPubSub`, for the inboxes in this process.
        receive_buffer: how many messages may wait in this process before they reach an inbox.
        send_buffer: how many bytes of messages are kept while there is no connection. With 0 they
            are refused at once.
        connect_timeout: how long to look for the server at first, in seconds.
        on_error: is called with each `NatsError` that can be raised to nobody; by default they are
            logged as warnings.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument is out of its range, or the overflow policy is `RAISE`, since
            the publisher cannot be told.
    """

    _roster: Intake[T]
    _inbox_type: type[Inbox[T]] = NatsInbox[T]
    _mailbox_type: type[Mailbox[T]] = NatsMailbox[T]

    def __init__(
        self,
        subject: str,
        codec: Codec[T] | type[T] | None = None,
        *,
        url: str | None = None,
        maxsize: int = 100,
        timeout: float | None = 1.0,
        overflow: Overflow = Overflow.DROP_NEWEST,
        receive_buffer: int = 10_000,
        send_buffer: int = 2 * 1024 * 1024,
        connect_timeout: float = 2.0,
        on_error: Callable[[NatsError], object] | None = None,
    ) -> None:
        super().__init__(maxsize, timeout=timeout, overflow=_told_to_nobody(overflow))
        self.subject = checked_subject(subject)
        self._codec = codec_of(codec)
        self._on_error = on_error
        self._draining: asyncio.Task[None] | None = None
        self._connection = Connection(
            url,
            self._home,
            connect_timeout=checked_timeout(connect_timeout) or 0.0,
            send_buffer=send_buffer,
            report=on_error or logged,
            slow_consumer=lambda subject: intake.slow_consumer(subject),
        )
        intake = self._roster = Intake(
            self._connection, self.subject, self._codec, checked_maxsize(receive_buffer)
        )

    def __del__(self) -> None:
        super().__del__()
        if hasattr(self, "_connection"):
            self._home.call_soon(self._connection.abandon)

    @property
    def network(self) -> NetworkStats:
        """What the network did to this broker's messages so far."""
        intake, connection = self._roster, self._connection
        return NetworkStats(
            connection.connected,
            connection.reconnects,
            connection.stats,
            intake.received,
            intake.lost,
            intake.undecodable,
        )

    @property
    def set_aside(self) -> list[UndecodablePayload]:
        """The latest payloads that came in and did not decode, up to 100."""
        return list(self._roster.set_aside)

    @override
    def subscribe(
        self,
        *,
        name: str = "",
        where: Where[T] | None = None,
        maxsize: int | None = None,
        timeout: float | None = LIKE_THE_BROKER,
        overflow: Overflow | None = None,
    ) -> Inbox[T]:
        """Return an inbox of the subscriber's own, as `AsyncPubSub.subscribe` does.

        Await or enter it, to be sure that it gets all that is published from then on.

        Raises:
            ServerUnreachable, AccessRefused: when it is awaited, entered or read.
        """
        if overflow is not None:
            _told_to_nobody(overflow)
        inbox = super().subscribe(
            name=name, where=where, maxsize=maxsize, timeout=timeout, overflow=overflow
        )
        if self._home.loop is not None:
            self._roster.begin()
        return inbox

    @override
    async def publish(self, message: T) -> Delivery:
        """Send the message to every subscriber of the subject.

        Returns:
            `Delivery(1)`: the connection has it. Who will read it is not known here.

        Raises:
            TypeError: if the message is `None`, or none that the codec knows.
            ValueError: if the codec cannot make bytes of it.
            PubSubClosed: if the broker was shut down.
            ServerUnreachable, AccessRefused: if there has been no connection yet, and none is made.
            PayloadTooLarge: if the server takes no message of this size.
            NotConnected: if the connection is lost, and nothing more is kept for it.
            RuntimeError: if the broker was first used on another event loop.
        """
        self._admit_message(message)
        data = self._codec.to_bytes(message)
        roster = self._roster
        if not roster.ready:
            await roster.get_ready()
        await self._connection.send(self.subject, data)
        return SENT

    @override
    def publish_nowait(self, message: T) -> Delivery:
        """Not over a network: sending may have to wait for it.

        Raises:
            NotImplementedError: always; await `publish()`.
        """
        self._admit_message(message)
        raise NotImplementedError("sending over a network may have to wait: await publish()")

    async def flush(self) -> None:
        """Wait until the server has all that was published here, through reconnections.

        What it sends for it to subscribers of this process has then come in, too.

        Raises:
            NotConnected: if the connection is closed meanwhile.
            ServerUnreachable, AccessRefused: if there has been no connection yet.
        """
        self._home.check()
        await self._roster.get_ready()
        await self._connection.confirm()

    @override
    async def shutdown(self, *, timeout: float | None = 10.0) -> ShutdownReport:
        """Send and take in what is on its way, then do as `AsyncPubSub.shutdown`, and disconnect.

        What the server has not confirmed by then is reported as `Unconfirmed`.
        """
        timeout = checked_timeout(timeout)
        loop = self._home.check()
        self._closed = True
        if self._draining is None:
            self._draining = loop.create_task(self._roster.drain())
        began = loop.time()
        await asyncio.wait([self._draining], timeout=timeout)
        if self._draining.cancelled():
            pass  # an earlier shutdown has given up
        elif self._draining.done():
            self._draining.exception()  # there is no connection: what is unconfirmed is reported
        else:
            self._draining.cancel()
            self._roster.give_up()
        left = None if timeout is None else max(timeout - (loop.time() - began), 0)
        report = await super().shutdown(timeout=left)
        await self._connection.close()
        return report

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self._roster.get_ready()
        return self


def codec_of[T](codec: Codec[T] | type[T] | None) -> Codec[T]:
    """Return what turns such messages into bytes and back, or say what is wrong with it."""
    if codec is None:
        return Json()
    if callable(getattr(codec, "to_bytes", None)) and callable(getattr(codec, "from_bytes", None)):
        return codec  # type: ignore[return-value]
    if isinstance(codec, type) and is_dataclass(codec):
        return Json(codec)
    raise TypeError(
        f"codec is a dataclass, or has to_bytes() and from_bytes() as JsonMessage gives them, not "
        f"{codec!r}"
    )


def checked_subject(subject: str) -> str:
    """Return a subject, or say what is wrong with it."""
    if not isinstance(subject, str):
        raise TypeError(f"subject is a string, as 'prices.gold', not {subject!r}")
    if not re.fullmatch(r"[^\s.*>]+(\.[^\s.*>]+)*", subject):
        raise ValueError(f"subject is words with dots between, as 'prices.gold', not {subject!r}")
    return subject


def logged(error: NatsError) -> None:
    """Log an error, for whom nobody has said what to do with it."""
    logger.warning("%s", error)


def _told_to_nobody(overflow: Overflow) -> Overflow:
    if overflow is Overflow.RAISE:
        raise ValueError(
            "Overflow.RAISE cannot reach a publisher over a network; drop, or disconnect, and "
            "watch stats.dropped"
        )
    return overflow
