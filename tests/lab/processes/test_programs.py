"""A program beside the notebook: its lines are waited for, its errors told, its end is sure."""

import asyncio
import contextlib
import socket
import subprocess
import sys

import pytest

from pubsub_lib.lab.processes.child_process import ChildFailed
from pubsub_lib.lab.processes.programs import Program
from tests.limits import TIME_LIMIT_S

pytestmark = pytest.mark.real_time

WAITS = "print('ready')\nimport time\ntime.sleep(60)"


async def test_a_program_gets_its_arguments_and_says_where_it_is():
    async with Program("import sys\nfor word in sys.argv[1:]: print(word)", "a", "b c") as program:
        assert await program.line() == "a"
        assert await program.rest() == ["b c"]
        assert await program.ended() == 0


async def test_a_secret_in_the_environment_reaches_the_program_and_stands_in_no_argument():
    tells = "import os, sys\nprint(os.environ['ADDRESS'])\nprint(*sys.orig_argv)"
    async with Program(tells, "argument", environment={"ADDRESS": "nats://secret@host"}) as program:
        assert await program.line() == "nats://secret@host"
        command = " ".join(await program.rest())
    assert "argument" in command
    assert "secret" not in command


async def test_programs_run_beside_each_other_and_this_one():
    async with Program(WAITS) as one, Program(WAITS) as other:
        assert await asyncio.gather(one.line(), other.line()) == ["ready", "ready"]


async def test_an_exception_in_the_program_is_told_instead_of_a_line():
    async with Program("print('ready')\nraise ValueError('a bug')") as program:
        assert await program.line() == "ready"
        with pytest.raises(ChildFailed, match=r"(?s)status 1: Traceback .*ValueError: a bug"):
            await program.line()


async def test_an_exception_in_the_program_is_told_instead_of_the_rest():
    async with Program("raise ValueError('a bug')") as program:
        with pytest.raises(ChildFailed, match="a bug"):
            await program.rest()


async def test_an_error_is_told_without_the_codes_of_colours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    async with Program("raise ValueError('a bug')") as program:
        with pytest.raises(ChildFailed) as failed:
            await program.rest()
    assert "\x1b" not in str(failed.value)


async def test_no_line_after_the_end_is_an_error_that_says_so():
    async with Program("") as program:
        with pytest.raises(EOFError, match="prints no more lines"):
            await program.line()


async def test_a_program_that_is_killed_is_dead_and_that_is_no_error():
    async with Program(WAITS) as program:
        await program.line()
        program.kill()
        assert await program.rest() == []
        assert await program.ended() != 0


async def test_the_end_of_the_block_ends_the_program():
    async with Program(WAITS) as program:
        await program.line()
        process = program._running().process
        assert process.poll() is None
    assert process.poll() is not None


async def test_a_line_that_nobody_waits_for_any_more_does_not_hold_up_the_end():
    async with Program(WAITS) as program:
        await program.line()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await program.line()


async def test_a_program_is_started_once_and_in_its_block():
    program = Program("")
    with pytest.raises(RuntimeError, match="in its `async with` block"):
        await program.line()
    async with program:
        await program.ended()
    with pytest.raises(RuntimeError, match="make another one"):
        async with program:
            pass


def test_a_program_ends_with_the_process_that_started_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        program = f"""
import socket, time
connection = socket.create_connection(("127.0.0.1", {server.getsockname()[1]}))
print("connected")
time.sleep(600)
"""
        parent = f"""
import asyncio, os
from pubsub_lib.lab.processes.programs import Program

async def main():
    async with Program({program!r}) as program:
        await program.line()
        os._exit(0)  # without a word, as if it were killed

asyncio.run(main())
"""
        subprocess.run([sys.executable, "-c", parent], timeout=TIME_LIMIT_S, check=True)
        connection, _ = server.accept()
        with connection:
            connection.settimeout(TIME_LIMIT_S)
            with contextlib.suppress(ConnectionResetError):  # as Windows tells it
                assert connection.recv(1) == b"", "the program has not ended"
