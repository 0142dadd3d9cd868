"""A call with a time limit returns, raises, or says where it stands."""

import threading

import pytest

from pubsub_lib.lab.processes.time_limits import StillRunning, call_with_limit
from tests.limits import TIME_LIMIT_S

pytestmark = pytest.mark.real_time


def test_a_call_in_time_returns_what_the_function_does():
    assert call_with_limit(lambda: "done", limit_s=TIME_LIMIT_S) == "done"


def test_a_function_may_return_none():
    assert call_with_limit(lambda: None, limit_s=TIME_LIMIT_S) is None


def test_what_the_function_raises_is_raised_here():
    def fail() -> None:
        raise LookupError("from the thread")

    with pytest.raises(LookupError, match="from the thread"):
        call_with_limit(fail, limit_s=TIME_LIMIT_S)


def test_a_function_that_hangs_is_left_behind_and_its_line_is_named():
    lock = threading.Lock()
    ended = threading.Event()

    def hang() -> None:
        with lock:
            ended.set()

    with lock, pytest.raises(StillRunning, match=r"after 1 s; it stands at `with lock:`"):
        call_with_limit(hang, limit_s=1)
    assert ended.wait(TIME_LIMIT_S)
