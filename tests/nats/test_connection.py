"""A connection to a NATS server is made, lost, made again and closed."""

import asyncio
import re
import socket
from collections.abc import Iterator
from urllib.parse import quote, urlparse

import pytest
from nats.aio.client import DEFAULT_BUFFER_SIZE
from nats.aio.msg import Msg
from nats.errors import StaleConnectionError

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats import (
    AccessRefused,
    ConnectionLost,
    NatsError,
    NotConnected,
    ServerUnreachable,
)
from pubsub_lib.nats import client as client_module
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.greeting import GreetedTransport
from pubsub_lib.nats.local_server.server import NatsServer
from pubsub_lib.nats.settings import connection_settings
from tests.nats.observing import (
    LIMIT_S,
    Errors,
    allow,
    eventually,
    needs_signals,
    stopped,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


def a_connection(url, errors=lambda error: None, *, connect_timeout=5.0):
    settings = connection_settings(url=url, connect_timeout=connect_timeout, on_error=errors)
    return Connection(settings, HomeLoop("test"))


# --- Its address ---


def test_the_address_is_that_of_the_environment_or_the_usual_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NATS_URL", "nats://token@somewhere:1")
    assert a_connection(None).address == "nats://somewhere:1"
    assert a_connection("nats://here").address == "nats://here:4222"
    monkeypatch.delenv("NATS_URL")
    assert a_connection(None).address == "nats://127.0.0.1:4222"


@pytest.mark.parametrize("report", [1, "print", asyncio.sleep])
def test_what_cannot_be_told_of_errors_is_refused(report):
    with pytest.raises(TypeError, match="on_error is a function"):
        a_connection("nats://host", report)


# --- Connecting ---


async def test_without_a_server_connecting_fails_in_time_and_names_the_address(free_port: int):
    connection = a_connection(f"nats://s3cret@127.0.0.1:{free_port}", connect_timeout=0.3)
    async with asyncio.timeout(LIMIT_S):
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
    async with asyncio.timeout(LIMIT_S):
        with pytest.raises(AccessRefused, match="refuses the token") as told:
            await connection.connect()
    assert "wrong" not in str(told.value)


async def test_a_server_that_comes_up_in_time_is_found(own_server: NatsServer):
    own_server.kill()
    connection = a_connection(own_server.url)
    connecting = asyncio.create_task(connection.connect())
    await eventually(lambda: connection._events.last_error != "no answer")
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
    allow(connection, LIMIT_S)
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
    await eventually(lambda: connection._events.last_error != "no answer")
    await connection.close()
    with pytest.raises(NotConnected, match="shut down"):
        await connecting


def test_a_loop_that_ends_while_it_connects_leaves_nothing(free_port: int, caplog):
    connection = a_connection(f"nats://127.0.0.1:{free_port}", connect_timeout=None)

    async def begin() -> None:
        connecting = asyncio.create_task(connection.connect())
        await eventually(lambda: connection._events.last_error != "no answer")
        assert not connecting.done()

    asyncio.run(begin())
    assert caplog.messages == []


async def test_a_closed_connection_is_not_made_again(server):
    connection = a_connection(server.url)
    await connection.close()
    with pytest.raises(NotConnected, match="shut down"):
        await connection.connect()


# --- Several servers, and what lets us in ---


@pytest.fixture
def two_servers(own_server: NatsServer) -> Iterator[tuple[NatsServer, NatsServer]]:
    with NatsServer() as other:
        other.kill()
        other._token = own_server._token  # as the servers of one cluster have it
        other.start()
        yield own_server, other


async def test_another_server_is_found_if_one_does_not_answer(two_servers):
    one, other = two_servers
    one.kill()
    connection = a_connection([one.url, other.url])
    await connection.connect()
    assert connection.client.connected_url.port == other.port
    await connection.close()


async def test_when_a_server_dies_it_goes_on_with_another(two_servers):
    one, other = two_servers
    connection = a_connection(f"{one.url},{other.url}")
    await connection.connect()
    first, second = (
        (one, other) if connection.client.connected_url.port == one.port else (other, one)
    )
    first.kill()
    await eventually(lambda: connection.reconnects)
    assert connection.client.connected_url.port == second.port
    await connection.close()


@pytest.mark.parametrize("login", ["s3cr/et@#?%", "user:p@ss/w%rd"])
async def test_a_token_or_password_with_special_characters_is_percent_encoded(login: str):
    user, _, password = login.partition(":")
    encoded = ":".join(quote(part, safe="") for part in login.split(":"))
    allowed = f'user: "{user}", password: "{password}"' if password else f'token: "{user}"'
    with NatsServer() as server:
        server.kill()
        lines = f'listen: "127.0.0.1:{server.port}"\nports_file_dir: "."\n'
        configuration = f"{lines}authorization {{ {allowed} }}\n"
        server._write_configuration = lambda: (server.folder / "server.conf").write_text(
            configuration
        )
        server.start()
        connection = a_connection(f"nats://{encoded}@127.0.0.1:{server.port}")
        await connection.connect()
        assert connection.connected
        await connection.close()


@pytest.mark.parametrize("option", ["user_credentials", "nkeys_seed"])
def test_a_file_that_lets_us_in_is_looked_for_at_once(option: str, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"{option} is the path of a file"):
        connection_settings(url=None, **{option: tmp_path / "missing"})
    with pytest.raises(TypeError, match=f"{option} is the path of a file"):
        connection_settings(url=None, **{option: b"SUAM..."})


# --- Losing it ---


async def test_a_connection_is_made_after_something_was_written_to_one_that_was_just_lost(server):
    address = urlparse(server.url)
    lost, made = GreetedTransport(), GreetedTransport()
    await lost.connect(address, DEFAULT_BUFFER_SIZE, LIMIT_S)
    number = lost._io_writer.get_extra_info("socket").fileno()
    lost._io_writer.transport.abort()
    lost.writelines([b"PING\r\n"])  # nats-py does not know yet
    with pytest.raises(ConnectionResetError):
        await lost.drain()
    await made.connect(address, DEFAULT_BUFFER_SIZE, LIMIT_S)
    assert made._io_writer.get_extra_info("socket").fileno() == number
    made.close()
    await made.wait_closed()


@needs_signals
async def test_a_server_that_no_longer_answers_counts_as_lost(
    own_server: NatsServer, errors: Errors, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client_module, "PING_EVERY_S", 0.02)
    connection = a_connection(own_server.url, errors)
    await connection.connect()
    with stopped(own_server):
        await errors.until(ConnectionLost)
    await connection.confirm()
    assert connection.reconnects >= 1
    await connection.close()


@needs_signals
async def test_a_server_that_stops_taking_anything_in_is_not_waited_for_when_it_is_given_up(
    own_server: NatsServer, errors: Errors
):
    connection = a_connection(own_server.url, errors)
    await connection.connect()
    client = connection.client
    with stopped(own_server):
        while not client._transport._io_writer.transport.get_write_buffer_size():
            await client.publish("one", bytes(500_000))
            await asyncio.sleep(0)
        await client._process_op_err(StaleConnectionError())
        await errors.until(ConnectionLost)
    await connection.confirm()
    await connection.close()


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


# --- Messages that are handed over as they are read ---


async def test_who_is_handed_a_message_may_raise_and_is_handed_the_next(server, caplog):
    connection = a_connection(server.url)
    await connection.connect()
    received: list[bytes] = []

    def receive(envelope: Msg) -> None:
        received.append(envelope.data)
        if envelope.data == b"1":
            raise LookupError("not this one")

    await connection.client.subscribe_at_once("handed.over", receive)
    for data in (b"1", b"2"):
        await connection.client.publish("handed.over", data)
    await connection.confirm()
    assert received == [b"1", b"2"]
    assert re.search("while a message was taken in(?s:.*)not this one", caplog.text)
    await connection.close()


async def test_nothing_is_handed_over_after_unsubscribing(server):
    connection = a_connection(server.url)
    await connection.connect()
    received: list[Msg] = []
    subscription = await connection.client.subscribe_at_once("no.more", received.append)
    await connection.client.publish("no.more", b"on its way")
    await subscription.unsubscribe()
    await connection.confirm()
    assert received == []
    assert connection.client._receivers == {}
    await connection.close()


# --- Closing it ---


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
