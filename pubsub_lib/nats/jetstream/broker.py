"""The broker on a NATS server that keeps messages, and delivers each at least once (notebook 11).

The server stores what is published in a stream (docs.nats.io/nats-concepts/jetstream), until every
subscription has acknowledged it. The code stays the same, and this changes:

- `publish` returns when the server has stored the message. It is tried again until then, for up to
  `timeout` seconds; the server knows it by its number, and stores it once. Your own `message_id`
  does this beyond the end of the process. Only a server that has been killed does not know again
  what everybody had handled before.
- A subscription with a name lasts: what comes while nobody reads it is kept, and the next who
  subscribes by that name goes on where the last one stopped. Several that do so at the same time
  share the messages. One without a name ends when its reader leaves, or a minute after its death.
- Handling a message acknowledges it: by asking for the next one in `async for`, or by
  `task_done()`. What is not acknowledged within `ack_wait` seconds, because its reader was slow or
  has gone, is delivered again, and after later ones; after a restart of the server perhaps sooner.
  So a reader may see a message twice: give each an identity, and make handling it twice harmless.
- `maxsize` is how many messages a subscription may have that are not acknowledged. The others wait
  on the server, up to `max_messages` for the slowest; then publishing fails with `StreamFull`.
  Nothing is dropped, but what one without a name has not got when the broker is shut down.
- When the connection is lost it is made again, for ever. A server that comes back with an empty
  store has lost what it kept: `on_error` is told, and the stream and the subscriptions are made
  anew. Each of them misses what other processes publish before that.

>>> import asyncio
>>> from pubsub_lib import Message
>>> from pubsub_lib.nats import JetStreamPubSub, nats_server
>>> async def publish_two_and_handle_one(url: str) -> None:
...     async with (
...         JetStreamPubSub("orders", Message, url=url) as broker,
...         broker.subscribe(name="billing") as inbox,
...     ):
...         await broker.publish(Message("first"))
...         await broker.publish(Message("second"))
...         print(await inbox.get())
...         inbox.task_done()
>>> async def handle_another(url: str) -> None:
...     async with (
...         JetStreamPubSub("orders", Message, url=url) as broker,
...         broker.subscribe(name="billing") as inbox,
...     ):
...         print(await inbox.get())
...         inbox.task_done()
>>> with nats_server() as server:
...     asyncio.run(publish_two_and_handle_one(server.url))
...     asyncio.run(handle_another(server.url))  # on another day, in another process
Message(content='first')
Message(content='second')
"""

import asyncio
import contextlib
import math
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Self, override

from pubsub_lib.arguments import checked_maxsize, checked_timeout
from pubsub_lib.in_process.queue_broker import Where
from pubsub_lib.in_process.subscriber import Subscribers
from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.errors import NatsError, NotConnected
from pubsub_lib.nats.jetstream.consumer import LEAVING_TAKES_S, Consumer, checked_name
from pubsub_lib.nats.jetstream.publisher import StreamPublisher, unconfirmed
from pubsub_lib.nats.jetstream.stream import Stream, stream_name
from pubsub_lib.nats.jetstream.subscription import JetStreamSubscriberState, JetStreamSubscription
from pubsub_lib.nats.networked import NetworkedBroker
from pubsub_lib.reports import Delivery, ShutdownReport

STORED = Delivery(1)


class JetStreamStats(NamedTuple):
    """What the server and the network did to a broker's messages so far."""

    connected: bool  #: whether there is a connection now
    reconnects: int  #: how often it was made again
    stored: int  #: messages published here that the server has confirmed
    duplicates_refused: int  #: of these, the ones that it had already
    received: int  #: deliveries to subscriptions here, with those that were repeated
    redelivered: int  #: of these, the repeated ones
    undecodable: int  #: payloads that came in and were no messages


class JetStreamPubSub[T](NetworkedBroker[T, JetStreamSubscriberState[T]]):
    """Stores every message on the server, until every subscription to the subject has handled it.

    Args:
        subject: what all these processes call it: words with dots between, as `orders.new`.
        codec: turns messages into bytes and back, as for `NatsPubSub`.
        url: the server's address, as for `NatsPubSub`.
        maxsize: how many messages a subscription may have that it has not acknowledged.
        timeout: how long one publish may wait for the server to store it, in seconds; `None` for
            ever.
        ack_wait: how long the server waits for an acknowledgement before it delivers the message
            again, in seconds. It must be longer than handling `maxsize` messages takes.
        max_messages: how many messages the stream may hold.
        duplicate_window: how long the server knows a message again that is published twice, in
            seconds. It must be longer than `timeout`.
        stream: what the stream is called; by default after the subject.
        connect_timeout: how long to look for the server at first, in seconds; `None` for ever.
        on_error: is called with each `NatsError` that can be raised to nobody; by default they are
            logged as warnings.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument is out of its range.
    """

    def __init__(
        self,
        subject: str,
        codec: Codec[T] | type[T] | None = None,
        *,
        url: str | None = None,
        maxsize: int = 100,
        timeout: float | None = 10.0,
        ack_wait: float = 30.0,
        max_messages: int = 100_000,
        duplicate_window: float = 120.0,
        stream: str = "",
        connect_timeout: float | None = 2.0,
        on_error: Callable[[NatsError], object] | None = None,
    ) -> None:
        subscribers: Subscribers[JetStreamSubscriberState[T]] = Subscribers()
        super().__init__(maxsize, timeout, subscribers)
        self._set_up(
            subject,
            codec,
            url=url,
            connect_timeout=connect_timeout,
            send_buffer=0,  # a publish waits for the connection, and is not put into it
            on_error=on_error,
        )
        self._connection.on_failed = subscribers.fail
        self.ack_wait = _checked_seconds("ack_wait", ack_wait)
        self._publishing = 0
        self._published = asyncio.Event()
        self._publisher = secrets.token_hex(8)
        self._numbered = 0
        self._draining: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._stream = Stream(
            self._connection,
            self._home,
            self.subject,
            name=checked_name(stream) or stream_name(self.subject),
            max_messages=checked_maxsize(max_messages),
            duplicate_window=_checked_seconds("duplicate_window", duplicate_window),
        )
        # Not held by the connection, which would else hold the broker that holds these.
        self._consumers: list[Consumer[T]] = []
        self._stream.restored = partial(restored, self._stream, self._consumers)
        self._store = StreamPublisher(self._stream)

    @property
    def network(self) -> JetStreamStats:
        """What the server and the network did to this broker's messages so far."""
        counts = self._stream.counts
        return JetStreamStats(
            self._connection.connected,
            self._connection.reconnects,
            self._subscribers.accepted,
            counts.duplicates_refused,
            counts.received,
            counts.redelivered,
            self._decoder.undecodable,
        )

    def subscribe(
        self,
        *,
        name: str = "",
        where: Where[T] | None = None,
        maxsize: int | None = None,
        ack_wait: float | None = None,
    ) -> JetStreamSubscription[T]:
        """Return a subscription that receives every later message, and what was kept for its name.

        Await or enter it, to be sure that it gets all that is published from then on.

        Args:
            name: under which the server keeps what is not acknowledged, until `forget`. Without
                one, nothing is kept after the reader has left.
            where: says whether a message is wanted, as for `AsyncPubSub`. Others are acknowledged
                when they come in.
            maxsize: how many messages it may have that are not acknowledged, if not as many as the
                broker says. All who share a name give the same; the last decides.
            ack_wait: how long the server waits for an acknowledgement, in seconds, if not as long
                as the broker says.

        Raises:
            PubSubClosed: if the broker was shut down.
            TypeError: if an argument is of the wrong type.
            ValueError: if an argument is out of its range, or the name has other characters than
                letters, digits, - and _.
            NatsError: when it is awaited, entered or read, if the server cannot be reached or
                refuses it.
        """
        self._check_subscriber(where)
        state: JetStreamSubscriberState[T] = JetStreamSubscriberState(
            self._subscribers,
            self._home,
            name=name,
            where=where,
            maxsize=self.maxsize if maxsize is None else checked_maxsize(maxsize),
        )
        consumer = Consumer(
            self._stream,
            self._decoder,
            state,
            name=checked_name(name),
            ack_wait=self.ack_wait if ack_wait is None else _checked_seconds("ack_wait", ack_wait),
        )
        state.supply = consumer
        self._consumers[:] = [other for other in self._consumers if not other.gone] + [consumer]
        self._subscribers.join(state)
        if self._home.loop is not None:
            consumer.begin()
        subscription: JetStreamSubscription[T] = state.own_end()
        return subscription

    async def publish(self, message: T, *, message_id: str = "") -> Delivery:
        """StreamPublisher the message on the server, and return when it has it.

        Args:
            message: what to publish.
            message_id: what the server knows it by: the same one within `duplicate_window` seconds
                is stored once, whoever publishes it. By default it is a number of this broker's.

        Returns:
            `Delivery(1)`: the server has it. Who will read it is not known here.

        Raises:
            TypeError: if the message is `None`, or none that the codec knows.
            ValueError: if the codec cannot make bytes of it, or the id is not one line of text.
            PubSubClosed: if the broker was shut down.
            StreamFull: if the stream holds as many messages as it may.
            PayloadTooLarge: if the server takes no message of this size.
            Unconfirmed: if the server has not answered within `timeout` seconds. It may have the
                message: publish it again with the `message_id` that the error names.
            ServerUnreachable, AccessRefused: if there has been no connection yet, and none is made.
            RuntimeError: if the broker was first used on another event loop.
        """
        self._check_message(message)
        data = self._to_bytes(message)
        self._numbered += 1
        number = checked_id(message_id) or f"{self._publisher}.{self._numbered}"
        self._publishing += 1
        try:
            async with asyncio.timeout(self.timeout):
                await self._get_ready()
                await self._store.put(data, number)
        except TimeoutError:
            raise unconfirmed(number) from None
        finally:
            self._publishing -= 1
            if not self._publishing:
                self._published.set()
        self._subscribers.accepted += 1
        return STORED

    async def flush(self) -> None:
        """Wait until what the stream holds now has come in, for each subscription that has room.

        Those with a name are not waited for, since others may share it.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        self._home.check()
        await self._get_ready()
        last = await self._stream.last_sequence()
        for consumer in list(self._consumers):
            await consumer.arrived(last, or_full=True)

    async def forget(self, name: str) -> None:
        """Let the server forget a subscription by its name, with all that it keeps for it.

        Readers here get what they have, and the end; those in other processes get nothing more.
        Does nothing if there is none.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        self._home.check()
        checked_name(name)
        await self._stream.make()
        for consumer in self._consumers:
            if consumer.durable and consumer.name == name:
                consumer.state.leave()
                consumer.state.finish()
        await self._stream.forget(name)

    @override
    async def shutdown(self, *, timeout: float | None = 10.0) -> ShutdownReport:
        """Accept nothing more, wait until the subscribers have handled what they have, report what
        was left, and disconnect.

        Subscriptions without a name get all that was published before; what they do not get in
        time is counted as dropped. The others leave what has not come in to the server, and give
        back what is unread or not marked as done.

        Raises:
            TypeError, ValueError, RuntimeError: as `BaseBroker.shutdown`.
        """
        timeout = checked_timeout(timeout)
        loop = self._home.check()
        self._closed = True
        if self._draining is None:
            self._draining = self._stream.start(self._drain())
        began = loop.time()
        await asyncio.wait([self._draining], timeout=timeout)
        left = None if timeout is None else max(timeout - (loop.time() - began), 0)
        report = await super().shutdown(timeout=left)
        if self._leaving is None:
            self._leaving = loop.create_task(self._leave())
        await asyncio.shield(self._leaving)
        return report

    @override
    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            await self._get_ready()
        except BaseException:
            await self.shutdown(timeout=0)
            raise
        return self

    async def _get_ready(self) -> None:
        if not self._stream.made:
            await self._stream.make()
        if not all(consumer.ready for consumer in self._consumers):
            for consumer in list(self._consumers):
                await consumer.joined()

    async def _drain(self) -> None:
        while self._publishing:
            self._published.clear()
            await self._published.wait()
        consumers = sorted(self._consumers, key=lambda consumer: not consumer.durable)
        with contextlib.suppress(NatsError):
            for consumer in consumers:
                if not consumer.durable and self._stream.made:
                    await consumer.arrived(await self._stream.last_sequence())
                await consumer.stop()

    async def _leave(self) -> None:
        """Leave in good order if that is possible in a short time."""
        if self._draining is not None:
            self._draining.cancel()
        if self._connection.connected:
            with contextlib.suppress(NatsError, TimeoutError):
                async with asyncio.timeout(LEAVING_TAKES_S):
                    for consumer in self._consumers:
                        await consumer.leave()
                    await self._stream.replied()
                    await self._connection.confirm()
        await self._connection.close()
        await self._stream.end()

    def _release_publishers(self) -> None:
        """Nothing: a publish waits for the server alone, up to its own time-out."""


async def restored(stream: Stream, consumers: list[Consumer[Any]]) -> None:
    """Look whether a server that has come back still knows the stream and the consumers."""
    try:
        await stream.remake()
        for consumer in list(consumers):
            await consumer.remake()
    except NotConnected:
        pass  # it is over
    except NatsError as error:
        stream.connection.report(error)


def checked_id(message_id: str) -> str:
    """Return an id for a message, or say what is wrong with it."""
    if not isinstance(message_id, str):
        raise TypeError(f"message_id is a string, not {message_id!r}")
    if message_id != message_id.strip() or len(message_id.splitlines()) > 1:
        raise ValueError(f"message_id is one line without blanks around it, not {message_id!r}")
    return message_id


def _checked_seconds(name: str, seconds: float) -> float:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError(f"{name} is a number of seconds, not {seconds!r}")
    if not 0 < seconds < math.inf:
        raise ValueError(f"{name} must be more than 0 seconds, not {seconds}")
    return seconds
