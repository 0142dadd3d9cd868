"""Runs Python in a process of its own, for what would change or block the notebook's kernel.

>>> run_in_a_child_process("print(1 + 1)")
'2'
>>> run_in_a_child_process("raise SystemExit('no luck')")
Traceback (most recent call last):
pubsub_lib.lab.processes.child_process.ChildFailed: the child process ended with status 1: no luck
"""

import subprocess
import sys


class ChildFailed(Exception):
    """A child process ended with an error; says which, as the child wrote it."""


def run_in_a_child_process(source: str, *, limit_s: float = 30.0) -> str:
    """Run the source in a new Python process, and return what it prints.

    Args:
        source: a Python program.
        limit_s: how long it may take, in seconds.

    Raises:
        ChildFailed: if it ends with an error.
        subprocess.TimeoutExpired: if it takes longer; it is killed.
    """
    child = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=limit_s
    )
    if child.returncode:
        raise ChildFailed(
            f"the child process ended with status {child.returncode}: {child.stderr.strip()}"
        )
    return child.stdout.strip()
