"""What a broker must offer, as structural types.

Code that asks for a `Broker` runs with every broker in this library, and with any other class that
has these methods: it need not inherit from anything (see `typing.Protocol`).

>>> from pubsub_lib import AsyncPubSub, ChapterPubSub, Message
>>> async def announce(publisher: Publisher[Message]) -> None:
...     await publisher.publish(Message("ready"))
>>> all(isinstance(broker, Broker) for broker in (AsyncPubSub[Message](), ChapterPubSub[Message]()))
True
"""

from collections.abc import Awaitable
from typing import Protocol, runtime_checkable


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
