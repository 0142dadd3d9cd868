"""What brings the messages of a stream to one subscription: the server's consumer, and us.

The server calls a consumer what it knows of a subscriber: which messages it has sent, and which of
them are not acknowledged. A durable one has a name and lasts; the others end with their reader.

>>> checked_name("billing")
'billing'
>>> checked_name("billing.eu")
Traceback (most recent call last):
ValueError: a subscription's name is letters, digits, - and _, as it names a consumer on the \
server; not 'billing.eu'
"""

import asyncio
import contextlib
import datetime
import re
import secrets
from collections.abc import Callable, Iterable

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscriber import Subscribers
from pubsub_lib.nats.decoding import Decoder
from pubsub_lib.nats.errors import NatsError
from pubsub_lib.nats.jetstream.stream import Stream
from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState
from pubsub_lib.nats.once import Once

# How long the server keeps a consumer without a name whose reader has gone silent, in seconds.
FORGOTTEN_AFTER_S = 60.0
# What the server needs at most to be told that somebody leaves, in seconds.
LEAVING_TAKES_S = 1.0


class Consumer[T]:
    """Brings the messages of a stream into one inbox, and answers the server for it.

    Args:
        stream: where they come from.
        decoder: makes messages of bytes.
        subscribers: where the subscriber is known, until it leaves.
        home: the event loop that it belongs to.
        name: the durable name, or nothing.
        where: the subscriber's filter.
        maxsize: how many messages it may have that are not acknowledged.
        ack_wait: how long the server waits for an acknowledgement, in seconds.

    Attributes:
        durable: whether it has a name, and lasts.
        name: what the server calls it.
        inbox: where the messages go.
    """

    def __init__(
        self,
        stream: Stream,
        decoder: Decoder[T],
        subscribers: Subscribers[JetStreamInboxState[T]],
        home: HomeLoop,
        *,
        name: str,
        where: Callable[[T], object] | None,
        maxsize: int,
        ack_wait: float,
    ) -> None:
        self.durable = bool(name)
        self.name = name or f"reader-{secrets.token_hex(8)}"
        self.inbox = JetStreamInboxState(
            subscribers, home, self, name=name, where=where, maxsize=maxsize
        )
        self._home = home
        self._stream = stream
        self._decoder = decoder
        self._config = api.ConsumerConfig(
            name=self.name,
            durable_name=name or None,
            deliver_policy=api.DeliverPolicy.NEW,
            deliver_subject=f"_pubsub.{stream.name}.{self.name}",
            deliver_group=name or None,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=ack_wait,
            max_ack_pending=maxsize,
            filter_subject=stream.subject,
            inactive_threshold=None if name else FORGOTTEN_AFTER_S,
        )
        self._joining = Once[None](stream.tasks.start, again=False)
        self._stopping = Once[None](stream.tasks.start, again=False)
        self._ending = Once[None](stream.tasks.start, again=False)
        self._subscription: Subscription | None = None
        self._stopped = False
        self._returned: list[Msg] = []
        self._made_in: datetime.datetime | None = None  # the stream of this date
        self._highest = 0  # the last number in the stream that has come in here
        self._missing: set[int] = set()  # those before it that were lost on their way, for now
        self._arrival = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether messages come in, or never will."""
        return self._joining.ended

    def begin(self) -> None:
        """Let messages come in, soon."""
        self._joining.begin(self._join)

    async def get_ready(self) -> None:
        """Return when messages come in.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        self._home.check()
        await self._joining.run(self._join)

    async def joined(self) -> None:
        """Return when messages come in, or when the reader knows why they do not."""
        self.begin()
        await self._joining.settled()

    async def _join(self) -> None:
        try:
            await self._stream.make()
            self._subscription = await self._stream.connection.client.subscribe(
                self._config.deliver_subject or "",
                queue=self._config.deliver_group or "",
                cb=self._receive,
            )
            await self._make(self._config)
        except Exception as error:
            self.inbox.fail(error)
            raise

    async def _make(self, config: api.ConsumerConfig) -> None:
        stream = self._stream
        made = await stream.ask(lambda: stream.context.add_consumer(stream.name, config))
        self._made_in = stream.created
        if made.delivered is not None:
            self._highest = max(self._highest, made.delivered.stream_seq)

    async def remake(self) -> None:
        """Make the consumer again, if the server has come back without it."""
        if not self.ready or self._made_in is None or self._ending.begun:
            return
        in_another_stream = self._made_in != self._stream.created
        if in_another_stream:
            self._highest = 0
            self._missing.clear()
        elif await self._stream.has(self.name):
            return
        if self.durable:  # made alike by everybody who shares it
            await self._make(self._config)
            return
        before = self._highest
        await self._make(
            self._config.evolve(
                deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=before + 1
            )
        )
        if not in_another_stream:
            # The server has not kept these for it.
            self.inbox.dropped += self._highest - before + len(self._missing)
            self._missing.clear()

    async def _receive(self, envelope: Msg) -> None:
        sequence, times = numbers_of(envelope)
        counts = self._stream.counts
        counts.received += 1
        if times > 1:
            counts.redelivered += 1
        if not self.durable:
            self._note_missing(sequence)
        self._highest = max(self._highest, sequence)
        if times == 1 or not self.inbox.envelopes.is_waiting(sequence):
            self._take_in(envelope, sequence)
        self._arrival.set()

    def _note_missing(self, sequence: int) -> None:
        """Note what was sent before this one, and will be sent again after ack_wait."""
        self._missing.discard(sequence)
        gap = range(self._highest + 1, sequence)
        if len(gap) <= self.inbox.maxsize:  # else an administrator has removed these
            self._missing.update(gap)

    def _take_in(self, envelope: Msg, sequence: int) -> None:
        inbox, replies = self.inbox, self._stream.replies
        if not inbox.in_use:
            self.give_back([envelope])
            return
        message = self._decoder.decode(envelope)
        if message is None:
            replies.send([envelope], Msg.term)
        elif inbox.wants(message):
            # Without room, which another's larger bound can cause, it is delivered again later.
            inbox.accept(message, envelope, sequence)
        elif inbox.in_use:
            replies.send([envelope], Msg.ack)
        else:  # its filter has failed
            self.give_back([envelope])

    def acknowledge(self, envelopes: Iterable[Msg]) -> None:
        """Tell the server that these were handled."""
        self._stream.replies.send([each for each in envelopes if not each.is_acked], Msg.ack)

    def give_back(self, envelopes: Iterable[Msg]) -> None:
        """Ask the server to deliver these again, to whoever reads."""
        if not self.durable and self._ending.begun:
            return  # the server forgets it with all that it has
        self._returned += [each for each in envelopes if not each.is_acked]
        if self._stopped or not (self._stopping.begun or self._ending.begun):
            self._send_back()

    def _send_back(self) -> None:
        returned, self._returned = self._returned, []
        self._stream.replies.send(returned, Msg.nak)

    @property
    def gone(self) -> bool:
        """Whether its subscriber has left, and the server knows."""
        return self._ending.ended and not self.inbox.unfinished

    def end(self) -> None:
        """Let nothing more come in, and the server forget it if it is not to last."""
        if self._joining.begun and self._stream.tasks.can_start:
            self._ending.begin(self._end)

    async def ended(self) -> None:
        """Return when the server knows that nobody reads here, if it can be told soon."""
        await self._ending.settled(LEAVING_TAKES_S)

    async def _end(self) -> None:
        with contextlib.suppress(NatsError):
            await self.stop()
            if not self.durable:
                await self._stream.forget(self.name)

    async def arrived(self, last: int, *, or_full: bool = False) -> None:
        """Return when everything up to this number in the stream has come in, or there is no room.

        Of a durable consumer others may have got it, so it is not waited for.
        """
        inbox = self.inbox
        while not (self.durable or inbox.closed) and (self._highest < last or self._missing):
            if or_full and inbox.depth + inbox.unfinished >= inbox.maxsize:
                return
            self._arrival.clear()
            await self._arrival.wait()

    async def stop(self) -> None:
        """Let nothing more come in, and take in what is here."""
        # Cancelling this does not cancel that, which nats-py would not survive.
        await self._stopping.run(self._stop)

    async def _stop(self) -> None:
        await self._joining.settled()
        subscription, connection = self._subscription, self._stream.connection
        if subscription is not None:
            with contextlib.suppress(ConnectionResetError, nats.errors.Error):
                if connection.connected:
                    await connection.answers.unless_lost(subscription.drain())  # type: ignore[no-untyped-call]
                else:
                    await subscription.unsubscribe()
        self._arrival.set()
        self._stopped = True
        self._send_back()  # not before, or it would come back here

    async def leave(self) -> None:
        """Give back what is not acknowledged, or let the server forget one that is not to last.

        What has not come in for such a one is dropped.
        """
        if not self._joining.begun:
            return
        await self.stop()
        if self.durable:
            self.inbox.give_back()
        elif not self._ending.begun:
            last = await self._stream.last_sequence()
            self.inbox.dropped += max(last - self._highest, 0) + len(self._missing)
            self._highest = max(last, self._highest)
            self._missing.clear()
            await self._stream.forget(self.name)


def numbers_of(envelope: Msg) -> tuple[int, int]:
    """Return a message's number in the stream, and how often it has been delivered.

    `Msg.metadata` says the same, and makes six objects for it.

    >>> numbers_of(Msg(None, reply="$JS.ACK.orders.billing.2.17.40.1700000000000000000.0"))
    (17, 2)
    """
    words = envelope.reply.split(".")
    first = 4 if len(words) == 9 else 6  # the longer form names the server's domain and account
    return int(words[first + 1]), int(words[first])


def checked_name(name: str) -> str:
    """Return the name of a subscription, or say what is wrong with it."""
    if not isinstance(name, str):
        raise TypeError(f"a subscription's name is a string, not {name!r}")
    if not re.fullmatch(r"[\w-]*", name, re.ASCII):
        raise ValueError(
            "a subscription's name is letters, digits, - and _, as it names a consumer on the "
            f"server; not {name!r}"
        )
    return name
