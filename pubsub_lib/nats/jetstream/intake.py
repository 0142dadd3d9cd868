"""What comes in from the server for one subscription: counted, decoded, and put into its inbox.

Everything that comes in gets an answer, sooner or later: it was handled, or is to be delivered
again, or was given up. What nobody answers is delivered again after `ack_wait`.

>>> JetStreamIntake.receive.__doc__
'Take in what the server has sent.'
"""

import asyncio

from nats.aio.msg import Msg

from pubsub_lib.in_process.subscriber import FILTER_ERRORS
from pubsub_lib.nats.decoding import Decoder
from pubsub_lib.nats.jetstream.outcomes import Outcomes
from pubsub_lib.nats.jetstream.position import numbers_of
from pubsub_lib.nats.jetstream.redelivery import Redelivery
from pubsub_lib.nats.jetstream.server_consumer import ServerConsumer
from pubsub_lib.nats.jetstream.stream import Stream
from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState

# Which subscription a message is for that was put back, in its header.
PUT_BACK_FOR = "Pubsub-For"
# How the subject begins that an answer goes to. Whoever may publish anywhere may also publish to a
# reader, but the server lets nobody else use what goes on after this.
ANSWERED_AT = "$JS.ACK."


class JetStreamIntake[T]:
    """Takes in the messages of one subscription.

    Args:
        stream: where they come from.
        decoder: makes messages of bytes.
        inbox: where they go.
        outcomes: tells the server what became of them.
        redelivery: how often a message is delivered whose readers say nothing.
        consumer: what sends them.

    Attributes:
        quiet: whether nothing has come in since somebody has said so.
        arrival: is set when something has come in.
    """

    def __init__(
        self,
        stream: Stream,
        decoder: Decoder[T],
        inbox: JetStreamInboxState[T],
        outcomes: Outcomes,
        redelivery: Redelivery,
        consumer: ServerConsumer,
    ) -> None:
        self.quiet = False
        self.arrival = asyncio.Event()
        self._stream = stream
        self._decoder = decoder
        self._inbox = inbox
        self._outcomes = outcomes
        self._redelivery = redelivery
        self._consumer = consumer

    async def receive(self, envelope: Msg) -> None:
        """Take in what the server has sent."""
        if not envelope.reply.startswith(ANSWERED_AT) or envelope.reply == ANSWERED_AT:
            self._decoder.refuse(envelope, ValueError("it does not come from the stream"))
            return
        sequence, delivery, pending, times = numbers_of(envelope)
        counts = self._stream.counts
        counts.received += 1
        if times > 1:
            counts.redelivered += 1
        self.quiet = False
        self._consumer.note(sequence, delivery, pending, times)
        envelopes = self._inbox.envelopes
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
        self.arrival.set()

    def _is_for_another(self, envelope: Msg) -> bool:
        """Whether it was put back for the subscription of another name."""
        headers, name = envelope.headers, self._consumer.name
        return headers is not None and headers.get(PUT_BACK_FOR, name) != name

    def _take_in(self, envelope: Msg, sequence: int, *, is_copy: bool) -> None:
        inbox = self._inbox
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
            inbox.accept(message, envelope, sequence, is_copy=is_copy)
        else:
            self._stream.replies.send([envelope], Msg.ack)
