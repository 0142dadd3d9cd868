"""The sliders of queues and a ring: their numbers are those of the brokers."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, RingPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.playground.queues_or_ring import (
    MESSAGES,
    held_at_worst,
    open_queues_or_ring,
    wake_ups,
)


@pytest.mark.parametrize("new_broker", [AsyncPubSub, RingPubSub])
@pytest.mark.parametrize(("batch", "bound"), [(1, 10), (10, 10), (50, 10), (10, 100), (300, 1_000)])
def test_a_reader_is_woken_once_for_each_burst_that_fits(new_broker, batch: int, bound: int):
    async def woken() -> int:
        async with asyncio.TaskGroup() as group, new_broker(maxsize=bound) as broker:
            inbox = broker.subscribe()

            async def read() -> int:
                return sum([1 async for _ in inbox.batches()])

            reading = group.create_task(read())
            burst = min(batch, bound)
            for first in range(0, MESSAGES, burst):
                await broker.publish_many(range(first, min(first + burst, MESSAGES)))
                await asyncio.sleep(1)
            await broker.shutdown()
        return reading.result()

    assert run_virtual(woken()) == wake_ups(batch, bound)


def test_queues_hold_a_bound_each_and_a_ring_two_in_all():
    assert held_at_worst(1_000, 100) == {"queues": 100_000, "a ring": 200, "its cursors": 1_000}


@pytest.mark.parametrize(("label", "value"), [("subscribers", 2), ("bound", 5), ("batch", 100)])
def test_a_slider_that_is_moved_changes_what_it_says(label: str, value: int):
    shown = open_queues_or_ring()
    caption = shown.caption
    shown.controls[label].value = value
    assert shown.caption != caption


@pytest.mark.parametrize("subscribers", [1, 2, 3, 100, 1_000])
@pytest.mark.parametrize("bound", [1, 4, 10, 1_000])
def test_a_ring_holds_less_from_three_subscribers_and_a_bound_of_four_on(subscribers, bound):
    held = held_at_worst(subscribers, bound)
    ring_holds_less = held["a ring"] + held["its cursors"] < held["queues"]
    assert ring_holds_less is (subscribers >= 3 and bound >= 4)


@pytest.mark.parametrize(("bound", "times"), [(100, 33), (10, 8)])
def test_how_much_more_the_queues_of_a_hundred_hold_depends_on_the_bound(bound: int, times: int):
    held = held_at_worst(100, bound)
    assert held["queues"] // (held["a ring"] + held["its cursors"]) == times
