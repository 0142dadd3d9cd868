"""Stores several messages in order, without waiting for each before the next is sent.

The way to the server and back takes most of the time of a publish. So many are on their way at
once, up to a bound, and their confirmations are awaited together. A server stores what comes over
one connection in the order of coming. So when something is not confirmed, since the connection was
lost or JetStream was not ready, nothing more is sent until all that is on its way is settled; then
it goes on from the first that is not confirmed. What the server had already, it knows by its id.

One order cannot be kept: where the server refuses a message and takes the next, which were both on
their way, as one whose stream is full and then is not, or a cluster that changes its leader.

>>> Pipeline.run.__doc__.partition(".")[0]
'Return when the server has stored all, or had them before'
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from pubsub_lib.nats.errors import NatsError
from pubsub_lib.nats.jetstream.asking import ASK_AGAIN_AFTER_S
from pubsub_lib.nats.jetstream.publisher import (
    BYTES_ON_THE_WAY,
    Confirmation,
    Outgoing,
    StreamPublisher,
)

# How many messages may be on their way at once: more do not make it faster, and would all have to
# be sent again after a lost connection.
MESSAGES_ON_THE_WAY = 256


class InFlight(NamedTuple):
    """One message on its way."""

    place: int
    answer: Confirmation
    size: int


class Pipeline:
    """Stores several messages.

    Args:
        publisher: the way to the stream.
        messages: what to store.

    Attributes:
        unconfirmed: the places of those that the server is not known to have, from 0, in order.
        begun: whether any was sent.
    """

    def __init__(self, publisher: StreamPublisher, messages: Sequence[Outgoing]) -> None:
        self.unconfirmed = dict.fromkeys(range(len(messages)))
        self.begun = False
        self._publisher = publisher
        self._messages = messages
        self._to_send = deque(self.unconfirmed)
        self._on_their_way: deque[InFlight] = deque()
        self._bytes = 0

    async def run(self) -> None:
        """Return when the server has stored all, or had them before.

        Raises:
            PayloadTooLarge: if the server takes no message of such a size; then none is sent.
            NotConnected: if the connection is closed meanwhile.
            NatsError: if the server refuses one; then no more are sent.
        """
        for message in self._messages:
            self._publisher.check_size(message)
        while self.unconfirmed:
            await self._send_and_confirm()

    async def _send_and_confirm(self) -> None:
        """Send what can be sent, and confirm all, until one is not confirmed or none is left."""
        publisher = self._publisher
        await publisher.until_ready()
        interruptions = publisher.interruptions
        refusal: NatsError | None = None
        again: list[int] = []
        pause = False
        while True:
            if not again and refusal is None:
                await self._fill(interruptions)
            if not self._on_their_way:
                break
            sent = self._on_their_way.popleft()
            self._bytes -= sent.size
            answer = await sent.answer
            try:
                if answer is not None and publisher.confirms(answer):
                    del self.unconfirmed[sent.place]
                    continue
            except NatsError as error:
                refusal = refusal or error
            again.append(sent.place)
            pause = pause or answer is not None
        if refusal is not None:
            raise refusal
        self._to_send.extendleft(reversed(again))
        if pause:  # the server is not ready yet
            await asyncio.sleep(ASK_AGAIN_AFTER_S)

    async def _fill(self, interruptions: int) -> None:
        """Send as many as may be on their way, of one connection."""
        publisher, on_their_way = self._publisher, self._on_their_way
        while self._to_send and len(on_their_way) < MESSAGES_ON_THE_WAY:
            message = self._messages[self._to_send[0]]
            if on_their_way and self._bytes + message.size > BYTES_ON_THE_WAY:
                return
            if publisher.interruptions != interruptions:
                return  # what was lost with the connection goes first
            if not publisher.ready:
                if on_their_way:
                    return
                await publisher.until_ready()
                continue
            answer = await publisher.send(message)
            self.begun = True
            on_their_way.append(InFlight(self._to_send.popleft(), answer, message.size))
            self._bytes += message.size
