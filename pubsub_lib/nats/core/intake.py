"""What comes in for one pattern: decoded, counted, and put into the inboxes that asked for it.

A publisher's messages carry its name and a number, so what is missing between two of them is known.

>>> Intake.begin.__doc__
'Let messages come in, soon.'
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import nats.aio.subscription
import nats.errors
from nats.aio.msg import Msg

from pubsub_lib.in_process.inbox_line import WaitingPublish
from pubsub_lib.in_process.inboxes import Inboxes
from pubsub_lib.nats.core.counts import Counts
from pubsub_lib.nats.core.inbox import NatsInboxState, WithHeaders
from pubsub_lib.nats.core.numbering import Numbering
from pubsub_lib.nats.errors import SlowConsumer
from pubsub_lib.nats.headers import given_headers
from pubsub_lib.nats.single_flight import SingleFlight
from pubsub_lib.nats.transport import Transport


class Intake[T]:
    """Puts the messages that come in by one subscription into the inboxes of this process.

    What finds an inbox full waits here, and what comes after it. So everything is counted when it
    comes in, and not when there is room for it.

    Args:
        transport: the way to the server.
        counts: what happened to messages, of all patterns.
        numbering: what their numbers say.
        pattern: which messages come in.
        receive_buffer: how many may wait here.
        changed: is called when it has become ready, or nobody is left.

    Attributes:
        pattern, counts: as given.
        inboxes: where the messages go.
    """

    def __init__(
        self,
        transport: Transport[T],
        counts: Counts,
        numbering: Numbering,
        pattern: str,
        *,
        receive_buffer: int,
        changed: Callable[["Intake[T]"], object],
    ) -> None:
        self.pattern = pattern
        self.counts = counts
        self.inboxes: Inboxes[T] = Inboxes()
        self._connection = transport.connection
        self._decoder = transport.decoder
        self._numbering = numbering
        self._receive_buffer = receive_buffer
        self._changed = changed
        self._held_up: deque[tuple[T, Mapping[str, str]]] = deque()
        self._catching_up: asyncio.Task[None] | None = None
        self._overflowing = False
        self._drained = False
        self._subscription: nats.aio.subscription.Subscription | None = None
        self._joining = SingleFlight[None]()

    def join(self, state: NatsInboxState[T]) -> None:
        """Put messages into this inbox, too."""
        self.inboxes.join(state)

    def leave(self, state: NatsInboxState[T]) -> None:
        """Put no more into this inbox."""
        self.inboxes.leave(state)
        if not self.inboxes:
            self._changed(self)

    @property
    def depth(self) -> int:
        """How many messages wait here for room in an inbox."""
        return len(self._held_up) + (self._catching_up is not None)

    async def get_ready(self) -> None:
        """Connect, and let messages come in."""
        await self._connection.connect()
        if self.inboxes:
            await self._joining.run(self._join)

    def begin(self) -> None:
        """Let messages come in, soon."""
        self._joining.begin(self._join)

    async def settled(self) -> None:
        """Return when it is known whether messages come in."""
        await self._joining.settled()

    async def _join(self) -> None:
        try:
            await self._connection.connect()
            self._subscription = await self._connection.client.subscribe_at_once(
                self.pattern, self._receive
            )
            await self._connection.confirm()
        except nats.errors.Error as error:
            self.fail(failure := self._connection.named(error))
            raise failure from error
        except Exception as error:
            self.fail(error)
            raise
        self._changed(self)

    def fail(self, error: Exception) -> None:
        """Let nothing more come in, because of this error, which the readers get."""
        self.inboxes.fail(error)

    async def end(self) -> None:
        """Let the server send no more."""
        await self._joining.settled()
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()

    def _receive(self, envelope: Msg) -> None:
        if not self.inboxes or self._drained:
            return
        if envelope.reply:
            line = self.pattern, envelope.subject
            if lost := self._numbering.note(envelope.reply, line):
                self.counts.missed_on_the_way += self._count_lost(lost)
        if len(self._held_up) >= self._receive_buffer:
            self._drop(envelope.subject)
            return
        self.counts.received += 1
        message = self._decoder.decode(envelope)
        if message is None:
            return
        headers = given_headers(envelope.headers) if envelope.headers else {}
        if self._catching_up is not None:
            self._held_up.append((message, headers))
        elif full := self._offer(message, headers):
            waiting_publish = WaitingPublish.of_one(_wrapped(message, headers), full)
            self._catching_up = asyncio.get_running_loop().create_task(
                self._catch_up(waiting_publish)
            )

    def _offer(self, message: T, headers: Mapping[str, str]) -> list[Any]:
        """Put the message where there is room, and return who is full."""
        if not headers:
            return self.inboxes.offer(message)[1]
        wrapped = _wrapped(message, headers)
        full = []
        for state in self.inboxes.wanting(message):
            assert isinstance(state, NatsInboxState)
            state.expect_headers()
            if not state.offer(wrapped):
                full.append(state)
        return full

    async def _catch_up(self, waiting_publish: WaitingPublish[Any]) -> None:
        """Wait for room for one message, and then for all that were held up meanwhile."""
        loop = asyncio.get_running_loop()
        try:
            await waiting_publish.settle(loop)
            while self._held_up:
                message, headers = self._held_up.popleft()
                if full := self._offer(message, headers):
                    await WaitingPublish.of_one(_wrapped(message, headers), full).settle(loop)
        finally:
            self._catching_up = None
            self._overflowing = False

    def _count_lost(self, count: int) -> int:
        """Count messages that nobody here gets; return how many they are over all subscribers."""
        self.counts.lost += count
        for state in self.inboxes.states:
            state.dropped += count
        return count * len(self.inboxes)

    def _drop(self, subject: str) -> None:
        """Count a message for which there is no room, and report it once each time it begins."""
        self.counts.no_room += self._count_lost(1)
        if not self._overflowing:
            self._overflowing = True
            self._connection.report(SlowConsumer(subject, self._receive_buffer))

    async def drain(self) -> None:
        """Let nothing more in, and put what has come in into the inboxes."""
        self._drained = True
        if self._catching_up is not None:
            await asyncio.wait([self._catching_up])

    async def give_up(self) -> None:
        """Let nothing more in, and count what waits here as lost."""
        self._drained = True
        if self._catching_up is not None:
            self._catching_up.cancel()
            await asyncio.wait([self._catching_up])
        self.counts.received -= len(self._held_up)
        self.counts.no_room += self._count_lost(len(self._held_up))
        self._held_up.clear()


def _wrapped(message: Any, headers: Mapping[str, str]) -> Any:
    return WithHeaders(message, headers) if headers else message
