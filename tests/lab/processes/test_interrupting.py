"""A program is interrupted when it says that it is ready, and not before."""

import subprocess
import sys

import pytest

from pubsub_lib.lab.processes.interrupting import CAN_SEND_SIGINT, Interrupted, interrupt_when_ready

pytestmark = pytest.mark.real_time

BUSY = """
import asyncio

async def main():
    try:
        print("ready", flush=True)
        while True:
            await asyncio.sleep(0.01)
    finally:
        print("tidied up")

asyncio.run(main())
"""
HANDLES_IT = """
import asyncio, signal

async def main():
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(told.set))
    print("ready", flush=True)
    while not told.is_set():
        await asyncio.sleep(0.01)
    print("stops by itself")

asyncio.run(main())
"""
only_with_signals = pytest.mark.skipif(not CAN_SEND_SIGINT, reason="cannot send SIGINT here")
either_way = pytest.mark.parametrize(
    "by_signal", [pytest.param(True, marks=only_with_signals), False]
)


@either_way
def test_a_program_that_does_not_handle_it_is_ended_by_it(by_signal: bool):
    ended = interrupt_when_ready(BUSY, by_signal=by_signal)
    assert ended == Interrupted(["tidied up"], "KeyboardInterrupt")


@either_way
def test_a_program_that_handles_it_ends_by_itself(by_signal: bool):
    ended = interrupt_when_ready(HANDLES_IT, by_signal=by_signal)
    assert ended == Interrupted(["stops by itself"], "")


@only_with_signals
def test_a_program_is_interrupted_even_if_whoever_starts_it_ignores_interrupts():
    starter = f"""
import signal
from pubsub_lib.lab.processes.interrupting import interrupt_when_ready

signal.signal(signal.SIGINT, signal.SIG_IGN)
print(interrupt_when_ready({BUSY!r}).error)
"""
    finished = subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True)
    assert finished.stdout == "KeyboardInterrupt\n"


def test_what_ended_a_program_is_plain_text_even_where_colours_are_asked_for(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert interrupt_when_ready(BUSY).error == "KeyboardInterrupt"


def test_a_program_that_fails_before_it_is_ready_says_why():
    with pytest.raises(RuntimeError, match="print 'ready' first, not '': ZeroDivisionError"):
        interrupt_when_ready("1 / 0")


def test_a_program_that_says_something_else_first_is_not_interrupted():
    with pytest.raises(RuntimeError, match="print 'ready' first, not 'hello'"):
        interrupt_when_ready("print('hello', flush=True); input()")


@pytest.mark.parametrize("says", ["", "print('ready', flush=True)"])
def test_a_program_that_does_not_end_is_killed(says: str):
    hangs = f"""
import signal, time

signal.signal(signal.SIGINT, signal.SIG_IGN)
{says}
while True:
    time.sleep(0.1)
"""
    with pytest.raises(RuntimeError, match=r"not done after 0.5 s, and was killed"):
        interrupt_when_ready(hangs, limit_s=0.5)
