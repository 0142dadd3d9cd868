"""Counts what the interpreter does: the same on every machine, however busy it is."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, SimpleNamespace


@contextmanager
def counted_steps() -> Iterator[SimpleNamespace]:
    """Count the instructions of Python in the functions that are called, or go on, in this block.

    >>> def work(times: int) -> None:
    ...     for _ in range(times):
    ...         pass
    >>> with counted_steps() as few:
    ...     work(10)
    >>> with counted_steps() as many:
    ...     work(1000)
    >>> many.steps - few.steps >= 990
    True
    """
    counted = SimpleNamespace(steps=0)

    def trace(frame: FrameType, event: str, _: object):
        frame.f_trace_opcodes = True
        counted.steps += event == "opcode"
        return trace

    before, collecting = sys.gettrace(), gc.isenabled()
    gc.disable()  # what it would run depends on all that ran before
    sys._getframe().f_trace_opcodes = True  # Python 3.12 asks for this when tracing begins
    sys.settrace(trace)
    try:
        yield counted
    finally:
        sys.settrace(before)
        if collecting:
            gc.enable()
