"""The broker on a NATS server that keeps messages, and delivers each at least once (notebook 11).

The server stores what is published in a stream (docs.nats.io/nats-concepts/jetstream), until every
subscription has acknowledged it. The code stays the same, and this changes:

- `publish` returns when the server has stored the message. It is tried again until then, for up to
  `timeout` seconds; the server knows it by its number, and stores it once. Your own `message_id`
  does this beyond the end of the process. Only a server that has been killed does not know again
  what everybody had handled before. `publish_many` has many messages on their way at once.
- A subscription with a name lasts: what comes while nobody reads it is kept, and the next who
  subscribes by that name goes on where the last one stopped. Several that do so at the same time
  share the messages. `named_subscriptions()` lists the names, and `forget()` ends one. A
  subscription without a name ends when its reader leaves, or a minute after its death.
- Handling a message acknowledges it: by asking for the next one in `async for`, or by
  `task_done()`. What is not acknowledged within `ack_wait` seconds, because its reader was slow or
  has gone, is delivered again, and after later ones; after a restart of the server perhaps sooner.
  While an `async for` or a handler is at work the server is told so, and waits longer, as long as
  that does not block the event loop.
  So a reader may see a message twice: give each an identity, and make handling it twice harmless.
- A message on which its reader fails is delivered again, later each time (`backoff`): if a handler
  of a `HandlerGroup` raises, if the body of an `async for` raises or leaves it, or if the reader
  says so with `task_failed(error)`. `subscription.tries` says which try it is. After `max_tries`
  it is set aside, as a dead letter; so is at once what does not decode, and what a filter raises
  on. `dead_letters()` lists them, `network.dead_letters` counts them, and `put_back()` lets the
  subscription try again. They survive in a stream of their own, `orders_dead` beside `orders`.
- With `Published` messages, as `Topics` sends them, each has a subject of its own below the
  broker's, and the server keeps and sends for a subscription what matches its pattern.
- `maxsize` is how many messages a subscription may have that are not acknowledged. The others wait
  on the server, up to `max_messages` for the slowest; then publishing fails with `StreamFull`.
  Nothing is dropped, but what one without a name has not got when the broker is shut down.
- When the connection is lost it is made again, for ever. A server that comes back with an empty
  store has lost what it kept, as if somebody had deleted it. That is noticed within seconds, while
  connected too: a stream is made anew, and a subscription without a name, which counts as dropped
  what it has missed, as far as that is known; `on_error` is told. The readers of a name that was
  deleted get `SubscriptionForgotten`. `network.subscriptions` says how many there are.

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
from collections.abc import Sequence
from typing import Self, Unpack, override

from pubsub_lib.arguments import (
    checked_maxsize,
    checked_seconds,
    checked_timeout,
    checked_whole_number,
)
from pubsub_lib.in_process.subscriber import SHUT_DOWN
from pubsub_lib.in_process.subscribers import Subscribers
from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.background import BackgroundTasks
from pubsub_lib.nats.decoding import codec_of
from pubsub_lib.nats.jetstream.administration import AdministeredBroker
from pubsub_lib.nats.jetstream.consumer import Consumer, checked_name
from pubsub_lib.nats.jetstream.dead_letters import DeadLetters
from pubsub_lib.nats.jetstream.leaving import Leaving
from pubsub_lib.nats.jetstream.publisher import StreamPublisher
from pubsub_lib.nats.jetstream.publishing import Publishing
from pubsub_lib.nats.jetstream.publishing_broker import PublishingBroker
from pubsub_lib.nats.jetstream.recovery import Recovery
from pubsub_lib.nats.jetstream.redelivery import BACKOFF_S, DEFAULT_REDELIVERY, MAX_TRIES
from pubsub_lib.nats.jetstream.statistics import JetStreamStats, statistics
from pubsub_lib.nats.jetstream.stream import Stream, stream_name
from pubsub_lib.nats.jetstream.subscribing_broker import SubscribingBroker
from pubsub_lib.nats.networked_broker import checked_subject
from pubsub_lib.nats.routing import Routing, carries_subjects
from pubsub_lib.nats.settings import ConnectionOptions, connection_settings
from pubsub_lib.nats.single_flight import SingleFlight
from pubsub_lib.nats.transport import Transport
from pubsub_lib.reports import BrokerStats, ShutdownReport


class JetStreamPubSub[T](PublishingBroker[T], SubscribingBroker[T], AdministeredBroker[T]):
    """Stores every message on the server, until every subscription to the subject has handled it.

    Args:
        subject: what all these processes call it: words with dots between, as `orders.new`.
        codec: turns messages into bytes and back, as for `NatsPubSub`.
        maxsize: how many messages a subscription may have that it has not acknowledged.
        timeout: how long one publish may wait for the server to store it, in seconds; `None` for
            ever. Awaiting a subscription, and looking after names and dead letters, wait no longer.
        ack_wait: how long the server waits for an acknowledgement before it delivers the message
            again, in seconds. For who reads with `get()` it must be longer than handling `maxsize`
            messages takes; in an `async for` and in handlers it is prolonged. What the server is
            just sending to a reader that leaves comes to another one after this time, too.
        max_tries: how often a message is tried that always fails; then it is set aside. Each
            delivery is a try. `None` for ever.
        backoff: how long to wait before a message is tried again on which its reader has failed, in
            seconds: after the first try, after the second, and so on; the last one is for all that
            follow.
        max_messages: how many messages the stream may hold. A stream that somebody has made with
            other settings is used as it is, if it keeps messages until they are handled.
        duplicate_window: how long the server knows a message again that is published twice, in
            seconds. It must be longer than `timeout`.
        stream: what the stream is called; by default after the subject.
        replicas: how many servers of a cluster keep the stream, from 1 to 5. With 3 of them one
            can be lost, and nothing is.
        connection: where the server is, and what lets us in, as for `NatsPubSub`. Within
            `connect_timeout` JetStream has to answer, too.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument is out of its range.
        FileNotFoundError, ModuleNotFoundError, CredentialsUnusable: as `NatsPubSub`.
    """

    def __init__(
        self,
        subject: str,
        codec: Codec[T] | type[T] | None = None,
        *,
        maxsize: int = 100,
        timeout: float | None = 10.0,
        ack_wait: float = 30.0,
        max_tries: int | None = MAX_TRIES,
        backoff: Sequence[float] = BACKOFF_S,
        max_messages: int = 100_000,
        duplicate_window: float = 120.0,
        stream: str = "",
        replicas: int = 1,
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        # All that can be wrong is found before there is a broker that would have to be shut down.
        self.subject = checked_subject(subject)
        codec = codec_of(codec)
        # A publish waits for the connection, and is not put into it.
        settings = connection_settings(send_buffer=0, **connection)
        stream = checked_name(stream) or stream_name(self.subject)
        self.ack_wait = checked_seconds("ack_wait", ack_wait)
        self.redelivery = DEFAULT_REDELIVERY.but(max_tries=max_tries, backoff=backoff)
        max_messages = checked_maxsize(max_messages)
        duplicate_window = checked_seconds("duplicate_window", duplicate_window)
        replicas = checked_whole_number("replicas", replicas, unit="servers", least=1, most=5)
        super().__init__(maxsize, timeout, Subscribers())
        routing = Routing(self.subject, by_subject=carries_subjects(codec))
        self._transport = Transport(self, self._home, settings, codec, routing)
        self._tasks = BackgroundTasks(self._home)
        self._stream = Stream(
            self._transport.connection,
            self._tasks,
            self.subject,
            pattern=routing.pattern_of(None),
            name=stream,
            max_messages=max_messages,
            duplicate_window=duplicate_window,
            replicas=replicas,
        )
        self._consumers: list[Consumer[T]] = []
        self._recovery = Recovery(self._stream, self._consumers)
        publisher = StreamPublisher(self._stream, self._recovery)
        self._publishing = Publishing(publisher, self._recovery, self._transport.connection)
        self._dead_letters = DeadLetters(self._stream, publisher, self._transport.decoder)
        self._leaving = Leaving(self._stream, self._consumers, self._publishing, self._dead_letters)
        self._draining = SingleFlight[None](self._tasks.start, again=False)
        self._disconnecting = SingleFlight[None](again=False)

    @property
    def network(self) -> JetStreamStats:
        """What the server and the network did to this broker's messages so far."""
        return statistics(
            self._stream,
            self._consumers,
            stored=self._publishing.stored,
            undecodable=self._transport.decoder.undecodable,
            dead_letters=self._dead_letters.count,
            dropped=self.stats.dropped,
        )

    @property
    @override
    def stats(self) -> BrokerStats:
        """What this broker has done so far; `published` are the messages that it has stored."""
        return super().stats._replace(published=self._publishing.stored)

    async def flush(self) -> None:
        """Wait until what the stream holds now has come in, for each subscription that has room.

        Those with a name are not waited for, since others may share it. While there is no server
        this waits until there is one again.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        self._home.check()
        await self._recovery.get_ready()
        patterns = {self._stream.pattern, *(consumer.pattern for consumer in self._consumers)}
        last = {pattern: await self._stream.last_sequence(pattern) for pattern in patterns}
        for consumer in list(self._consumers):
            await consumer.arrived(last.get(consumer.pattern, 0), or_full=True)

    @override
    async def shutdown(self, *, timeout: float | None = 10.0) -> ShutdownReport:
        """Accept nothing more, wait until the subscribers have handled what they have, report what
        was left, and disconnect.

        Subscriptions without a name get all that was published before; what they do not get in
        time is counted as dropped. The others leave what has not come in to the server, and give
        back what is unread or not marked as done. If this is cancelled, it goes on without waiting
        for the subscribers.

        Raises:
            TypeError, ValueError, RuntimeError: as `BaseBroker.shutdown`.
        """
        timeout = checked_timeout(timeout)
        loop = self._home.check()
        self._closed = True
        began = loop.time()
        self._draining.begin(self._leaving.drain)
        try:
            await self._draining.settled(timeout)
            left = None if timeout is None else max(timeout - (loop.time() - began), 0)
            report = await super().shutdown(timeout=left)
        except asyncio.CancelledError:  # whoever is cancelled leaves nobody behind that waits
            for state in self._subscribers.states:
                state.finish(SHUT_DOWN)
            self._disconnecting.begin(self._leave)
            raise
        await self._disconnecting.run(self._leave)
        return report

    @override
    async def __aenter__(self) -> Self:
        await super().__aenter__()
        try:
            await self._recovery.get_ready()
        except BaseException:
            await self.shutdown(timeout=0)
            raise
        return self

    async def _leave(self) -> None:
        self._draining.cancel()
        await self._leaving.leave()

    def _release_publishers(self) -> None:
        """Nothing: a publish waits for the server alone, up to its own time-out."""
