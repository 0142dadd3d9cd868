"""What a writer tells the caches of others: that a key has a new value, or another than they hold.

`CacheReplica`, in `replicas.py`, hears it. `Versioned` is what it loads and holds.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def main() -> None:
...     async with AsyncPubSub[Change[str, int]]() as broker, broker.subscribe() as inbox:
...         await CacheWriter(broker, "mint").invalidate("gold", version=2)
...         print(await inbox.get())
...         inbox.task_done()
>>> asyncio.run(main())
Invalidation(key='gold', version=2, writer='mint', sequence=1)
"""

from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from pubsub_lib.arguments import refuse_to_copy
from pubsub_lib.caching.cache import require_hashable
from pubsub_lib.codecs import JsonMessage
from pubsub_lib.interfaces import ManagedBroker
from pubsub_lib.reports import Delivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Change[K, V](JsonMessage):
    """What a writer tells of one write: an `Update` or an `Invalidation`.

    Attributes:
        key: what was written.
        version: the number that the store gave to this write of the key; higher is later.
        writer: who wrote, by a name that no writer had before.
        sequence: which of the writer's changes this is: 1, 2, 3.
    """

    key: K
    version: int
    writer: str
    sequence: int

    def __post_init__(self) -> None:
        require_hashable(self.key)
        for name, number in (("version", self.version), ("sequence", self.sequence)):
            if not isinstance(number, int):
                raise TypeError(f"{name} is a whole number, higher for later, not {number!r}")
        if not isinstance(self.writer, str):
            raise TypeError(f"writer is the name of a writer, not {self.writer!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Update[K, V](Change[K, V]):
    """A key has a new value, which comes along."""

    value: V


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalidation[K, V](Change[K, V]):
    """A key has another value, or none any more; who needs it loads it."""


class CacheWriter[K, V]:
    """Tells the replicas what was written to the store. Write first, then tell.

    Args:
        broker: carries the changes.
        name: who writes. Each writer needs a name of its own, and a new one when it starts again.
    """

    def __init__(self, broker: ManagedBroker[Change[K, V]], name: str) -> None:
        self.name = name
        self._broker = broker
        self._last: Change[K, V] | None = None

    def __reduce__(self) -> NoReturn:
        refuse_to_copy(
            type(self), "since both would count changes under one name; create one with a new name"
        )

    async def update(self, key: K, value: V, *, version: int) -> Delivery:
        """Send the new value to the replicas, for those that hold the key.

        Args:
            key: what was written.
            value: its new value. Replicas share it, so it must not change any more.
            version: the number that the store gave to this write of the key; higher is later.

        Raises:
            TypeError: if the key is not hashable or the version is not a whole number.
            PubSubClosed: if the broker was shut down.
        """
        sequence = self._next_sequence()
        return await self._publish(
            Update(key=key, version=version, writer=self.name, sequence=sequence, value=value)
        )

    async def invalidate(self, key: K, *, version: int) -> Delivery:
        """Let the replicas drop what they hold of the key, unless it is of this version already.

        Raises:
            TypeError: if the key is not hashable or the version is not a whole number.
            PubSubClosed: if the broker was shut down.
        """
        sequence = self._next_sequence()
        return await self._publish(
            Invalidation(key=key, version=version, writer=self.name, sequence=sequence)
        )

    async def repeat(self) -> None:
        """Send the last change again, which shows a replica that it was lost in a network.

        Where it arrived before it does nothing. Call it now and then where writes are rare.
        """
        if self._last is not None:
            await self._broker.publish(self._last)

    def _next_sequence(self) -> int:
        return 1 if self._last is None else self._last.sequence + 1

    async def _publish(self, change: Change[K, V]) -> Delivery:
        self._last = change
        return await self._broker.publish(change)


class Versioned[V](NamedTuple):
    """A value, and the number that the store gave to the write it comes from."""

    value: V
    version: int
