"""Solutions to the exercises of notebook 10: a cache, a guarded load, and changes in any order."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from pubsub_lib.caching.replicas import Change, Update, Versioned


# Exercise 10.1: the order of the dictionary is the order of use; both methods renew it.
class SmallCache[K, V]:
    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        if key not in self.values:
            return None
        self.values.move_to_end(key)
        return self.values[key]

    def put(self, key: K, value: V) -> None:
        self.values[key] = value
        self.values.move_to_end(key)
        if len(self.values) > self.capacity:
            self.values.popitem(last=False)


# Exercise 10.2: each load leaves a mark of its own, which an invalidation removes.
class GuardedCache:
    def __init__(self, load: Callable[[str], Awaitable[float]]) -> None:
        self.load = load
        self.held: dict[str, float] = {}
        self.marks: dict[str, object] = {}

    async def get(self, key: str) -> float:
        if key in self.held:
            return self.held[key]
        mark = self.marks[key] = object()
        value = await self.load(key)
        if self.marks.get(key) is mark:
            self.held[key] = value
            del self.marks[key]
        return value

    def invalidate(self, key: str) -> None:
        self.held.pop(key, None)
        self.marks.pop(key, None)


# Exercise 10.3: only what is held can be changed, and only by what is newer.
def apply_change(held: dict[str, Versioned[float]], change: Change[str, float]) -> None:
    if change.key not in held or held[change.key].version >= change.version:
        return
    if isinstance(change, Update):
        held[change.key] = Versioned(change.value, change.version)
    else:
        del held[change.key]


ANSWERS = {
    "10.1": SmallCache,
    "10.2": GuardedCache,
    "10.3": apply_change,
}
