"""Calls a function that may never return, and gives up waiting for it after a while.

A thread cannot be stopped from outside. But it can be left behind: it runs as a daemon, so it does
not keep the program from ending.

>>> import threading
>>> lock = threading.Lock()
>>> def take_it_twice() -> None:
...     with lock:
...         lock.acquire()
>>> try:
...     call_with_limit(take_it_twice, limit_s=0.1)
... except StillRunning as error:
...     print(error)
not finished after 0.1 s; it stands at `lock.acquire()`
>>> call_with_limit(lambda: 1 + 1, limit_s=10)
2
"""

import contextvars
import sys
import threading
import traceback
from collections.abc import Callable


class StillRunning(Exception):
    """A function has not returned within its limit; says at which line it stands."""


def call_with_limit[T](function: Callable[[], T], *, limit_s: float) -> T:
    """Call a function in a thread of its own, and return or raise what it does.

    Args:
        function: what to call.
        limit_s: how long to wait for it, in seconds.

    Raises:
        StillRunning: if it takes longer. It goes on running, and its thread is left behind.
    """
    context = contextvars.copy_context()  # what is printed there belongs to this cell
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(context.run(function))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, name="with a time limit", daemon=True)
    thread.start()
    thread.join(limit_s)
    if failure:
        raise failure[0]
    if not outcome:
        raise StillRunning(f"not finished after {limit_s:g} s; {_where(thread)}")
    return outcome[0]


def _where(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    if frame is None:
        return "it has just ended"
    place = traceback.extract_stack(frame)[-1]
    return f"it stands at `{place.line}`"
