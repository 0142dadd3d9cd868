"""The surroundings of a cache: the store, the readers on schedule, the slow link."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, RingPubSub
from pubsub_lib.caching.replicas import Versioned
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.cached_reads import Store, read_on_schedule, slow_link

every_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


# The store.


def test_a_store_numbers_the_writes_of_each_key_from_1():
    store = Store[int]()
    assert [store.write("gold", 1), store.write("gold", 2), store.write("tin", 3)] == [1, 2, 1]
    assert store.values == {"gold": Versioned(2, 2), "tin": Versioned(3, 1)}


def test_a_load_reads_the_value_halfway_through():
    async def main() -> tuple[Versioned[int], float, int]:
        store = Store[int](load_s=0.2)
        store.write("gold", 1)
        loading = asyncio.create_task(store.load("gold"))
        await asyncio.sleep(0.09)
        store.write("gold", 2)
        await asyncio.sleep(0.02)
        store.write("gold", 3)
        return await loading, asyncio.get_running_loop().time(), store.loads

    assert run_virtual(main()) == (Versioned(2, 2), 0.2, 1)


def test_a_load_of_a_key_that_was_never_written_raises_and_is_counted():
    async def main() -> int:
        store = Store[int]()
        with pytest.raises(KeyError, match="gold"):
            await store.load("gold")
        return store.loads

    assert run_virtual(main()) == 1


# The readers.


def test_a_read_is_stale_if_the_store_holds_another_value_when_the_answer_comes():
    async def main():
        store = Store[int]()
        store.write("gold", 1)

        async def get(key: str) -> int:
            return 1

        async with asyncio.TaskGroup() as group:
            reading = group.create_task(
                read_on_schedule(get, store, "gold", reads=3, interval_s=0.1)
            )
            await asyncio.sleep(0.1)
            store.write("gold", 2)
            await asyncio.sleep(0.1)
            store.write("gold", 1)
        return reading.result()

    table = run_virtual(main())
    assert list(table["asked_s"]) == [0.05, 0.15, 0.25]
    assert list(table["stored"]) == [1, 2, 1]
    assert list(table["stale"]) == [False, True, False]


def test_a_read_that_waits_does_not_delay_the_next_and_rows_are_in_the_order_of_asking():
    async def main():
        store = Store[str]()
        store.write("gold", "value")
        waits_s = iter([0.5, 0.0])

        async def get(key: str) -> str:
            await asyncio.sleep(next(waits_s))
            return "value"

        await asyncio.sleep(7)
        return await read_on_schedule(get, store, "gold", reads=2, interval_s=0.1)

    table = run_virtual(main())
    assert list(table["asked_s"]) == [0.05, 0.15]
    assert list(table["answered_s"]) == [0.55, 0.15]
    assert not table["stale"].any()


def test_an_error_of_the_cache_is_not_hidden():
    async def main() -> None:
        store = Store[int]()
        await read_on_schedule(store.load, store, "tin", reads=1, interval_s=0.1)

    with pytest.raises(ExceptionGroup) as caught:
        run_virtual(main())
    assert caught.group_contains(KeyError)


# The slow link.


async def linked(near, far, messages, *, where=None) -> list[tuple[float, int]]:
    """Publish the messages in one go; return what arrives beyond the link, and when."""
    now = asyncio.get_running_loop().time
    arrived = []

    async def read() -> None:
        async for message in far_end:
            arrived.append((round(now(), 9), message))

    async with far.subscribe() as far_end, asyncio.TaskGroup() as group:
        group.create_task(read())
        link = group.create_task(slow_link(near, far, service_time_s=0.1, where=where))
        await asyncio.sleep(0)
        for message in messages:
            await near.publish(message)
        await near.shutdown()
        await link
        await far.shutdown()
    return arrived


@every_broker
def test_a_link_carries_messages_one_after_another_and_ends_with_the_near_broker(broker_class):
    arrived = run_virtual(linked(broker_class(), broker_class(), [1, 2, 3]))
    assert arrived == [(0.1, 1), (0.2, 2), (0.3, 3)]


@every_broker
def test_a_link_carries_only_what_it_is_to_carry(broker_class):
    arrived = run_virtual(
        linked(broker_class(), broker_class(), [1, 2, 3, 4], where=lambda number: number % 2)
    )
    assert [message for _, message in arrived] == [1, 3]


@pytest.mark.parametrize(("broker_class", "carried"), [(AsyncPubSub, [1, 2]), (RingPubSub, [4, 5])])
def test_a_link_that_is_too_slow_loses_messages_and_goes_on(broker_class, carried):
    near = broker_class(maxsize=2, timeout=0)

    async def main() -> list[int]:
        far = broker_class()
        async with far.subscribe() as far_end, asyncio.TaskGroup() as group:
            group.create_task(slow_link(near, far, service_time_s=0.1))
            await asyncio.sleep(0)
            await near.publish(0)
            await asyncio.sleep(0.05)  # the link has taken it
            for message in range(1, 6):
                await near.publish(message)
            await near.shutdown()
            await asyncio.sleep(1)
            await far.shutdown()
            return [message async for message in far_end]

    assert run_virtual(main()) == [0, *carried]
    assert near.stats.dropped == 3
