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
import re
import secrets
from collections.abc import Callable, Iterable

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.acknowledging import UnacknowledgedMailbox
from pubsub_lib.nats.errors import NatsError, UndecodablePayload
from pubsub_lib.nats.stream import Stream, found

# How long the server keeps a consumer without a name whose reader has gone silent, in seconds.
FORGOTTEN_AFTER_S = 60.0


class Consumer[T]:
    """Brings the messages of a stream into one mailbox, and answers the server for it.

    Args:
        stream: where they come from.
        codec: makes messages of bytes.
        mailbox: where they go.
        name: the durable name, or nothing.
        ack_wait: how long the server waits for an acknowledgement, in seconds.
        set_aside: is given what does not decode.
    """

    def __init__(
        self,
        stream: Stream,
        codec: Codec[T],
        mailbox: UnacknowledgedMailbox[T],
        *,
        name: str,
        ack_wait: float,
        set_aside: Callable[[UndecodablePayload], None],
    ) -> None:
        self.durable = bool(name)
        self._stream = stream
        self._codec = codec
        self._mailbox = mailbox
        self._set_aside = set_aside
        self._name = name or f"reader-{secrets.token_hex(8)}"
        self._config = api.ConsumerConfig(
            name=self._name,
            durable_name=name or None,
            deliver_policy=api.DeliverPolicy.NEW,
            deliver_subject=f"_pubsub.{stream.name}.{self._name}",
            deliver_group=name or None,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=ack_wait,
            max_ack_pending=mailbox.maxsize,
            filter_subject=stream.subject,
            inactive_threshold=None if name else FORGOTTEN_AFTER_S,
        )
        self._joining: asyncio.Task[None] | None = None
        self._subscription: Subscription | None = None
        self._highest = 0  # the last number in the stream that has come in here
        self._arrival = asyncio.Event()
        self._ending: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether messages come in."""
        return self._joining is not None and self._joining.done()

    def begin(self) -> asyncio.Task[None]:
        """Let messages come in, soon."""
        if self._joining is None:
            self._joining = asyncio.get_running_loop().create_task(self._join())
            self._joining.add_done_callback(self._joined)
        return self._joining

    async def get_ready(self) -> None:
        """Return when messages come in."""
        await asyncio.shield(self.begin())

    async def _join(self) -> None:
        await self._stream.make()
        self._subscription = await self._stream.connection.client.subscribe(
            self._config.deliver_subject or "",
            queue=self._config.deliver_group or "",
            cb=self._receive,
        )
        information = await self._make(self._config)
        if information.delivered is not None:
            self._highest = max(self._highest, information.delivered.stream_seq)

    def _joined(self, joining: asyncio.Task[None]) -> None:
        if not joining.cancelled() and (error := joining.exception()) is not None:
            self._mailbox.fail(error)

    async def _make(self, config: api.ConsumerConfig) -> api.ConsumerInfo:
        stream = self._stream
        return await stream.ask(lambda: stream.context.add_consumer(stream.name, config))

    async def remake(self) -> None:
        """Make the consumer again, if the server has come back without it."""
        if not self.ready or self._ending is not None:
            return
        stream = self._stream
        try:
            await stream.ask(lambda: found(stream.context.consumer_info(stream.name, self._name)))
        except LookupError:
            await self._make(
                self._config.evolve(
                    deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=self._highest + 1,
                )
            )

    async def _receive(self, delivery: Msg) -> None:
        stream, mailbox = self._stream, self._mailbox
        metadata = delivery.metadata
        sequence = metadata.sequence.stream
        self._highest = max(self._highest, sequence)
        stream.counts.received += 1
        stream.counts.redelivered += metadata.num_delivered > 1
        if metadata.num_delivered == 1 or not mailbox.is_waiting(sequence):
            self._take_in(delivery)
        self._arrival.set()

    def _take_in(self, delivery: Msg) -> None:
        mailbox = self._mailbox
        if not mailbox.in_use:
            self.give_back([delivery])
            return
        try:
            message = self._codec.from_bytes(delivery.data)
            if message is None:
                raise ValueError("null stands for the end, and is no message")
        except Exception as error:
            self._stream.counts.undecodable += 1
            self._set_aside(UndecodablePayload(delivery.subject, delivery.data, error))
            self._stream.reply([delivery], Msg.term)
            return
        if not mailbox.wants(message):
            self._stream.reply([delivery], Msg.ack)
        else:
            # Without room, which another's larger bound can cause, it is delivered again later.
            mailbox.accept(message, delivery)

    def acknowledge(self, deliveries: Iterable[Msg]) -> None:
        """Tell the server that these were handled."""
        self._stream.reply([each for each in deliveries if not each.is_acked], Msg.ack)

    def give_back(self, deliveries: Iterable[Msg]) -> None:
        """Ask the server to deliver these again, to whoever reads."""
        if self.durable or self._ending is None:
            self._stream.reply([each for each in deliveries if not each.is_acked], Msg.nak)

    @property
    def gone(self) -> bool:
        """Whether its subscriber has left, and the server knows."""
        return self._ending is not None and self._ending.done()

    def end(self) -> None:
        """Let nothing more come in, and the server forget it if it is not to last."""
        if self._ending is None:
            self._ending = self._mailbox.home.check().create_task(self._end())

    async def _end(self) -> None:
        with contextlib.suppress(NatsError):
            await self.stop()
            await self.leave()

    async def arrived(self, last: int, *, or_full: bool = False) -> None:
        """Return when everything up to this number in the stream has come in, or there is no room.

        Of a durable consumer others may have got it, so it is not waited for.
        """
        while self._highest < last and not (self.durable or self._ending):
            if or_full and self._mailbox.depth + self._mailbox.unfinished >= self._mailbox.maxsize:
                return
            self._arrival.clear()
            await self._arrival.wait()

    async def stop(self) -> None:
        """Let nothing more come in, and take in what is here."""
        if self._joining is None:
            return
        await asyncio.wait([self._joining])
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(nats.errors.Error):
                await subscription.drain()  # type: ignore[no-untyped-call]
        self._arrival.set()

    async def leave(self) -> None:
        """Give back what is unread, or let the server forget a consumer that is not to last."""
        if self._joining is None:
            return
        if self.durable:
            self._mailbox.give_back_unread()
        else:
            await self._stream.forget(self._name)


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
