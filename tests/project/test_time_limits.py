"""Every test ends, whatever hangs: a hung one fails, those after it run, and none waits in vain."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[2]
# The task that runs when the limit is over takes the failure for its own.
HANGING = """
import asyncio
import threading

from tests.stepping import in_virtual_time

async def spin() -> None:
    while True:
        pass

async def test_hangs_in_real_time() -> None:
    task = asyncio.create_task(spin())
    await asyncio.Event().wait()

@in_virtual_time
async def test_hangs_in_virtual_time() -> None:
    threading.Event().wait()

def test_that_comes_after() -> None:
    pass
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there, the run ends with the test")
@pytest.mark.run_all
def test_a_test_that_hangs_fails_and_those_after_it_run(tmp_path: Path) -> None:
    module = tmp_path / "test_hanging.py"
    module.write_text(HANGING, encoding="utf-8")
    options = ["-p", "conftest", "-p", "no:cacheprovider", "--color=no", "--timeout=1"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", ROOT / "pyproject.toml", module],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert run.stdout.count("Failed: Timeout (>1.0s) from pytest-timeout.") == 2, run.stdout
    assert " 2 failed, 1 passed in " in run.stdout


# What a shell does before it runs a command in the background of a script.
IN_THE_BACKGROUND = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no process can ignore interrupts for another")
@pytest.mark.run_all
def test_what_is_interrupted_ends_although_the_tests_run_in_the_background() -> None:
    modules = ["tests/lab/clock/test_virtual_time.py", "tests/nats/local_server/test_server.py"]
    options = ["-p", "no:cacheprovider", "-k", "interrupt", "--timeout=60"]
    run = subprocess.run(
        [sys.executable, "-c", IN_THE_BACKGROUND, "-m", "pytest", *options, *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout


def test_every_test_has_a_time_limit(request: pytest.FixtureRequest) -> None:
    assert float(request.config.getini("timeout")) > 0


def test_no_example_of_hypothesis_fails_because_other_programs_have_the_processor():
    assert settings.default is not None
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check
