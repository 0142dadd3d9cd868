"""The broker on a NATS server, which delivers each message at most once (notebook 11).

A `NatsPubSub` is an `AsyncPubSub` whose messages take the way over a server. Each process has its
own, all with the same subject, and every subscriber of every process gets every message. What
changes, since a network is between them:

- A publisher does not know the subscribers: `Delivery(1)` says that the connection has the message.
  `flush()` says that the server has it. Each message is numbered, so what did not arrive is counted
  all the same, at the subscriber (`stats.dropped`), when a later one of its publisher arrives,
  wanted by a filter or not; what came before the first is not. Whoever may publish is trusted in
  this, and could forge a number. `network.dropped` says why messages are missing.
- A broker of `Published` messages, as `Topics` needs, has all subjects below its own: a message to
  `kitchen` travels on `rooms.kitchen`. A subscriber's pattern is given to the server, which sends
  nothing else; so is one of other programs (`nats sub 'rooms.*'`). With a codec of your own they
  all travel on the broker's subject, and patterns are applied here.
- `publish(message, headers={"Trace": "a7"})` sends headers with a message. `inbox.headers` says,
  within the task that reads, what came with the message that it has taken last.
- Nobody waits for subscribers in another process. Within each process the rule is the same as ever,
  wait up to `timeout` and then `overflow`; but what is held up by that is not the publisher: up to
  `receive_buffer` messages wait, for each pattern, and more are dropped and counted.
- A message travels as bytes: each process makes its own object of them. Its bytes may not be those
  of a message: they are set aside, counted and reported.
- Joining takes a way to the server: a subscription that is awaited or entered gets all that is
  published from then on; one that is not may miss the first.
- When the connection is lost it is made again, for ever; meanwhile `send_buffer` bytes of messages
  are kept. Only where access is withdrawn, the readers get that error, and all is over.
- What a user may not publish the server tells a moment later: `on_error` is told once of each
  subject, `network.sending.refused` counts the messages, and `flush()` raises `AccessRefused`.

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

from typing import Self, Unpack, override

from pubsub_lib.arguments import (
    UNSET,
    Unset,
    checked_maxsize,
    checked_timeout,
    checked_whole_number,
)
from pubsub_lib.in_process.inbox import InboxState
from pubsub_lib.in_process.queue_broker import Where
from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.core.inbox import NatsInbox, NatsInboxState, told_to_nobody
from pubsub_lib.nats.core.intakes import Intakes
from pubsub_lib.nats.core.sender import Sender
from pubsub_lib.nats.core.sending_broker import SendingBroker
from pubsub_lib.nats.core.statistics import NetworkStats, statistics
from pubsub_lib.nats.decoding import codec_of
from pubsub_lib.nats.networked_broker import checked_subject
from pubsub_lib.nats.routing import Routing, carries_subjects
from pubsub_lib.nats.settings import ConnectionOptions, connection_settings
from pubsub_lib.nats.transport import Transport
from pubsub_lib.overflow import Overflow
from pubsub_lib.reports import BrokerStats, ShutdownReport


class NatsPubSub[T](SendingBroker[T]):
    """Gives every message to every subscriber of the subject, in whatever process it is.

    Args:
        subject: what all these processes call it: words with dots between, as `prices.gold`.
        codec: turns messages into bytes and back: a `Serializable` message type, a dataclass, also
            with parameters, as the `Published[Order]` of `Topics`, or a `Codec`; by default
            messages are what JSON knows.
        maxsize, timeout, overflow: as for `AsyncPubSub`, for the inboxes in this process.
        receive_buffer: how many messages may wait in this process before they reach an inbox, for
            each pattern that subscribers give.
        send_buffer: how many bytes of messages are kept while there is no connection. With 0 they
            are refused at once.
        connection: where the server is, and what lets us in: `url`, `tls`, `user_credentials`,
            `nkeys_seed`, `connect_timeout`, `on_error`; see `ConnectionOptions`.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if one is out of its range, or the overflow policy is `RAISE`.
        FileNotFoundError: if a file that is to let us in is not there.
        CredentialsUnusable: if it cannot be read, or has something else in it.
        ModuleNotFoundError: if such a file is given, and nkeys is not installed.
    """

    def __init__(
        self,
        subject: str,
        codec: Codec[T] | type[T] | None = None,
        *,
        maxsize: int = 100,
        timeout: float | None = 1.0,
        overflow: Overflow = Overflow.DROP_NEWEST,
        receive_buffer: int = 65_536,
        send_buffer: int = 2 * 1024 * 1024,
        **connection: Unpack[ConnectionOptions],
    ) -> None:
        # All that can be wrong is found before there is a broker that would have to be shut down.
        self.subject = checked_subject(subject)
        codec = codec_of(codec)
        settings = connection_settings(send_buffer=send_buffer, **connection)
        receive_buffer = checked_maxsize(receive_buffer)
        super().__init__(maxsize, timeout=timeout, overflow=told_to_nobody(overflow))
        self._routing = Routing(self.subject, by_subject=carries_subjects(codec))
        self._transport = Transport(self, self._home, settings, codec, self._routing)
        self._sender = Sender(self._transport.connection, self._home)
        self._intakes = Intakes(self._transport, self._home, receive_buffer=receive_buffer)

    @property
    def network(self) -> NetworkStats:
        """What the network did to this broker's messages so far."""
        waiting = sum(state.depth for state in self._subscribers.states)
        return statistics(self._transport, self._sender, self._intakes, waiting=waiting)

    @property
    @override
    def stats(self) -> BrokerStats:
        """What this broker has done so far; `published` are the messages that were sent here."""
        return super().stats._replace(published=self._sender.stats.sent)

    @override
    def subscribe(
        self,
        *,
        name: str = "",
        where: Where[T] | None = None,
        maxsize: int | None = None,
        timeout: float | Unset | None = UNSET,
        overflow: Overflow | None = None,
        replay: int = 0,
    ) -> NatsInbox[T]:
        """Return an inbox of the subscriber's own, as `AsyncPubSub.subscribe` does.

        With a `subject_filter` the server sends only what matches, if this broker carries
        `Published` messages; any other filter is asked here, about each message that comes.

        Await or enter it, to be sure that it gets all that is published from then on. It may also
        get a few earlier ones, which were on their way. But no `replay`: the server keeps nothing,
        and what came in here is not all that was published.

        Raises:
            PubSubClosed, TypeError, ValueError: as `AsyncPubSub.subscribe`.
            ServerUnreachable, AccessRefused: when it is awaited, entered or read.
            NotConnected: then, too, if the connection is closed for good.
        """
        if overflow is not None:
            told_to_nobody(overflow)
        checked_whole_number(
            "replay", replay, unit="messages", least=0, most=0, because="the server keeps none"
        )
        inbox = super().subscribe(
            name=name, where=where, maxsize=maxsize, timeout=timeout, overflow=overflow
        )
        assert isinstance(inbox, NatsInbox)
        intake = self._intakes.of(where)
        intake.join(inbox._state)
        if self._home.loop is not None:
            intake.begin()
        return inbox

    @override
    def _make_state(
        self,
        *,
        name: str,
        where: Where[T] | None,
        maxsize: int,
        timeout: float | None,
        overflow: Overflow,
    ) -> InboxState[T]:
        return NatsInboxState(
            self._intakes.of(where),
            self._subscribers,
            self._home,
            name=name,
            where=where,
            maxsize=maxsize,
            timeout=timeout,
            overflow=overflow,
        )

    async def flush(self) -> None:
        """Wait until the server has all that was published here, through reconnections.

        What it sends to subscribers of this broker has then come in, too, up to there.

        Raises:
            NotConnected: if the connection is closed meanwhile.
            ServerUnreachable, AccessRefused: if there has been no connection yet.
            AccessRefused: also if the server has not allowed this user a message since the last
                flush. `network.sending.refused` says how many it has not.
        """
        self._home.check()
        await self._intakes.get_ready()
        await self._transport.connection.confirm()
        self._sender.check_refusals()

    @override
    async def shutdown(self, *, timeout: float | None = 10.0) -> ShutdownReport:
        """Send and take in what is on its way, then do as `AsyncPubSub.shutdown`, and disconnect.

        What the server has not confirmed by then is reported as `Unconfirmed`.
        """
        timeout = checked_timeout(timeout)
        loop = self._home.check()
        self._closed = True
        began = loop.time()
        await self._intakes.drain_within(timeout)
        left = None if timeout is None else max(timeout - (loop.time() - began), 0)
        report = await super().shutdown(timeout=left)
        await self._transport.connection.close()
        await self._intakes.end()
        return report

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        await self._intakes.get_ready()
        return self
