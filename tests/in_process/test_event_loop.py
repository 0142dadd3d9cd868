"""A broker stays on the event loop that it was first used on."""

import asyncio
import threading
import weakref

import pytest

from pubsub_lib.in_process.event_loop import HomeLoop, cancel_at_the_next_await, wake
from pubsub_lib.lab.clock.virtual_time import run_virtual
from tests.stepping import in_virtual_time, let_all_run, start


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


# At the next turn.


@in_virtual_time
async def test_what_is_to_happen_at_the_next_turn_happens_then_and_not_before():
    home, called = HomeLoop("Example"), []
    home.check()
    assert home.at_next_turn(called.append, "now")
    assert called == []
    await asyncio.sleep(0)
    assert called == ["now"]


def test_without_a_loop_or_after_its_end_there_is_no_next_turn():
    home = HomeLoop("Example")
    assert home.at_next_turn(print, "never") is False
    run_virtual(check(home))
    assert home.at_next_turn(print, "never") is False


class Thing:
    """Something that can be watched by a weak reference."""


@in_virtual_time
async def test_what_is_freed_later_lives_until_the_next_turn():
    home, thing = HomeLoop("Example"), Thing()
    home.check()
    watched = weakref.ref(thing)
    home.free_later(thing)
    del thing
    assert watched() is not None
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert watched() is None


def test_who_waits_on_a_loop_that_was_closed_counts_as_woken():
    async def main() -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        future.add_done_callback(print)
        return future

    future = run_virtual(main())
    assert wake(future) is True
    assert wake(future) is False


@in_virtual_time
async def test_a_cancellation_that_is_put_off_counts_once():
    counts: list[int] = []

    async def work() -> None:
        task = asyncio.current_task()
        try:
            await asyncio.sleep(1)
        except asyncio.CancelledError as cancelled:
            cancel_at_the_next_await(cancelled)
        try:
            await asyncio.sleep(1)
        finally:
            counts.append(task.cancelling())

    working = start(work())
    await let_all_run()
    working.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await working
    assert counts == [1]
