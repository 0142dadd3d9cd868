"""Runs a command in a temporary folder, and ends both when whoever asked for them is gone.

A process that is killed tidies nothing up: what it has started lives on, and its files stay. So
this program stands between the two. It is told what to do through its standard input, whose end
means that the owner is gone, in whatever way, on every system. `GuardedProcess` is the owner's end.

And if it is this program that is killed, the command ends as well. Linux does that if it is asked
to (`signal`); elsewhere another process waits for the end of a pipe (`pipe`). If it is stopped, it
goes on when its owner is gone: Linux sends the signal for that, in whatever order the two happened.

First it prints the folder's path. Then each line that it reads, `<number> start`, `kill` or
`status`, is answered by a line of the same number, with the process id of the command, or `-`
while it does not run.

>>> import subprocess, sys
>>> a_minute = [sys.executable, "-c", "import time; time.sleep(60)"]
>>> orders = "1 status\\n2 start\\n3 kill\\n"
>>> finished = subprocess.run(
...     [sys.executable, __file__, TIED_BY, *a_minute], input=orders, capture_output=True, text=True
... )
>>> folder, before, started, killed = finished.stdout.splitlines()
>>> before, started.split()[1].isdecimal(), killed
('1 -', True, '3 -')
"""

# This starts anew for every server, so it imports little, and nothing of the library's.
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

# How the end of this program ends the command.
TIED_BY = "signal" if sys.platform == "linux" else "pipe"
# The number of an option of Linux, from its header linux/prctl.h.
PR_SET_PDEATHSIG = 1
# Waits for the end of a pipe, to end a process then, unless it is told that this was done.
END_AT_THE_END_OF_A_PIPE = """
import os, signal, sys
if not sys.stdin.readline():
    os.kill(int(sys.argv[1]), getattr(signal, "SIGKILL", signal.SIGTERM))
"""
LOG = "log.txt"


class Command:
    """A command that runs in a folder, once at a time. What it prints goes to a log there.

    Args:
        command: what to run, with its arguments.
        folder: where.
        tied_by: `signal` or `pipe`, which ends it when this program is killed.
    """

    def __init__(self, command: list[str], folder: Path, tied_by: str) -> None:
        self._command = command
        self._folder = folder
        self._tie = _ask_for_a_signal() if tied_by == "signal" else None
        self._process: subprocess.Popen[bytes] | None = None
        self._at_the_pipe: subprocess.Popen[bytes] | None = None

    def status(self) -> str:
        """The process id, or `-` while it does not run."""
        if self._process is None:
            return "-"
        if self._process.poll() is not None:
            self._call_off()
            return "-"
        return str(self._process.pid)

    def start(self) -> str:
        """Run the command, unless it runs; return its status, or why it cannot be run."""
        if self.status() == "-":
            try:
                with (self._folder / LOG).open("ab") as log:
                    self._process = subprocess.Popen(
                        self._command,
                        cwd=self._folder,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        preexec_fn=self._tie,
                    )
            except OSError as error:
                return f"{self._command[0]} cannot be run: {error.strerror}"
            if self._tie is None:
                process_id = str(self._process.pid)
                self._at_the_pipe = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-c", END_AT_THE_END_OF_A_PIPE, process_id],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                )
        return self.status()

    def kill(self) -> str:
        """End the command at once, and return its status when it is dead."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        return self.status()

    def _call_off(self) -> None:
        """Let nobody end a process that has ended; another one may have its number soon."""
        if self._at_the_pipe is not None:
            self._at_the_pipe.communicate(b"it has ended\n")
            self._at_the_pipe = None


def _when_the_parent_is_gone() -> Callable[[signal.Signals], None]:
    """Return what asks Linux for a signal to the caller when its parent ends."""
    import ctypes

    set_option = ctypes.CDLL(None).prctl
    return lambda number: set_option(PR_SET_PDEATHSIG, number)


def _ask_for_a_signal() -> Callable[[], None]:
    """Return what a process does on Linux, before it becomes the command, to be killed with us."""
    ask_for = _when_the_parent_is_gone()
    guard = os.getpid()

    def ask() -> None:
        ask_for(signal.SIGKILL)
        if os.getppid() != guard:  # which has just been killed
            os._exit(1)

    return ask


def main(tied_by: str, *command: str) -> None:
    """Obey the owner until it closes the pipe or dies."""
    # Whoever ends this program politely wants the end of what it guards. It is the orders that end:
    # an exception could come while the folder is being removed, as Linux sends SIGHUP just then.
    nothing = os.open(os.devnull, os.O_RDONLY)
    for polite in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(polite, lambda *_: os.dup2(nothing, sys.stdin.fileno()))
    if sys.platform == "linux":
        # Sent when the thread ends that started this program, too; who is not stopped ignores it.
        _when_the_parent_is_gone()(signal.SIGCONT)
    folder = Path(tempfile.mkdtemp(prefix="pubsub-lib-"))
    guarded = Command(list(command), folder, tied_by)
    try:
        print(folder, flush=True)
        for line in sys.stdin:
            number, order = line.split()
            print(number, getattr(guarded, order)(), flush=True)
    finally:
        guarded.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
