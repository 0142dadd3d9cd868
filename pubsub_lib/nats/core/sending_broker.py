"""Publishing over core NATS: a publish returns when the connection has the message.

>>> SendingBroker.publish.__doc__.partition(".")[0]
'Send the message to every subscriber of the subject'
"""

import asyncio
from asyncio import get_running_loop
from collections.abc import Iterable, Mapping
from typing import override

from pubsub_lib.errors import carry
from pubsub_lib.in_process.inbox import InboxState
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.nats.core.intakes import Intakes
from pubsub_lib.nats.core.sender import Sender
from pubsub_lib.nats.headers import checked_headers
from pubsub_lib.nats.networked_broker import NetworkedBroker
from pubsub_lib.nats.routing import Routing
from pubsub_lib.reports import Deliveries, Delivery

SENT = Delivery(1)


class SendingBroker[T](NetworkedBroker[T, InboxState[T]], AsyncPubSub[T]):
    """The part of a `NatsPubSub` that publishes."""

    _routing: Routing
    _sender: Sender
    _intakes: Intakes[T]

    @override
    async def publish(self, message: T, *, headers: Mapping[str, str] | None = None) -> Delivery:
        """Send the message to every subscriber of the subject.

        It waits where much is on its way already. Cancelling it then does not take the message
        back.

        Args:
            message: what to publish.
            headers: what goes with it, which readers see as `inbox.headers`.

        Returns:
            `Delivery(1)`: the connection has it. Who will read it is not known here.

        Raises:
            TypeError: if the message is `None`, or none that the codec knows.
            ValueError: if the codec cannot make bytes of it, a header is not one line of text, or
                its subject is too long.
            PubSubClosed: if the broker was shut down.
            ServerUnreachable, AccessRefused: if there has been no connection yet, and none is made.
            PayloadTooLarge: if the server takes no message of this size.
            NotConnected: if the connection is lost, and nothing more is kept for it.
            RuntimeError: if the broker was first used on another event loop.
        """
        # The usual case costs no call; the others are told apart there.
        if message is None or self._closed or get_running_loop() is not self._home.loop:
            self._check_message(message)
        data = self._transport.to_bytes(message)
        subject = self._routing.subject_of(message)
        checked = checked_headers(headers) if headers is not None else None
        if not self._intakes.ready:
            await self._intakes.get_ready()
        await self._sender.send(subject, data, checked)
        return SENT

    @override
    async def publish_many(self, messages: Iterable[T]) -> Deliveries:
        """Send all these messages, in order, to every subscriber of the subject.

        Returns:
            How many the connection has, each of which counts as delivered. Who will read them is
            not known here. A publish that is cancelled, or refused in the middle, has sent those
            before; `delivered_before` tells how many, where it was cancelled.

        Raises:
            TypeError, PubSubClosed, RuntimeError: as `AsyncPubSub.publish_many`.
            ValueError, ServerUnreachable, AccessRefused, PayloadTooLarge, NotConnected: as
                `publish`. If the codec knows one of them not, none is sent.
        """
        to_bytes, subject_of = self._transport.to_bytes, self._routing.subject_of
        payloads = [
            (subject_of(message), to_bytes(message)) for message in self._checked_messages(messages)
        ]
        await self._intakes.get_ready()
        sent = 0
        try:
            for subject, data in payloads:
                await self._sender.send(subject, data)
                sent += 1
        except asyncio.CancelledError as cancelled:
            carry(cancelled, Deliveries(sent, sent))
            raise
        return Deliveries(sent, sent)

    @override
    def publish_nowait(self, message: T) -> Delivery:
        """Not over a network: sending may have to wait for it.

        Raises:
            NotImplementedError: always; await `publish()`.
        """
        self._check_message(message)
        raise NotImplementedError("sending over a network may have to wait: await publish()")
