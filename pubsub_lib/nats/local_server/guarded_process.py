"""Starts a process that surely ends: with its block, with the interpreter, or when that is killed.

Between the two runs a guard, which ends the process and removes its temporary folder as soon as its
pipe to this interpreter is closed, as the system does for it when a notebook's kernel is killed. If
the guard itself is killed, the process ends with it; a guard that was stopped goes on when its
owner is gone.

>>> import sys
>>> with GuardedProcess([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
...     process_id = process.start()
...     print(process.process_id == process_id)
...     process.kill()
...     print(process.process_id)
True
None
>>> process.folder.exists()
False
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pubsub_lib.nats.local_server.guard import LOG, TIED_BY

GUARD = Path(__file__).with_name("guard.py")
END_WITHIN_S = 10.0  # the guard takes milliseconds; the exit of an interpreter must not hang


class GuardedProcess:
    """A command that can be started, killed and started again, in a temporary folder of its own.

    Any thread may use it. A forked copy of this interpreter has no part in it.

    Attributes:
        folder: the folder that the command runs in; it is there before the command is started,
            outlasts it, and is removed by `end`.

    Raises:
        RuntimeError: if the guard cannot do its work, as where there is no room for the folder.
    """

    def __init__(self, command: Sequence[str | os.PathLike[str]]) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._guard = subprocess.Popen(
            # Isolated, so that no setting of the user and no other package changes what it does.
            [sys.executable, "-I", "-S", "-X", "utf8", GUARD, TIED_BY, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            **_out_of_reach_of_interrupts(),
        )
        self._finalizer = weakref.finalize(self, _end, self._guard, None)
        _GUARDED.add(self)
        self.folder = Path(self._read())
        self._finalizer.detach()
        self._finalizer = weakref.finalize(self, _end, self._guard, self.folder)

    def start(self) -> int:
        """Start the command unless it runs, and return its process id.

        Raises:
            RuntimeError: if it cannot be run, or `end` was called.
        """
        answer = self._ask("start")
        if not answer.isdecimal():
            raise RuntimeError(answer)
        return int(answer)

    def kill(self) -> None:
        """End the command at once, as a crash does; returns when it is dead.

        Raises:
            RuntimeError: if `end` was called.
        """
        self._ask("kill")

    @property
    def process_id(self) -> int | None:
        """The command's process id, or `None` while it does not run."""
        if self.ended:
            return None
        answer = self._ask("status")
        return int(answer) if answer.isdecimal() else None

    @property
    def ended(self) -> bool:
        """Whether `end` was called, so that nothing can be started any more."""
        return not self._finalizer.alive

    def log(self) -> str:
        """Return what the command has printed so far, in all its runs."""
        path = self.folder / LOG
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def end(self) -> None:
        """End the command and remove its folder; doing so twice does nothing."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.end()

    def _ask(self, order: str) -> str:
        if self.ended:
            raise RuntimeError("this process was ended, and its folder removed; make a new one")
        with self._lock:
            number = str(next(self._numbers))
            assert self._guard.stdin is not None
            with contextlib.suppress(OSError):  # the guard is dead; reading tells why
                self._guard.stdin.write(f"{number} {order}\n".encode())
            while True:
                answered, _, answer = self._read().partition(" ")
                if answered == number:  # else it is the answer to an order that was interrupted
                    return answer

    def _read(self) -> str:
        assert self._guard.stdout is not None
        assert self._guard.stderr is not None
        line: bytes = self._guard.stdout.readline()
        if not line.endswith(b"\n"):
            reason = self._guard.stderr.read().decode(errors="replace").strip()
            self.end()
            raise RuntimeError(
                "the guard ended, and with it what it guarded; make a new process. It said: "
                + (reason or "nothing")
            )
        return line.decode().rstrip("\r\n")

    def _forget(self) -> None:
        self._finalizer.detach()
        _close_pipes(self._guard)


def _out_of_reach_of_interrupts() -> dict[str, Any]:
    """What starts a process so that Ctrl-C, and a kernel's interrupt, are not for it too."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    # Not a session of its own: a process that was stopped is continued, and told to end, when the
    # last one of its session ends that is in another group and cares for it.
    return {"process_group": 0}


def _close_pipes(guard: subprocess.Popen[bytes]) -> None:
    for pipe in (guard.stdin, guard.stdout, guard.stderr):
        assert pipe is not None
        pipe.close()


def _end(guard: subprocess.Popen[bytes], folder: Path | None) -> None:
    assert guard.stdin is not None
    guard.stdin.close()
    try:
        guard.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        guard.kill()
        guard.wait()
    _close_pipes(guard)
    if folder is not None:  # a guard that was killed leaves it
        shutil.rmtree(folder, ignore_errors=True)


_GUARDED: weakref.WeakSet[GuardedProcess] = weakref.WeakSet()


def _forget_all() -> None:
    for process in _GUARDED:
        process._forget()


if sys.platform != "win32":
    # A forked child would hold the pipe open after its parent's death, and mix up its answers.
    os.register_at_fork(after_in_child=_forget_all)
