"""What brings the messages of a stream to one subscription, from its first message to its last.

It joins, goes on through what the server loses, and leaves. A consumer with a durable name lasts
on the server; the others end with their reader.

>>> checked_name("billing")
'billing'
>>> checked_name("billing.eu")
Traceback (most recent call last):
ValueError: a subscription's name is letters, digits, - and _, as it names a consumer on the \
server; not 'billing.eu'
"""

import contextlib
import re
from collections.abc import Callable

import nats.errors
from nats.aio.subscription import Subscription

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscribers import Subscribers
from pubsub_lib.nats.decoding import Decoder
from pubsub_lib.nats.errors import NatsError
from pubsub_lib.nats.jetstream.envelopes import Envelopes
from pubsub_lib.nats.jetstream.intake import JetStreamIntake
from pubsub_lib.nats.jetstream.outcomes import Outcomes, SetAside
from pubsub_lib.nats.jetstream.position import Position
from pubsub_lib.nats.jetstream.redelivery import Redelivery
from pubsub_lib.nats.jetstream.server_consumer import ServerConsumer
from pubsub_lib.nats.jetstream.stream import Stream
from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState
from pubsub_lib.nats.jetstream.time_limit import answering_within
from pubsub_lib.nats.single_flight import SingleFlight

# What the server needs at most to be told that somebody leaves, in seconds.
LEAVING_TAKES_S = 1.0


class Consumer[T]:
    """Brings the messages of a stream into one inbox, and answers the server for it.

    Args:
        stream: where they come from.
        decoder: makes messages of bytes.
        subscribers: where the subscriber is known, until it leaves.
        home: the event loop that it belongs to.
        pattern: for which of the stream's subjects it asks.
        name: the durable name, or nothing.
        where: the subscriber's filter.
        maxsize: how many messages it may have that are not acknowledged.
        ack_wait: how long the server waits for an acknowledgement, in seconds.
        expires_after: how long the server keeps it when nobody reads it, in seconds; `None` for
            ever, or for a minute if it has no durable name.
        redelivery: when a message comes again on which its reader has failed, and how often.
        set_aside: where a message goes that is given up.
        timeout: how long to wait at most until messages come in, in seconds; `None` for ever.

    Attributes:
        inbox: where the messages go.
    """

    def __init__(
        self,
        stream: Stream,
        decoder: Decoder[T],
        subscribers: Subscribers[JetStreamInboxState[T]],
        home: HomeLoop,
        *,
        pattern: str,
        name: str,
        where: Callable[[T], object] | None,
        maxsize: int,
        ack_wait: float,
        expires_after: float | None,
        redelivery: Redelivery,
        set_aside: SetAside,
        timeout: float | None,
    ) -> None:
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
        self._timeout = timeout
        self._position = Position(maxsize)
        self._on_server = ServerConsumer(
            stream,
            self.inbox,
            self._position,
            pattern=pattern,
            name=name,
            ack_wait=ack_wait,
            expires_after=expires_after,
        )
        self._intake = JetStreamIntake(
            stream, decoder, self.inbox, self._outcomes, redelivery, self._on_server
        )
        self._joining = SingleFlight[None](stream.tasks.start, again=False)
        self._stopping = SingleFlight[None](stream.tasks.start, again=False)
        self._ending = SingleFlight[None](stream.tasks.start, again=False)
        self._subscription: Subscription | None = None

    @property
    def durable(self) -> bool:
        """Whether it has a name, and lasts."""
        return self._on_server.durable

    @property
    def name(self) -> str:
        """What the server calls it; without a durable name, once it is made."""
        return self._on_server.name

    @property
    def pattern(self) -> str:
        """For which of the stream's subjects it asks."""
        return self._on_server.pattern

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
        async with answering_within(self._stream.connection, self._timeout):
            await self._joining.run(self._join)

    async def joined(self) -> None:
        """Return when messages come in, or when the reader knows why they do not."""
        self.begin()
        await self._joining.settled()

    async def _join(self) -> None:
        stream, consumer = self._stream, self._on_server
        try:
            await stream.make()
            consumer.identify()
            self._subscription = await stream.connection.client.subscribe(
                consumer.deliver_subject,
                queue=consumer.name if consumer.durable else "",
                cb=self._intake.receive,
            )
            await consumer.make()
        except nats.errors.Error as error:
            self.inbox.fail(failure := stream.connection.named(error))
            raise failure from error
        except Exception as error:
            self.inbox.fail(error)
            raise

    @property
    def _in_use(self) -> bool:
        return self.ready and self._on_server.made and not self._ending.begun

    async def is_lost(self) -> bool:
        """Return whether the server does not know it any more, though it should.

        It is asked only if nothing has come in since this was called last.
        """
        if not self._in_use:
            return False
        quiet, self._intake.quiet = self._intake.quiet, True
        if not quiet:
            return False
        lost = await self._on_server.is_lost()
        self._intake.arrival.set()  # what was removed is not waited for any more
        return lost and self._in_use

    async def remake(self) -> None:
        """Make the consumer again, if the server no longer has it, and count what that has lost."""
        if self._in_use:
            await self._on_server.remake()
            self._intake.arrival.set()  # what is lost is not waited for any more

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

        Of a durable consumer others may have got it, and nothing comes to one that nobody has asked
        to join, so these are not waited for.
        """
        if self.durable or not self._joining.begun:
            return
        inbox, numbered_in = self.inbox, self._stream.created
        while not (inbox.closed or self._position.has_all_up_to(last)):
            if or_full and inbox.depth + inbox.unfinished >= inbox.maxsize:
                return
            if self._stream.created != numbered_in:  # what is missing of the old one never comes
                return
            self._intake.arrival.clear()
            await self._intake.arrival.wait()

    async def stop(self) -> None:
        """Let nothing more come in, and take in what is here."""
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
        self._intake.arrival.set()
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
            await self._on_server.leave()

    def left(self) -> None:
        """Count as dropped what has not come in, if the server could not be asked by `leave`."""
        if self._in_use and not self.durable:
            self._on_server.count_left()


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
