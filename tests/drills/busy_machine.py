"""Keeps processors busy, as other programs do."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def busy_machine(*, loops: int) -> Iterator[None]:
    """Let so many programs compute without a pause in this block."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()
