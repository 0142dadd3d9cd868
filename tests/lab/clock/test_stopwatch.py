"""A stopwatch shows the event loop's time from when it was made."""

import asyncio

import pytest

from pubsub_lib.lab.clock.stopwatch import Stopwatch
from tests.stepping import in_virtual_time


@in_virtual_time
async def test_it_starts_at_0_whenever_that_is():
    await asyncio.sleep(5)
    clock = Stopwatch()
    await asyncio.sleep(0.5)
    assert clock.elapsed_s() == 0.5


@in_virtual_time
async def test_it_waits_until_a_time_and_not_for_one_that_is_over():
    clock = Stopwatch()
    await asyncio.sleep(2)
    await clock.wait_until(3)
    await clock.wait_until(1)
    assert clock.elapsed_s() == 3


@in_virtual_time
async def test_its_times_can_be_given_to_a_timeout():
    await asyncio.sleep(5)
    clock = Stopwatch()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout_at(clock.on_the_loop_s(1.5)):
            await asyncio.Event().wait()
    assert clock.elapsed_s() == 1.5


def test_it_needs_a_running_loop():
    with pytest.raises(RuntimeError, match="no running event loop"):
        Stopwatch()
