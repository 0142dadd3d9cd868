"""Subscribing to a stream: with a name, which lasts on the server, or without one.

>>> SubscribingBroker.subscribe.__doc__.partition(",")[0]
'Return a subscription that receives every later message'
"""

from collections.abc import Sequence

from pubsub_lib.arguments import UNSET, Unset, checked_maxsize, checked_seconds
from pubsub_lib.in_process.queue_broker import Where
from pubsub_lib.nats.jetstream.consumer import Consumer, checked_name
from pubsub_lib.nats.jetstream.dead_letters import DeadLetters
from pubsub_lib.nats.jetstream.redelivery import Redelivery
from pubsub_lib.nats.jetstream.stream import Stream
from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState, JetStreamSubscription
from pubsub_lib.nats.networked_broker import NetworkedBroker

# The server is asked for a consumer on a subject in which its pattern stands, with its name and
# that of the stream; and a subject is 4,000 bytes at most.
LONGEST_PATTERN = 3_000


class SubscribingBroker[T](NetworkedBroker[T, JetStreamInboxState[T]]):
    """The part of a `JetStreamPubSub` to which readers come."""

    ack_wait: float
    redelivery: Redelivery
    _stream: Stream
    _consumers: list[Consumer[T]]
    _dead_letters: DeadLetters[T]

    def subscribe(
        self,
        *,
        name: str = "",
        where: Where[T] | None = None,
        maxsize: int | None = None,
        ack_wait: float | None = None,
        max_tries: int | Unset | None = UNSET,
        backoff: Sequence[float] | None = None,
        expires_after: float | None = None,
    ) -> JetStreamSubscription[T]:
        """Return a subscription that receives every later message, and what was kept for its name.

        Await or enter it, to be sure that it gets all that is published from then on.

        Args:
            name: under which the server keeps what is not acknowledged, until `forget`. All who
                subscribe by one name, in whatever processes, share the work: each message goes to
                one of them. What a reader that dies or leaves had, and has not acknowledged, goes
                to the others: at once if it could say so, else after `ack_wait`. Only then, or
                where `ack_wait` is too short, may two of them see the same message. All who share
                a name give the same options; the last decides. Without a name, nothing is kept
                after the reader has left.
            where: says whether a message is wanted, as for `AsyncPubSub`. With a `subject_filter`
                the server sends and keeps only what matches, if this broker carries `Published`
                messages. Any other filter is asked here, and what it does not want is acknowledged.
            maxsize: how many messages it may have that are not acknowledged, if not as many as the
                broker says.
            ack_wait: how long the server waits for an acknowledgement, in seconds, if not as long
                as the broker says.
            max_tries: how often a message is tried that always fails, if not as often as the broker
                says.
            backoff: how long to wait before each further try, in seconds, if not as long as the
                broker says.
            expires_after: how long the server keeps a name that nobody reads, in seconds, with what
                has come for it; `None` until `forget`.

        Raises:
            PubSubClosed: if the broker was shut down.
            TypeError: if an argument is of the wrong type.
            ValueError: if an argument is out of its range, or the name has other characters than
                letters, digits, - and _.
            NatsError: when it is awaited, entered or read, if the server cannot be reached or
                refuses it.
        """
        self._check_subscriber(where)
        consumer = Consumer(
            self._stream,
            self._transport.decoder,
            self._subscribers,
            self._home,
            pattern=self._pattern_of(where),
            name=checked_name(name),
            where=where,
            maxsize=self.maxsize if maxsize is None else checked_maxsize(maxsize),
            ack_wait=self.ack_wait if ack_wait is None else checked_seconds("ack_wait", ack_wait),
            expires_after=(
                None if expires_after is None else checked_seconds("expires_after", expires_after)
            ),
            redelivery=self.redelivery.but(max_tries=max_tries, backoff=backoff),
            set_aside=self._dead_letters.put,
            timeout=self.timeout,
        )
        self._consumers[:] = [other for other in self._consumers if not other.gone] + [consumer]
        self._subscribers.join(consumer.inbox)
        if self._home.loop is not None:
            consumer.begin()
        subscription: JetStreamSubscription[T] = consumer.inbox.own_end()
        return subscription

    def _pattern_of(self, where: Where[T] | None) -> str:
        pattern = self._transport.routing.pattern_of(where)
        # A longer one does not get through the server's interface, so it is asked here alone.
        return pattern if len(pattern.encode()) <= LONGEST_PATTERN else self._stream.pattern
