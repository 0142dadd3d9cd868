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
from collections.abc import Callable

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscriber import FILTER_ERRORS
from pubsub_lib.in_process.subscribers import Subscribers
from pubsub_lib.nats.decoding import Decoder
from pubsub_lib.nats.errors import (
    MessagesLost,
    NatsError,
    SubscriptionForgotten,
)
from pubsub_lib.nats.jetstream.envelopes import Envelopes
from pubsub_lib.nats.jetstream.outcomes import Outcomes, SetAside
from pubsub_lib.nats.jetstream.position import Position, numbers_of
from pubsub_lib.nats.jetstream.redelivery import Redelivery
from pubsub_lib.nats.jetstream.stream import Stream
from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState
from pubsub_lib.nats.single_flight import SingleFlight

# How long the server keeps a consumer without a name whose reader has gone silent, in seconds.
FORGOTTEN_AFTER_S = 60.0
# What the server needs at most to be told that somebody leaves, in seconds.
LEAVING_TAKES_S = 1.0
# Which subscription a message is for that was put back, in its header.
PUT_BACK_FOR = "Pubsub-For"


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
        expires_after: how long the server keeps it when nobody reads it, in seconds; `None` for
            ever, or for a minute if it has no durable name.
        redelivery: when a message comes again on which its reader has failed, and how often.
        set_aside: where a message goes that is given up.

    Attributes:
        durable: whether it has a name, and lasts.
        name: what the server calls it; without a durable one, once it is made.
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
        expires_after: float | None,
        redelivery: Redelivery,
        set_aside: SetAside,
    ) -> None:
        self.durable = bool(name)
        self.name = name
        envelopes = Envelopes(maxsize=maxsize)
        self._outcomes = Outcomes(
            stream, home, envelopes, redelivery, set_aside, name=name, ack_wait=ack_wait
        )
        self.inbox = JetStreamInboxState(
            subscribers,
            home,
            self,
            self._outcomes,
            envelopes,
            name=name,
            where=where,
            maxsize=maxsize,
        )
        self._home = home
        self._stream = stream
        self._decoder = decoder
        self._ack_wait = ack_wait
        self._expires_after = expires_after if self.durable else FORGOTTEN_AFTER_S
        self._redelivery = redelivery
        self._joining = SingleFlight[None](stream.tasks.start, again=False)
        self._stopping = SingleFlight[None](stream.tasks.start, again=False)
        self._ending = SingleFlight[None](stream.tasks.start, again=False)
        self._subscription: Subscription | None = None
        self._made_in: datetime.datetime | None = None  # the stream of this date
        self._position = Position(maxsize)
        self._quiet = False  # whether nothing has come in since somebody looked
        self._arrival = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether messages come in, or never will."""
        return self._joining.ended

    @property
    def lag(self) -> int:
        """How many messages the server has not yet sent, as it last said."""
        return self._position.pending

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
            if not self.durable:  # not before, or a process that is forked would have the same
                self.name = f"reader-{secrets.token_hex(8)}"
            self._subscription = await self._stream.connection.client.subscribe(
                self._deliver_subject, queue=self.name if self.durable else "", cb=self._receive
            )
            self._position.pass_over(await self._make())
        except Exception as error:
            self.inbox.fail(error)
            raise

    @property
    def _deliver_subject(self) -> str:
        return f"_pubsub.{self._stream.name}.{self.name}"

    async def _make(self, start: int | None = None) -> int:
        """Make it, and return the number of the last message that it will not get.

        Args:
            start: the number of the first that it is to get; `None` for the next that is stored.
        """
        stream = self._stream
        policy = api.DeliverPolicy
        config = api.ConsumerConfig(
            name=self.name,
            durable_name=self.name if self.durable else None,
            deliver_policy=policy.NEW if start is None else policy.BY_START_SEQUENCE,
            opt_start_seq=start,
            deliver_subject=self._deliver_subject,
            deliver_group=self.name if self.durable else None,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=self._ack_wait,
            max_ack_pending=self.inbox.maxsize,
            filter_subject=stream.subject,
            inactive_threshold=self._expires_after,
        )
        made = await stream.ask(lambda: stream.context.add_consumer(stream.name, config))
        self._made_in = stream.created
        return 0 if made.delivered is None else made.delivered.stream_seq

    @property
    def _in_use(self) -> bool:
        return self.ready and self._made_in is not None and not self._ending.begun

    async def is_lost(self) -> bool:
        """Return whether the server does not know it any more, though it should.

        It is asked only if nothing has come in since this was called last.
        """
        if not self._in_use:
            return False
        quiet, self._quiet = self._quiet, True
        if not quiet:
            return False
        known = await self._stream.consumer(self.name)
        if known is not None:
            self._position.pending = known.num_pending or 0
        return known is None and self._in_use

    async def remake(self) -> None:
        """Make the consumer again, if the server no longer has it, and count what that has lost.

        One with a name that was deleted is not made again, since somebody may have meant it.
        """
        if not self._in_use:
            return
        position = self._position
        lost = 0
        in_another_stream = self._made_in != self._stream.created
        if in_another_stream:
            lost = position.begin_anew()
            self.inbox.envelopes.forget_acknowledged()
            for envelope in self.inbox.envelopes.all():
                # An answer would be taken for one to the message that has this number now.
                envelope._ackd = True
        if await self._stream.consumer(self.name) is not None:
            self._made_in = self._stream.created
        elif self.durable and not in_another_stream:
            self.inbox.fail(SubscriptionForgotten(self.name))
        else:
            # One with a name has to be made as everybody makes it who shares it.
            start = None if self.durable else position.highest + 1
            # The server has not kept for it what comes before.
            lost += position.pass_over(await self._make(start))
            position.begin_deliveries()
        if lost:
            self.inbox.dropped += lost
            self._stream.connection.report(MessagesLost(self._stream.subject, lost))

    async def _receive(self, envelope: Msg) -> None:
        sequence, delivery, pending, times = numbers_of(envelope)
        counts = self._stream.counts
        counts.received += 1
        if times > 1:
            counts.redelivered += 1
        self._quiet = False
        if self.durable:  # others may have got what is missing here
            self._position.pending = pending
        else:
            self.inbox.dropped += self._position.note(sequence, delivery, pending)
        envelopes = self.inbox.envelopes
        handled_here = times > 1 and envelopes.was_acknowledged(sequence)
        waits_here = times > 1 and envelopes.is_waiting(sequence)
        counts.copies_dropped += handled_here or waits_here
        if handled_here or self._is_for_another(envelope):
            self._stream.replies.send([envelope], Msg.ack)
        elif self._redelivery.is_hopeless(times):
            self._outcomes.give_up(
                envelope, f"delivered {times} times, and its readers said nothing"
            )
        elif not waits_here:
            self._take_in(envelope, sequence, is_copy=times > 1)
        self._arrival.set()

    def _is_for_another(self, envelope: Msg) -> bool:
        """Whether it was put back for the subscription of another name."""
        headers = envelope.headers
        return headers is not None and headers.get(PUT_BACK_FOR, self.name) != self.name

    def _take_in(self, envelope: Msg, sequence: int, *, is_copy: bool) -> None:
        inbox = self.inbox
        if not inbox.in_use:
            self._outcomes.give_back([envelope])
            return
        message = self._decoder.decode(envelope)
        if message is None:
            self._outcomes.give_up(envelope, "it does not decode", of_all=True)
            return
        try:
            wanted = inbox.is_wanted(message)
        except FILTER_ERRORS as error:
            self._stream.counts.filter_raised += 1
            self._outcomes.give_up(envelope, f"the filter raised {error!r}")
            return
        if not inbox.in_use:  # its filter has closed it
            self._outcomes.give_back([envelope])
        elif wanted:
            # Without room, which another's larger bound can cause, it is delivered again later.
            inbox.accept(message, envelope, sequence, is_copy=is_copy)
        else:
            self._stream.replies.send([envelope], Msg.ack)

    @property
    def gone(self) -> bool:
        """Whether its subscriber has left, and the server knows."""
        return self._ending.ended and not self.inbox.unfinished

    def end(self) -> None:
        """Let nothing more come in, and the server forget it if it is not to last."""
        if self._joining.begun and self._stream.tasks.can_start:
            self._outcomes.hold(for_good=not self.durable)
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
        while not (self.durable or inbox.closed or self._position.has_all_up_to(last)):
            if or_full and inbox.depth + inbox.unfinished >= inbox.maxsize:
                return
            self._arrival.clear()
            await self._arrival.wait()

    async def stop(self) -> None:
        """Let nothing more come in, and take in what is here."""
        if not self._stopping.begun:
            self._outcomes.hold()
        # Cancelling this does not cancel that, which nats-py would not survive.
        await self._stopping.run(self._stop)

    async def _stop(self) -> None:
        await self._joining.settled()
        subscription, connection = self._subscription, self._stream.connection
        if subscription is not None:
            with contextlib.suppress(ConnectionResetError, nats.errors.Error):
                if connection.connected:
                    await connection.requests.unless_lost(subscription.drain())  # type: ignore[no-untyped-call]
                else:
                    await subscription.unsubscribe()
        self._arrival.set()
        self._outcomes.release()  # not before, or it would come back here

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
            self.inbox.dropped += self._position.pass_over(last)
            await self._stream.forget(self.name)


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
