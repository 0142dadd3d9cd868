"""What is sent is counted: the server has it, or it is uncertain since a connection was lost."""

import asyncio
import contextlib
import os
import signal

import pytest

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats import (
    AccessRefused,
    ConnectionLost,
    NatsError,
    NotConnected,
    PayloadTooLarge,
    SendStats,
    Unconfirmed,
)
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.core import sender as sender_module
from pubsub_lib.nats.core.sender import Sender
from pubsub_lib.nats.local_server.server import NatsServer, why_no_server
from pubsub_lib.nats.settings import connection_settings
from tests.nats.observing import LIMIT_S, Errors, eventually, needs_signals, stopped

pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture
def small_server():
    if reason := why_no_server(of_our_own=True):
        pytest.skip(reason)
    with NatsServer(configuration="max_payload: 1KB") as server:
        yield server


def a_sender(url, errors=lambda error: None, *, send_buffer=1_000_000):
    """Return a connection, and what sends over it."""
    home = HomeLoop("test")
    settings = connection_settings(
        url=url, connect_timeout=5.0, send_buffer=send_buffer, on_error=errors
    )
    connection = Connection(settings, home)
    return connection, Sender(connection, home)


def balanced(sender: Sender) -> bool:
    stats = sender.stats
    return stats.sent == stats.confirmed + stats.uncertain + stats.pending


# --- Sending ---


async def test_what_was_sent_is_confirmed_soon_without_being_asked_for(server, subject: str):
    connection, sender = a_sender(server.url)
    await connection.connect()
    await sender.send(subject, b"1")
    assert sender.stats == SendStats(sent=1, confirmed=0, uncertain=0, pending=1)
    await eventually(lambda: sender.stats == SendStats(1, 1, 0, 0))
    await connection.close()


async def test_a_payload_over_the_limit_is_refused_and_not_counted(small_server: NatsServer):
    connection, sender = a_sender(small_server.url)
    await connection.connect()
    with pytest.raises(PayloadTooLarge, match=r"1,025 bytes.*1,024") as told:
        await sender.send("large", bytes(1025))
    assert (told.value.size, told.value.limit) == (1025, 1024)
    assert sender.stats.sent == 0
    await sender.send("large", bytes(1024))
    await connection.confirm()
    assert sender.stats.confirmed == 1
    await connection.close()


async def test_what_is_no_bytes_is_not_counted(server, subject: str):
    connection, sender = a_sender(server.url)
    await connection.connect()
    with pytest.raises(TypeError):
        await sender.send(subject, "text")
    assert sender.stats.sent == 0
    await connection.close()


async def test_a_publisher_that_never_pauses_lets_others_run_and_is_held_back(server, subject: str):
    connection, sender = a_sender(server.url)
    await connection.connect()
    turns = most = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    running = asyncio.create_task(other())
    for _ in range(1000):
        await sender.send(subject, bytes(1000))
        most = max(most, connection.client.pending_data_size)
    running.cancel()
    assert turns > 10
    assert most < sender_module.BYTES_ON_THE_WAY + 2000
    await connection.close()


@needs_signals
async def test_a_publisher_that_is_held_back_can_be_cancelled(own_server: NatsServer):
    connection, sender = a_sender(own_server.url)
    await connection.connect()
    with stopped(own_server):
        # More than the system takes, so that nobody gets on.
        sending = [asyncio.create_task(sender.send("large", bytes(1_000_000))) for _ in range(20)]
        await eventually(lambda: len(connection._round_trips._asking) == len(sending))
        for each in sending:
            each.cancel()
        await asyncio.wait(sending)
        assert all(each.cancelled() for each in sending)
    await connection.confirm()
    assert sender.stats == SendStats(20, 20, 0, 0)
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
        connection, sender = a_sender(f"{token}@{address}")
        await connection.connect()
        wire.passes.clear()
        large = [asyncio.create_task(sender.send("x", bytes(1_000_000))) for _ in range(10)]
        while not connection.client.pending_data_size:  # until the system takes no more
            await sender.send("x", b"small")
            for _ in range(5):
                await asyncio.sleep(0)
        confirming = asyncio.create_task(connection.confirm())
        await asyncio.sleep(0)
        sent = sender.stats.sent
        wire.passes.set()
        await confirming
        assert wire.sent.count(b"PUB x") == sent
        assert wire.sent.rindex(b"PING") > wire.sent.rindex(b"PUB x")
        await asyncio.gather(*large)
        await connection.close()


async def test_a_cancelled_confirm_does_not_break_the_connection(server, subject: str):
    connection, sender = a_sender(server.url)
    await connection.connect()
    await sender.send(subject, b"1")
    for turns in range(5):
        confirming = asyncio.create_task(connection.confirm())
        for _ in range(turns):
            await asyncio.sleep(0)
        confirming.cancel()
        await asyncio.wait([confirming])
    await connection.confirm()
    assert sender.stats == SendStats(1, 1, 0, 0)
    await connection.close()


# --- Losing it ---


async def lost(server: NatsServer, connection: Connection) -> None:
    server.kill()
    await eventually(lambda: not connection.connected)


async def test_nothing_counts_as_confirmed_on_a_connection_that_is_being_lost(
    own_server: NatsServer, errors: Errors
):
    connection, sender = a_sender(own_server.url, errors)
    await connection.connect()
    own_server.kill()
    while not connection.client.is_reconnecting:  # nats-py knows, and has told nobody yet
        await sender.send("many", b"1")
        await asyncio.sleep(0)
    confirming = asyncio.create_task(connection.confirm())
    loss = await errors.until(ConnectionLost)
    assert not confirming.done()
    assert sender.stats.confirmed == 0
    assert sender.stats.uncertain == loss.uncertain > 0
    own_server.start()
    await confirming
    assert balanced(sender)
    await connection.close()


async def test_a_loss_is_reported_once_with_what_was_on_its_way(
    own_server: NatsServer, errors: Errors
):
    connection, sender = a_sender(own_server.url, errors)
    await connection.connect()
    await sender.send("one", b"1")
    await connection.confirm()
    own_server.kill()
    for _ in range(3):
        await sender.send("one", b"1")
    assert (await errors.until(ConnectionLost)).uncertain == 3
    own_server.start()
    await connection.confirm()
    assert len(errors) == 1
    assert connection.reconnects == 1
    assert sender.stats == SendStats(sent=4, confirmed=1, uncertain=3, pending=0)
    await connection.close()


async def test_without_a_buffer_what_is_sent_meanwhile_is_refused_and_not_counted(
    own_server: NatsServer,
):
    connection, sender = a_sender(own_server.url, send_buffer=0)
    await connection.connect()
    await lost(own_server, connection)
    with pytest.raises(NotConnected, match="nothing is kept for it; publish again"):
        await sender.send("one", b"")
    assert sender.stats.sent == 0
    own_server.start()
    await connection.until_connected()
    await sender.send("one", b"")
    await connection.confirm()
    assert sender.stats == SendStats(1, 1, 0, 0)
    await connection.close()


async def test_a_buffer_keeps_messages_up_to_its_bound(own_server: NatsServer):
    connection, sender = a_sender(own_server.url, send_buffer=1000)
    await connection.connect()
    await lost(own_server, connection)
    kept = 0
    with pytest.raises(NotConnected, match="the 1,000 bytes that are kept for it are in use"):  # noqa: PT012
        while True:
            await sender.send("one", bytes(100))
            kept += 1
    assert 0 < kept <= 10
    assert sender.stats == SendStats(kept, 0, 0, kept)
    own_server.start()
    await connection.confirm()
    assert sender.stats == SendStats(kept, kept, 0, 0)
    await connection.close()


async def test_who_sends_again_and_again_does_not_keep_the_connection_from_coming_back(
    own_server: NatsServer,
):
    connection, sender = a_sender(own_server.url, send_buffer=0)
    await connection.connect()
    await lost(own_server, connection)
    own_server.start()
    async with asyncio.timeout(LIMIT_S):
        while not sender.stats.sent:
            with contextlib.suppress(NotConnected):
                await sender.send("one", b"1")
    await connection.close()


async def test_confirming_waits_through_a_reconnection(own_server: NatsServer):
    connection, sender = a_sender(own_server.url)
    await connection.connect()
    await lost(own_server, connection)
    await sender.send("one", b"1")
    confirming = asyncio.create_task(connection.confirm())
    own_server.start()
    await confirming
    assert sender.stats == SendStats(1, 1, 0, 0)
    await connection.close()


def change_token(server: NatsServer, new: str) -> None:
    server._token = new
    server._write_configuration()


class Ended(ConnectionWatcher):
    """Waits for the end of all."""

    def __init__(self) -> None:
        self.error: asyncio.Future[NatsError] = asyncio.get_running_loop().create_future()

    def connection_failed(self, error: NatsError) -> None:
        self.error.set_result(error)


@needs_signals
async def test_when_the_server_withdraws_access_everybody_is_told_and_nobody_waits(
    own_server: NatsServer, errors: Errors
):
    connection, sender = a_sender(own_server.url, errors)
    ended = Ended()
    connection.watch(ended)
    await connection.connect()
    change_token(own_server, "another")
    os.kill(own_server.process_id, signal.SIGHUP)
    async with asyncio.timeout(LIMIT_S):
        assert isinstance(await ended.error, AccessRefused)
    assert [type(error) for error in errors] == [AccessRefused]
    assert not connection.connected
    for use in (sender.send("one", b"1"), connection.confirm(), connection.connect()):
        with pytest.raises(NotConnected, match=r"closed \(.*authorization.*make a new broker"):
            await use
    assert sender.stats.sent == 0
    await connection.close()


# --- Closing it ---


async def test_closing_while_there_is_no_connection_ends_and_reports_what_was_kept(
    own_server: NatsServer, errors: Errors
):
    connection, sender = a_sender(own_server.url, errors)
    await connection.connect()
    await lost(own_server, connection)
    await sender.send("one", b"1")
    waiting = asyncio.create_task(connection.confirm())
    await asyncio.sleep(0)
    async with asyncio.timeout(LIMIT_S):
        await connection.close()
    assert errors.of(Unconfirmed)[0].count == 1
    with pytest.raises(NotConnected, match="shut down"):
        await waiting
    assert sender.stats == SendStats(1, 0, 1, 0)


@needs_signals
async def test_closing_a_connection_whose_server_takes_nothing_in_ends(own_server: NatsServer):
    connection, sender = a_sender(own_server.url)
    await connection.connect()
    with stopped(own_server):
        sending = [asyncio.create_task(sender.send("large", bytes(1_000_000))) for _ in range(20)]
        await eventually(lambda: len(connection._round_trips._asking) == len(sending))
        async with asyncio.timeout(LIMIT_S):
            await connection.close()
        await asyncio.gather(*sending)
        assert sender.stats == SendStats(20, 0, 20, 0)
        # What nobody takes in does not keep the socket.
        await eventually(lambda: connection.client._transport._io_writer.transport._sock is None)
