"""The virtual clock late in a run, where a float has no nanoseconds left."""

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib.lab.clock.virtual_time import run_virtual
from tests.stepping import now

LATE_S = [2**24, 195 * 86_400, 2**32, 10**9, 3 * 10**11]


@pytest.mark.parametrize("late_s", LATE_S)
def test_a_long_sleep_ends_on_time(late_s):
    async def main() -> float:
        await asyncio.sleep(late_s)
        return now()

    assert run_virtual(main()) == late_s


@pytest.mark.parametrize("late_s", LATE_S)
@pytest.mark.parametrize("delay_s", [1e-9, 1e-6, 0.1])
def test_a_short_sleep_is_exact_however_late_it_is(late_s, delay_s):
    async def main() -> list[float]:
        await asyncio.sleep(late_s)
        times = [now()]
        for _ in range(3):
            await asyncio.sleep(delay_s)
            times.append(now())
        return [time - times[0] for time in times]

    assert run_virtual(main()) == [0, delay_s, round(2 * delay_s, 9), round(3 * delay_s, 9)]


@pytest.mark.parametrize("late_s", LATE_S)
def test_a_timeout_and_a_sleep_of_one_length_end_together_however_late_it_is(late_s):
    async def main() -> tuple[float, float]:
        await asyncio.sleep(late_s)
        before = now()

        async def time_out() -> float:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1e-6):
                    await asyncio.Event().wait()
            return now() - before

        async def sleep() -> float:
            await asyncio.sleep(1e-6)
            return now() - before

        return tuple(await asyncio.gather(time_out(), sleep()))

    assert run_virtual(main()) == (1e-6, 1e-6)


@given(
    late_s=st.integers(min_value=0, max_value=10**11),
    delays_ns=st.lists(st.integers(min_value=1, max_value=10**12), min_size=1, max_size=20),
)
def test_no_timer_is_lost_and_all_are_on_time(late_s, delays_ns):
    async def main() -> list[int]:
        await asyncio.sleep(late_s)
        start = now()
        ended = []

        async def wait(nanoseconds: int) -> None:
            await asyncio.sleep(nanoseconds / 1e9)
            ended.append(round((now() - start) * 1e9))

        await asyncio.gather(*map(wait, delays_ns))
        return ended

    assert run_virtual(main()) == sorted(delays_ns)
