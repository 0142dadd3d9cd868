"""Runs a program in a process of its own, and interrupts it, as Ctrl-C does, once it is ready.

>>> ended = interrupt_when_ready('''
... import asyncio
... async def main():
...     try:
...         print("ready", flush=True)
...         await asyncio.sleep(60)
...     finally:
...         print("tidied up")
... asyncio.run(main())
... ''')
>>> ended.printed, ended.error
(['tidied up'], 'KeyboardInterrupt')
"""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass

READY = "ready"
# What is started by a background job of a shell inherits that SIGINT is ignored.
RESTORE = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
# Does what a signal would, when something is written to the program.
LISTEN = """
import _thread, sys, threading
threading.Thread(
    target=lambda: (sys.stdin.readline(), _thread.interrupt_main()), daemon=True
).start()
"""
# Windows cannot send SIGINT to one process alone.
CAN_SEND_SIGINT = sys.platform != "win32"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """How a program ended.

    Attributes:
        printed: the lines that it printed after it was ready.
        error: the last line of its traceback, which names what ended it; empty if nothing did.
    """

    printed: list[str]
    error: str


def interrupt_when_ready(
    source: str, *, by_signal: bool = CAN_SEND_SIGINT, limit_s: float = 30.0
) -> Interrupted:
    """Run a program, send it SIGINT when it prints `ready`, and return how it ended.

    Args:
        source: the program. It has to print `ready`, flushed, when it may be interrupted.
        by_signal: whether to send a signal. If not, a line is written to the program, where a
            thread reads it, and has the main thread do what it does when SIGINT arrives.
        limit_s: how long it may take in all, in seconds; then it is killed.

    Raises:
        RuntimeError: if it ended before it was ready, or was not done in time.
    """
    command = [sys.executable, "-c", RESTORE + ("" if by_signal else LISTEN) + source]
    plain = os.environ | {"PYTHON_COLORS": "0"}  # a kernel asks for coloured tracebacks
    pipe = subprocess.PIPE
    out_of_time = threading.Event()

    def give_up() -> None:
        out_of_time.set()
        process.kill()

    with subprocess.Popen(
        command, env=plain, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(limit_s, give_up)
        watchdog.start()
        try:
            first_line = process.stdout.readline().strip()
            if first_line != READY:
                process.kill()
            elif by_signal:
                process.send_signal(signal.SIGINT)
            printed, errors = process.communicate("" if by_signal else "\n")
        finally:
            watchdog.cancel()
    error = errors.strip().rpartition("\n")[2]
    if out_of_time.is_set():
        raise RuntimeError(f"the program was not done after {limit_s:g} s, and was killed")
    if first_line != READY:
        raise RuntimeError(f"the program is to print {READY!r} first, not {first_line!r}: {error}")
    return Interrupted(printed.splitlines(), error)
