"""The count of timers: all that are set in the block, by whatever way, and no others."""

import asyncio

import pytest

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.costs.timers import count_timers


async def test_timers_are_counted_by_whichever_way_they_are_set():
    loop = asyncio.get_running_loop()
    with count_timers() as timers:
        loop.call_later(60, print).cancel()
        loop.call_at(loop.time() + 60, print).cancel()
        async with asyncio.timeout(60):
            await asyncio.sleep(0)
    assert timers.count == 3


async def test_what_sets_no_timer_counts_for_nothing():
    with count_timers() as timers:
        asyncio.get_running_loop().call_soon(int)
        async with asyncio.timeout(None):
            await asyncio.sleep(0)
    assert timers.count == 0


async def test_timers_set_before_and_after_do_not_count():
    loop = asyncio.get_running_loop()
    loop.call_later(60, print).cancel()
    with count_timers() as timers:
        pass
    loop.call_later(60, print).cancel()
    assert timers.count == 0
    assert "call_at" not in vars(loop)


def test_timers_still_go_off_on_the_virtual_clock():
    async def main() -> tuple[int, float]:
        with count_timers() as timers:
            await asyncio.sleep(3600)
        return timers.count, asyncio.get_running_loop().time()

    assert run_virtual(main()) == (1, 3600.0)


async def test_a_count_within_a_count_counts_for_both():
    with count_timers() as outer, count_timers() as inner:
        asyncio.get_running_loop().call_later(60, print).cancel()
    assert (outer.count, inner.count) == (1, 1)
    with count_timers() as after:
        asyncio.get_running_loop().call_later(60, print).cancel()
    assert after.count == 1


def test_without_an_event_loop_there_is_nothing_to_count():
    with pytest.raises(RuntimeError, match="no running event loop"), count_timers():
        pass
