"""An inbox whose messages come over a network, which has to be told that they are wanted.

>>> NatsInbox.__doc__.partition(".")[0]
"A subscriber's own bounded queue of messages"
"""

import asyncio
from collections.abc import Generator, Mapping
from typing import Any, NamedTuple, Protocol, Self, override
from weakref import WeakKeyDictionary

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.inbox import Inbox, InboxState
from pubsub_lib.in_process.inboxes import Inboxes
from pubsub_lib.in_process.queue_broker import Where
from pubsub_lib.nats.core.counts import Counts
from pubsub_lib.overflow import Overflow


class WithHeaders[T](NamedTuple):
    """A message as it waits in an inbox, if its publisher has given headers with it."""

    message: T
    headers: Mapping[str, str]


class InboxSupply(Protocol):
    """What brings the messages of an inbox from the server.

    Attributes:
        counts: what happened to them.
    """

    counts: Counts

    def begin(self) -> object:
        """Let messages come in, soon."""

    async def get_ready(self) -> None:
        """Return when messages come in."""

    def leave(self, state: Any) -> None:
        """Bring no more to this inbox."""


class NatsInboxState[T](InboxState[T]):
    """An inbox whose messages come over a network, which has to be told that they are wanted.

    A message that has headers waits in it as `WithHeaders`; readers get the message alone.

    Attributes:
        supply: puts in what comes over the network.
        headers: of the message that each task has taken last, if it had any; `None` before the
            first message with headers has come.
    """

    __slots__ = ("headers", "supply")

    def __init__(
        self,
        supply: InboxSupply,
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
        self.supply = supply
        self.headers: WeakKeyDictionary[asyncio.Task[Any], Mapping[str, str]] | None = None

    @override
    def end(self, *, own: bool) -> "NatsInbox[T]":
        return NatsInbox(self, own=own)

    @override
    def announce_reader(self) -> None:
        if not self.closed:
            self.supply.begin()

    @override
    def wants(self, message: T) -> bool:
        wanted = super().wants(message)
        if not wanted and self.failure is not None:
            self.supply.counts.filter_raised += 1
        return wanted

    @override
    def leave(self) -> None:
        super().leave()
        self.supply.leave(self)

    @override
    def _drop(self, count: int) -> None:
        super()._drop(count)
        self.supply.counts.overflowed(self.overflow, count)

    @override
    def take(self) -> T | None:
        message = super().take()
        return message if self.headers is None or message is None else self._unwrapped(message)

    @override
    def take_all(self) -> list[T]:
        batch = super().take_all()
        return batch if self.headers is None else [self._unwrapped(message) for message in batch]

    @override
    def take_in_hand(self) -> None:
        """Let a reader have messages in hand, unless some may have headers, which are not there."""
        if self.headers is None:
            super().take_in_hand()

    def expect_headers(self) -> None:
        """Note that messages with headers come in from now on."""
        if self.headers is None:
            self.headers = WeakKeyDictionary()

    def _unwrapped(self, message: Any) -> T:
        """Return a message without its headers, which the task that takes it may ask for."""
        headers: Mapping[str, str] = {}
        if isinstance(message, WithHeaders):
            message, headers = message
        if self.headers is not None and (task := _running_task()) is not None:
            self.headers[task] = headers
        unwrapped: T = message
        return unwrapped

    @property
    def headers_at_hand(self) -> Mapping[str, str]:
        """The headers of the message that the running task has taken last."""
        task = _running_task()
        return {} if self.headers is None or task is None else self.headers.get(task, {})


class NatsInbox[T](Inbox[T]):
    """A subscriber's own bounded queue of messages. Made by `NatsPubSub.subscribe()`."""

    _state: NatsInboxState[T]

    @property
    def headers(self) -> dict[str, str]:
        """What its publisher has given with the message that this task has taken last.

        Of a list of `batches()` it is that of the last message in it.
        """
        return dict(self._state.headers_at_hand)

    def __await__(self) -> Generator[Any, None, Self]:
        yield from self._state.supply.get_ready().__await__()
        return self

    async def __aenter__(self) -> Self:
        return await self


def _running_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # there is no event loop
        return None


def told_to_nobody(overflow: Overflow) -> Overflow:
    """Return an overflow policy, or say why it cannot be one over a network."""
    if overflow is Overflow.RAISE:
        raise ValueError(
            "Overflow.RAISE cannot reach a publisher over a network; drop, or disconnect, and "
            "watch stats.dropped"
        )
    return overflow
