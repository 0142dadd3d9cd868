"""The tests that wait on a real clock pass, again and again, while two busy loops run beside them.

Each waits for another thread, a process or a server. So none may depend on how soon that comes: it
waits for what happens, and its limit is only there to end one that hangs.
"""

import subprocess
import sys

import pytest

from tests.drills import by_form
from tests.drills.busy_machine import busy_machine

TIMES = by_form(short=1, long=20)
# Those over NATS take minutes, since servers are started and stopped.
WHERE = by_form(short=["tests/in_process", "tests/lab", "tests/project"], long=["tests"])
BUSY_LOOPS = 2
LIMIT_S = 1800  # for all of them, once

pytestmark = [pytest.mark.drill, pytest.mark.timeout(TIMES * LIMIT_S)]


def test_what_waits_on_a_real_clock_passes_beside_busy_loops():
    # Four at a time, as `make test` does.
    options = ["-p", "no:cacheprovider", "--color=no", "-n", "4", "-m", "real_time and not run_all"]
    passed = []
    with busy_machine(loops=BUSY_LOOPS):
        for _ in range(TIMES):
            run = subprocess.run(
                [sys.executable, "-m", "pytest", *options, *WHERE], capture_output=True, text=True
            )
            passed.append(run.stdout.splitlines()[-1])
            assert run.returncode == 0, "\n".join([*passed, run.stdout])
    print(*passed, sep="\n")
