"""A cache of bounded size, which forgets what has not been used for longest.

`CacheReplica`, in `replicas.py`, keeps one fresh while others write.

>>> cache = LRUCache[str, int](capacity=2)
>>> for number, key in enumerate("abac"):
...     cache.put(key, number)
>>> list(cache), cache.get("a"), cache.get("b")
(['a', 'c'], 2, None)
>>> cache.stats
CacheStats(hits=1, misses=1, evictions=1)
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple, NoReturn, overload

from pubsub_lib.arguments import checked_whole_number, refuse_to_copy


class CacheStats(NamedTuple):
    """What a cache has done so far."""

    hits: int  #: `get` calls that found their key
    misses: int  #: `get` calls that did not
    evictions: int  #: keys that were dropped to make room


class LRUCache[K, V]:
    """Maps keys to values, and drops the least recently used key when it is full.

    Every method but iteration takes constant time and may be called from any thread. The lock is
    never held while the caller's code runs, but for the `__hash__` and `__eq__` of its keys.

    Args:
        capacity: how many keys it holds at most; at least 1.

    Raises:
        TypeError: if `capacity` is not a whole number; later, if a key is not hashable.
        ValueError: if `capacity` is under 1.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = checked_whole_number(
            "capacity", capacity, unit="keys", least=1, because="it is to hold something"
        )
        self._values: OrderedDict[K, V] = OrderedDict()
        # Re-entrant: the garbage collector may run a finaliser that uses this cache at any point.
        self._lock = threading.RLock()
        self._hits = 0
        self._misses = 0
        self._evictions = 0

    def __reduce__(self) -> NoReturn:
        refuse_to_copy(type(self), "since both would hold the same keys; fill another one from it")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self)} of {self.capacity}>"

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get[D](self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: object = None) -> object:
        """Return the value and make the key the most recently used; `default` if it is not held."""
        require_hashable(key)
        with self._lock:
            try:
                value = self._values[key]
                self._values.move_to_end(key)
            except KeyError:
                self._misses += 1
                return default
            self._hits += 1
            return value

    def peek(self, key: K) -> V | None:
        """Return the key's value, or `None`, without counting it as used."""
        require_hashable(key)
        with self._lock:
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Hold the value as the most recently used; if full, drop the least recently used key."""
        require_hashable(key)
        with self._lock:
            # Released after the lock: a value's finaliser is the caller's code.
            dropped: list[object] = [self._values.pop(key, None)]
            self._values[key] = value
            while len(self._values) > self.capacity:
                dropped.append(self._values.popitem(last=False))
                self._evictions += 1
        del dropped

    def replace(self, key: K, value: V) -> bool:
        """Change the value of a key that is held, without counting it as used; return if it is."""
        require_hashable(key)
        with self._lock:
            held = key in self._values
            dropped = self._values.get(key)
            if held:
                self._values[key] = value
        del dropped
        return held

    def discard(self, key: K) -> None:
        """Drop the key, if it is held."""
        require_hashable(key)
        with self._lock:
            dropped = self._values.pop(key, None)
        del dropped

    def clear(self) -> None:
        """Drop every key."""
        with self._lock:
            dropped, self._values = self._values, OrderedDict()
        del dropped

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: K) -> bool:
        require_hashable(key)
        with self._lock:
            return key in self._values

    def __iter__(self) -> Iterator[K]:
        """Return the keys held now, from the least to the most recently used."""
        with self._lock:
            return iter(list(self._values))

    @property
    def stats(self) -> CacheStats:
        """What this cache has done so far."""
        with self._lock:
            return CacheStats(self._hits, self._misses, self._evictions)


def require_hashable(key: object) -> None:
    """Raise a `TypeError` that says what a key may be, if this one is not hashable."""
    try:
        hash(key)
    except TypeError as error:
        raise TypeError(
            f"a key must be hashable, such as a string, a number or a tuple of them, not {key!r}"
        ) from error
