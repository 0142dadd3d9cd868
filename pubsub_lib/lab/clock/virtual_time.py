"""An event loop whose clock jumps to the next timer, so a simulated minute takes a moment.

Where asyncio would wait until the next timer is due, ours moves the clock there. All else is
asyncio's own code, so a broker behaves as it always does, but a run gives the same numbers on every
machine: time is counted in whole nanoseconds, and is exact however late it is. Where a real program
would hang, because every task waits and no timer is set, the run ends with `Deadlock`, which says
who waits for what. It needs no thread and no socket, and so runs in WebAssembly, too.

>>> import asyncio
>>> async def main() -> float:
...     await asyncio.sleep(3600)
...     return asyncio.get_running_loop().time()
>>> run_virtual(main())
3600.0

>>> async def stuck() -> None:
...     await asyncio.Queue().get()
>>> try:
...     run_virtual(stuck())
... except Deadlock as deadlock:
...     print(deadlock)
at 0.0 s every task waits and no timer is set:
- main: stuck > Queue.get waits for a message in an empty queue

What a film is made of: who took a step, and who is ready to take the next.

>>> async def wait(seconds: float) -> None:
...     await asyncio.sleep(seconds)
>>> async def two() -> None:
...     async with asyncio.TaskGroup() as group:
...         for seconds in (2, 1):
...             group.create_task(wait(seconds), name=f"waits {seconds} s")
>>> def show(step: Step) -> None:
...     if step.task:
...         names = [task.get_name() for task in step.ready]
...         print(f"{step.time_s} s: {step.task.get_name()}, then {names}")
>>> run_virtual(two(), after_each_step=show)
0.0 s: main, then ['waits 2 s', 'waits 1 s']
0.0 s: waits 2 s, then ['waits 1 s']
0.0 s: waits 1 s, then []
1.0 s: waits 1 s, then []
2.0 s: waits 2 s, then []
2.0 s: main, then []
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any

from pubsub_lib.lab.clock.instants import nanoseconds
from pubsub_lib.lab.clock.virtual_loop import (
    Deadlock,
    LimitReached,
    Livelock,
    Step,
    VirtualTimeError,
    VirtualTimeLoop,
)

__all__ = [
    "Deadlock",
    "LimitReached",
    "Livelock",
    "Step",
    "VirtualTimeError",
    "run_virtual",
    "stall",
]

STEPS_PER_INSTANT = 1_000_000
MAX_STEPS = 1_000_000  # some 8 s of real time; of what the course runs, the longest takes 90,000
MAX_SECONDS = 1e12  # 31,700 years


def run_virtual[T](
    coroutine: Coroutine[Any, Any, T],
    *,
    max_steps: int = MAX_STEPS,
    max_seconds: float = MAX_SECONDS,
    after_each_step: Callable[[Step], object] | None = None,
) -> T:
    """Run a coroutine on the virtual clock and return its result.

    It starts at 0.0 s, on a new event loop, and is an ordinary function: it works in a script, in a
    test, and in a notebook cell, where the kernel's own loop is already running.

    Args:
        coroutine: what to run.
        max_steps: how many steps the tasks and callbacks may take in all; a million, if not said
            otherwise.
        max_seconds: how late it may become on the virtual clock, in seconds; 1e12, if not said
            otherwise.
        after_each_step: is called after every step, at which moment all tasks stand still.

    Raises:
        Deadlock: if every task waits and no timer is set; names the tasks and what they wait for.
        Livelock: if a million turns of the event loop are taken without any time passing.
        LimitReached: if `max_steps` or `max_seconds` are not enough. A deadlock beside a timer that
            is set again and again ends so; the tasks and what they wait for are named.
        VirtualTimeError: if the coroutine uses a thread, a process or a socket; the clock cannot
            know how long these take.
        TypeError: if it is not given a coroutine, or a limit is no number.
        ValueError: if a limit is not a finite number above 0.
    """
    if not asyncio.iscoroutine(coroutine):
        raise TypeError(
            f"run_virtual() takes a coroutine, as in run_virtual(main()): {coroutine!r}"
        )
    for name, limit in (("max_steps", max_steps), ("max_seconds", max_seconds)):
        a_number = isinstance(limit, Real) and not isinstance(limit, bool)
        if not a_number or not 0 < limit <= sys.float_info.max:
            coroutine.close()
            wrong = ValueError if a_number else TypeError
            raise wrong(f"{name} is a finite number above 0, not {limit!r}")

    with _no_running_loop():
        loop = VirtualTimeLoop(
            max_steps=max_steps,
            max_seconds=max_seconds,
            steps_per_instant=STEPS_PER_INSTANT,
            after_each_step=after_each_step,
        )
        with asyncio.Runner(loop_factory=lambda: loop, debug=False) as runner:
            try:
                return runner.run(_named_main(coroutine))
            finally:
                loop.after_each_step = None  # what follows is tidying up


def stall(seconds: float) -> None:
    """Block the event loop for so long, as `time.sleep()` does: time passes, and nothing else
    happens.

    >>> async def main() -> float:
    ...     beat = asyncio.create_task(asyncio.sleep(1))
    ...     await asyncio.sleep(0)
    ...     stall(5)
    ...     await beat  # which was due at 1 s
    ...     return asyncio.get_running_loop().time()
    >>> run_virtual(main())
    5.0

    Raises:
        VirtualTimeError: if it is not called in virtual time.
        ValueError: if it is negative, or has no end.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        raise VirtualTimeError("stall() works in virtual time; in real time call time.sleep()")
    if seconds < 0:
        raise ValueError(f"a stall takes 0 seconds or more, not {seconds!r}")
    loop.pass_time(nanoseconds(seconds))


@contextmanager
def _no_running_loop() -> Iterator[None]:
    """Let another loop run where one is running already: in a cell, the kernel's, which waits."""
    outer = asyncio._get_running_loop()
    if outer is None:
        yield
        return
    task = asyncio.tasks._swap_current_task(outer, None)  # type: ignore[attr-defined]
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        asyncio.tasks._swap_current_task(outer, task)  # type: ignore[attr-defined]


async def _named_main[T](coroutine: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    task.set_name("main")
    return await coroutine
