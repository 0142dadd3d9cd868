"""A broker stays on the event loop that it was first used on."""

import asyncio
import threading

import pytest

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.lab.clock.virtual_time import run_virtual
from tests.stepping import in_virtual_time


async def check(home: HomeLoop) -> asyncio.AbstractEventLoop:
    return home.check()


@in_virtual_time
async def test_it_returns_the_running_loop_however_often_it_is_asked():
    home = HomeLoop("Example")
    assert home.check() is home.check() is asyncio.get_running_loop()


def test_a_second_loop_is_refused_with_the_remedy():
    home = HomeLoop("Example")
    run_virtual(check(home))
    with pytest.raises(
        RuntimeError,
        match=r"^this Example belongs to another event loop; create one inside each asyncio\.run",
    ):
        run_virtual(check(home))


def test_two_objects_do_not_share_a_loop():
    run_virtual(check(HomeLoop("Example")))
    run_virtual(check(HomeLoop("Example")))


def test_it_needs_a_running_loop():
    with pytest.raises(RuntimeError, match="no running event loop"):
        HomeLoop("Example").check()


# Calling from a finalizer.


def test_a_call_without_a_loop_is_made_at_once():
    called = []
    HomeLoop("Example").call_soon(lambda: called.append("now"))
    assert called == ["now"]


@in_virtual_time
async def test_a_call_on_the_loop_is_made_at_its_next_turn():
    home, called = HomeLoop("Example"), []
    home.check()
    home.call_soon(lambda: called.append("now"))
    assert called == []
    await asyncio.sleep(0)
    assert called == ["now"]


def test_a_call_from_another_thread_is_made_on_the_loop_and_wakes_it():
    async def main() -> None:
        home, threads = HomeLoop("Example"), []
        home.check()
        made = asyncio.Event()

        def call() -> None:
            threads.append(threading.current_thread())
            made.set()

        caller = threading.Thread(target=home.call_soon, args=(call,))
        caller.start()
        await asyncio.wait_for(made.wait(), 10)
        caller.join()
        assert threads == [threading.current_thread()]

    asyncio.run(main())


def test_a_call_after_the_loop_has_ended_is_made_at_once():
    home, called = HomeLoop("Example"), []
    run_virtual(check(home))
    home.call_soon(lambda: called.append("now"))
    assert called == ["now"]
