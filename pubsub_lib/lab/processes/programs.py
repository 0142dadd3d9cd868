"""Python programs that run beside the notebook, as the other processes of a service do.

`run_in_a_child_process` waits for the end of one; these go on until they are done or killed. A
program says where it is by printing a line, which is waited for. It ends with its block, and with
the interpreter that started it, even if that is killed.

>>> import asyncio
>>> async def main() -> None:
...     async with Program("import sys; print('hello', sys.argv[1]); input()", "you") as program:
...         print(await program.line())
...         program.kill()
...         print(await program.ended() != 0)
>>> asyncio.run(main())
hello you
True
"""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, cast

from pubsub_lib.lab.processes.child_process import ChildFailed

# A thread waits for the end of the pipe from the parent, which comes when that ends in any way. It
# reads from the descriptor, since sys.stdin has a lock that would be missed at the program's end.
_AT_THE_END_OF_ITS_PARENT = (
    "import os, signal, threading; threading.Thread("
    "target=lambda: (os.read(0, 1), {do}), daemon=True).start()\n"
)
_ENDS = _AT_THE_END_OF_ITS_PARENT.format(do="os._exit(1)")
# What has started others is told, so that it can end them.
_IS_TOLD = _AT_THE_END_OF_ITS_PARENT.format(do="os.kill(os.getpid(), signal.SIGTERM)")
_RUNS_A_MODULE = "import runpy; runpy.run_module({name!r}, run_name='__main__', alter_sys=True)\n"


@dataclass(frozen=True, slots=True)
class _Running:
    """A process, and the file that it writes its errors to."""

    process: "subprocess.Popen[str]"
    errors: IO[str]


class Program:
    """A Python program in a process of its own; use it in an `async with` block.

    Args:
        source: the program.
        arguments: what it finds in `sys.argv[1:]`. Everybody on the machine can read them.
        environment: what it finds in `os.environ`, beside what stands there already. This is the
            place for a secret, such as an address with a token in it.
    """

    def __init__(
        self, source: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        command = [sys.executable, "-u", "-X", "utf8", "-c", _ENDS + source]
        self._command = [*command, *arguments]
        # A kernel asks for colours, which would stand in the text of an error as codes.
        self._environment = {"PYTHON_COLORS": "0", **(environment or {})}
        self._folder: Path | None = None
        self._started: _Running | None = None
        self._killed = False

    @classmethod
    def of_module(
        cls,
        name: str,
        *arguments: str,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a program that is a module, as `python -m` runs it in a folder.

        It may start other processes: when the interpreter that started it is gone it is not ended
        but gets a SIGTERM, and ends them, too.

        Args:
            name: the module, such as `examples.price_board`.
            arguments: as for any program.
            folder: where it runs, and where Python looks for the module.
            environment: as for any program.
        """
        program = cls("", *arguments, environment=environment)
        source = _IS_TOLD + _RUNS_A_MODULE.format(name=name)
        program._command[program._command.index("-c") + 1] = source
        program._folder = folder
        return program

    @property
    def process_id(self) -> int:
        """The number that the system has given to its process.

        Raises:
            RuntimeError: before its block.
        """
        return self._running().process.pid

    async def line(self) -> str:
        """Wait for the next line that it prints, and return it.

        Raises:
            ChildFailed: if it ends with an error.
            EOFError: if it ends without another line.
        """
        line = await self._read()
        if not line:
            await self.ended()
            raise EOFError("the program has ended, and prints no more lines")
        return line.rstrip("\n")

    async def rest(self) -> list[str]:
        """Wait for its end, and return the lines that were not read before.

        Raises:
            ChildFailed: if it ends with an error.
        """
        lines = []
        while line := await self._read():
            lines.append(line.rstrip("\n"))
        await self.ended()
        return lines

    async def ended(self) -> int:
        """Wait for its end, and return its status: 0 if all went well.

        Raises:
            ChildFailed: if it ends with an error. That it is killed, by `kill` or by itself, is no
                error.
        """
        running = self._running()
        status = await _in_a_thread(running.process.wait)
        if status > 0 and not self._killed:
            running.errors.seek(0)
            raise ChildFailed(
                f"the program ended with status {status}: {running.errors.read().strip()}"
            )
        return status

    def terminate(self) -> None:
        """Ask it to end, by SIGTERM; returns at once. Windows ends it without asking."""
        self._running().process.terminate()

    def kill(self) -> None:
        """End it at once, as a crash does; returns when it is dead."""
        process = self._running().process
        self._killed = True
        process.kill()
        process.wait()

    async def __aenter__(self) -> Self:
        if self._started is not None:
            raise RuntimeError("a program is started once; make another one")
        self._started = self._start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        running = self._running()
        process = running.process
        if process.poll() is None:
            self.kill()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        running.errors.close()

    def _start(self) -> _Running:
        errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="replace",
            env=os.environ | self._environment,
            cwd=self._folder,
        )
        return _Running(process, errors)

    async def _read(self) -> str:
        output = self._running().process.stdout
        assert output is not None
        # In a thread, since not every event loop that a notebook has can wait for a pipe.
        return await _in_a_thread(output.readline)

    def _running(self) -> _Running:
        if self._started is None:
            raise RuntimeError("a program runs in its `async with` block, and not before")
        return self._started


async def _in_a_thread[T](function: Callable[[], T]) -> T:
    """Await a function that blocks, in a thread that ends with it.

    asyncio's own would stay, and a process that has several threads cannot well be forked.
    """
    loop = asyncio.get_running_loop()
    returned: asyncio.Future[T] = loop.create_future()

    def end(result: T | None, error: BaseException | None) -> None:
        if returned.done():  # nobody waits any more
            return
        if error is None:
            returned.set_result(cast(T, result))
        else:
            returned.set_exception(error)

    def work() -> None:
        result, raised = None, None
        try:
            result = function()
        except Exception as error:
            raised = error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(end, result, raised)

    threading.Thread(target=work, name="waits for a program", daemon=True).start()
    return await returned
