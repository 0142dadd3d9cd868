"""A connection to a NATS server is made, lost, made again and closed, and counts what it sends."""

import asyncio
import contextlib
import os
import re
import signal
import socket

import pytest

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats import (
    AccessRefused,
    ConnectionLost,
    NatsError,
    NotConnected,
    PayloadTooLarge,
    SendStats,
    ServerUnreachable,
    Unconfirmed,
)
from pubsub_lib.nats import connection as connection_module
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.local_server.server import NatsServer, why_no_server
from tests.nats.observing import (
    TIME_LIMIT_S,
    Errors,
    eventually,
    needs_signals,
    other_tasks,
    stopped,
)


@pytest.fixture(autouse=True)
async def nothing_is_left():
    yield
    assert await other_tasks() == set()


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.fixture
def small_server():
    if reason := why_no_server(of_our_own=True):
        pytest.skip(reason)
    with NatsServer(configuration="max_payload: 1KB") as server:
        yield server


@pytest.fixture
def errors() -> Errors:
    return Errors()


def a_connection(url, errors=lambda error: None, *, connect_timeout=5.0, send_buffer=1_000_000):
    return Connection(
        url,
        HomeLoop("test"),
        connect_timeout=connect_timeout,
        send_buffer=send_buffer,
        report=errors,
    )


def balanced(connection: Connection) -> bool:
    stats = connection.stats
    return stats.sent == stats.confirmed + stats.uncertain + stats.pending


# --- Its address ---


def test_the_address_is_that_of_the_environment_or_the_usual_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATS_URL", "nats://token@somewhere:1")
    assert a_connection(None).address == "nats://somewhere:1"
    assert a_connection("nats://here").address == "nats://here:4222"
    monkeypatch.delenv("NATS_URL")
    assert a_connection(None).address == "nats://127.0.0.1:4222"


@pytest.mark.parametrize("report", [None, "print", asyncio.sleep])
def test_what_cannot_be_told_of_errors_is_refused(report):
    with pytest.raises(TypeError, match="on_error is a function"):
        a_connection("nats://host", report)


# --- Connecting ---


async def test_without_a_server_connecting_fails_in_time_and_names_the_address(free_port: int):
    connection = a_connection(f"nats://s3cret@127.0.0.1:{free_port}", connect_timeout=0.3)
    async with asyncio.timeout(TIME_LIMIT_S):
        with pytest.raises(ServerUnreachable, match=rf"127\.0\.0\.1:{free_port} ") as told:
            await connection.connect()
    assert "s3cret" not in str(told.value)
    assert not connection.connected
    await connection.close()


async def test_a_server_that_says_nothing_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        connection = a_connection(
            f"nats://127.0.0.1:{silent.getsockname()[1]}", connect_timeout=0.2
        )
        with pytest.raises(ServerUnreachable):
            await connection.connect()


@pytest.mark.parametrize("login", ["", "wrong@", "user:wrong@"])
async def test_a_wrong_token_is_refused_at_once(own_server: NatsServer, login: str):
    connection = a_connection(f"nats://{login}127.0.0.1:{own_server.port}", connect_timeout=None)
    async with asyncio.timeout(TIME_LIMIT_S):
        with pytest.raises(AccessRefused, match="refuses the token") as told:
            await connection.connect()
    assert "wrong" not in str(told.value)


async def test_a_server_that_comes_up_in_time_is_found(own_server: NatsServer):
    own_server.kill()
    connection = a_connection(own_server.url)
    connecting = asyncio.create_task(connection.connect())
    await eventually(lambda: connection._last_error != "no answer")
    own_server.start()
    await connecting
    assert connection.connected
    await connection.close()


async def test_a_failed_connect_can_be_repeated(own_server: NatsServer):
    own_server.kill()
    connection = a_connection(own_server.url, connect_timeout=0.1)
    with pytest.raises(ServerUnreachable):
        await connection.connect()
    own_server.start()
    await connection.connect()
    assert connection.connected
    await connection.close()


async def test_concurrent_first_uses_share_one_connection(server):
    connection = a_connection(server.url)
    clients = set()

    async def use() -> None:
        await connection.connect()
        clients.add(connection.client)

    await asyncio.gather(*[use() for _ in range(10)])
    assert len(clients) == 1
    await connection.close()


async def test_concurrent_first_uses_fail_together_and_try_once(free_port: int):
    connection = a_connection(f"nats://127.0.0.1:{free_port}", connect_timeout=0.1)
    uses = [connection.connect() for _ in range(3)]
    failures = await asyncio.gather(*uses, return_exceptions=True)
    assert [type(failure) for failure in failures] == [ServerUnreachable] * 3
    assert len(set(map(id, failures))) == 1
    assert not connection.connecting


async def test_a_cancelled_connect_does_not_cancel_that_of_others(server):
    connection = a_connection(server.url)
    one, other = (asyncio.create_task(connection.connect()) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    await other
    assert one.cancelled()
    assert connection.connected
    await connection.close()


async def test_closing_while_it_connects_tells_who_waits(free_port: int):
    connection = a_connection(f"nats://127.0.0.1:{free_port}", connect_timeout=None)
    connecting = asyncio.create_task(connection.connect())
    await eventually(lambda: connection._last_error != "no answer")
    await connection.close()
    with pytest.raises(NotConnected, match="shut down"):
        await connecting


def test_a_loop_that_ends_while_it_connects_leaves_nothing(free_port: int, caplog):
    connection = a_connection(f"nats://127.0.0.1:{free_port}", connect_timeout=None)

    async def begin() -> None:
        connecting = asyncio.create_task(connection.connect())
        await eventually(lambda: connection._last_error != "no answer")
        assert not connecting.done()

    asyncio.run(begin())
    assert caplog.messages == []


async def test_a_closed_connection_is_not_made_again(server):
    connection = a_connection(server.url)
    await connection.close()
    with pytest.raises(NotConnected, match="shut down"):
        await connection.connect()


# --- Sending ---


async def test_what_was_sent_is_confirmed_soon_without_being_asked_for(server, subject: str):
    connection = a_connection(server.url)
    await connection.connect()
    await connection.send(subject, b"1")
    assert connection.stats == SendStats(sent=1, confirmed=0, uncertain=0, pending=1)
    await eventually(lambda: connection.stats == SendStats(1, 1, 0, 0))
    await connection.close()


async def test_a_payload_over_the_limit_is_refused_and_not_counted(small_server: NatsServer):
    connection = a_connection(small_server.url)
    await connection.connect()
    with pytest.raises(PayloadTooLarge, match=r"1,025 bytes.*1,024") as told:
        await connection.send("large", bytes(1025))
    assert (told.value.size, told.value.limit) == (1025, 1024)
    assert connection.stats.sent == 0
    await connection.send("large", bytes(1024))
    await connection.confirm()
    assert connection.stats.confirmed == 1
    await connection.close()


async def test_what_is_no_bytes_is_not_counted(server, subject: str):
    connection = a_connection(server.url)
    await connection.connect()
    with pytest.raises(TypeError):
        await connection.send(subject, "text")
    assert connection.stats.sent == 0
    await connection.close()


async def test_a_publisher_that_never_pauses_lets_others_run_and_is_held_back(server, subject: str):
    connection = a_connection(server.url)
    await connection.connect()
    turns = most = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    running = asyncio.create_task(other())
    for _ in range(1000):
        await connection.send(subject, bytes(1000))
        most = max(most, connection.client.pending_data_size)
    running.cancel()
    assert turns > 10
    assert most < connection_module.BYTES_ON_THE_WAY + 2000
    await connection.close()


@needs_signals
async def test_a_publisher_that_is_held_back_can_be_cancelled(own_server: NatsServer):
    connection = a_connection(own_server.url)
    await connection.connect()
    with stopped(own_server):
        # More than the system takes, so that nobody gets on.
        sending = [
            asyncio.create_task(connection.send("large", bytes(1_000_000))) for _ in range(20)
        ]
        await eventually(lambda: len(connection._asking) == len(sending))
        for each in sending:
            each.cancel()
        await asyncio.wait(sending)
        assert all(each.cancelled() for each in sending)
    await connection.confirm()
    assert connection.stats == SendStats(20, 20, 0, 0)
    await connection.close()


# --- Confirming ---


class Wire:
    """Stands between a connection and its server, and can hold back what is sent."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.passes = asyncio.Event()
        self.passes.set()
        self.sent = bytearray()
        self.tasks: list[asyncio.Task] = []

    async def __aenter__(self) -> str:
        self.listening = await asyncio.start_server(self.connected, "127.0.0.1", 0, limit=1024)
        return f"127.0.0.1:{self.listening.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_) -> None:
        self.listening.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)

    async def connected(self, reader, writer) -> None:
        self.tasks.append(asyncio.current_task())
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.tasks.append(asyncio.create_task(self.bring(far_reader, writer)))
        try:
            while data := await reader.read(1024):
                await self.passes.wait()
                self.sent += data
                far_writer.write(data)
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()
            far_writer.close()

    async def bring(self, far_reader, writer) -> None:
        while data := await far_reader.read(1024):
            writer.write(data)


async def test_only_what_the_server_has_is_confirmed(own_server: NatsServer):
    wire = Wire(own_server.port)
    token = own_server.url.partition("@")[0]
    async with wire as address:
        connection = a_connection(f"{token}@{address}")
        await connection.connect()
        wire.passes.clear()
        large = [asyncio.create_task(connection.send("x", bytes(1_000_000))) for _ in range(10)]
        while not connection.client.pending_data_size:  # until the system takes no more
            await connection.send("x", b"small")
            for _ in range(5):
                await asyncio.sleep(0)
        confirming = asyncio.create_task(connection.confirm())
        await asyncio.sleep(0)
        sent = connection.stats.sent
        wire.passes.set()
        await confirming
        assert wire.sent.count(b"PUB x") == sent
        assert wire.sent.rindex(b"PING") > wire.sent.rindex(b"PUB x")
        await asyncio.gather(*large)
        await connection.close()


async def test_a_cancelled_confirm_does_not_break_the_connection(server, subject: str):
    connection = a_connection(server.url)
    await connection.connect()
    await connection.send(subject, b"1")
    for turns in range(5):
        confirming = asyncio.create_task(connection.confirm())
        for _ in range(turns):
            await asyncio.sleep(0)
        confirming.cancel()
        await asyncio.wait([confirming])
    await connection.confirm()
    assert connection.stats == SendStats(1, 1, 0, 0)
    await connection.close()


# --- Losing it ---


async def lost(server: NatsServer, connection: Connection) -> None:
    server.kill()
    await eventually(lambda: not connection.connected)


async def test_nothing_counts_as_confirmed_on_a_connection_that_is_being_lost(
    own_server: NatsServer, errors: Errors
):
    connection = a_connection(own_server.url, errors)
    await connection.connect()
    own_server.kill()
    while not connection.client.is_reconnecting:  # nats-py knows, and has told nobody yet
        await connection.send("many", b"1")
        await asyncio.sleep(0)
    confirming = asyncio.create_task(connection.confirm())
    loss = await errors.until(ConnectionLost)
    assert not confirming.done()
    assert connection.stats.confirmed == 0
    assert connection.stats.uncertain == loss.uncertain > 0
    own_server.start()
    await confirming
    assert balanced(connection)
    await connection.close()


async def test_a_loss_is_reported_once_with_what_was_on_its_way(
    own_server: NatsServer, errors: Errors
):
    connection = a_connection(own_server.url, errors)
    await connection.connect()
    await connection.send("one", b"1")
    await connection.confirm()
    own_server.kill()
    for _ in range(3):
        await connection.send("one", b"1")
    assert (await errors.until(ConnectionLost)).uncertain == 3
    own_server.start()
    await connection.confirm()
    assert len(errors) == 1
    assert connection.reconnects == 1
    assert connection.stats == SendStats(sent=4, confirmed=1, uncertain=3, pending=0)
    await connection.close()


async def test_without_a_buffer_what_is_sent_meanwhile_is_refused_and_not_counted(
    own_server: NatsServer,
):
    connection = a_connection(own_server.url, send_buffer=0)
    await connection.connect()
    await lost(own_server, connection)
    with pytest.raises(NotConnected, match="nothing is kept for it; publish again"):
        await connection.send("one", b"")
    assert connection.stats.sent == 0
    own_server.start()
    await connection.until_connected()
    await connection.send("one", b"")
    await connection.confirm()
    assert connection.stats == SendStats(1, 1, 0, 0)
    await connection.close()


async def test_a_buffer_keeps_messages_up_to_its_bound(own_server: NatsServer):
    connection = a_connection(own_server.url, send_buffer=1000)
    await connection.connect()
    await lost(own_server, connection)
    kept = 0
    with pytest.raises(NotConnected, match="the 1,000 bytes that are kept for it are in use"):  # noqa: PT012
        while True:
            await connection.send("one", bytes(100))
            kept += 1
    assert 0 < kept <= 10
    assert connection.stats == SendStats(kept, 0, 0, kept)
    own_server.start()
    await connection.confirm()
    assert connection.stats == SendStats(kept, kept, 0, 0)
    await connection.close()


async def test_who_sends_again_and_again_does_not_keep_the_connection_from_coming_back(
    own_server: NatsServer,
):
    connection = a_connection(own_server.url, send_buffer=0)
    await connection.connect()
    await lost(own_server, connection)
    own_server.start()
    async with asyncio.timeout(TIME_LIMIT_S):
        while not connection.stats.sent:
            with contextlib.suppress(NotConnected):
                await connection.send("one", b"1")
    await connection.close()


async def test_confirming_waits_through_a_reconnection(own_server: NatsServer):
    connection = a_connection(own_server.url)
    await connection.connect()
    await lost(own_server, connection)
    await connection.send("one", b"1")
    confirming = asyncio.create_task(connection.confirm())
    own_server.start()
    await confirming
    assert connection.stats == SendStats(1, 1, 0, 0)
    await connection.close()


@needs_signals
async def test_a_server_that_no_longer_answers_counts_as_lost(
    own_server: NatsServer, errors: Errors, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection_module, "PING_EVERY_S", 0.02)
    connection = a_connection(own_server.url, errors)
    await connection.connect()
    with stopped(own_server):
        await errors.until(ConnectionLost)
    await connection.confirm()
    assert connection.reconnects >= 1
    await connection.close()


def change_token(server: NatsServer, new: str) -> None:
    server._token = new
    server._write_configuration()


# nats-py leaves a connection on which it was refused to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <StreamWriter:ResourceWarning")
async def test_a_server_that_wants_another_token_is_reported_once_and_tried_again(
    own_server: NatsServer, errors: Errors
):
    connection = a_connection(own_server.url, errors)
    await connection.connect()
    right = own_server._token
    own_server.kill()
    own_server._token = "another"
    own_server.start()
    await errors.until(AccessRefused)
    await eventually(lambda: connection.client.server_pool[0].reconnects > 2)
    own_server.kill()
    own_server._token = right
    own_server.start()
    await connection.confirm()
    assert len(errors.of(AccessRefused)) == 1
    await connection.close()


@needs_signals
async def test_when_the_server_withdraws_access_everybody_is_told_and_nobody_waits(
    own_server: NatsServer, errors: Errors
):
    connection = a_connection(own_server.url, errors)
    ended: asyncio.Future[NatsError] = asyncio.get_running_loop().create_future()
    connection.on_failed = ended.set_result
    await connection.connect()
    change_token(own_server, "another")
    os.kill(own_server.process_id, signal.SIGHUP)
    async with asyncio.timeout(TIME_LIMIT_S):
        assert isinstance(await ended, AccessRefused)
    assert [type(error) for error in errors] == [AccessRefused]
    assert not connection.connected
    for use in (connection.send("one", b"1"), connection.confirm(), connection.connect()):
        with pytest.raises(NotConnected, match=r"closed \(.*authorization.*make a new broker"):
            await use
    assert connection.stats.sent == 0
    await connection.close()


# --- Closing it ---


async def test_closing_while_there_is_no_connection_ends_and_reports_what_was_kept(
    own_server: NatsServer, errors: Errors
):
    connection = a_connection(own_server.url, errors)
    await connection.connect()
    await lost(own_server, connection)
    await connection.send("one", b"1")
    waiting = asyncio.create_task(connection.confirm())
    await asyncio.sleep(0)
    async with asyncio.timeout(TIME_LIMIT_S):
        await connection.close()
    assert errors.of(Unconfirmed)[0].count == 1
    with pytest.raises(NotConnected, match="shut down"):
        await waiting
    assert connection.stats == SendStats(1, 0, 1, 0)


@needs_signals
async def test_closing_a_connection_whose_server_takes_nothing_in_ends(own_server: NatsServer):
    connection = a_connection(own_server.url)
    await connection.connect()
    with stopped(own_server):
        sending = [
            asyncio.create_task(connection.send("large", bytes(1_000_000))) for _ in range(20)
        ]
        await eventually(lambda: len(connection._asking) == len(sending))
        async with asyncio.timeout(TIME_LIMIT_S):
            await connection.close()
        await asyncio.gather(*sending)
        assert connection.stats == SendStats(20, 0, 20, 0)
    own_server.kill()  # which ends the socket, whose buffer nobody takes


async def test_closing_twice_or_at_once_is_one_end(server):
    connection = a_connection(server.url)
    await connection.connect()
    await asyncio.gather(connection.close(), connection.close())
    await connection.close()
    assert connection.closed


async def test_a_cancelled_close_is_finished_all_the_same(server):
    connection = a_connection(server.url)
    await connection.connect()
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    await connection.close()
    assert connection.client.is_closed


async def test_what_on_error_raises_is_logged_and_does_no_harm(
    own_server: NatsServer, caplog: pytest.LogCaptureFixture
):
    def report(error: NatsError) -> None:
        raise ZeroDivisionError

    connection = a_connection(own_server.url, report)
    await connection.connect()
    own_server.restart()
    await eventually(lambda: connection.reconnects)
    assert re.search("on_error raised an exception(?s:.*)ZeroDivisionError", caplog.text)
    await connection.confirm()
    await connection.close()
