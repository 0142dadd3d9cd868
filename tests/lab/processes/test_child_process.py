"""A child process: what it prints comes back, and what goes wrong there is told here."""

import subprocess
import sys

import pytest

from pubsub_lib.lab.processes.child_process import ChildFailed, run_in_a_child_process

pytestmark = pytest.mark.real_time


def test_a_child_runs_the_same_python():
    assert run_in_a_child_process("import sys; print(sys.executable)") == sys.executable


def test_an_exception_in_the_child_is_told():
    with pytest.raises(ChildFailed, match=r"(?s)status 1: Traceback .*ValueError: a bug"):
        run_in_a_child_process("raise ValueError('a bug')")


def test_a_child_that_takes_too_long_is_ended():
    with pytest.raises(subprocess.TimeoutExpired):
        run_in_a_child_process("import time; time.sleep(60)", limit_s=0.5)
