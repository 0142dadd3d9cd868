"""An event loop whose clock jumps to the next timer, so a simulated minute takes a moment.

Asyncio asks its selector to wait until the next timer is due. Ours does not wait: it moves the
clock there. Everything else is asyncio's own code, so a broker behaves as it always does, but a run
gives the same numbers on every machine. And where a real program would hang, because every task
waits and no timer is set, the run ends with `Deadlock`, which says who waits for what.

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
"""

import asyncio
import contextvars
import math
import selectors
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from typing import Any

from pubsub_lib.lab.clock.waiting_tasks import describe_waiting_tasks

STEPS_PER_INSTANT = 1_000_000


_NO_THREADS = (
    "a thread, or a name look-up, which uses one, cannot be used in virtual time, since nobody "
    "knows how long it takes; await this part in real time"
)
_NO_SOCKETS = (
    "a socket or pipe cannot be used in virtual time, since nobody knows how long it takes; await "
    "this part in real time"
)
_NO_PROCESSES = (
    "another process cannot be used in virtual time, since nobody knows how long it takes; await "
    "this part in real time"
)


class VirtualTimeError(RuntimeError):
    """Something that the virtual clock cannot run."""


class Deadlock(VirtualTimeError):
    """Every task waits and no timer is set: without the virtual clock, this would hang for ever."""


class Livelock(VirtualTimeError):
    """The tasks keep each other busy without ever letting time pass."""


def run_virtual[T](coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the virtual clock and return its result.

    It starts at 0.0 s, on a new event loop, and is an ordinary function: it works in a script, in a
    test, and in a notebook cell, where the kernel's own loop is already running.

    Raises:
        Deadlock: if every task waits and no timer is set; names the tasks and what they wait for.
        Livelock: if a million steps are taken without any time passing.
        VirtualTimeError: if the coroutine uses a thread, a process or a socket; the clock cannot
            know how long these take.
        TypeError: if it is not given a coroutine.
    """
    if not asyncio.iscoroutine(coroutine):
        raise TypeError(
            f"run_virtual() takes a coroutine, as in run_virtual(main()): {coroutine!r}"
        )
    clock = _Clock()

    def run() -> T:
        with asyncio.Runner(loop_factory=lambda: _VirtualTimeLoop(clock), debug=False) as runner:
            return runner.run(_named_main(coroutine))

    return _run_beside_the_running_loop(run, clock) if _a_loop_is_running() else run()


def _a_loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def _named_main[T](coroutine: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    assert task is not None
    task.set_name("main")
    return await coroutine


def _run_beside_the_running_loop[T](run: Callable[[], T], clock: "_Clock") -> T:
    """Run in a thread, because a thread can run only one loop at a time, and wait for it."""
    context = contextvars.copy_context()  # what is printed there belongs to this cell
    outcome: list[T] = []
    failure: list[BaseException] = []
    finished = threading.Event()

    def work() -> None:
        try:
            outcome.append(context.run(run))
        except BaseException as error:
            failure.append(error)
        finally:
            finished.set()

    thread = threading.Thread(target=work, name="virtual time")
    try:
        thread.start()
        finished.wait()  # Python 3.12 takes a thread for ended when its join() is interrupted
    except BaseException:
        if thread.ident is not None:
            clock.interrupted = True
            finished.wait()
            thread.join()
        raise
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


class _Clock(selectors.BaseSelector):
    """A selector that moves the clock where a real one would wait."""

    def __init__(self) -> None:
        self.interrupted = False
        self.nanoseconds = 0
        self.steps_at_this_instant = 0
        self._own_pipe: selectors.SelectorKey | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def belongs_to(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
        if timeout is None:
            waiting = describe_waiting_tasks(asyncio.all_tasks(self._loop))
            raise Deadlock(
                f"at {self.nanoseconds / 1e9} s every task waits and no timer is set:\n{waiting}"
            )
        # Whole nanoseconds: sums of floats would differ in the last digits.
        step = round(timeout * 1e9)
        if step > 0:
            self.nanoseconds += step
            self.steps_at_this_instant = 0
            return []
        self.steps_at_this_instant += 1
        if self.steps_at_this_instant > STEPS_PER_INSTANT:
            self.steps_at_this_instant = 0
            raise Livelock(
                f"{STEPS_PER_INSTANT:,} steps at {self.nanoseconds / 1e9} s and time stands still: "
                "some task goes round without waiting; let it wait for an event or a time"
            )
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        if self._own_pipe is not None:
            raise VirtualTimeError(_NO_SOCKETS)
        # The first one is the pipe by which every event loop can be woken.
        descriptor = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._own_pipe = selectors.SelectorKey(fileobj, descriptor, events, data)
        return self._own_pipe

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        if self._own_pipe is None or self._own_pipe.fileobj is not fileobj:
            raise KeyError(f"{fileobj!r} is not registered")
        key, self._own_pipe = self._own_pipe, None
        return key

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {} if self._own_pipe is None else {self._own_pipe.fd: self._own_pipe}

    def close(self) -> None:
        self._own_pipe = None


class _VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Asyncio's loop on our clock; refuses what the clock cannot follow."""

    def __init__(self, clock: _Clock) -> None:
        super().__init__(clock)
        self._clock = clock
        # Timers closer than the resolution run together, and on Windows that would be 16 ms.
        self._clock_resolution = 1e-9
        self._thread = threading.get_ident()
        clock.belongs_to(self)

    def time(self) -> float:
        return self._clock.nanoseconds / 1e9

    def call_at[*Args](
        self,
        when: float,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        if when == math.inf:  # is never due; asyncio would look at it once a day, for ever
            return asyncio.TimerHandle(when, callback, args, self, context)
        return super().call_at(when, callback, *args, context=context)

    def call_soon_threadsafe[*Args](
        self,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        if threading.get_ident() != self._thread:
            raise VirtualTimeError(_NO_THREADS)
        return super().call_soon_threadsafe(callback, *args, context=context)

    def run_in_executor[*Args, T](
        self, executor: Executor | None, func: Callable[[*Args], T], *args: *Args
    ) -> asyncio.Future[T]:
        raise VirtualTimeError(_NO_THREADS)

    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_SOCKETS)

    async def create_unix_server(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_SOCKETS)

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_PROCESSES)

    async def subprocess_shell(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_PROCESSES)
