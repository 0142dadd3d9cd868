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
from collections.abc import Iterable

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from pubsub_lib.nats.decoding import Decoder
from pubsub_lib.nats.errors import NatsError
from pubsub_lib.nats.jetstream.stream import Stream
from pubsub_lib.nats.jetstream.subscription import JetStreamSubscriberState

# How long the server keeps a consumer without a name whose reader has gone silent, in seconds.
FORGOTTEN_AFTER_S = 60.0
# What the server needs at most to be told that somebody leaves, in seconds.
LEAVING_TAKES_S = 1.0


class Consumer[T]:
    """Brings the messages of a stream into one state, and answers the server for it.

    Args:
        stream: where they come from.
        decoder: makes messages of bytes.
        state: where they go.
        name: the durable name, or nothing.
        ack_wait: how long the server waits for an acknowledgement, in seconds.
    """

    def __init__(
        self,
        stream: Stream,
        decoder: Decoder[T],
        state: JetStreamSubscriberState[T],
        *,
        name: str,
        ack_wait: float,
    ) -> None:
        self.durable = bool(name)
        self.name = name or f"reader-{secrets.token_hex(8)}"
        self.state = state
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
            max_ack_pending=state.maxsize,
            filter_subject=stream.subject,
            inactive_threshold=None if name else FORGOTTEN_AFTER_S,
        )
        self._joining: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
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
        return self._joining is not None and self._joining.done()

    def begin(self) -> asyncio.Task[None]:
        """Let messages come in, soon."""
        if self._joining is None:
            self._joining = self._stream.start(self._join())
            self._joining.add_done_callback(self._joined)
        return self._joining

    async def get_ready(self) -> None:
        """Return when messages come in.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        self.state.home.check()
        await asyncio.shield(self.begin())

    async def joined(self) -> None:
        """Return when messages come in, or when the reader knows why they do not."""
        if not self.ready:
            await asyncio.wait([self.begin()])

    async def _join(self) -> None:
        await self._stream.make()
        self._subscription = await self._stream.connection.client.subscribe(
            self._config.deliver_subject or "",
            queue=self._config.deliver_group or "",
            cb=self._receive,
        )
        await self._make(self._config)

    def _joined(self, joining: asyncio.Task[None]) -> None:
        if not joining.cancelled() and (error := joining.exception()) is not None:
            self.state.fail(error)

    async def _make(self, config: api.ConsumerConfig) -> None:
        stream = self._stream
        made = await stream.ask(lambda: stream.context.add_consumer(stream.name, config))
        self._made_in = stream.created
        if made.delivered is not None:
            self._highest = max(self._highest, made.delivered.stream_seq)

    async def remake(self) -> None:
        """Make the consumer again, if the server has come back without it."""
        if not self.ready or self._made_in is None or self._ending is not None:
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
            self.state.dropped += self._highest - before + len(self._missing)
            self._missing.clear()

    async def _receive(self, delivery: Msg) -> None:
        sequence, times = numbers_of(delivery)
        counts = self._stream.counts
        counts.received += 1
        if times > 1:
            counts.redelivered += 1
        if not self.durable:
            self._note_missing(sequence)
        self._highest = max(self._highest, sequence)
        if times == 1 or not self.state.is_waiting(sequence):
            self._take_in(delivery, sequence)
        self._arrival.set()

    def _note_missing(self, sequence: int) -> None:
        """Note what was sent before this one, and will be sent again after ack_wait."""
        self._missing.discard(sequence)
        gap = range(self._highest + 1, sequence)
        if len(gap) <= self.state.maxsize:  # else an administrator has removed these
            self._missing.update(gap)

    def _take_in(self, delivery: Msg, sequence: int) -> None:
        state, stream = self.state, self._stream
        if not state.in_use:
            self.give_back([delivery])
            return
        message = self._decoder.decode(delivery)
        if message is None:
            stream.reply([delivery], Msg.term)
        elif state.wants(message):
            # Without room, which another's larger bound can cause, it is delivered again later.
            state.accept(message, delivery, sequence)
        elif state.in_use:
            stream.reply([delivery], Msg.ack)
        else:  # its filter has failed
            self.give_back([delivery])

    def acknowledge(self, deliveries: Iterable[Msg]) -> None:
        """Tell the server that these were handled."""
        self._stream.reply([each for each in deliveries if not each.is_acked], Msg.ack)

    def give_back(self, deliveries: Iterable[Msg]) -> None:
        """Ask the server to deliver these again, to whoever reads."""
        if not self.durable and self._ending is not None:
            return  # the server forgets it with all that it has
        self._returned += [each for each in deliveries if not each.is_acked]
        if (self._stopping is None and self._ending is None) or self._stopped:
            self._send_back()

    def _send_back(self) -> None:
        returned, self._returned = self._returned, []
        self._stream.reply(returned, Msg.nak)

    @property
    def gone(self) -> bool:
        """Whether its subscriber has left, and the server knows."""
        return self._ending is not None and self._ending.done() and not self.state.unfinished

    def end(self) -> None:
        """Let nothing more come in, and the server forget it if it is not to last."""
        if self._joining is not None and self._ending is None and self._stream.can_start:
            self._ending = self._stream.start(self._end())

    async def ended(self) -> None:
        """Return when the server knows that nobody reads here, if it can be told soon."""
        if self._ending is not None:
            await asyncio.wait([self._ending], timeout=LEAVING_TAKES_S)

    async def _end(self) -> None:
        with contextlib.suppress(NatsError):
            await self.stop()
            if not self.durable:
                await self._stream.forget(self.name)

    async def arrived(self, last: int, *, or_full: bool = False) -> None:
        """Return when everything up to this number in the stream has come in, or there is no room.

        Of a durable consumer others may have got it, so it is not waited for.
        """
        state = self.state
        while not (self.durable or state.closed) and (self._highest < last or self._missing):
            if or_full and state.depth + state.unfinished >= state.maxsize:
                return
            self._arrival.clear()
            await self._arrival.wait()

    async def stop(self) -> None:
        """Let nothing more come in, and take in what is here."""
        if self._stopping is None:
            self._stopping = self._stream.start(self._stop())
        # Cancelling this does not cancel that, which nats-py would not survive.
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        if self._joining is not None:
            await asyncio.wait([self._joining])
        subscription, connection = self._subscription, self._stream.connection
        if subscription is not None:
            with contextlib.suppress(ConnectionResetError, nats.errors.Error):
                if connection.connected:
                    await connection.unless_lost(subscription.drain())  # type: ignore[no-untyped-call]
                else:
                    await subscription.unsubscribe()
        self._arrival.set()
        self._stopped = True
        self._send_back()  # not before, or it would come back here

    async def leave(self) -> None:
        """Give back what is not acknowledged, or let the server forget one that is not to last.

        What has not come in for such a one is dropped.
        """
        if self._joining is None:
            return
        await self.stop()
        if self.durable:
            self.state.give_back()
        elif self._ending is None:
            last = await self._stream.last_sequence()
            self.state.dropped += max(last - self._highest, 0) + len(self._missing)
            self._highest = max(last, self._highest)
            self._missing.clear()
            await self._stream.forget(self.name)


def numbers_of(delivery: Msg) -> tuple[int, int]:
    """Return a message's number in the stream, and how often it has been delivered.

    `Msg.metadata` says the same, and makes six objects for it.

    >>> numbers_of(Msg(None, reply="$JS.ACK.orders.billing.2.17.40.1700000000000000000.0"))
    (17, 2)
    """
    words = delivery.reply.split(".")
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
