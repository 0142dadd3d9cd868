"""What comes in over the network: decoded, counted, and put into the inboxes of this process.

A publisher's messages carry its name and a number, so what is missing between two of them is known.

>>> Intake.ready.__doc__
'Whether messages can be sent, and come in for those who have subscribed.'
"""

import asyncio
import contextlib
from collections import deque
from typing import override

import nats.aio.subscription
import nats.errors
from nats.aio.msg import Msg

from pubsub_lib.in_process.inbox_line import WaitingPublish
from pubsub_lib.in_process.inboxes import Inboxes
from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.core.numbering import Numbering
from pubsub_lib.nats.errors import NatsError, SlowConsumer
from pubsub_lib.nats.single_flight import SingleFlight
from pubsub_lib.nats.transport import Transport


class Intake[T](ConnectionWatcher):
    """Puts the messages that come in into the inboxes of this process.

    What finds an inbox full waits here, and what comes after it. So everything is counted when it
    comes in, and not when there is room for it.

    Args:
        transport: the way to the server.
        inboxes: where the messages go.
        subject: which messages come in.
        receive_buffer: how many may wait here.

    Attributes:
        received: how many messages came in, with those that did not decode.
        lost: how many did not, as later numbers show, or found no room to wait.
        numbering: what the numbers of the messages say.
    """

    def __init__(
        self, transport: Transport[T], inboxes: Inboxes[T], subject: str, *, receive_buffer: int
    ) -> None:
        self.received = 0
        self.lost = 0
        self.numbering = Numbering()
        self._connection = transport.connection
        self._decoder = transport.decoder
        self._inboxes = inboxes
        self._subject = subject
        self._receive_buffer = receive_buffer
        self._held_up: deque[T] = deque()
        self._catching_up: asyncio.Task[None] | None = None
        self._overflowing = False
        self._drained = False
        self._subscription: nats.aio.subscription.Subscription | None = None
        self._joining = SingleFlight[None]()
        self._connection.watch(self)

    @property
    def ready(self) -> bool:
        """Whether messages can be sent, and come in for those who have subscribed."""
        return self._subscription is not None or (self._connection.made and not self._inboxes)

    async def get_ready(self) -> None:
        """Connect, and let messages come in if there are subscribers."""
        await self._connection.connect()
        if self._inboxes:
            await self._joining.run(self._join)

    def begin(self) -> None:
        """Let messages come in, soon."""
        self._joining.begin(self._join)

    async def _join(self) -> None:
        try:
            await self._connection.connect()
            self.numbering.forget()
            # Without nats-py's limits: `_receive` never waits, and has its own.
            self._subscription = await self._connection.client.subscribe(
                self._subject, cb=self._receive, pending_msgs_limit=0, pending_bytes_limit=0
            )
            await self._connection.confirm()
        except nats.errors.Error as error:
            self._fail(failure := self._connection.named(error))
            raise failure from error
        except Exception as error:
            self._fail(error)
            raise

    @override
    def connection_failed(self, error: NatsError) -> None:
        self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._subscription = None
        self._joining.forget()
        self._inboxes.fail(error)

    async def _receive(self, envelope: Msg) -> None:
        if not self._inboxes or self._drained:
            await self._leave()
            return
        if envelope.reply and (lost := self.numbering.note(envelope.reply)):
            self._count_lost(lost)
        if len(self._held_up) >= self._receive_buffer:
            self._drop(envelope.subject)
            return
        self.received += 1
        message = self._decoder.decode(envelope)
        if message is None:
            return
        if self._catching_up is not None:
            self._held_up.append(message)
        elif full := self._inboxes.offer(message)[1]:
            waiting_publish = WaitingPublish.of_one(message, full)
            self._catching_up = asyncio.get_running_loop().create_task(
                self._catch_up(waiting_publish)
            )

    async def _catch_up(self, waiting_publish: WaitingPublish[T]) -> None:
        """Wait for room for one message, and then for all that were held up meanwhile."""
        loop = asyncio.get_running_loop()
        try:
            await waiting_publish.settle(loop)
            while self._held_up:
                message = self._held_up.popleft()
                if full := self._inboxes.offer(message)[1]:
                    await WaitingPublish.of_one(message, full).settle(loop)
        finally:
            self._catching_up = None
            self._overflowing = False

    def _count_lost(self, count: int) -> None:
        self.lost += count
        for state in self._inboxes.states:
            state.dropped += count

    def _drop(self, subject: str) -> None:
        """Count a message for which there is no room, and report it once each time it begins."""
        self._count_lost(1)
        if not self._overflowing:
            self._overflowing = True
            self._connection.report(SlowConsumer(subject, self._receive_buffer))

    async def _leave(self) -> None:
        subscription, self._subscription = self._subscription, None
        self._joining.forget()
        if subscription is not None:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()

    async def drain(self) -> None:
        """Let through what is on its way, and nothing more; put it into the inboxes."""
        with contextlib.suppress(NatsError):
            if self._connection.connecting:
                await self._connection.connect()
            await self._joining.settled()
            if self._connection.made:
                await self._connection.confirm()  # and what came before the answer is in, too
        self._drained = True
        if self._catching_up is not None:
            await asyncio.wait([self._catching_up])

    async def give_up(self) -> None:
        """Let nothing more in, and count what waits here as lost."""
        self._drained = True
        if self._catching_up is not None:
            self._catching_up.cancel()
            await asyncio.wait([self._catching_up])
        self.received -= len(self._held_up)
        self._count_lost(len(self._held_up))
        self._held_up.clear()
