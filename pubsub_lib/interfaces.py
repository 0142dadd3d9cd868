"""What a broker must offer, as structural types.

Code that asks for a `Broker` runs with every broker in this library, and with any other class that
has these methods: it need not inherit from anything (see `typing.Protocol`). Code that wants to
leave, to read in batches, or to know what was lost asks for a `ManagedBroker`, which all brokers
but the chapter's are.

>>> from pubsub_lib import AsyncPubSub, ChapterPubSub, Message, RingPubSub
>>> async def announce(publisher: Publisher[Message]) -> None:
...     await publisher.publish(Message("ready"))
>>> brokers = (ChapterPubSub[Message](), AsyncPubSub[Message](), RingPubSub[Message]())
>>> [isinstance(broker, Broker) for broker in brokers]
[True, True, True]
>>> [isinstance(broker, ManagedBroker) for broker in brokers]
[False, True, True]
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterable
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from pubsub_lib.reports import BrokerStats, Deliveries, Delivery, ShutdownReport, SubscriptionStats


class Publisher[T](Protocol):
    """Something a message can be given to."""

    async def publish(self, message: T, /) -> object:
        """Deliver the message to every subscriber."""


class Subscription[T](Protocol):
    """One subscriber's end of a broker: its own queue of messages."""

    async def get(self) -> T | None:
        """Wait for the next message; `None` says that no more will come."""

    def task_done(self) -> None:
        """Say that the message last taken has been handled."""

    def qsize(self) -> int:
        """Return how many messages are waiting, in messages."""


@runtime_checkable
class Broker[T](Publisher[T], Protocol):
    """A publisher with subscribers, which can be shut down."""

    def subscribe(self) -> Awaitable[Subscription[T]]:
        """Join, and receive everything that is published from now on."""

    async def shutdown(self) -> object:
        """Accept nothing more, and let every subscriber know."""


@runtime_checkable
class ManagedSubscription[T](Subscription[T], Protocol):
    """A subscription that can be iterated, left, and asked what it has seen."""

    name: str

    def __aiter__(self) -> AsyncIterator[T]:
        """Read one by one, until no more will come."""

    def batches(self) -> AsyncIterator[list[T]]:
        """Read in lists: each holds all that waits."""

    def close(self) -> None:
        """Leave the broker, and discard what is unread."""

    @property
    def closed(self) -> bool:
        """Whether no more messages will come in."""

    @property
    def stats(self) -> SubscriptionStats:
        """What this subscription has seen so far."""

    def __await__(self) -> Generator[object, None, Self]:
        """Return itself, once it receives messages."""

    async def __aenter__(self) -> Self:
        """Return itself, once it receives messages."""

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        """Leave the broker."""


@runtime_checkable
class RedeliveringSubscription[T](ManagedSubscription[T], Protocol):
    """A subscription whose messages come again if they could not be handled."""

    def task_failed(self, error: BaseException | str, /) -> None:
        """Give back what this task has taken and could not handle: it comes again, later."""

    @property
    def tries(self) -> int:
        """How often that came which this task is handling: 1 at the first try."""


@runtime_checkable
class ManagedBroker[T](Protocol):
    """A broker that counts what is lost, and comes to an end in a bounded time."""

    def subscribe(
        self, *, name: str = "", where: Callable[[T], object] | None = None
    ) -> ManagedSubscription[T]:
        """Join, and receive the messages that are wanted, from now on."""

    async def publish(self, message: T, /) -> Delivery:
        """Deliver the message to every subscriber, and say what became of it."""

    async def publish_many(self, messages: Iterable[T], /) -> Deliveries:
        """Deliver all these messages, in order, to every subscriber, and report on them."""

    async def shutdown(self, *, timeout: float | None = 10.0) -> ShutdownReport:
        """Accept nothing more, let the subscribers finish, and say what was left."""

    @property
    def closed(self) -> bool:
        """Whether the broker was shut down."""

    @property
    def stats(self) -> BrokerStats:
        """What this broker has done so far."""


@runtime_checkable
class Serializable(Protocol):
    """A message that can be turned into bytes and back, so that it can leave the process.

    A broker over a network asks this of its messages; `JsonMessage` gives it to a dataclass.
    """

    def to_bytes(self) -> bytes:
        """Return bytes from which `from_bytes` makes an equal message.

        Raises:
            ValueError: if there are none.
        """

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self:
        """Return the message that the bytes were made of.

        Raises:
            ValueError: if they are not the bytes of such a message.
        """


class Codec[T](Protocol):
    """What turns messages into bytes and back. A `Serializable` message type is one itself."""

    def to_bytes(self, message: T, /) -> bytes:
        """Return bytes from which `from_bytes` makes an equal message.

        Raises:
            ValueError: if there are none.
        """

    def from_bytes(self, data: bytes, /) -> T:
        """Return the message that the bytes were made of.

        Raises:
            ValueError: if they are not the bytes of such a message.
        """
