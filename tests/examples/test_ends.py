"""How the price board begins and ends: with one clear line, and with everybody told."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

import httpx
import psutil
import pytest

from examples.price_board.server import INTERRUPTED_TWICE
from tests.examples.serving import COMMAND, ROOT, price_board, refused, visiting
from tests.limits import TIME_LIMIT_S

GRACE_S = 50

pytestmark = [
    pytest.mark.real_time,
    pytest.mark.skipif(os.name == "nt", reason="there, a signal ends a process at once"),
]


async def test_at_sigterm_every_stream_is_told_and_all_ends_within_the_grace():
    with price_board("--rate", "20", "--grace", str(GRACE_S)) as service:
        async with AsyncExitStack() as stack:
            client = httpx.AsyncClient(
                timeout=TIME_LIMIT_S, verify=False, limits=httpx.Limits(max_connections=None)
            )
            await stack.enter_async_context(client)
            streams = [
                await stack.enter_async_context(visiting(service, client=client)) for _ in range(50)
            ]
            stuck = stack.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            stuck.sendall(b"GET /prices HTTP/1.1\r\nHost: here\r\n\r\n")  # and never reads
            await asyncio.gather(*(stream.next() for stream in streams))
            began = time.monotonic()
            service.process.send_signal(signal.SIGTERM)
            ends = [events[-1] for events in await asyncio.gather(*(s.rest() for s in streams))]
        assert {end.kind for end in ends} == {"bye"}
        assert {end.data["reason"] for end in ends} == {"shutdown"}
        assert service.ended() == 0
        assert time.monotonic() - began < GRACE_S


@contextmanager
def starting(*options: str) -> Iterator[tuple[subprocess.Popen[str], Iterator[str]]]:
    """A board that says which module each of its processes has loaded, and all that it says."""
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", *COMMAND[1:], *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process:
        yield process, process.stdout
        process.terminate()


def wait_for(module: str, said: Iterator[str]) -> None:
    assert any(line.endswith(f" {module}\n") for line in said)


def test_ctrl_c_while_it_starts_ends_it_without_a_traceback():
    with starting() as (process, said):
        wait_for("asyncio.locks", said)
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in "".join(said)
        assert process.wait(TIME_LIMIT_S) == -signal.SIGINT


def test_ctrl_c_while_workers_start_is_for_their_parent_alone():
    with starting("--workers", "2") as (process, said):
        for _ in ("the parent's", "a worker's"):
            wait_for("asyncio.locks", said)
        for child in psutil.Process(process.pid).children():
            child.send_signal(signal.SIGINT)
        assert any(line.startswith("Price board at ") for line in said)


@pytest.mark.run_all
def test_ctrl_c_is_a_usual_end_too():
    with price_board("--rate", "0") as service:
        service.process.send_signal(signal.SIGINT)
        assert service.ended() == 0


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.run_all)])
def test_a_second_ctrl_c_ends_it_at_once(workers):
    with price_board("--rate", "0", "--grace", "60", "--workers", workers) as service:
        address = ("127.0.0.1", service.port)
        with socket.create_connection(address) as idle, socket.create_connection(address) as posts:
            posts.sendall(
                b"POST /prices HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
                b"Content-Length: 30\r\n\r\n{"  # and the end waits for the rest
            )
            idle.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
            answer = idle.makefile("rb")
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            service.process.send_signal(signal.SIGINT)
            answer.read()  # the end has begun
            service.process.send_signal(signal.SIGINT)
            assert service.ended() == INTERRUPTED_TWICE


def test_a_port_that_is_taken_is_said_with_the_remedy():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, said = refused("--port", str(taken.getsockname()[1]))
    assert status == 1
    assert said.count("\n") == 1
    assert "cannot listen at 127.0.0.1 port" in said
    assert "--port" in said


def test_a_nats_server_that_is_away_is_said_with_the_remedy():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        status, said = refused("--nats", f"nats://127.0.0.1:{closed.getsockname()[1]}")
    assert status == 1
    assert said.count("\n") == 1
    assert "no NATS server answers at" in said
    assert "start one" in said
