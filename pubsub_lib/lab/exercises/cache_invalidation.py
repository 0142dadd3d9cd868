"""The checks of notebook 10: a cache, a load that an invalidation overtakes, changes in any order.

>>> from pubsub_lib.caching.cache import LRUCache
>>> from pubsub_lib.lab.exercises import examine
>>> examine("10.1", LRUCache).state
'solved'
"""

import asyncio
from collections.abc import Callable
from itertools import permutations
from typing import Any

from pubsub_lib.caching.replicas import Change, Invalidation, Update, Versioned
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints

hints(
    "10.1",
    "An OrderedDict keeps the order in which its keys came; let the front be the one to go.",
    "move_to_end(key) at each use, in get() and in put(), also when the key was there already.",
    "An entry may hold None or 0: ask `key in`, not whether the value is true.",
)
hints(
    "10.2",
    "When the answer comes, get() has to know whether the key was invalidated since it asked.",
    "Count the invalidations of each key: get() notes the number before the load, and keeps the "
    "answer only if the number is the same.",
)
hints(
    "10.3",
    "What is not held stays so, whatever comes; that is the first question.",
    "Then compare the versions: only a higher one counts.",
)


@exercise("10.1", "it holds what was used last, whether that was by put() or by get()")
def check_least_recently_used(cache_class: Callable[..., Any]) -> None:
    """Refuse a cache that drops too much, too little, or the wrong key."""
    cache = cache_class(2)
    missing = _gotten(cache, "a")
    require(missing is None, f"the cache is empty, and get() returns {missing!r} and not None")
    cache.put("a", 1)
    cache.put("b", 2)
    require(
        (_gotten(cache, "a"), _gotten(cache, "b")) == (1, 2),
        "two keys were put into a cache with room for two, and get() does not find both",
    )
    _gotten(cache, "a")
    cache.put("c", 3)
    held = {key: _gotten(cache, key) for key in "abc"}
    require(
        sum(value is not None for value in held.values()) < 3,
        "it has room for two keys, and holds three; where does put() drop one?",
    )
    require(held["c"] == 3, "a new key is the one most recently used, and it was dropped at once")
    require(
        held == {"a": 1, "b": None, "c": 3},
        "a and b were put, a was read, c was put: b has not been used for longest, so b goes; "
        f"it holds {_held(held)}. What does get() do to the order?",
    )
    cache = cache_class(2)
    for key, value in (("a", 1), ("b", 2), ("b", 3)):
        cache.put(key, value)
    held = {key: _gotten(cache, key) for key in "ab"}
    require(
        held == {"a": 1, "b": 3},
        f"a and b were put, then b again with the value 3: it is to hold a: 1, b: 3, and holds "
        f"{_held(held)}. A key that is held needs no more room",
    )
    cache = cache_class(2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        cache.put(key, value)
    held = {key: _gotten(cache, key) for key in "abc"}
    require(
        held == {"a": 3, "b": None, "c": 4},
        "a and b were put, then a again, then c: put() is a use too, so b goes; it holds "
        + _held(held),
    )
    _counts_the_last_use_and_not_the_uses(cache_class)
    _holds_what_is_false(cache_class)
    _has_the_room_it_was_given(cache_class)


def _counts_the_last_use_and_not_the_uses(cache_class: Callable[..., Any]) -> None:
    cache = cache_class(2)
    cache.put("a", 1)
    for _ in range(5):
        _gotten(cache, "a")
    cache.put("b", 2)
    _gotten(cache, "b")
    cache.put("c", 3)
    held = {key: _gotten(cache, key) for key in "abc"}
    require(
        held == {"a": None, "b": 2, "c": 3},
        "a was put and read five times, then b was put and read, then c was put: a has not been "
        f"used for longest, so a goes, however often it was read before; it holds {_held(held)}",
    )


def _holds_what_is_false(cache_class: Callable[..., Any]) -> None:
    for value in (0, None):
        cache = cache_class(2)
        cache.put("a", value)
        cache.put("b", 2)
        _gotten(cache, "a")
        cache.put("c", 3)
        held = {key: _gotten(cache, key) for key in "abc"}
        require(
            held == {"a": value, "b": None, "c": 3},
            f"a was put with the value {value}, then b, a was read, c was put: b has not been used "
            "for longest, so b goes; whether a key is held does not depend on its value",
        )


def _has_the_room_it_was_given(cache_class: Callable[..., Any]) -> None:
    for capacity in (1, 3):
        cache, other = cache_class(capacity), cache_class(capacity)
        for key in "abcd":
            cache.put(key, key)
        held = "".join(key for key in "abcd" if _gotten(cache, key) is not None)
        require(
            held == "abcd"[-capacity:],
            f"with room for {capacity}, after a, b, c and d it holds {held or 'nothing'}; it is to "
            f"hold {'abcd'[-capacity:]}",
        )
        require(
            _gotten(other, "d") is None,
            "one cache holds what was put into another one; make what holds it in __init__",
        )


def _gotten(cache: Any, key: str) -> Any:
    try:
        return cache.get(key)
    except KeyError:
        require(False, f"get({key!r}) raises KeyError; return None for a key that is not held")


def _held(values: dict[str, Any]) -> str:
    return ", ".join(f"{k}: {v}" for k, v in values.items() if v is not None) or "nothing"


@exercise("10.2", "what an invalidation has overtaken is not kept, and everything else is")
def check_guarded_load(cache_class: Callable[..., Any]) -> None:
    """Refuse a cache that keeps a value which was invalidated while it was loaded."""
    run_virtual(_loads_once(cache_class))
    run_virtual(_survives_a_failed_load(cache_class))
    run_virtual(_is_overtaken(cache_class))
    run_virtual(_is_overtaken_and_loads_again(cache_class))


class _Slow:
    """A store whose loads take as long as told: read in the beginning, and arrive later."""

    def __init__(self, *seconds: float) -> None:
        self.values = {"gold": 1, "silver": 10}
        self.loads: list[str] = []
        self._seconds = list(seconds)

    async def load(self, key: str) -> int:
        self.loads.append(key)
        value = self.values[key]
        await asyncio.sleep(self._seconds.pop(0) if self._seconds else 0.01)
        return value


async def _loads_once(cache_class: Callable[..., Any]) -> None:
    store = _Slow()
    cache = cache_class(store.load)
    answers = [await cache.get("gold") for _ in range(2)]
    require(answers == [1, 1], f"the store holds 1, and get() returned {answers[0]}, {answers[1]}")
    require(len(store.loads) == 1, "the second get() loads again; keep what the first has loaded")
    store.values["gold"] = 2
    cache.invalidate("gold")
    require(await cache.get("gold") == 2, "invalidate() is to drop what is held, so get() loads")
    await cache.get("gold")
    require(
        len(store.loads) == 2,
        "a value that is loaded after an invalidation is not kept, so every get() loads; for how "
        "long do you remember the invalidation?",
    )
    store.values["gold"] = 0
    cache.invalidate("gold")
    answers = [await cache.get("gold") for _ in range(2)]
    require(
        answers == [0, 0] and len(store.loads) == 3,
        "the price is 0, and the second get() loads it again: ask whether the key is held, and not "
        "whether its value is true",
    )


async def _survives_a_failed_load(cache_class: Callable[..., Any]) -> None:
    store = _Slow()
    cache = cache_class(store.load)
    try:
        await cache.get("tin")
    except KeyError:
        store.values["tin"] = 3
    else:
        require(False, "the load raised KeyError, and get() does not; let it through")
    answer = await cache.get("tin")
    require(answer == 3, f"a load raised, the next one would return 3, and get() returns {answer}")


async def _is_overtaken(cache_class: Callable[..., Any]) -> None:
    store = _Slow(0.02, 0.02)
    cache = cache_class(store.load)
    loading = asyncio.create_task(cache.get("gold"), name="reader of gold")
    other = asyncio.create_task(cache.get("silver"), name="reader of silver")
    await asyncio.sleep(0.01)
    store.values["gold"] = 2
    cache.invalidate("gold")
    own_answer = await loading
    require(
        own_answer in (1, 2),
        f"gold is invalidated while it is loaded, and the get() that loads it returns "
        f"{own_answer!r}; its own caller still gets the answer",
    )
    await other
    answer = await cache.get("gold")
    require(
        answer == 2,
        f"1 was being loaded when gold was written and invalidated, and get() goes on to answer "
        f"{answer}; what arrives after that must not be kept",
    )
    await cache.get("silver")
    require(
        store.loads.count("silver") == 1,
        "gold was invalidated while silver was loaded, and silver is not kept; only loads of the "
        "same key are concerned",
    )


async def _is_overtaken_and_loads_again(cache_class: Callable[..., Any]) -> None:
    store = _Slow(0.03, 0.1)
    cache = cache_class(store.load)
    first = asyncio.create_task(cache.get("gold"), name="first reader")
    await asyncio.sleep(0.01)
    store.values["gold"] = 2
    cache.invalidate("gold")
    second = asyncio.create_task(cache.get("gold"), name="second reader")
    await first
    answer = await cache.get("gold")
    require(
        answer == 2,
        "a load is overtaken, a second one begins, the first arrives: it finds the mark of the "
        "second, and keeps its old value. Let each load know its own mark",
    )
    require(await second == 2, "who asks after an invalidation gets the value from before it")


@exercise("10.3", "in whatever order the changes come, a copy ends with the newest value or none")
def check_any_order(apply: Callable[..., Any]) -> None:
    """Refuse a function that lets an older change win."""
    require(_applied(apply, [_update(2)]) == {"gold": Versioned(2.0, 2)}, "an update has no effect")
    require(_applied(apply, [_drop(2)]) == {}, "an invalidation is to drop the key")
    require(
        _applied(apply, [_drop(2), _update(1)]) == {},
        "an update adds a key that is not held; an invalidation may be why it is not, and the "
        "update be older than that",
    )
    require(
        _applied(apply, [_update(3), _drop(2)]) == {"gold": Versioned(3.0, 3)},
        "version 3 is held, and an invalidation of version 2 arrives: it is older, and drops it",
    )
    require(
        _applied(apply, [_update(3), _drop(3)]) == {"gold": Versioned(3.0, 3)},
        "version 3 is held, and an invalidation of version 3 arrives: it is no newer, and drops it",
    )
    held = {key: Versioned(0.0, 0) for key in ("gold", "silver")}
    apply(held, _drop(1))
    require(
        held == {"silver": Versioned(0.0, 0)},
        "gold and silver are held, and gold is invalidated; silver is to stay, and gold to go",
    )
    apply(held, _update(2))
    require(
        held == {"silver": Versioned(0.0, 0)},
        "silver is held, and gold is not, and an update of gold arrives: it changes what is held",
    )
    apply(held, _update(2, key="silver"))
    require(
        held == {"silver": Versioned(2.0, 2)}, "silver is held, and an update of it has no effect"
    )
    for changes in ([_update(1), _update(2), _update(3)], [_update(1), _drop(2), _update(3)]):
        for order in permutations(changes):
            held = _applied(apply, list(order))
            require(
                held in ({}, {"gold": Versioned(3.0, 3)}),
                f"the changes come as versions {', '.join(str(c.version) for c in order)}, and "
                f"what is held in the end is {held.get('gold')}; it is to be version 3, or nothing",
            )


def _applied(apply: Callable[..., Any], changes: list[Change[str, float]]) -> dict[str, Any]:
    held = {"gold": Versioned(0.0, 0)}
    for change in changes:
        apply(held, change)
    return held


def _update(version: int, key: str = "gold") -> Change[str, float]:
    return Update(
        key=key, value=float(version), version=version, writer=f"writer {version}", sequence=1
    )


def _drop(version: int) -> Change[str, float]:
    return Invalidation(key="gold", version=version, writer=f"writer {version}", sequence=1)
