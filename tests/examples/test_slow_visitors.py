"""A visitor who stops reading: cut off, counted, told why, and no harm to anybody else."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from examples.price_board.board import Board
from examples.price_board.changes import Numbers
from examples.price_board.settings import Settings
from examples.price_board.streams import PriceStream
from pubsub_lib import Overflow
from tests.examples.serving import Service, price_board, visiting

LITTLE = ["--send-buffer", "4096", "--maxsize", "20", "--rate", "1000"]

pytestmark = pytest.mark.real_time


@contextmanager
def who_does_not_read(service: Service, name: str) -> Iterator[socket.socket]:
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", service.port))
        stuck.sendall(f"GET /prices?visitor={name} HTTP/1.1\r\nHost: here\r\n\r\n".encode())
        yield stuck


def post_at_once(service: Service, count: int) -> None:
    """Publish so many prices on one connection, without waiting for the answer to each."""
    body = b'{"symbol":"TEA","price":4.2}'
    head = "POST /prices HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with socket.create_connection(("127.0.0.1", service.port)) as raw:
        raw.sendall(request * count)
        answers = b""
        while answers.count(b"delivered") < count:
            piece = raw.recv(65_536)
            assert piece, answers
            answers += piece


async def test_who_does_not_read_is_cut_off_and_counted_and_harms_nobody():
    with price_board(*LITTLE, "--rate", "0") as service, who_does_not_read(service, "stuck"):
        async with visiting(service) as stream:
            numbers = []
            while not service.metrics()["dropped_total"]:
                # No more at once than an inbox holds, so that only one is too slow.
                post_at_once(service, 20)
                numbers += [(await stream.next()).number for _ in range(20)]
            while not (metrics := service.metrics())["cut_off_total"]:
                await stream.next("lag")
            assert metrics["visitors"] == 1
            assert metrics["dropped_total"] == 1
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        async with visiting(service, name="stuck") as stream:
            told = (await stream.next("cut-off")).data
        assert told == {"reason": "too slow", "lag": 20, "dropped": 1}
        async with visiting(service, name="stuck") as stream:
            assert await stream.kinds_until("lag") == ["price", "lag"], "it is told once"


@pytest.mark.run_all
@pytest.mark.parametrize("overflow", ["drop-oldest", "drop-newest"])
async def test_who_may_drop_is_never_cut_off_and_its_losses_are_counted(overflow):
    with (
        price_board(*LITTLE, "--overflow", overflow) as service,
        who_does_not_read(service, "stuck") as stuck,
    ):
        while service.metrics()["dropped_total"] < 50:
            pass
        assert service.metrics()["visitors"] == 1
        assert service.metrics()["cut_off_total"] == 0
        stuck.settimeout(60)
        # Reading again, it is told how much it lost.
        text = b""
        while b'"dropped":' not in text.replace(b'"dropped":0', b""):
            text += stuck.recv(65_536)


@pytest.fixture
async def board():
    board = Board(Settings(rate=0, maxsize=3), Numbers())
    await board.open()
    yield board
    await board.close()


def stream_of(board: Board, visitor) -> PriceStream:
    return PriceStream(visitor, board.visitors, grace=1)


def kinds_in(pieces: list[bytes]) -> list[str]:
    lines = b"".join(pieces).decode().splitlines()
    return [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]


async def test_who_reads_again_in_time_gets_the_rest_and_then_why(board):
    visitor = board.visit("late", "here", hang_up=lambda: None)
    for number in range(5):
        await board.publish("TEA", 4.0 + number)
    pieces = [piece async for piece in stream_of(board, visitor).body_iterator]
    assert kinds_in(pieces) == ["price", "price", "price", "bye"]
    *_, data = [line for line in pieces[-1].decode().splitlines() if line.startswith("data: ")]
    assert json.loads(data.removeprefix("data: ")) == {
        "reason": "too slow",
        "lag": 3,
        "dropped": 1,
    }
    board.visitors.leave(visitor)
    assert board.visitors.cut_off == 1


async def test_at_the_end_what_waits_comes_first_and_then_why(board):
    visitor = board.visit("here", "here", hang_up=lambda: None)
    await board.publish("TEA", 4.2)
    closing = asyncio.create_task(board.broker.shutdown())
    pieces = [piece async for piece in stream_of(board, visitor).body_iterator]
    board.visitors.leave(visitor)
    await closing
    assert kinds_in(pieces) == ["price", "bye"]
    assert b'"reason":"shutdown"' in pieces[-1]


async def test_nothing_is_sent_between_the_last_event_and_the_end(board):
    visitor = board.visit("here", "here", hang_up=lambda: None)
    stream = stream_of(board, visitor)
    stream.ping_interval = 0.001
    sent, pings = [], 5

    async def send(message):
        sent.append(message)
        if b"event: bye" in message.get("body", b""):
            for _ in range(pings):  # the connection takes its time
                await asyncio.sleep(stream.ping_interval)

    closing = asyncio.create_task(board.broker.shutdown())
    await stream({"type": "http", "method": "GET"}, asyncio.Event().wait, send)
    await closing
    *_, bye, end = sent
    assert b"event: bye" in bye["body"]
    assert (end["body"], end["more_body"]) == (b"", False)


async def test_the_policy_is_the_one_that_was_asked_for():
    board = Board(Settings(overflow=Overflow.DROP_OLDEST), Numbers())
    assert board.broker.overflow is Overflow.DROP_OLDEST
    await board.broker.shutdown()


@pytest.mark.skipif(os.name == "nt", reason="there, a signal ends a process at once")
async def test_who_does_not_read_does_not_hold_up_the_end():
    with (
        price_board(*LITTLE, "--overflow", "drop-newest", "--grace", "2") as service,
        who_does_not_read(service, "stuck"),
    ):
        while service.metrics()["dropped_total"] == 0:
            pass
        service.process.terminate()
        assert service.ended() == 0
