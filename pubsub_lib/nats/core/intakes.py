"""What comes in for all subscribers of a broker: one subscription at the server for each pattern.

>>> Intakes.ready.__doc__
'Whether messages can be sent, and come in for those who have subscribed.'
"""

import contextlib
from typing import override

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.background import BackgroundTasks
from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.core.counts import Counts
from pubsub_lib.nats.core.intake import Intake
from pubsub_lib.nats.core.numbering import Numbering
from pubsub_lib.nats.errors import NatsError
from pubsub_lib.nats.single_flight import SingleFlight
from pubsub_lib.nats.transport import Transport


class Intakes[T](ConnectionWatcher):
    """Asks the server for the patterns that the subscribers of one broker want.

    Args:
        transport: the way to the server.
        home: the event loop that it belongs to.
        receive_buffer: how many messages may wait here for each pattern.

    Attributes:
        counts: what happened to the messages that came in.
        numbering: what their numbers say.
    """

    def __init__(self, transport: Transport[T], home: HomeLoop, *, receive_buffer: int) -> None:
        self.counts = Counts()
        self.numbering = Numbering()
        self._transport = transport
        self._connection = transport.connection
        self._tasks = BackgroundTasks(home)
        self._receive_buffer = receive_buffer
        self._by_pattern: dict[str, Intake[T]] = {}
        self._not_ready: set[Intake[T]] = set()
        self._draining = SingleFlight[None](again=False)
        self._connection.watch(self)

    def of(self, where: object) -> Intake[T]:
        """Return what brings the messages that a subscriber with this filter wants.

        Raises:
            ValueError: if the server cannot be asked for them.
        """
        pattern = self._transport.routing.pattern_of(where)
        intake = self._by_pattern.get(pattern)
        if intake is None:
            intake = Intake(
                self._transport,
                self.counts,
                self.numbering,
                pattern,
                receive_buffer=self._receive_buffer,
                changed=self._note,
            )
            self._by_pattern[pattern] = intake
            self._not_ready.add(intake)
        return intake

    def _note(self, intake: Intake[T]) -> None:
        """Note that it has become ready, or that nobody wants its messages any more."""
        self._not_ready.discard(intake)
        if not intake.inboxes and self._by_pattern.get(intake.pattern) is intake:
            del self._by_pattern[intake.pattern]
            if self._tasks.can_start:
                self._tasks.start(intake.end())

    @property
    def ready(self) -> bool:
        """Whether messages can be sent, and come in for those who have subscribed."""
        return self._connection.made and not self._not_ready

    @property
    def depth(self) -> int:
        """How many messages wait for room in an inbox."""
        return sum(intake.depth for intake in self._by_pattern.values())

    async def get_ready(self) -> None:
        """Connect, and let messages come in for those who have subscribed."""
        await self._connection.connect()
        joining = list(self._not_ready)
        for intake in joining:
            intake.begin()
        for intake in joining:
            await intake.get_ready()

    @override
    def subscription_refused(self, subject: str, error: NatsError) -> None:
        for intake in list(self._by_pattern.values()):
            if intake.pattern.lower() == subject:
                intake.fail(error)

    @override
    def connection_failed(self, error: NatsError) -> None:
        for intake in list(self._by_pattern.values()):
            intake.fail(error)

    async def drain_within(self, timeout: float | None) -> None:
        """Let through what is on its way, and nothing more; put it into the inboxes.

        What is not there in time is counted as lost.
        """
        self._draining.begin(self._drain)
        await self._draining.settled(timeout)
        if not self._draining.ended:
            self._draining.cancel()
            for intake in list(self._by_pattern.values()):
                await intake.give_up()

    async def _drain(self) -> None:
        with contextlib.suppress(NatsError):
            if self._connection.connecting:
                await self._connection.connect()
            for intake in list(self._by_pattern.values()):
                await intake.settled()
            if self._connection.made:
                await self._connection.confirm()  # and what came before the answer is in, too
        for intake in list(self._by_pattern.values()):
            await intake.drain()

    async def end(self) -> None:
        """Return when nothing goes on any more. To be called when the connection was closed."""
        await self._tasks.end()
