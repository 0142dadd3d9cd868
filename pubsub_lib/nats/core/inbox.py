"""An inbox whose messages come over a network, which has to be told that they are wanted.

>>> NatsInbox.__doc__.partition(".")[0]
"A subscriber's own bounded queue of messages"
"""

from collections.abc import Generator
from typing import Any, Self, override

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.inbox import Inbox, InboxState
from pubsub_lib.in_process.inboxes import Inboxes
from pubsub_lib.in_process.queue_broker import Where
from pubsub_lib.nats.core.intake import Intake
from pubsub_lib.overflow import Overflow


class NatsInboxState[T](InboxState[T]):
    """An inbox whose messages come over a network, which has to be told that they are wanted.

    Attributes:
        intake: puts in what comes over the network.
    """

    __slots__ = ("intake",)

    def __init__(
        self,
        intake: Intake[T],
        subscribers: Inboxes[T],
        home: HomeLoop,
        *,
        name: str,
        where: Where[T] | None,
        maxsize: int,
        timeout: float | None,
        overflow: Overflow,
    ) -> None:
        super().__init__(
            subscribers,
            home,
            name=name,
            where=where,
            maxsize=maxsize,
            timeout=timeout,
            overflow=overflow,
        )
        self.intake = intake

    @override
    def end(self, *, own: bool) -> "NatsInbox[T]":
        return NatsInbox(self, own=own)

    @override
    def announce_reader(self) -> None:
        if not self.closed:
            self.intake.begin()


class NatsInbox[T](Inbox[T]):
    """A subscriber's own bounded queue of messages. Made by `NatsPubSub.subscribe()`."""

    _state: NatsInboxState[T]

    def __await__(self) -> Generator[Any, None, Self]:
        yield from self._state.intake.get_ready().__await__()
        return self

    async def __aenter__(self) -> Self:
        return await self
