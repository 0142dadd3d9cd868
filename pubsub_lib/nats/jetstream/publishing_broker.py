"""Publishing to a stream: a publish returns when the server has stored the message.

>>> PublishingBroker.publish.__doc__.partition(",")[0]
'Store the message on the server'
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import override

from pubsub_lib.nats.headers import checked_headers
from pubsub_lib.nats.jetstream.publishing import Publishing, checked_id, checked_ids
from pubsub_lib.nats.jetstream.subscription import JetStreamInboxState
from pubsub_lib.nats.networked_broker import NetworkedBroker
from pubsub_lib.reports import Deliveries, Delivery

STORED = Delivery(1)


class PublishingBroker[T](NetworkedBroker[T, JetStreamInboxState[T]]):
    """The part of a `JetStreamPubSub` that publishes."""

    _publishing: Publishing

    async def publish(
        self, message: T, *, message_id: str = "", headers: Mapping[str, str] | None = None
    ) -> Delivery:
        """Store the message on the server, and return when it has it.

        Args:
            message: what to publish.
            message_id: what the server knows it by: the same one within `duplicate_window` seconds
                is stored once, whoever publishes it. By default it is a number of this broker's.
            headers: what goes with it, which readers see as `subscription.headers`.

        Returns:
            `Delivery(1)`: the server has it. Who will read it is not known here.

        Raises:
            TypeError: if the message is `None`, or none that the codec knows.
            ValueError: if the codec cannot make bytes of it, the id or a header is not one line of
                text, or its subject is too long.
            PubSubClosed: if the broker was shut down.
            StreamFull: if the stream holds as many messages as it may.
            StoreFull: if the server has no room for any more.
            PayloadTooLarge: if the server takes no message of this size.
            Unconfirmed: if the server has not answered within `timeout` seconds. It may have the
                message: publish it again with the `message_id` that the error names.
            ServerUnreachable, AccessRefused, TlsFailed, JetStreamUnavailable: if there has been no
                connection yet, and none is made.
            RuntimeError: if the broker was first used on another event loop.
        """
        self._check_message(message)
        data = self._transport.to_bytes(message)
        subject = self._transport.routing.subject_of(message)
        await self._publishing.one(
            subject, data, checked_id(message_id), checked_headers(headers), self.timeout
        )
        return STORED

    @override
    async def publish_many(
        self, messages: Iterable[T], *, message_ids: Sequence[str] | None = None
    ) -> Deliveries:
        """Store all these messages on the server, in order; return when it has them.

        Many are on their way at once, so it takes a fraction of the time of a `publish` for each.
        Where one of them is refused, or a cluster changes its leader, later ones may be stored
        before it.

        Args:
            messages: what to publish.
            message_ids: what the server knows each by, as for `publish`; as many as messages.

        Returns:
            How many the server has, each of which counts as delivered.

        Raises:
            TypeError, PubSubClosed, RuntimeError: as `AsyncPubSub.publish_many`.
            ValueError: if the codec cannot make bytes of one, or its subject is too long; then none
                is sent. If there are not as many ids as messages, or one is not one line of text.
            PayloadTooLarge: if the server takes no message of such a size; then none is sent.
            Unconfirmed: if the server has not confirmed all within `timeout` seconds, which are
                those of the whole call.
            NatsError: as `publish`.

        Whatever ends it, `unconfirmed_in(error)` says which messages the server is not known to
        have, and by which ids to publish them again. Of a call that is cancelled `delivered_before`
        tells how many it has.
        """
        to_bytes, subject_of = self._transport.to_bytes, self._transport.routing.subject_of
        payloads = [
            (subject_of(message), to_bytes(message)) for message in self._checked_messages(messages)
        ]
        ids = checked_ids(message_ids, len(payloads))
        await self._publishing.many(payloads, ids, self.timeout)
        return Deliveries(len(payloads), len(payloads))

    @override
    def publish_nowait(self, message: T) -> Delivery:
        """Not over a network: the server has to answer.

        Raises:
            NotImplementedError: always; await `publish()`.
        """
        self._check_message(message)
        raise NotImplementedError("storing over a network has to wait: await publish()")
