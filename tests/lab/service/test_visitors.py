"""A visitor reads a stream, stops, and learns how it ends; tried on a server of a few lines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from pubsub_lib.lab.service import visitors as module
from pubsub_lib.lab.service.visitors import Refused, Visitor, affordable, opened, until_all_end

pytestmark = pytest.mark.real_time

HEADERS = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
HEALTH = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"worker": 7}'
TOO_MANY = b"HTTP/1.1 429 No\r\nretry-after: 5\r\ncontent-length: 4\r\n\r\nFull"
LAST = b"0\r\n\r\n"

type Stream = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


def price(number: int) -> bytes:
    body = f'id: {number}\nevent: price\ndata: {{"sent": {number}}}\n\n'.encode()
    return f"{len(body):x}\r\n".encode() + body + b"\r\n"


@asynccontextmanager
async def service(stream: Stream) -> AsyncIterator[str]:
    """Answer `/health`, and everything else by the stream; gives the address."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := (await reader.readuntil(b"\r\n\r\n")).decode():
                if request.startswith("GET /health"):
                    writer.write(HEALTH)
                else:
                    await stream(request, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


async def three_and_the_end(request: str, writer: asyncio.StreamWriter) -> None:
    writer.write(HEADERS + b"".join(map(price, (1, 2, 3))) + LAST)


async def test_a_visitor_has_what_was_sent_and_knows_that_it_was_the_end():
    async with service(three_and_the_end) as url, Visitor(url) as visitor:
        assert await visitor.until_the_end() == "the end"
        assert (visitor.ids, visitor.last_id) == ([1, 2, 3], "3")
        assert visitor.headers["content-type"] == "text/event-stream"


async def test_a_connection_that_breaks_is_told_from_an_end():
    async def breaks_off(request: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HEADERS + price(1))
        await writer.drain()
        writer.close()

    async with service(breaks_off) as url, Visitor(url) as visitor:
        assert await visitor.until_the_end() == "cut off"
        assert visitor.ids == [1]


async def test_what_never_comes_is_not_waited_for_after_the_end():
    async with service(three_and_the_end) as url, Visitor(url) as visitor:
        assert not await visitor.until_it_has(4)
        assert await visitor.until_it_has(3)


async def test_what_never_comes_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch):
    async def says_nothing(request: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HEADERS)

    async with service(says_nothing) as url, Visitor(url) as visitor:
        monkeypatch.setattr(module, "PATIENCE_S", 0.05)
        assert not await visitor.until_it_has(1)
        assert visitor.ended == ""


async def test_who_does_not_read_holds_up_the_server_and_gets_all_afterwards():
    sent = asyncio.Event()

    async def much(request: str, writer: asyncio.StreamWriter) -> None:
        writer.write(HEADERS + b"".join(map(price, range(20_000))))
        await writer.drain()
        sent.set()
        writer.write(LAST)

    async with service(much) as url, Visitor(url, small=True) as visitor:
        visitor.stop_reading()
        had = len(visitor.ids)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await sent.wait()
        assert len(visitor.ids) == had
        visitor.read_on()
        await visitor.until_the_end()
        assert visitor.ids == list(range(20_000))


async def test_a_visitor_says_who_it_is_and_what_it_has_had():
    requests = []

    async def notes(request: str, writer: asyncio.StreamWriter) -> None:
        requests.append(request)
        await three_and_the_end(request, writer)

    async with service(notes) as url, Visitor(url, name="ada", last_event_id="41") as visitor:
        await visitor.until_the_end()
    assert requests[0].startswith("GET /prices?visitor=ada HTTP/1.1")
    assert "last-event-id: 41" in requests[0].lower()


async def test_a_visitor_asks_for_its_worker_on_the_same_connection():
    async with service(three_and_the_end) as url:
        visitor = Visitor(url)
        await visitor.connect()
        assert await visitor.ask_worker() == 7
        async with visitor:
            assert visitor.worker == 7
            await visitor.until_the_end()


async def test_who_is_refused_is_told_why():
    async def refuses(request: str, writer: asyncio.StreamWriter) -> None:
        writer.write(TOO_MANY)

    async with service(refuses) as url:
        with pytest.raises(Refused, match="429: Full") as refused:
            async with Visitor(url):
                pass
    assert refused.value.answer.headers["retry-after"] == "5"


async def test_a_server_that_hangs_up_without_an_answer_is_an_error():
    async def hangs_up(request: str, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    async with service(hangs_up) as url:
        with pytest.raises(ConnectionError, match="without an answer"):
            async with Visitor(url):
                pass


async def test_many_are_opened_together_and_all_of_them_closed():
    async with service(three_and_the_end) as url:
        async with opened(Visitor(url) for _ in range(20)) as several:
            assert await until_all_end(several) == ["the end"] * 20
        assert [visitor.ids for visitor in several] == [[1, 2, 3]] * 20


def test_before_its_block_a_visitor_has_no_stream():
    with pytest.raises(RuntimeError, match="in its `async with` block"):
        Visitor("http://127.0.0.1:1/").stop_reading()


def test_fewer_visitors_than_wanted_are_said_to_be_fewer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 256))

    def refuses(what: int, limits: tuple[int, int]) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuses)
    assert affordable(500) == 156
    assert capsys.readouterr().out == (
        "This system allows 256 open files: 156 visitors in place of 500.\n"
    )
    assert affordable(100) == 100


def test_a_process_allows_itself_what_it_may(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    resource = pytest.importorskip("resource")
    limits = [(256, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.append(new))
    assert affordable(500) == 500
    assert limits[-1] == (600, 4096)
    assert capsys.readouterr().out == ""
