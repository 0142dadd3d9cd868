"""The event loop of virtual time: asyncio's own, but for its clock, and what that cannot follow.

It overrides a few private methods of asyncio's loop, the same in Python 3.12, 3.13 and 3.14: how it
takes a turn (`_run_once`), and how another thread would wake it. Timers stay in asyncio's own heap,
where, as `Instant`s, they are compared exactly.

>>> loop = VirtualTimeLoop(max_steps=100, max_seconds=60, steps_per_instant=50)
>>> timer = loop.call_later(45, print)
>>> loop.time(), timer.when()
(0.0, 45.0)
>>> loop.close()
"""

import asyncio
import contextvars
import heapq
import math
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, override

from pubsub_lib.lab.clock.instants import Instant, nanoseconds
from pubsub_lib.lab.clock.waiting_tasks import describe_waiting_tasks

_IN_REAL_TIME = (
    "cannot be used in virtual time, since nobody knows how long it takes; await this part in real "
    "time"
)
_NO_THREADS = f"a thread, or a name look-up, which uses one, {_IN_REAL_TIME}"
_NO_SOCKETS = f"a socket or pipe {_IN_REAL_TIME}"
_NO_SIGNALS = f"a signal {_IN_REAL_TIME}"
_NO_PROCESSES = f"another process {_IN_REAL_TIME}"


class VirtualTimeError(RuntimeError):
    """Something that the virtual clock cannot run."""


class Deadlock(VirtualTimeError):
    """Every task waits and no timer is set: without the virtual clock, this would hang for ever."""


class Livelock(VirtualTimeError):
    """The tasks keep each other busy without ever letting time pass."""


class LimitReached(VirtualTimeError):
    """The run has taken as many steps, or as much virtual time, as it was given."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the event loop has just done: one callback, which is mostly one task's way from where
    it waited to where it waits now.

    Attributes:
        time_s: the time on the virtual clock, in seconds.
        task: the task that ran; `None` if it was a callback of no task.
        ready: the tasks that can run now, in the order in which they will.
    """

    time_s: float
    task: asyncio.Task[Any] | None
    ready: tuple[asyncio.Task[Any], ...]


class _NoSockets(selectors.BaseSelector):
    """What an event loop asks about sockets, of which there are none."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        raise VirtualTimeError(_NO_SOCKETS)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(f"{fileobj!r} is not registered")

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Asyncio's loop on our clock; refuses what the clock cannot follow."""

    # Asyncio's own: what can run, in order; a heap of timers, of which so many are cancelled.
    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]
    _timer_cancelled_count: int
    _stopping: bool

    def __init__(
        self,
        *,
        max_steps: int,
        max_seconds: float,
        steps_per_instant: int,
        after_each_step: Callable[[Step], object] | None = None,
    ) -> None:
        super().__init__(_NoSockets())
        self._thread = threading.get_ident()
        self._threads_before = set(threading.enumerate())
        self._refused_a_thread = False
        self._now = Instant(0)
        self.after_each_step = after_each_step
        self._max_steps = self._steps_left = max_steps
        self._max_nanoseconds = self._end = nanoseconds(max_seconds)
        self._steps_per_instant = steps_per_instant
        self._turns_at_this_instant = 0

    # Time.

    @override
    def time(self) -> float:
        return self._now

    def pass_time(self, duration: int) -> None:
        """Let so many nanoseconds pass."""
        if duration > 0:
            self._now = Instant(self._now.nanoseconds + duration)
            self._turns_at_this_instant = 0

    @override
    def call_at[*Args](
        self,
        when: float,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        if when == math.inf:  # is never due
            return asyncio.TimerHandle(when, callback, args, self, context)
        if not isinstance(when, Instant):
            when = Instant(nanoseconds(when), when)
        return super().call_at(when, callback, *args, context=context)

    # A turn: all that is ready, or else what is due next.

    def _run_once(self) -> None:
        """Run once through all that is ready; asyncio calls this until it is told to stop."""
        self._forget_cancelled_timers()
        if not self._ready and not self._stopping:
            self._jump()
        self._count_the_turn()
        self._make_due_timers_ready()
        handle: asyncio.Handle | None = None
        for _ in range(len(self._ready)):
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()
                if self.after_each_step is not None:
                    self.after_each_step(self._step(handle))
        handle = None  # or the traceback of a task's exception would hold the task itself

    def _forget_cancelled_timers(self) -> None:
        timers = self._scheduled
        if len(timers) > 100 and self._timer_cancelled_count * 2 > len(timers):
            self._scheduled = [timer for timer in timers if not timer.cancelled()]
            heapq.heapify(self._scheduled)
            self._timer_cancelled_count = 0
        while self._scheduled and self._scheduled[0].cancelled():
            heapq.heappop(self._scheduled)
            self._timer_cancelled_count -= 1

    def _make_due_timers_ready(self) -> None:
        while self._scheduled and nanoseconds(self._scheduled[0].when()) <= self._now.nanoseconds:
            timer = heapq.heappop(self._scheduled)
            timer._scheduled = False  # type: ignore[attr-defined]
            self._ready.append(timer)

    def _jump(self) -> None:
        """Move the clock to the next timer."""
        if not self._scheduled:
            waiting = f"at {self._now} s every task waits and no timer is set:\n{self._waiting()}"
            if self._refused_a_thread or set(threading.enumerate()) - self._threads_before:
                raise VirtualTimeError(f"{_NO_THREADS}; {waiting}")
            raise Deadlock(waiting)
        due = nanoseconds(self._scheduled[0].when())
        if due > self._end:
            self._end = due + self._max_nanoseconds  # for what the tasks do when they are cancelled
            raise LimitReached(self._limit(f"the next timer is due at {Instant(due)} s"))
        self.pass_time(due - self._now.nanoseconds)

    def _count_the_turn(self) -> None:
        if self._now.nanoseconds > self._end:
            end, self._end = self._end, self._now.nanoseconds + self._max_nanoseconds
            raise LimitReached(self._limit(f"a stall has lasted beyond {Instant(end)} s"))
        self._turns_at_this_instant += 1
        if self._turns_at_this_instant > self._steps_per_instant:
            self._turns_at_this_instant = 0
            raise Livelock(
                f"{self._steps_per_instant:,} steps at {self._now} s and time stands still: "
                "some task goes round without waiting; let it wait for an event or a time"
            )
        self._steps_left -= len(self._ready)
        if self._steps_left < 0:
            self._steps_left = self._max_steps
            raise LimitReached(self._limit(f"{self._max_steps:,} steps were taken"))

    def _limit(self, reached: str) -> str:
        return (
            f"at {self._now} s the run has not ended and {reached}. If it is long, give it more: "
            "max_steps=..., max_seconds=... say how much. If it hangs, while a timer goes on and "
            f"on, here is who waits for what:\n{self._waiting()}"
        )

    def _waiting(self) -> str:
        return describe_waiting_tasks(asyncio.all_tasks(self))

    def _step(self, handle: asyncio.Handle) -> Step:
        ready = [task for handle in self._ready if (task := _task_of(handle)) is not None]
        return Step(float(self._now), _task_of(handle), tuple(ready))

    # What there is not.

    def _make_self_pipe(self) -> None:
        """Make no pipe: nobody can call from another thread, and there is nothing to wake."""

    def _close_self_pipe(self) -> None: ...

    def _write_to_self(self) -> None: ...

    @override
    def call_soon_threadsafe[*Args](
        self,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        if threading.get_ident() != self._thread:
            self._refused_a_thread = True
            raise VirtualTimeError(_NO_THREADS)
        return super().call_soon_threadsafe(callback, *args, context=context)

    @override
    def run_in_executor[*Args, T](
        self, executor: Executor | None, func: Callable[[*Args], T], *args: *Args
    ) -> asyncio.Future[T]:
        raise VirtualTimeError(_NO_THREADS)

    @override
    def set_default_executor(self, executor: Any) -> None:
        raise VirtualTimeError(_NO_THREADS)

    @override
    def add_signal_handler[*Args](
        self, sig: int, callback: Callable[[*Args], object], *args: *Args
    ) -> None:
        raise VirtualTimeError(_NO_SIGNALS)

    def _make_socket_transport(self, sock: socket.socket, *args: Any, **kwargs: Any) -> Any:
        sock.close()
        raise VirtualTimeError(_NO_SOCKETS)  # and not in a callback, where it would be lost

    _make_ssl_transport = _make_datagram_transport = _make_socket_transport

    @override
    async def connect_read_pipe(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_SOCKETS)

    connect_write_pipe = connect_read_pipe

    @override
    async def create_server(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_SOCKETS)

    @override
    async def create_unix_server(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_SOCKETS)

    @override
    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_PROCESSES)

    @override
    async def subprocess_shell(self, *args: Any, **kwargs: Any) -> Any:
        raise VirtualTimeError(_NO_PROCESSES)


def _task_of(handle: asyncio.Handle) -> asyncio.Task[Any] | None:
    """Return the task that takes a step when this is run."""
    # Only the callback knows it: it is a method of the task.
    owner = getattr(getattr(handle, "_callback", None), "__self__", None)
    return owner if isinstance(owner, asyncio.Task) else None
