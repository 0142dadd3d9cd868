"""The virtual clock: exact times, hangs that are reported, and what it refuses."""

import asyncio
import contextlib
import contextvars
import copy
import gc
import inspect
import json
import math
import os
import re
import signal
import socket
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from decimal import Decimal
from types import SimpleNamespace

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub
from pubsub_lib.lab.clock import virtual_time
from pubsub_lib.lab.clock.virtual_time import (
    Deadlock,
    LimitReached,
    Livelock,
    Step,
    VirtualTimeError,
    run_virtual,
    stall,
)


def now() -> float:
    return asyncio.get_running_loop().time()


async def current_time_after(*delays: float) -> float:
    for delay in delays:
        await asyncio.sleep(delay)
    return now()


def run_beside_a_running_loop(coroutine):
    """Run it as a notebook cell does, while the kernel's own loop is running."""

    async def cell():
        return run_virtual(coroutine)

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(cell())
    finally:
        loop.close()


uses_threads = pytest.mark.skipif(
    sys.platform == "emscripten", reason="there are no threads in WebAssembly"
)
uses_sockets = pytest.mark.skipif(
    sys.platform == "emscripten", reason="there are no pairs of sockets in WebAssembly"
)

anywhere = pytest.mark.parametrize(
    "run",
    [
        pytest.param(run_virtual, id="in a script"),
        pytest.param(run_beside_a_running_loop, id="in a cell"),
    ],
)


# The clock.


@anywhere
def test_it_starts_at_zero_every_time(run):
    assert run(current_time_after()) == 0.0
    assert run(current_time_after(5)) == 5.0
    assert run(current_time_after()) == 0.0


def test_it_jumps_to_the_next_timer():
    assert run_virtual(current_time_after(3600, 0.001)) == 3600.001


def test_it_can_jump_over_days():
    assert run_virtual(current_time_after(10 * 24 * 3600)) == 864_000.0


def test_a_sum_of_tenths_is_exact():
    assert run_virtual(current_time_after(*[0.1] * 10)) == 1.0


def test_ten_thousand_milliseconds_are_ten_seconds():
    assert run_virtual(current_time_after(*[0.001] * 10_000)) == 10.0


def test_timers_run_in_order_at_their_own_time():
    async def main() -> list[float]:
        times = []

        async def note(delay: float) -> None:
            await asyncio.sleep(delay)
            times.append(now())

        await asyncio.gather(*(note(delay) for delay in (0.3, 0.1, 0.2)))
        return times

    assert run_virtual(main()) == [0.1, 0.2, 0.3]


@pytest.mark.parametrize("resolution_s", [1e-9, 1 / 64], ids=["Linux", "Windows"])
def test_two_timers_a_millisecond_apart_never_run_together(monkeypatch, resolution_s):
    clock = SimpleNamespace(resolution=resolution_s)
    monkeypatch.setattr(time, "get_clock_info", lambda name: clock)

    async def main() -> list[float]:
        times = []
        for delay in (0.001, 0.002, 0.003):
            asyncio.get_running_loop().call_later(delay, lambda: times.append(now()))
        await asyncio.sleep(1)
        return times

    assert run_virtual(main()) == [0.001, 0.002, 0.003]


def test_timers_at_the_same_time_run_together():
    async def main() -> list[tuple[str, float]]:
        calls = []
        loop = asyncio.get_running_loop()
        for name in "abc":
            loop.call_at(0.5, lambda name=name: calls.append((name, now())))
        await asyncio.sleep(1)
        return sorted(calls)

    assert run_virtual(main()) == [("a", 0.5), ("b", 0.5), ("c", 0.5)]


def test_a_timeout_is_exact():
    async def main() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Queue().get(), timeout=1.5)
        return now()

    assert run_virtual(main()) == 1.5


def test_a_busy_run_gives_the_same_numbers_every_time():
    async def main() -> list[tuple[int, int, float]]:
        broker = AsyncPubSub[int](maxsize=3, timeout=0.05)
        seen = []

        async def read(reader: int, seconds: float) -> None:
            async for message in broker.subscribe():
                await asyncio.sleep(seconds)
                seen.append((reader, message, now()))

        async with asyncio.TaskGroup() as group:
            for reader, seconds in enumerate((0.001, 0.013, 0.1)):
                group.create_task(read(reader, seconds))
            for message in range(100):
                await asyncio.sleep(0.0007)
                await broker.publish(message)
            await broker.shutdown()
        return seen

    first = run_virtual(main())
    assert len(first) > 200
    assert run_virtual(main()) == first
    assert run_beside_a_running_loop(main()) == first


def test_a_minute_of_a_kilohertz_publisher_and_a_slow_subscriber_runs_to_its_end():
    async def main() -> tuple[int, int, float]:
        broker = AsyncPubSub[int](maxsize=100)
        handled = 0

        async def read() -> None:
            nonlocal handled
            async for _ in broker.subscribe():
                await asyncio.sleep(0.01)
                handled += 1

        reader = asyncio.create_task(read())
        published = 0
        while now() < 60:
            await asyncio.sleep(0.001)
            await broker.publish(published)
            published += 1
        await broker.shutdown()
        await reader
        return published, handled, now()

    # 100 messages a second are handled in 60 s, and the 100 in the queue after it.
    published, handled, end = run_virtual(main())
    assert published == handled
    assert handled == pytest.approx(6_100, abs=2)
    assert end == pytest.approx(61.0, abs=0.02)


# Timers.


def test_the_time_is_a_float():
    async def main() -> str:
        await asyncio.sleep(0.5)
        time = asyncio.get_running_loop().time()
        assert isinstance(time, float)
        return f"{time!r} {time} {time:.2f} {json.dumps([time])} {copy.deepcopy(time)!r}"

    assert run_virtual(main()) == "0.5 0.5 0.50 [0.5] 0.5"


def test_waiting_until_a_time_between_two_nanoseconds_comes_to_an_end():
    async def main() -> float:
        deadline = 0.1 + 0.2  # 0.30000000000000004
        while (left := deadline - now()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)
        return now()

    assert run_virtual(main()) == pytest.approx(0.3)


@pytest.mark.parametrize("when", [math.nan, -math.inf])
def test_a_timer_at_no_time_at_all_is_refused(when):
    async def main() -> None:
        asyncio.get_running_loop().call_at(when, print)

    with pytest.raises(ValueError, match="a time is a finite number of seconds, not"):
        run_virtual(main())


def test_cancelled_timers_are_not_kept():
    async def main() -> int:
        loop = asyncio.get_running_loop()
        message = weakref.WeakSet()
        for _ in range(10_000):
            payload = type("Payload", (), {})()
            message.add(payload)
            loop.call_later(3600, print, payload).cancel()
            del payload
        await asyncio.sleep(0)
        gc.collect()
        return len(message)

    assert run_virtual(main()) < 500


# A blocked loop.


@anywhere
def test_a_stall_lets_time_pass_and_nothing_else_happen(run):
    async def main() -> list[float]:
        times = []
        asyncio.get_running_loop().call_later(1, lambda: times.append(now()))
        await asyncio.sleep(0.5)
        stall(2)
        times.append(now())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return times

    assert run(main()) == [2.5, 2.5]


def test_a_stall_beyond_the_limit_of_time_ends_the_run():
    async def main() -> None:
        with contextlib.suppress(LimitReached):  # it is the run that ends, whatever its tasks do
            stall(10)
            stall(0.5)

    run_virtual(main(), max_seconds=10.5)
    with pytest.raises(LimitReached, match=r"^at 10\.5 s .* a stall has lasted beyond 10\.0 s"):
        run_virtual(main(), max_seconds=10)


def test_a_stall_that_would_go_back_in_time_is_refused():
    async def main() -> None:
        stall(-1)

    with pytest.raises(ValueError, match=r"^a stall takes 0 seconds or more, not -1$"):
        run_virtual(main())


def test_a_stall_is_for_virtual_time():
    async def main() -> None:
        stall(1)

    with pytest.raises(VirtualTimeError, match=r"in real time call time\.sleep\(\)"):
        asyncio.run(main())


# Running it.


@anywhere
def test_it_returns_the_result(run):
    async def main() -> str:
        return "result"

    assert run(main()) == "result"


@anywhere
def test_an_exception_comes_out_unchanged(run):
    error = KeyError("mine")

    async def main() -> None:
        await asyncio.sleep(1)
        raise error

    with pytest.raises(KeyError) as raised:
        run(main())
    assert raised.value is error


@pytest.mark.parametrize("thing", [print, 5, None, asyncio.sleep])
def test_something_that_is_no_coroutine_is_refused_with_an_example(thing):
    with pytest.raises(TypeError, match=r"takes a coroutine, as in run_virtual\(main\(\)\): "):
        run_virtual(thing)


@anywhere
def test_what_is_printed_arrives(run, capsys):
    async def main() -> None:
        print("Hello")

    run(main())
    assert capsys.readouterr().out == "Hello\n"


@anywhere
def test_context_variables_are_kept(run):
    variable = contextvars.ContextVar("variable", default="default")

    async def main() -> str:
        return variable.get()

    context = contextvars.copy_context()
    context.run(variable.set, "set by the caller")
    assert context.run(run, main()) == "set by the caller"


def test_the_running_loop_is_not_disturbed():
    async def cell() -> None:
        loop = asyncio.get_running_loop()
        assert run_virtual(current_time_after(60)) == 60.0
        assert asyncio.get_running_loop() is loop
        await asyncio.sleep(0)

    asyncio.run(cell())


def test_it_works_inside_itself_with_a_clock_of_its_own():
    async def main() -> tuple[float, float]:
        await asyncio.sleep(5)
        return run_virtual(current_time_after(60)), now()

    assert run_virtual(main()) == (60.0, 5.0)


@anywhere
@pytest.mark.parametrize("fails", [False, True])
def test_it_starts_no_thread(run, fails):
    before = threading.enumerate()

    async def main() -> None:
        assert threading.enumerate() == before
        assert threading.current_thread() is threading.main_thread()
        if fails:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) if fails else nullcontext():
        run(main())
    assert threading.enumerate() == before


def test_it_opens_no_socket(monkeypatch):
    def refuse(*args: object) -> None:
        raise AssertionError("a pair of sockets was made")

    monkeypatch.setattr(socket, "socketpair", refuse)
    assert run_virtual(current_time_after(1)) == 1.0


@pytest.mark.parametrize("fails", [False, True])
def test_the_task_that_ran_before_runs_on(fails):
    async def fail() -> None:
        raise ZeroDivisionError

    async def cell() -> None:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        with pytest.raises(ZeroDivisionError) if fails else nullcontext():
            run_virtual(fail() if fails else current_time_after(60))
        assert asyncio.current_task() is task
        assert asyncio.get_running_loop() is loop
        await asyncio.sleep(0)
        assert asyncio.current_task() is task

    asyncio.run(cell())


def test_asyncios_debug_mode_does_not_slow_it_down(monkeypatch):
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")

    async def main() -> bool:
        return asyncio.get_running_loop().get_debug()

    assert run_virtual(main()) is False


@anywhere
def test_tasks_that_are_left_are_cancelled_at_the_end(run):
    ends = []

    async def go_on() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(1)
            ends.append(now())

    async def main() -> None:
        task = asyncio.create_task(go_on())
        await asyncio.sleep(1)
        assert not task.done()

    run(main())
    assert ends == [2.0]


def test_asynchronous_generators_are_closed_at_the_end():
    closed = []

    async def numbers():
        try:
            while True:
                yield 1
        finally:
            closed.append("closed")

    async def main() -> None:
        generator = numbers()
        await anext(generator)
        kept.append(generator)

    kept = []
    run_virtual(main())
    assert closed == ["closed"]


async def run_for_ever(ends: list[str], interrupt) -> None:
    try:
        while True:
            await asyncio.sleep(1)
            if now() == 10:
                interrupt()
    finally:
        for _ in range(1_000):
            await asyncio.sleep(0.001)
        ends.append("finaliser")


def test_an_interrupt_stops_it_in_a_script():
    ends = []
    with pytest.raises(KeyboardInterrupt):
        run_virtual(run_for_ever(ends, lambda: signal.raise_signal(signal.SIGINT)))
    assert ends == ["finaliser"]


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="cannot interrupt a thread here")
def test_an_interrupt_stops_it_in_a_cell():
    ends = []
    before = threading.enumerate()
    cell = threading.main_thread().ident
    with pytest.raises(KeyboardInterrupt):
        run_beside_a_running_loop(
            run_for_ever(ends, lambda: signal.pthread_kill(cell, signal.SIGINT))
        )
    assert ends == ["finaliser"]
    assert threading.enumerate() == before


# Hangs. What a deadlock says of each task is tested in test_waiting_tasks.py.


@anywhere
def test_a_deadlock_says_when_and_who_waits_for_what(run):
    async def main() -> None:
        queue = asyncio.Queue(maxsize=2)
        event = asyncio.Event()
        await asyncio.sleep(2.5)
        async with asyncio.TaskGroup() as group:
            group.create_task(queue.join(), name="joiner")
            group.create_task(event.wait(), name="reader 10")
            group.create_task(event.wait(), name="reader 9")
            for number in range(3):
                await queue.put(number)

    with pytest.raises(Deadlock) as deadlock:
        run(main())
    assert str(deadlock.value).splitlines() == [
        "at 2.5 s every task waits and no timer is set:",
        "- joiner: Queue.join waits for task_done() for every message of a queue",
        "- main: main > Queue.put waits for room in a full queue of 2",
        "- reader 9: Event.wait waits for an event that nobody sets",
        "- reader 10: Event.wait waits for an event that nobody sets",
    ]


def test_a_wait_without_end_is_a_deadlock():
    with pytest.raises(Deadlock, match=r"main: sleep waits for a future that nobody completes"):
        run_virtual(asyncio.sleep(math.inf))


def test_a_wait_without_end_can_be_cancelled():
    async def main() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(math.inf), timeout=5)
        return now()

    assert run_virtual(main()) == 5.0


def test_a_timer_that_is_set_is_no_deadlock():
    async def main() -> str:
        queue = asyncio.Queue()
        asyncio.get_running_loop().call_later(3600, queue.put_nowait, "in the end")
        return await queue.get()

    assert run_virtual(main()) == "in the end"


@anywhere
def test_finalisers_run_after_a_deadlock(run):
    ends = []

    async def wait(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            ends.append(name)

    async def main() -> None:
        task = asyncio.create_task(wait("task"))
        await wait("main")
        await task

    with pytest.raises(Deadlock, match=r"^at 0\.0 s "):
        run(main())
    assert sorted(ends) == ["main", "task"]


@anywhere
def test_a_livelock_says_when(monkeypatch, run):
    monkeypatch.setattr(virtual_time, "STEPS_PER_INSTANT", 1_000)
    ends = []

    async def main() -> None:
        await asyncio.sleep(2.5)
        try:
            while True:  # noqa: ASYNC110
                await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)
            ends.append("finaliser")

    with pytest.raises(Livelock, match=r"^1,000 steps at 2\.5 s and time stands still"):
        run(main())
    assert ends == ["finaliser"]


def test_many_steps_are_no_livelock_as_long_as_time_passes(monkeypatch):
    monkeypatch.setattr(virtual_time, "STEPS_PER_INSTANT", 1_000)

    async def main() -> float:
        for _ in range(5):
            for _ in range(900):
                await asyncio.sleep(0)
            await asyncio.sleep(1)
        return now()

    assert run_virtual(main()) == 5.0


def test_a_million_steps_are_allowed_at_one_instant():
    assert virtual_time.STEPS_PER_INSTANT == 1_000_000


# Limits.


async def hang_beside_a_heartbeat(interval_s: float = 1.0) -> None:
    async def beat() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(interval_s)

    heartbeat = asyncio.create_task(beat(), name="heartbeat")
    await asyncio.Queue().get()
    heartbeat.cancel()


def test_there_are_limits_although_none_is_given():
    limits = inspect.signature(run_virtual).parameters
    assert limits["max_steps"].default == 1_000_000
    assert limits["max_seconds"].default == 1e12


def test_a_run_that_jumps_too_far_ends_although_no_limit_is_given():
    with pytest.raises(LimitReached, match=r"the next timer is due at 1000000000001\.0 s"):
        run_virtual(hang_beside_a_heartbeat(1e12 + 1))


def test_a_run_ends_at_the_limit_of_steps_that_it_is_given():
    with pytest.raises(LimitReached, match=r"^at 99\.0 s the run has not ended and 100 steps"):
        run_virtual(hang_beside_a_heartbeat(), max_steps=100)


def test_a_run_ends_at_the_limit_of_time_that_it_is_given():
    async def main() -> None:
        await hang_beside_a_heartbeat(0.25)

    with pytest.raises(LimitReached) as reached:
        run_virtual(main(), max_seconds=10)
    assert str(reached.value).splitlines() == [
        "at 10.0 s the run has not ended and the next timer is due at 10.25 s. If it is long, give "
        "it more: max_steps=..., max_seconds=... say how much. If it hangs, while a timer goes on "
        "and on, here is who waits for what:",
        "- heartbeat: beat > sleep waits for 10.25 s on the clock",
        "- main: main > hang_beside_a_heartbeat > Queue.get waits for a message in an empty queue",
    ]


def test_a_run_that_ends_within_its_limits_is_not_disturbed_by_them():
    assert run_virtual(current_time_after(*[0.5] * 20), max_seconds=10, max_steps=50) == 10.0


@pytest.mark.parametrize("limits", [{"max_steps": 20}, {"max_seconds": 2}], ids=str)
def test_finalisers_run_after_a_limit_is_reached(limits):
    ends = []

    async def main() -> None:
        try:
            await hang_beside_a_heartbeat()
        finally:
            await asyncio.sleep(1)
            ends.append("finaliser")

    with pytest.raises(LimitReached):
        run_virtual(main(), **limits)
    assert ends == ["finaliser"]


@pytest.mark.parametrize("limit", [0, -1, math.inf, math.nan, 10**400])
@pytest.mark.parametrize("name", ["max_steps", "max_seconds"])
def test_a_limit_that_is_none_is_refused(name, limit):
    with pytest.raises(ValueError, match=f"^{name} is a finite number above 0, not {limit}$"):
        run_virtual(current_time_after(1), **{name: limit})


@pytest.mark.parametrize("limit", ["3", None, True, Decimal(3)])
@pytest.mark.parametrize("name", ["max_steps", "max_seconds"])
def test_a_limit_that_is_no_number_is_refused_and_leaves_no_coroutine(name, limit):
    with pytest.raises(TypeError, match=f"^{name} is a finite number above 0, not "):
        run_virtual(current_time_after(1), **{name: limit})


# After each step.


def test_after_each_step_it_is_said_who_ran_and_who_is_ready():
    steps = []

    def note(step: Step) -> None:
        name = step.task.get_name() if step.task else "a callback"
        steps.append((step.time_s, name, [task.get_name() for task in step.ready]))

    async def main() -> None:
        queue = asyncio.Queue()
        reader = asyncio.create_task(queue.get(), name="reader")
        await asyncio.sleep(1)
        asyncio.get_running_loop().call_later(1, queue.put_nowait, "message")
        await reader

    run_virtual(main(), after_each_step=note)
    assert [step for step in steps if step[1] != "a callback"] == [
        (0.0, "main", ["reader"]),
        (0.0, "reader", []),
        (1.0, "main", []),
        (2.0, "reader", ["main"]),
        (2.0, "main", []),
    ]


def test_all_tasks_stand_still_after_each_step():
    seen = []

    async def main() -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(asyncio.sleep(0))

    def note(step: Step) -> None:
        tasks = asyncio.all_tasks()
        seen.append(len(tasks))
        assert asyncio.current_task() is None
        assert all(task.get_coro().cr_frame is not None for task in tasks)

    run_virtual(main(), after_each_step=note)
    assert max(seen) == 4


def test_what_is_tidied_up_at_the_end_is_no_step():
    steps = []

    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(1)
        assert not task.done()

    run_virtual(main(), after_each_step=steps.append)
    assert [step.time_s for step in steps if step.task] == [0.0, 0.0, 1.0]


@anywhere
def test_looking_on_changes_nothing(run):
    async def main() -> list[tuple[str, float]]:
        order = []
        queue = asyncio.Queue(maxsize=2)

        async def write(name: str) -> None:
            for _ in range(5):
                await asyncio.sleep(0.1)
                await queue.put(name)

        async def read() -> None:
            for _ in range(15):
                order.append((await queue.get(), now()))

        async with asyncio.TaskGroup() as group:
            group.create_task(read())
            for name in "abc":
                group.create_task(write(name))
        return order

    assert run_virtual(main(), after_each_step=lambda step: None) == run(main())


def test_an_error_of_the_one_who_looks_on_ends_the_run():
    def fail(step: Step) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_virtual(current_time_after(1), after_each_step=fail)


# What it refuses.


async def look_up_a_name() -> None:
    await asyncio.get_running_loop().getaddrinfo("localhost", 80)


async def use_an_executor() -> None:
    await asyncio.get_running_loop().run_in_executor(None, print)


async def set_an_executor() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor())


@pytest.mark.parametrize(
    "use_a_thread",
    [
        pytest.param(lambda: asyncio.to_thread(print), id="to_thread"),
        pytest.param(use_an_executor, id="run_in_executor"),
        pytest.param(set_an_executor, id="set_default_executor"),
        pytest.param(look_up_a_name, id="getaddrinfo"),
        pytest.param(lambda: asyncio.open_connection("localhost", 80), id="connect by name"),
    ],
)
@anywhere
def test_a_thread_is_refused(run, use_a_thread):
    with pytest.raises(VirtualTimeError, match=r"^a thread, or a name look-up, .* in real time$"):
        run(use_a_thread())


@uses_threads
def test_a_call_from_another_thread_is_refused_in_that_thread():
    errors = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def call() -> None:
            try:
                loop.call_soon_threadsafe(print)
            except VirtualTimeError as error:
                errors.append(str(error))

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    run_virtual(main())
    assert len(errors) == 1
    assert errors[0].startswith("a thread")


@uses_threads
@anywhere
@pytest.mark.parametrize("when", ["before", "after"])
def test_waiting_for_a_call_from_another_thread_is_refused_and_no_deadlock(run, when):
    called = threading.Event()
    stopped = threading.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        event = asyncio.Event()

        def call() -> None:
            if when == "after":
                stopped.wait()
            with contextlib.suppress(VirtualTimeError):
                loop.call_soon_threadsafe(event.set)
            called.set()

        threading.Thread(target=call).start()
        if when == "before":
            called.wait()
        await event.wait()

    with pytest.raises(VirtualTimeError, match=r"(?s)^a thread, .*waits for an event") as refused:
        run(main())
    stopped.set()
    called.wait()
    assert not isinstance(refused.value, Deadlock)


def test_a_threadsafe_call_from_its_own_thread_is_allowed():
    async def main() -> None:
        event = asyncio.Event()
        asyncio.get_running_loop().call_soon_threadsafe(event.set)
        await event.wait()

    run_virtual(main())


def test_a_connection_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        with pytest.raises(VirtualTimeError, match=r"^a socket or pipe cannot be used"):
            run_virtual(asyncio.open_connection(host, port))


@uses_sockets
def test_a_connection_that_is_there_already_is_refused():
    one, other = socket.socketpair()
    with one, other, pytest.raises(VirtualTimeError, match=r"^a socket or pipe cannot be used"):
        run_virtual(asyncio.open_connection(sock=one))


@pytest.mark.parametrize("connect", ["connect_read_pipe", "connect_write_pipe"])
@uses_sockets
def test_a_pipe_is_refused(connect):
    ends = [os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True)]

    async def main() -> None:
        end = ends[connect == "connect_write_pipe"]
        await getattr(asyncio.get_running_loop(), connect)(asyncio.Protocol, end)

    with pytest.raises(VirtualTimeError, match=r"^a socket or pipe cannot be used"):
        run_virtual(main())
    for end in ends:
        end.close()


def test_a_handler_of_a_signal_is_refused():
    async def main() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, print)

    with pytest.raises(VirtualTimeError, match=r"^a signal cannot be used"):
        run_virtual(main())


def test_a_server_is_refused():
    with pytest.raises(VirtualTimeError, match=r"^a socket or pipe cannot be used"):
        run_virtual(asyncio.start_server(print, "127.0.0.1", 0))


@pytest.mark.parametrize("start", [asyncio.create_subprocess_exec, asyncio.create_subprocess_shell])
def test_another_process_is_refused_before_it_starts(start, tmp_path):
    file = tmp_path / "started"
    arguments = ["touch", str(file)]
    if start is asyncio.create_subprocess_shell:
        arguments = [" ".join(arguments)]
    with pytest.raises(VirtualTimeError, match=r"^another process cannot be used"):
        run_virtual(start(*arguments))
    assert not file.exists()


# Against results known in closed form.


@pytest.mark.parametrize(
    ("interval_ms", "service_ms"), [(10, 15), (10, 10), (10, 4), (7, 20)], ids=str
)
def test_waiting_times_of_a_queue_with_regular_arrivals_and_service(interval_ms, service_ms):
    async def main() -> list[float]:
        broker = AsyncPubSub[float](maxsize=1_000)
        inbox = broker.subscribe()
        waited = []

        async def serve() -> None:
            async for arrival in inbox:
                waited.append(now() - arrival)
                await asyncio.sleep(service_ms / 1000)

        server = asyncio.create_task(serve())
        for _ in range(100):
            await broker.publish(now())
            await asyncio.sleep(interval_ms / 1000)
        await broker.shutdown()
        await server
        return waited

    expected_ms = [max(0, number * (service_ms - interval_ms)) for number in range(100)]
    assert [round(wait * 1000, 6) for wait in run_virtual(main())] == expected_ms


@pytest.mark.parametrize(
    ("bound", "arrivals_per_s", "served_per_s"), [(10, 100, 50), (100, 1_000, 100), (50, 20, 0)]
)
def test_the_time_a_bounded_queue_takes_to_fill(bound, arrivals_per_s, served_per_s):
    async def main() -> float:
        inbox = AsyncPubSub[int](maxsize=bound).subscribe()

        async def serve() -> None:
            while served_per_s:
                await asyncio.sleep(1 / served_per_s)
                await inbox.get()

        server = asyncio.create_task(serve())
        while not inbox.full():
            await asyncio.sleep(1 / arrivals_per_s)
            await inbox.put(0)
        server.cancel()
        return now()

    expected = bound / (arrivals_per_s - served_per_s)
    assert run_virtual(main()) == pytest.approx(expected, abs=1.5 / arrivals_per_s)


async def publish_for(seconds: float, broker) -> int:
    """Publish one message after another, and return how many took any time."""
    waited = 0
    while (before := now()) < seconds:
        await broker.publish("message")
        waited += now() > before
    return waited


@pytest.mark.parametrize("dead", [1, 3])
def test_dead_subscribers_cost_the_chapters_broker_one_drop_a_second(dead, capsys):
    async def main() -> None:
        broker = ChapterPubSub[str](maxsize=10)
        unread = [await broker.subscribe() for _ in range(dead)]
        await publish_for(60, broker)
        assert all(queue.full() for queue in unread)
        assert now() == 60.0

    run_virtual(main())
    assert len(re.findall("dropping", capsys.readouterr().out)) == 60


@pytest.mark.parametrize("dead", [1, 3])
def test_dead_subscribers_cost_ours_one_second_and_then_each_message_at_once(dead):
    async def main() -> None:
        broker = AsyncPubSub[str](maxsize=10)
        unread = [await broker.subscribe() for _ in range(dead)]
        ends = []
        for second in range(60):
            await asyncio.sleep(second - now() if second > now() else 0)
            await broker.publish("message")
            ends.append(now())
        assert ends == [*range(10), 11, *range(11, 60)]
        assert [inbox.stats.dropped for inbox in unread] == [50] * dead

    run_virtual(main())


@pytest.mark.parametrize("service_s", [0.5, 1.5, 2.5])
def test_a_slow_subscriber_drops_in_the_chapters_broker_once_for_each_whole_timeout_of_its_service(
    service_s, capsys
):
    services = 40

    async def main() -> None:
        broker = ChapterPubSub[str](maxsize=1)
        queue = await broker.subscribe()
        server = asyncio.create_task(serve(queue, service_s))
        await asyncio.sleep(0)
        await publish_for(services * service_s, broker)
        server.cancel()

    run_virtual(main())
    dropped = len(re.findall("dropping", capsys.readouterr().out))
    assert dropped == services * math.floor(service_s / 1.0)


def test_a_slow_subscriber_that_makes_room_within_the_timeout_costs_ours_no_message():
    async def main() -> int:
        broker = AsyncPubSub[str](maxsize=1)
        server = asyncio.create_task(serve(broker.subscribe(), 0.5))
        assert await publish_for(20, broker) == 40
        server.cancel()
        return broker.stats.dropped

    assert run_virtual(main()) == 0


@pytest.mark.parametrize("service_s", [1.5, 2.5])
def test_a_slow_subscriber_costs_ours_one_timeout_for_each_message_that_takes_it_longer(service_s):
    services = 40

    async def main() -> float:
        broker = AsyncPubSub[str](maxsize=1)
        server = asyncio.create_task(serve(broker.subscribe(), service_s))
        await asyncio.sleep(0)
        waited_s = 0.0
        while (before := now()) < services * service_s:
            await broker.publish("message")
            waited_s += now() - before
            await asyncio.sleep(0.125)  # or those that do not wait would never let time pass
        server.cancel()
        return waited_s

    assert run_virtual(main()) == services * 1.0


async def serve(queue: asyncio.Queue[str | None], service_s: float) -> None:
    while await queue.get() is not None:  # noqa: ASYNC110
        await asyncio.sleep(service_s)
