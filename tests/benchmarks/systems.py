"""The small interface behind which every system stands that is compared.

An adapter opens a `Channel` with a number of subscribers. How to publish is the adapter's own loop,
not a call per message, so that nothing but the system itself costs anything. The adapters are in
`library`, `by_hand` and `peers`.

>>> import asyncio
>>> from .library import CHAPTER
>>> async def main() -> list[Count]:
...     async with CHAPTER.open(2, BOUND) as channel, asyncio.TaskGroup() as group:
...         readers = [group.create_task(CHAPTER.reading.count(s)) for s in channel.sources]
...         await channel.publish([b"first", b"second"])
...         await channel.close()
...     return [reader.result() for reader in readers]
>>> asyncio.run(main())
[(2, b'second'), (2, b'second')]
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .reading import Count, Reading

BOUND = 100  #: of every queue that can be bounded, in messages; the chapter's
LARGE_BOUND = 1_000  #: what speed is measured with besides


class Kind(Enum):
    """What a system stands for in the comparison."""

    LIBRARY = "this library"
    CHAPTER = "where the course starts"
    BY_HAND = "written by hand"
    PEER = "another library"
    LIMIT = "a limit, without an event loop"


@dataclass(frozen=True, slots=True)
class Channel:
    """A system with its subscribers, ready to be published to.

    Attributes:
        sources: one for each subscriber, to be read by the system's `reading`.
        publish: publishes messages in order, as fast as the system allows.
        close: lets every reader end once it has all messages.
    """

    sources: Sequence[Any]
    publish: Callable[[Iterable[bytes]], Awaitable[None]]
    close: Callable[[], Awaitable[object]]


type Opening = Callable[[int, int], AbstractAsyncContextManager[Channel]]


@dataclass(frozen=True, slots=True)
class System:
    """Something that gives every message to every subscriber.

    Attributes:
        name: as the tables have it.
        kind: what it stands for.
        open: makes a channel with so many subscribers, and such a bound.
        reading: how they read.
        bounded: whether a subscriber that does not read stops the publisher, at the bound.
        distribution: what has to be installed for it.
    """

    name: str
    kind: Kind
    open: Opening
    reading: Reading
    bounded: bool = True
    distribution: str = "pubsub-lib"


@dataclass(frozen=True, slots=True)
class Limit:
    """What moving the messages costs where nobody waits for anybody.

    Attributes:
        name: as the tables have it.
        deliver: gives the messages to so many subscribers, and returns what each received.
    """

    name: str
    deliver: Callable[[int, Sequence[bytes]], list[Count]]
    kind: Kind = Kind.LIMIT
