"""A consumer as the server has it: made, looked for, and made again where it was lost.

The server calls a consumer what it knows of a subscriber: which messages it has sent, and which of
them are not acknowledged. An operator may delete one, or its stream, at any moment, and tells
nobody. A recovery may be interrupted at any moment, too, when the connection is lost again, or
fail. So what is found to be lost is counted before anything else is awaited, and what the server
was asked for, without an answer, is recognised when it is there after all.

>>> ServerConsumer.remake.__doc__.partition(",")[0]
'Make the consumer again'
"""

import datetime
import secrets
from typing import Any

from nats.js import api

from pubsub_lib.nats.errors import NatsError, SubscriptionForgotten
from pubsub_lib.nats.jetstream.position import Position
from pubsub_lib.nats.jetstream.removals import Look, Removals
from pubsub_lib.nats.jetstream.stream import Stream, StreamChanged
from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState

# How long the server keeps a consumer without a name whose reader has gone silent, in seconds.
FORGOTTEN_AFTER_S = 60.0


class ServerConsumer:
    """What the server knows of one subscriber.

    Args:
        stream: whose messages it sends.
        inbox: where they go; what it misses is counted there.
        position: how far they have come in here.
        pattern: for which of the stream's subjects it asks.
        name: the durable name, or nothing.
        ack_wait: how long the server waits for an acknowledgement, in seconds.
        expires_after: how long the server keeps it when nobody reads it, in seconds; `None` for
            ever, or for a minute if it has no durable name.

    Attributes:
        pattern: as given.
        durable: whether it has a name, and lasts.
        name: what the server calls it; without a durable one, once it is made.
    """

    def __init__(
        self,
        stream: Stream,
        inbox: JetStreamInboxState[Any],
        position: Position,
        *,
        pattern: str,
        name: str,
        ack_wait: float,
        expires_after: float | None,
    ) -> None:
        self.pattern = pattern
        self.durable = bool(name)
        self.name = name
        self._stream = stream
        self._inbox = inbox
        self._position = position
        self._ack_wait = ack_wait
        self._expires_after = expires_after if self.durable else FORGOTTEN_AFTER_S
        self._left = False  # whether what has not come in was counted at the end
        self._removals = Removals(position, durable=self.durable)
        # A stream is known by when it was made, and so is a consumer.
        self._created: datetime.datetime | None = None
        self._made_in: datetime.datetime | None = None  # the stream that this one is of
        self._asked_in: datetime.datetime | None = None  # the stream that it was last asked for in
        self._position_in: datetime.datetime | None = None  # the stream that has those numbers

    @property
    def made(self) -> bool:
        """Whether the server has ever had it."""
        return self._created is not None

    @property
    def deliver_subject(self) -> str:
        """Where the server sends its messages."""
        return f"_pubsub.{self._stream.name}.{self.name}"

    def identify(self) -> None:
        """Give it a name, if it has none: not before, or a forked process would have the same."""
        if not self.durable:
            self.name = f"reader-{secrets.token_hex(8)}"

    async def make(self) -> None:
        """Make it for the first time: it gets what is stored from then on.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        self._position_in = self._stream.created
        self._position.consecutive = self._stream.is_all(self.pattern)
        made = await self._ask_for()
        self._position.begin(_not_sent(made))
        sent = _delivered(made)
        self._removals.begin(sent.consumer_seq, sent.stream_seq)
        self._is_now(made)

    async def _ask_for(self, start: int | None = None) -> api.ConsumerInfo:
        """Ask the server to make it, or to say what it knows, if it was made so before.

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
            deliver_subject=self.deliver_subject,
            deliver_group=self.name if self.durable else None,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=self._ack_wait,
            max_ack_pending=self._inbox.maxsize,
            filter_subject=self.pattern,
            inactive_threshold=self._expires_after,
        )
        self._asked_in = stream.created
        return await stream.ask(lambda jetstream: jetstream.add_consumer(stream.name, config))

    def _is_now(self, known: api.ConsumerInfo) -> None:
        """Note that this is the consumer whose messages come in."""
        self._created = known.created
        self._made_in = self._position_in

    def note(self, sequence: int, delivery: int, pending: int, tries: int) -> None:
        """Note that a message has come in, and count what was removed before it.

        The arguments are those of `Removals.note`.
        """
        self._inbox.lose(self._removals.note(sequence, delivery, pending, tries))

    async def is_lost(self) -> bool:
        """Return whether the server does not know it any more, or has another of this name.

        To be called when nothing has come in for a while. What the server has nothing more to send
        of, though it has not come in, was removed from the stream, and is counted.
        """
        known = await self._stream.consumer(self.name)
        if known is None or not self._is_the_same(known):
            return True
        await self._keep_until_handled(known.config)
        now = Look(_delivered(known).consumer_seq, known.num_pending or 0, self._stream.last)
        self._inbox.lose(self._removals.look(now, unanswered=known.num_ack_pending or 0))
        return False

    async def _keep_until_handled(self, config: api.ConsumerConfig) -> None:
        """Take back a limit of tries, at which the server would give a message up in silence.

        Only an operator can have set it; how often to try is decided here (see `Redelivery`).
        """
        tries, stream = config.max_deliver or 0, self._stream
        if tries > 0:
            config.max_deliver = -1
            await stream.ask(lambda jetstream: jetstream.add_consumer(stream.name, config))
            stream.connection.report(
                NatsError(
                    f"the server was told to give up what '{self.name}' of the stream "
                    f"'{stream.name}' has failed on {tries} times, and now again to keep it; what "
                    "failed meanwhile is lost: limit the tries by max_tries"
                )
            )

    def _is_the_same(self, known: api.ConsumerInfo) -> bool:
        """Return whether it is the one that was made, and not another of this name, made later.

        A server that has read one from its store says at first that it was made just then, and
        afterwards when it really was (so does nats-server 2.15.1).
        """
        assert known.created is not None
        assert self._created is not None
        if known.created > self._created:
            return False
        self._created = known.created
        return True

    async def remake(self) -> None:
        """Make the consumer again, if the server no longer has it, and count what that has lost.

        One with a name that was deleted is not made again, since somebody may have meant it; if it
        has been made again by somebody, what it kept is lost all the same. This may be cancelled or
        fail, and be called again.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
            StreamChanged: if it has to be done again, since the stream was made anew meanwhile.
        """
        stream, position = self._stream, self._position
        if self._position_in != stream.created:
            self._position_in = stream.created
            self._inbox.orphan()
            self._inbox.lose(position.begin_anew())
            position.consecutive = stream.is_all(self.pattern)
            self._removals.begin_anew()
        known = await stream.consumer(self.name)
        if known is not None and self._is_the_same(known) and not position.held:
            return
        if self.durable:
            await self._remake_durable(known)
        else:
            await self._remake_nameless(known)

    async def _remake_durable(self, known: api.ConsumerInfo | None) -> None:
        stream, position = self._stream, self._position
        if self._made_in == stream.created:
            if await stream.is_lost():
                raise StreamChanged
            self._inbox.fail(SubscriptionForgotten(self.name))
            return
        # It has to be made as everybody makes it who shares it. If another one of them has done
        # so, that one knows what was stored before.
        ours = known is None or self._asked_in == stream.created
        known = known or await self._ask_for()
        if await stream.is_lost():
            raise StreamChanged
        self._is_now(known)
        position.begin(0)  # or it would be held for ever, and be taken for another at the next look
        if ours and position.consecutive:  # else nobody knows which of them it would have got
            self._inbox.lose(min(_not_sent(known), stream.last))

    async def _remake_nameless(self, known: api.ConsumerInfo | None) -> None:
        stream, position = self._stream, self._position
        if not position.held:
            position.hold()
            self._inbox.orphan()  # not again, or what has come in since would be
        behind = position.highest
        if known is not None and known.config.opt_start_seq != behind + 1:
            await stream.forget(self.name)  # it begins where the stream before would go on
            known = None
        if known is None:
            known = await self._ask_for(behind + 1)
        if await stream.is_lost():
            raise StreamChanged
        self._is_now(known)
        # The server may not have kept for it what comes next. If it has sent anything, that tells.
        kept_from = behind if _has_sent(known) else min(_not_sent(known), stream.last)
        self._inbox.lose(position.begin(kept_from, _to_be_sent(known)))

    async def leave(self) -> None:
        """Let the server forget it, and count what has not come in.

        Raises:
            NatsError: if the server cannot be reached or refuses it.
        """
        last = await self._stream.last_sequence(self.pattern)
        position, self._left = self._position, True
        if position.consecutive:
            self._inbox.dropped += position.pass_over(last)
        else:
            self._inbox.dropped += position.pending + position.absent
        await self._stream.forget(self.name)

    def count_left(self) -> None:
        """Count what has not come in, as the server has last said, if `leave` could not ask."""
        if not self._left:
            self._left = True
            self._inbox.dropped += self._position.begin_anew()


def _delivered(known: api.ConsumerInfo) -> api.SequenceInfo:
    assert known.delivered is not None  # the server always says it
    return known.delivered


def _has_sent(known: api.ConsumerInfo) -> bool:
    return _delivered(known).consumer_seq > 0


def _to_be_sent(known: api.ConsumerInfo) -> int:
    """Return how many messages it had from its beginning on, sent or not."""
    return _delivered(known).consumer_seq + (known.num_pending or 0)


def _not_sent(known: api.ConsumerInfo) -> int:
    """Return the number of the last message before the first that it sends, as far as is known."""
    sent = _delivered(known)
    return max(sent.stream_seq - sent.consumer_seq, 0)
