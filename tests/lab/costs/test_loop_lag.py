"""Loop lag, measured on the virtual clock, where a stall is exactly as long as it should be."""

import asyncio
import math

import pytest

from pubsub_lib.lab.clock.virtual_time import run_virtual, stall
from pubsub_lib.lab.costs.loop_lag import LoopLag


async def measured(lag: LoopLag, *steps_s: float) -> list[tuple[float, float]]:
    """Sleep (above 0) or stall (below 0) for so many seconds, and return the heartbeats."""
    async with lag:
        for step_s in steps_s:
            if step_s > 0:
                await asyncio.sleep(step_s)
            else:
                stall(-step_s)
    return list(lag.table().round(9).itertuples(index=False, name=None))


def test_a_loop_that_is_not_kept_busy_has_no_lag():
    beats = run_virtual(measured(LoopLag(interval_s=0.25), 1.0))
    assert beats[:3] == [(0.25, 0.0), (0.5, 0.0), (0.75, 0.0)]
    assert {lag_s for _, lag_s in beats} == {0.0}


def test_a_stall_makes_the_heartbeat_late_by_what_is_left_of_it():
    # The beat that is due at 0.25 s comes at 0.7 s, when the loop runs again.
    beats = run_virtual(measured(LoopLag(interval_s=0.25), 0.1, -0.6, 0.5))
    assert beats[:2] == [(0.7, 0.45), (0.95, 0.0)]


def test_a_stall_at_the_very_end_is_measured():
    beats = run_virtual(measured(LoopLag(interval_s=0.25), 0.3, -2.0))
    assert beats[1] == (2.3, 1.8)


def test_a_stall_at_the_very_beginning_is_measured():
    beats = run_virtual(measured(LoopLag(interval_s=0.25), -2.0))
    assert beats[0] == (2.0, 1.75)


def test_times_count_from_the_start_of_the_block():
    async def main() -> list[tuple[float, float]]:
        await asyncio.sleep(100)
        return await measured(LoopLag(interval_s=0.5), 0.5)

    assert run_virtual(main())[0] == (0.5, 0.0)


def test_the_table_can_be_read_while_the_block_runs():
    async def main() -> int:
        async with LoopLag(interval_s=0.5) as lag:
            await asyncio.sleep(1.75)
            return len(lag.table())

    assert run_virtual(main()) == 3


def test_before_the_first_heartbeat_the_table_is_empty():
    table = LoopLag().table()
    assert table.columns.tolist() == ["time_s", "lag_s"]
    assert table.empty


def test_the_heartbeat_ends_with_the_block():
    async def main() -> set[str]:
        await measured(LoopLag(), 0.01)
        return {task.get_name() for task in asyncio.all_tasks()}

    assert run_virtual(main()) == {"main"}


def test_an_error_in_the_block_comes_out_and_the_heartbeat_ends():
    async def main() -> set[str]:
        with pytest.raises(ZeroDivisionError):
            async with LoopLag():
                _ = 1 / 0
        return {task.get_name() for task in asyncio.all_tasks()}

    assert run_virtual(main()) == {"main"}


def test_a_cancelled_end_of_the_block_does_not_leave_the_heartbeat_behind():
    async def main() -> set[str]:
        async def block() -> None:
            async with LoopLag(interval_s=10):
                pass

        task = asyncio.create_task(block(), name="block")
        await asyncio.sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return {task.get_name() for task in asyncio.all_tasks()}

    assert run_virtual(main()) == {"main"}


@pytest.mark.parametrize("interval_s", [0, -0.001, math.nan, math.inf])
def test_an_interval_that_is_no_length_of_time_is_refused(interval_s):
    with pytest.raises(ValueError, match=f"be a positive number of seconds, not {interval_s}"):
        LoopLag(interval_s=interval_s)
