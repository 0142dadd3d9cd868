"""Evidence of a leak: the line that asked for the memory, and who holds on to it."""

import asyncio
import gc
import sys
import tracemalloc
import weakref

import pytest

from pubsub_lib import ChapterPubSub
from pubsub_lib.first_attempts import chapter
from pubsub_lib.lab.costs import leaks
from pubsub_lib.lab.costs.leaks import FRAMES, held_by, no_garbage_collection, where_memory_grew


def hoard(kept, count):
    kept.extend(bytearray(1000) for _ in range(count))


def growth_of(work, modules):
    tracemalloc.start(FRAMES)
    try:
        before = tracemalloc.take_snapshot()
        work()
        after = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    return where_memory_grew(before, after, modules)


def test_growth_is_put_down_to_the_line_and_its_function():
    kept = []
    (growth, *_) = growth_of(lambda: hoard(kept, 100), [sys.modules[__name__]])
    assert (growth.file, growth.function) == ("test_leaks.py", "hoard")
    assert growth.line == "kept.extend(bytearray(1000) for _ in range(count))"
    assert growth.size_b >= 100_000
    assert growth.share > 0.9


def test_what_a_library_asks_for_is_put_down_to_our_line_that_calls_it():
    async def subscribe():
        for _ in range(100):
            await broker.subscribe()

    broker = ChapterPubSub()
    (growth, *others) = growth_of(lambda: asyncio.run(subscribe()), [chapter])
    assert str(growth) == (
        "chapter.py, subscribe: "
        "queue: asyncio.Queue[T | None] = asyncio.Queue(maxsize=self.maxsize)"
    )
    assert growth.share > 0.9
    assert sum(other.share for other in others) < 0.1


def test_the_line_that_grew_most_comes_first():
    kept = []

    def work():
        kept.append(bytearray(10_000))
        hoard(kept, 100)

    growth = growth_of(work, [sys.modules[__name__]])
    assert [one.size_b for one in growth] == sorted((one.size_b for one in growth), reverse=True)
    assert growth[0].function == "hoard"


def test_what_was_freed_has_not_grown():
    assert growth_of(lambda: hoard([], 100), [leaks]) == []


def test_a_holder_is_named_and_a_bystander_is_not():
    thing, other = object(), object()
    holder, bystander = [thing], [other]
    assert held_by(thing, {"holder": holder, "bystander": bystander}) == ["holder"]


def test_who_holds_a_holder_does_not_hold_the_thing():
    holder = [thing := object()]
    assert held_by(thing, {"outer": [holder]}) == []


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled):
    was_enabled = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with no_garbage_collection():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()


def circle():
    """Return a weak reference to something that only holds itself."""

    class Circle:
        pass

    one = Circle()
    one.itself = one
    return weakref.ref(one)


def test_a_circle_stays_until_a_collection_is_asked_for():
    with no_garbage_collection():
        reference = circle()
        _many = [[] for _ in range(10_000)]
        assert reference() is not None
        gc.collect()
        assert reference() is None


def test_what_there_was_before_the_block_is_left_alone_until_its_end():
    with no_garbage_collection():
        reference = circle()
        with no_garbage_collection():
            gc.collect()
        assert reference() is None  # a block in a block makes no difference
    gc.disable()
    try:
        before = circle()
        with no_garbage_collection():
            gc.collect()
            assert before() is not None
        gc.collect()
        assert before() is None
    finally:
        gc.enable()
