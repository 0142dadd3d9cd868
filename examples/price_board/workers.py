"""Several workers: processes that share the socket, and one that starts them and looks after them.

A worker that dies is replaced; one that cannot begin ends the service. Each makes its connections
itself, after it was started: nothing of the parent's but the socket and the numbers is shared.

>>> Workers.__doc__.partition(".")[0]
'Runs the workers of a service until it is told to end'
"""

import logging
import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from examples.price_board.changes import SharedNumbers
from examples.price_board.server import INTERRUPTED_TWICE
from examples.price_board.settings import Settings
from examples.price_board.worker import SERVES, work

logger = logging.getLogger(__name__)
spawn = multiprocessing.get_context("spawn")


class WorkerFailed(Exception):
    """A worker could not begin; says why."""


@dataclass(slots=True)
class Worker:
    """A process, and the end of the pipe on which it says that it serves, or why it cannot."""

    process: SpawnProcess
    reports: Connection
    has_started: bool = False


class Workers:
    """Runs the workers of a service until it is told to end.

    Args:
        settings: how to run, with how many.
        listener: the socket that all of them accept visitors at.
        started: is called when all of them serve.
    """

    def __init__(
        self, settings: Settings, listener: socket.socket, *, started: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._started = started
        self._numbers = SharedNumbers()
        self._workers: list[Worker] = []
        self._told, self._tell = spawn.Pipe(duplex=False)
        self._ending = False

    def run(self) -> int:
        """Run until SIGTERM or Ctrl+C, and return the exit status.

        Raises:
            WorkerFailed: if a worker cannot begin. The others are ended.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        self._workers = [self._start(index) for index in range(self._settings.workers)]
        try:
            while not self._told.poll():
                self._look_after_workers()
        finally:
            for worker in self._workers:
                worker.process.terminate()
            for worker in self._workers:
                worker.process.join()
        return max(0, *(worker.process.exitcode or 0 for worker in self._workers))

    def _look_after_workers(self) -> None:
        """Wait until one has something to say, or is dead, or we are told to end."""
        reporting = [worker.reports for worker in self._workers if not worker.has_started]
        sentinels = [worker.process.sentinel for worker in self._workers]
        wait([self._told, *reporting, *sentinels])
        for index, worker in enumerate(self._workers):
            if not worker.has_started and worker.reports.poll():
                self._hear(worker)
                if all(worker.has_started for worker in self._workers):
                    self._started()
                    self._started = lambda: None
            elif not worker.process.is_alive() and not self._told.poll():
                logger.warning("worker %s died; another takes its place", worker.process.pid)
                self._workers[index] = self._start(index)

    def _hear(self, worker: Worker) -> None:
        try:
            said = worker.reports.recv()
        except EOFError:
            worker.process.join()
            said = f"a worker ended at once, with status {worker.process.exitcode}; see above"
        if said != SERVES:
            raise WorkerFailed(said)
        worker.has_started = True

    def _start(self, index: int) -> Worker:
        reports, report = spawn.Pipe(duplex=False)
        process = spawn.Process(
            target=work,
            args=(self._settings, self._numbers, self._listener, report, index == 0),
            name=f"worker-{index}",
        )
        with _interrupts_held_back():
            process.start()
        report.close()  # the worker has the other, so that its end is noticed here
        return Worker(process, reports)

    def _end(self, number: int, frame: FrameType | None) -> None:
        if self._ending and number == signal.SIGINT:
            for worker in self._workers:
                worker.process.kill()
            sys.exit(INTERRUPTED_TWICE)
        self._ending = True
        self._tell.send(None)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Have Ctrl+C wait; what is started meanwhile never gets it, and is told by its parent."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
