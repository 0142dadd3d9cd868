"""Response times: from when a message was due until it has been handled."""

import asyncio
from collections.abc import Sequence

import pandas as pd
import pytest

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.loads import Load, bursts, closed_loop, open_loop
from pubsub_lib.lab.traffic.responses import response_times


def responses_s(load: Load, service_times_s: Sequence[float]) -> list[float]:
    return run_virtual(response_times(load, service_times_s))["response_s"].round(6).to_list()


def test_who_need_not_wait_takes_its_service_time():
    assert responses_s(open_loop(messages=3, rate_hz=1), [0.5, 0.0, 1.0]) == [0.5, 0.0, 1.0]


def test_a_slow_message_is_waited_for_by_those_behind_it():
    load = open_loop(messages=4, rate_hz=10)
    assert responses_s(load, [0.25, 0.0, 0.0, 0.0]) == [0.25, 0.15, 0.05, 0.0]


def test_messages_of_a_burst_are_handled_one_after_another():
    assert responses_s(bursts(messages=3, size=3, every_s=1), [1.0] * 3) == [1.0, 2.0, 3.0]


def test_it_counts_from_the_start_whenever_that_is():
    async def later() -> pd.DataFrame:
        await asyncio.sleep(7)
        return await response_times(open_loop(messages=2, rate_hz=1), [0.5, 0.5])

    table = run_virtual(later())
    assert table["due_s"].to_list() == [0.0, 1.0]
    assert table["handled_s"].round(6).to_list() == [0.5, 1.5]


def test_a_backlog_may_take_longer_to_handle_than_any_time_out():
    assert responses_s(bursts(messages=3, size=3, every_s=1), [100.0] * 3) == [100, 200, 300]


def test_a_closed_loop_is_refused_since_it_has_no_schedule():
    with pytest.raises(ValueError, match="a closed loop has no schedule"):
        run_virtual(response_times(closed_loop(messages=1), [0.0]))


def test_each_message_needs_a_service_time():
    with pytest.raises(ValueError, match="2 messages need as many service times, not 1"):
        run_virtual(response_times(open_loop(messages=2, rate_hz=1), [0.0]))
