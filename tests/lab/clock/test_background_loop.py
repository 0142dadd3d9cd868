"""A loop in a thread of its own says when it sleeps and what woke it, and ends with its block."""

import asyncio
import threading

import pytest

from pubsub_lib.lab.clock.background_loop import BackgroundLoop
from tests.limits import TIME_LIMIT_S

pytestmark = pytest.mark.real_time


async def sleep_for_ever() -> None:
    await asyncio.Event().wait()


def test_the_result_of_a_coroutine_comes_from_another_thread():
    async def where() -> int:
        return threading.get_ident()

    with BackgroundLoop() as background:
        ran_in = background.start(where()).result(TIME_LIMIT_S)
    assert ran_in != threading.get_ident()


def test_it_sleeps_only_when_all_it_was_given_waits():
    steps = []

    async def work() -> None:
        for step in range(3):
            await asyncio.sleep(0)
            steps.append(step)
        await sleep_for_ever()

    with BackgroundLoop() as background:
        background.start(work())
        background.wait_until_asleep()
        assert steps == [0, 1, 2]
        assert background.woken_by is None


def test_a_timer_wakes_it():
    with BackgroundLoop() as background:
        sleeping = background.start(asyncio.sleep(0.05))
        background.wait_until_asleep()
        sleeping.result(TIME_LIMIT_S)
        assert background.woken_by == "a timer"


def test_a_call_from_another_thread_wakes_it():
    with BackgroundLoop() as background:
        background.start(asyncio.sleep(TIME_LIMIT_S))
        background.wait_until_asleep()
        background.start(asyncio.sleep(0)).result(TIME_LIMIT_S)
        assert background.woken_by == "another thread"


def test_the_sleep_that_was_last_waited_for_counts():
    with BackgroundLoop() as background:
        background.wait_until_asleep()
        background.start(asyncio.sleep(0)).result(TIME_LIMIT_S)
        sleeping = background.start(asyncio.sleep(0.05))
        background.wait_until_asleep()
        sleeping.result(TIME_LIMIT_S)
        assert background.woken_by == "a timer"


def test_what_still_runs_is_cancelled_at_the_end():
    with BackgroundLoop() as background:
        waiting = background.start(sleep_for_ever())
        background.wait_until_asleep()
    assert waiting.cancelled()
    assert background.loop.is_closed()


def test_it_ends_when_its_block_raises():
    with pytest.raises(ZeroDivisionError), BackgroundLoop() as background:
        raise ZeroDivisionError
    assert background.loop.is_closed()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # it is meant
def test_who_waits_for_a_loop_that_something_on_it_has_ended_is_told():
    async def leave() -> None:
        raise SystemExit

    with BackgroundLoop() as background:
        background.start(leave())
        with pytest.raises(RuntimeError, match=r"has ended|is closed"):
            background.wait_until_asleep()
    assert background.loop.is_closed()


def test_there_is_no_loop_before_the_block():
    with pytest.raises(RuntimeError, match="and not before"):
        _ = BackgroundLoop().loop
