"""Kinds of brokers: how one is opened, and what is true of it.

>>> ASYNC_PUB_SUB.name
'AsyncPubSub'
>>> sorted(trait.name for trait in RING_PUB_SUB.traits - ASYNC_PUB_SUB.traits)
['COUNTS_THE_UNWANTED', 'OVERTAKES', 'SHARES_FATE']

A broker of one's own needs nothing but its class and its traits:

>>> class MyBroker[T](ChapterPubSub[T]):
...     pass
>>> Kind(MyBroker, {Trait.IN_PROCESS, Trait.DROPS}).name
'MyBroker'
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pubsub_lib.first_attempts.chapter import ChapterPubSub
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.in_process.ring_broker import RingPubSub
from pubsub_lib.lab.promises.traits import MANAGED, Trait


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of broker.

    Attributes:
        broker_class: makes a broker; takes `maxsize`, and `timeout` if it has `Trait.TIMEOUT`.
        traits: what is true of it.
        opened: opens a broker that needs more than itself, such as a server, for an `async with`.
        arrival: waits until what was published has reached the subscribers, where that takes time.

    Raises:
        TypeError: if a trait is none, since such a broker would have to keep fewer promises.
    """

    broker_class: Callable[..., Any]
    traits: Set[Trait]
    opened: Callable[..., AbstractAsyncContextManager[Any]] | None = None
    arrival: Callable[[Any], Awaitable[object]] | None = None

    def __post_init__(self) -> None:
        for trait in self.traits:
            if not isinstance(trait, Trait):
                raise TypeError(f"traits are members of Trait, as Trait.DROPS is, not {trait!r}")

    @property
    def name(self) -> str:
        """The name of the class, by which its errors call it, too."""
        return self.broker_class.__name__

    def open(self, **options: Any) -> AbstractAsyncContextManager[Any]:
        """Open a new broker, for an `async with`."""
        return self._made(**options) if self.opened is None else self.opened(**options)

    @asynccontextmanager
    async def _made(self, **options: Any) -> AsyncIterator[Any]:
        yield self.broker_class(**options)


CHAPTER_PUB_SUB = Kind(
    ChapterPubSub, frozenset({Trait.IN_PROCESS, Trait.WAITS_FOR_ROOM, Trait.DROPS})
)
ASYNC_PUB_SUB = Kind(
    AsyncPubSub, CHAPTER_PUB_SUB.traits | MANAGED | {Trait.POLICIES, Trait.REPLAY, Trait.HISTORY}
)
RING_PUB_SUB = Kind(
    RingPubSub,
    CHAPTER_PUB_SUB.traits
    | MANAGED
    | {Trait.REPLAY, Trait.SHARES_FATE, Trait.OVERTAKES, Trait.COUNTS_THE_UNWANTED},
)

IN_PROCESS_KINDS = (CHAPTER_PUB_SUB, ASYNC_PUB_SUB, RING_PUB_SUB)
"""The library's brokers within a process, faults of the first one included."""
