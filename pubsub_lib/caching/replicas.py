"""Caches kept fresh over a broker: who writes tells it, and every replica hears of it.

A cache can go wrong here in three ways, which is why a `Change` carries two numbers:

- Changes come in another order than the writes. The `version` that the store gave to the write of a
  key (1, 2, 3) decides: a change no newer than what is held is ignored. So replicas agree, with one
  another and with the store, in whatever order each of them hears two writers.
- A value changes while it is being loaded. The load is told: a newer update wins over what it has
  read; after an invalidation what it has read is not kept, and those who ask from then on get a new
  load. An update adds no key that is not held, since a later change may be why it is not.
- A change is lost. The broker reports it (`stats.dropped`; a ring raises `Lagged`), or the writer's
  `sequence` numbers (1, 2, 3) have a gap, which works in a network, too. All that is held may then
  be stale: it is dropped at once, and loaded again in the background.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> store = {"gold": Versioned(1900, version=1)}
>>> async def load(key: str) -> Versioned[int]:
...     return store[key]
>>> async def main() -> None:
...     async with AsyncPubSub[Change[str, int]]() as broker, CacheReplica(broker, load) as replica:
...         print(await replica.get("gold"))
...         store["gold"] = Versioned(1950, version=2)
...         await CacheWriter(broker, "mint").update("gold", 1950, version=2)
...         await asyncio.sleep(0)
...         print(await replica.get("gold"), "after", replica.stats.loads, "load")
>>> asyncio.run(main())
1900
1950 after 1 load
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, NoReturn, Self

from pubsub_lib.arguments import is_awaitable, refuse_to_copy
from pubsub_lib.caching.cache import LRUCache
from pubsub_lib.caching.changes import CacheWriter, Change, Invalidation, Update, Versioned
from pubsub_lib.errors import Lagged
from pubsub_lib.interfaces import ManagedBroker, ManagedSubscription

__all__ = [
    "CacheReplica",
    "CacheWriter",
    "Change",
    "Invalidation",
    "ReplicaStats",
    "Update",
    "Versioned",
]

# How many writers are known by their latest change. One that comes again after so many others is
# taken for a new one, as which all that is held is loaded again.
KNOWN_WRITERS = 10_000


class ReplicaStats(NamedTuple):
    """What a replica has done so far."""

    hits: int  #: `get` calls that found their key
    misses: int  #: `get` calls that waited for a load
    evictions: int  #: keys that were dropped to make room
    loads: int  #: calls of `load`, for a miss or to load again
    gaps: int  #: times it dropped all it held, because changes were, or may have been, lost


class _Load[V]:
    """A load under way."""

    __slots__ = ("answer", "task", "update")

    def __init__(self) -> None:
        #: in which the load runs
        self.task = asyncio.current_task()
        #: for the others who want the same key
        self.answer: asyncio.Future[V] = asyncio.get_running_loop().create_future()
        #: the newest that came meanwhile
        self.update: Versioned[V] | None = None


class CacheReplica[K, V]:
    """A cache that loads what it lacks, and follows what is written elsewhere.

    For use in `async with`. A write is seen here once its change has arrived. If the broker is shut
    down, or disconnects this subscriber, no changes come any more: then nothing is held, and each
    `get` loads.

    Args:
        broker: carries the changes.
        load: a coroutine function that reads a key's value and version from the store. It must see
            every write that was published before the call, so it cannot read from a copy that lags.
            It limits its own time, with `asyncio.timeout`.
        capacity: how many keys are held at most.
        name: what the subscriber is called, in reports.

    Raises:
        TypeError: if `load` cannot be called, or `capacity` is not a whole number.
        ValueError: if `capacity` is under 1.
    """

    def __init__(
        self,
        broker: ManagedBroker[Change[K, V]],
        load: Callable[[K], Awaitable[Versioned[V]]],
        capacity: int = 1000,
        *,
        name: str = "",
    ) -> None:
        if not callable(load):
            raise TypeError(f"load is a coroutine function of one key, not {load!r}")
        self.name = name
        self._broker = broker
        self._load = load
        self._held = LRUCache[K, Versioned[V]](capacity)
        self._loads: dict[K, _Load[V]] = {}
        self._loads_begun = 0
        self._gaps = 0
        self._sequences = LRUCache[int, int](KNOWN_WRITERS)  # by a hash: a name may be long
        self._reported = 0  # losses that the broker told of and no sequence number has shown yet
        self._subscription: ManagedSubscription[Change[K, V]] | None = None
        self._follower: asyncio.Task[None] | None = None
        self._following = False
        self._to_reload: dict[K, None] = {}
        self._reloader: asyncio.Task[None] | None = None

    def __reduce__(self) -> NoReturn:
        refuse_to_copy(type(self), "since it follows its broker here; create another")

    async def get(self, key: K) -> V:
        """Return the key's value: the one held, or else by a load, shared by all who ask meanwhile.

        Raises:
            TypeError: if the key is not hashable, or `load` does not return a `Versioned`.
            RuntimeError: if it is called outside of `async with`, or by the load of this key.
            Exception: what `load` raises.
        """
        if self._subscription is None:
            raise RuntimeError("a replica follows its broker inside of `async with replica:` alone")
        held = self._held.get(key)
        return await self._fetch(key) if held is None else held.value

    @property
    def following(self) -> bool:
        """Whether changes reach this replica. If not, it holds nothing."""
        return self._following

    @property
    def stale(self) -> bool:
        """Whether it has missed changes, and has not yet loaded again all that it held then.

        Nothing that it held then is returned any more: `get` waits for a load.
        """
        return self._reloader is not None and not self._reloader.done()

    @property
    def stats(self) -> ReplicaStats:
        """What this replica has done so far."""
        return ReplicaStats(*self._held.stats, self._loads_begun, self._gaps)

    def __contains__(self, key: K) -> bool:
        return key in self._held

    def __len__(self) -> int:
        return len(self._held)

    async def __aenter__(self) -> Self:
        if self._follower is not None:
            raise RuntimeError("a replica is entered once; create another one")
        self._subscription = await self._broker.subscribe(name=self.name)
        self._following = True
        self._follower = asyncio.create_task(self._follow(self._subscription))
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._subscription is not None
        assert self._follower is not None
        self._subscription.close()
        self._subscription = None
        await self._follower

    # Loading.

    async def _fetch(self, key: K) -> V:
        while (load := self._loads.get(key)) is not None:
            if load.task is asyncio.current_task():
                raise RuntimeError(
                    f"load asks for {key!r} while it loads that, and would wait for itself; let it "
                    "read from the store"
                )
            # Not awaited itself, or who is cancelled here would cancel it for the others.
            await asyncio.wait([load.answer])
            if not load.answer.cancelled():
                return load.answer.result()
        load = self._loads[key] = _Load()
        self._loads_begun += 1
        try:
            loading = self._load(key)
            if not is_awaitable(loading):
                raise TypeError(f"load is a coroutine function of one key; it returned {loading!r}")
            loaded = await loading
            if not isinstance(loaded, Versioned):
                raise TypeError(f"load returns Versioned(value, version=...), not {loaded!r}")
            if self._loads.get(key) is load and self._following:
                if load.update is not None and load.update.version > loaded.version:
                    loaded = load.update
                self._held.put(key, loaded)
            load.answer.set_result(loaded.value)
            return loaded.value
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise RuntimeError("something that load awaits was cancelled") from error
        except Exception as error:
            load.answer.set_exception(error)
            raise
        finally:
            # If we were cancelled, another one who waits loads instead; an error counts as seen.
            load.answer.cancel()
            if self._loads.get(key) is load:
                del self._loads[key]

    # Following.

    async def _follow(self, subscription: ManagedSubscription[Change[K, V]]) -> None:
        batches = subscription.batches()
        dropped = 0
        try:
            while True:
                try:
                    async for batch in batches:
                        if (lost := subscription.stats.dropped - dropped) > 0:
                            dropped += lost
                            self._reported += lost
                            self._start_over()
                        for change in batch:
                            self._apply(change)
                    break
                except Lagged as lagged:
                    dropped = subscription.stats.dropped
                    self._reported += lagged.missed
                    self._start_over()
        finally:
            self._following = False
            self._held.clear()
            self._to_reload.clear()
            if self._reloader is not None:
                self._reloader.cancel()
                await asyncio.wait([self._reloader])

    def _apply(self, change: Change[K, V]) -> None:
        missing = change.sequence - self._sequences.get(hash(change.writer), 0) - 1
        self._sequences.put(hash(change.writer), change.sequence)
        # A writer not heard before may have said something that was lost; -1 is a repetition; less
        # is a new writer under an old name.
        if missing > self._reported or missing < -1:
            self._reported = 0
            self._start_over()
        else:
            self._reported -= max(missing, 0)
        update = Versioned(change.value, change.version) if isinstance(change, Update) else None
        held = self._held.peek(change.key)
        if held is not None and held.version < change.version:
            if update is not None:
                self._held.replace(change.key, update)
            else:
                self._held.discard(change.key)
        load = self._loads.get(change.key)
        if load is not None:
            if update is None:
                del self._loads[change.key]
            elif load.update is None or load.update.version < update.version:
                load.update = update

    def _start_over(self) -> None:
        self._gaps += 1
        self._to_reload.update(dict.fromkeys(self._held))
        self._held.clear()
        self._loads.clear()
        if self._to_reload and not self.stale:
            self._reloader = asyncio.create_task(self._reload())

    async def _reload(self) -> None:
        while self._to_reload:
            key = next(iter(self._to_reload))
            del self._to_reload[key]
            if key not in self._held:
                try:
                    await self._fetch(key)
                except Exception:  # whoever asks for the key gets it again
                    continue
