"""Visitors who ask for what is not there, too much, or too often: a clear answer, and no harm."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress

import pytest

from tests.examples.serving import Service, price_board, visiting

PER_ADDRESS = 5
PRICE = {"symbol": "TEA", "price": 4.2}

pytestmark = pytest.mark.real_time


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with price_board("--rate", "0", "--visitors-per-address", str(PER_ADDRESS)) as service:
        service.post("TEA", 4.2)
        yield service


@pytest.fixture(autouse=True)
def still_well(service):
    yield
    assert service.ask("health").json()["worker"] > 0


def test_a_wrong_path_is_said_in_plain_words(service):
    answer = service.ask("nothing/here")
    assert answer.status_code == 404
    assert answer.text == "There is nothing here. The board is at /, its prices are at /prices.\n"


def test_a_file_beside_the_page_is_not_given_away(service):
    for path in ("page/../app.py", "page/%2e%2e/app.py", "page/..%2fapp.py"):
        with socket.create_connection(("127.0.0.1", service.port)) as raw:
            raw.sendall(f"GET /{path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode())
            assert b" 404 " in raw.makefile("rb").readline()


def test_a_wrong_method_is_said_in_plain_words(service):
    answer = service.client.delete("prices")
    assert answer.status_code == 405
    assert "published with POST" in answer.text


def test_a_megabyte_of_headers_is_refused(service):
    with socket.create_connection(("127.0.0.1", service.port)) as raw:
        raw.settimeout(60)
        with suppress(ConnectionError):  # it need not read all of it to refuse it
            raw.sendall(b"GET /prices HTTP/1.1\r\nHost: here\r\n" + b"X: " + b"x" * 1_000_000)
        first = b""
        with suppress(ConnectionError):
            first = raw.makefile("rb").readline()
    assert first in (b"", b"HTTP/1.1 400 Bad Request\r\n")
    assert service.metrics()["visitors"] == 0


def test_who_asks_for_a_websocket_is_told_that_there_is_none(service):
    with socket.create_connection(("127.0.0.1", service.port)) as raw:
        raw.settimeout(60)
        raw.sendall(
            b"GET /prices HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        answer = raw.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"There is no WebSocket here" in answer
    assert service.metrics()["visitors"] == 0


def test_who_asks_for_the_head_of_a_stream_opens_none(service):
    answer = service.client.head("prices")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert service.metrics()["visitors"] == 0


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 422, "Input data was truncated"),
        (b"{", 422, "Input data was truncated"),
        (b"\xff", 422, "JSON is malformed"),
        (b"[]", 422, "Expected `object`, got `array`"),
        (b'{"symbol": "TEA"}', 422, "missing required field `price`"),
        (b'{"symbol": "tea", "price": 1}', 422, "matching regex"),
        (b'{"symbol": "TEA", "price": "1"}', 422, "Expected `float`, got `str`"),
        (b'{"symbol": "TEA", "price": 0}', 422, "Expected `float` > 0.0"),
        (b'{"symbol": "TEA", "price": 1e999}', 422, "out of range"),
        (b'{"symbol": "TEA", "price": NaN}', 422, "JSON is malformed"),
        (b'{"symbol": "TEA", "price": 1, "more": 1}', 422, "unknown field `more`"),
        (json.dumps(PRICE).encode() + b" " * 1000, 413, "no more than 1000 bytes"),
    ],
)
def test_what_is_no_price_is_refused_with_one_clear_line(service, body, status, said):
    headers = {"Content-Type": "application/json"}
    answer = service.client.post("prices", content=body, headers=headers)
    assert answer.status_code == status
    assert said in answer.text
    assert answer.text.count("\n") == 1


def test_what_a_foreign_page_could_send_without_asking_is_refused(service):
    answer = service.client.post("prices", data={"symbol": "TEA", "price": "4.2"})
    assert answer.status_code == 415
    assert "application/json" in answer.text


def test_who_goes_away_in_the_middle_of_a_price_leaves_nothing_behind(service):
    before = service.metrics()["published_total"]
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", service.port)) as raw:
            raw.sendall(
                b"POST /prices HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
                b'Content-Length: 30\r\n\r\n{"symbol"'
            )
    assert service.metrics()["published_total"] == before


async def test_more_streams_than_an_address_may_have_are_refused_until_one_ends(service):
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(visiting(service)) for _ in range(PER_ADDRESS)]
        await asyncio.gather(*(stream.next() for stream in streams))
        answer = service.ask("prices")
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert "as many streams here as it may have" in answer.text
    while service.metrics()["visitors"] == PER_ADDRESS:
        pass  # the service has not noticed yet
    async with visiting(service) as stream:
        await stream.next()


async def test_hundreds_of_connections_that_ask_for_nothing_harm_nobody(service):
    async with AsyncExitStack() as stack, visiting(service) as stream:
        for _ in range(how_many_connections()):
            silent = await asyncio.open_connection("127.0.0.1", service.port)
            stack.callback(silent[1].close)
        service.post("TEA", 4.4)
        assert (await stream.prices(2))[-1] == ("TEA", 4.4)


def how_many_connections() -> int:
    """Return 1,000, or as many as this process may open."""
    try:
        import resource
    except ModuleNotFoundError:
        return 400
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1000 if allowed == resource.RLIM_INFINITY else min(1000, allowed - 200)
