"""The LRU cache: what it keeps, what it counts, and that threads cannot disturb it."""

import contextlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib.caching.cache import CacheStats, LRUCache

MISSING = object()


each_use_of_a_key = pytest.mark.parametrize(
    "use",
    [
        lambda cache, key: cache.get(key),
        lambda cache, key: cache.peek(key),
        lambda cache, key: cache.put(key, 1),
        lambda cache, key: cache.replace(key, 1),
        lambda cache, key: cache.discard(key),
        lambda cache, key: key in cache,
    ],
)


class Model:
    """A list of pairs, the least recently used first; everything by the book, nothing fast."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.pairs: list[tuple[str, int]] = []
        self.hits = self.misses = self.evictions = 0

    def peek(self, key: str) -> int | None:
        return dict(self.pairs).get(key)

    def get(self, key: str, default: object = None) -> object:
        if key not in dict(self.pairs):
            self.misses += 1
            return default
        self.hits += 1
        value = self.peek(key)
        self.pairs = [pair for pair in self.pairs if pair[0] != key] + [(key, value)]
        return value

    def put(self, key: str, value: int) -> None:
        self.pairs = [pair for pair in self.pairs if pair[0] != key] + [(key, value)]
        if len(self.pairs) > self.capacity:
            self.pairs.pop(0)
            self.evictions += 1

    def replace(self, key: str, value: int) -> bool:
        held = key in dict(self.pairs)
        self.pairs = [(key, value) if pair[0] == key else pair for pair in self.pairs]
        return held

    def discard(self, key: str) -> None:
        self.pairs = [pair for pair in self.pairs if pair[0] != key]

    def clear(self) -> None:
        self.pairs = []


keys = st.sampled_from("abcde")
operations = st.one_of(
    st.tuples(st.just("get"), keys),
    st.tuples(st.just("get"), keys, st.just(MISSING)),
    st.tuples(st.just("peek"), keys),
    st.tuples(st.just("put"), keys, st.integers()),
    st.tuples(st.just("replace"), keys, st.integers()),
    st.tuples(st.just("discard"), keys),
    st.tuples(st.just("clear")),
)


@given(st.integers(1, 4), st.lists(operations, max_size=40))
def test_it_does_what_a_plain_list_does(capacity, steps):
    cache, model = LRUCache[str, int](capacity), Model(capacity)
    for name, *arguments in steps:
        assert getattr(cache, name)(*arguments) == getattr(model, name)(*arguments)
        assert [(key, cache.peek(key)) for key in cache] == model.pairs
        assert [key in cache for key in "abcde"] == [key in dict(model.pairs) for key in "abcde"]
        assert len(cache) == len(model.pairs) <= capacity
        assert cache.stats == CacheStats(model.hits, model.misses, model.evictions)


def test_a_key_that_was_asked_for_outlives_one_that_was_put_later():
    cache = LRUCache[str, int](capacity=2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert list(cache) == ["a", "c"]


def test_every_key_that_is_dropped_is_counted():
    cache = LRUCache[int, int](capacity=1)
    for number in range(4):
        cache.put(number, number)
    assert cache.stats == CacheStats(hits=0, misses=0, evictions=3)


def test_a_value_may_be_none_and_is_told_from_a_missing_one():
    cache = LRUCache[str, None](1)
    cache.put("a", None)
    assert cache.get("a", MISSING) is None
    assert cache.get("b", MISSING) is MISSING
    assert cache.stats == CacheStats(hits=1, misses=1, evictions=0)


@pytest.mark.parametrize("capacity", [0, -1])
def test_the_capacity_is_at_least_one(capacity):
    says = f"^capacity must be at least 1, not {capacity}: it is to hold something$"
    with pytest.raises(ValueError, match=says):
        LRUCache(capacity)


@pytest.mark.parametrize("capacity", [None, "10", 1.0, True])
def test_the_capacity_is_a_whole_number(capacity):
    with pytest.raises(TypeError, match="capacity is a whole number of keys"):
        LRUCache(capacity)


@each_use_of_a_key
def test_a_key_that_is_not_hashable_is_an_error_that_names_the_remedy(use):
    cache = LRUCache(1)
    with pytest.raises(TypeError, match=r"a key must be hashable, such as .*, not \['a'\]"):
        use(cache, ["a"])
    assert cache.stats == CacheStats(0, 0, 0)


def test_iterating_over_the_keys_is_not_disturbed_by_changes():
    cache = LRUCache[str, int](3)
    for key in "abc":
        cache.put(key, 0)
    for key in cache:
        cache.discard(key)
        cache.put(key.upper(), 0)
    assert list(cache) == ["A", "B", "C"]


def test_repr_says_how_full_it_is():
    cache = LRUCache[str, int](3)
    cache.put("a", 1)
    assert repr(cache) == "<LRUCache 1 of 3>"


# Threads.


class MeetingKey:
    """All are in one hash bucket, and being compared they wait for another thread to come in."""

    def __init__(self, meeting: threading.Barrier, met: list[bool]) -> None:
        self.meeting = meeting
        self.met = met

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        with contextlib.suppress(threading.BrokenBarrierError):
            self.meeting.wait(timeout=0.1)
            self.met.append(True)
        return self is other


def in_threads(*functions) -> None:
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@each_use_of_a_key
def test_two_threads_are_never_inside_at_once(use):
    meeting, met = threading.Barrier(2), []
    cache = LRUCache(10)
    cache.put(MeetingKey(meeting, met), 0)
    in_threads(
        lambda: use(cache, MeetingKey(meeting, met)),
        lambda: cache.get(MeetingKey(meeting, met)),
    )
    assert not met, "both threads were in the cache at the same time"


class Finalised:
    """A value that, when it is dropped, looks at the cache from another thread."""

    def __init__(self, cache: LRUCache, outcomes: list[bool]) -> None:
        self.cache = cache
        self.outcomes = outcomes

    def __del__(self) -> None:
        thread = threading.Thread(target=self.cache.peek, args=("other",), daemon=True)
        thread.start()
        thread.join(timeout=2)
        self.outcomes.append(not thread.is_alive())


@pytest.mark.parametrize(
    "drop",
    [
        lambda cache: cache.put("a", None),
        lambda cache: cache.put("b", None),
        lambda cache: cache.replace("a", None),
        lambda cache: cache.discard("a"),
        lambda cache: cache.clear(),
    ],
)
def test_a_value_is_finalised_outside_of_the_lock(drop):
    cache = LRUCache(1)
    outcomes: list[bool] = []
    cache.put("a", Finalised(cache, outcomes))
    drop(cache)
    assert outcomes == [True]


def test_code_that_runs_inside_may_use_the_cache_again():
    class Nosy:
        def __hash__(self) -> int:
            return 1

        def __eq__(self, other: object) -> bool:
            return len(cache) == 1 and "b" not in cache and self is other

    cache = LRUCache(2)
    cache.put(Nosy(), "a")
    used = threading.Event()
    thread = threading.Thread(target=lambda: (cache.get(Nosy()), used.set()), daemon=True)
    thread.start()
    assert used.wait(timeout=2), "the cache waits for its own lock"
