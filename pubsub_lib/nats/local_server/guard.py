"""Runs a command in a temporary folder, and ends both when whoever asked for them is gone.

A process that is killed tidies nothing up: what it has started lives on, and its files stay. So
this program stands between the two. It is told what to do through its standard input, whose end
means that the owner is gone, in whatever way, on every system. `GuardedProcess` is the owner's end.

First it prints the folder's path. Then each line that it reads, `<number> start`, `kill` or
`status`, is answered by a line of the same number, with the process id of the command, or `-`
while it does not run.

>>> import subprocess, sys
>>> a_minute = [sys.executable, "-c", "import time; time.sleep(60)"]
>>> orders = "1 status\\n2 start\\n3 kill\\n"
>>> finished = subprocess.run(
...     [sys.executable, __file__, *a_minute], input=orders, capture_output=True, text=True
... )
>>> folder, before, started, killed = finished.stdout.splitlines()
>>> before, started.split()[1].isdecimal(), killed
('1 -', True, '3 -')
"""

# This starts anew for every server, so it imports little, and nothing of the library's.
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

LOG = "log.txt"


class Command:
    """A command that runs in a folder, once at a time. What it prints goes to a log there."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command = command
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def status(self) -> str:
        """The process id, or `-` while it does not run."""
        if self._process is None or self._process.poll() is not None:
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
                    )
            except OSError as error:
                return f"{self._command[0]} cannot be run: {error.strerror}"
        return self.status()

    def kill(self) -> str:
        """End the command at once, and return its status when it is dead."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        return self.status()


def main(arguments: list[str]) -> None:
    """Obey the owner until it closes the pipe or dies."""
    # Whoever ends this program politely wants the end of what it guards.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    folder = Path(tempfile.mkdtemp(prefix="pubsub-lib-"))
    command = Command(arguments, folder)
    try:
        print(folder, flush=True)
        for line in sys.stdin:
            number, order = line.split()
            print(number, getattr(command, order)(), flush=True)
    finally:
        command.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
