"""One connection: how long a request may take to come in, and that an answer may take longer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from uvicorn.server import ServerState

from examples.price_board import connection

REQUEST_S = 0.3
HEAD = b"HTTP/1.1\r\nHost: here\r\n"

pytestmark = pytest.mark.real_time


async def slow_answer(request: Request) -> PlainTextResponse:
    await request.body()
    await asyncio.sleep(2 * connection.REQUEST_S)
    return PlainTextResponse("here you are")


@asynccontextmanager
async def connected(
    monkeypatch, *, request_s: float = REQUEST_S
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    monkeypatch.setattr(connection, "REQUEST_S", request_s)
    app = Starlette(routes=[Route("/", slow_answer, methods=["GET", "POST"])])
    config = uvicorn.Config(app, log_config=None)
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: connection.BoardProtocol(config=config, server_state=state, app_state={}),
        "127.0.0.1",
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            yield reader, writer
        finally:
            writer.close()
            await asyncio.gather(*state.tasks)


async def test_who_says_nothing_is_hung_up_on(monkeypatch):
    async with connected(monkeypatch) as (reader, _):
        assert await reader.read() == b""


@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"G", id="a first byte"),
        pytest.param(b"GET / " + HEAD, id="headers without an end"),
        pytest.param(b"POST / " + HEAD + b"Content-Length: 9\r\n\r\n12", id="half a body"),
    ],
)
async def test_a_request_that_does_not_come_to_its_end_is_refused(monkeypatch, begun):
    async with connected(monkeypatch) as (reader, writer):
        writer.write(begun)
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"A request has 0.3 s to come in." in answer


async def test_one_byte_now_and_then_does_not_keep_a_connection(monkeypatch):
    async with connected(monkeypatch) as (reader, writer):
        writer.write(b"GET / " + HEAD)
        answered = asyncio.create_task(reader.read(), name="answer")
        while not answered.done():
            writer.write(b"X: 1\r\n")
            await asyncio.wait([answered], timeout=REQUEST_S / 10)
        assert answered.result().startswith(b"HTTP/1.1 408 ")


async def test_the_limit_is_one_of_the_request_and_not_of_the_answer(monkeypatch):
    async with connected(monkeypatch, request_s=2.0) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET / " + HEAD + b"\r\n")
            assert (await reader.readuntil(b"here you are")).startswith(b"HTTP/1.1 200 ")
