"""A network between client and server carries all, keeps it while held, loses it when cut."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from pubsub_lib.lab.processes.network import Network

pytestmark = pytest.mark.real_time


class Server:
    """Notes what it reads, and says so."""

    def __init__(self) -> None:
        self.read = b""
        self.connections = 0
        self._writer: asyncio.StreamWriter | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writer = writer
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self.read += line
                writer.write(b"got " + line)
        writer.close()

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.close()


@asynccontextmanager
async def network_to(server: Server) -> AsyncIterator[Network]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, Network(f"nats://token@127.0.0.1:{port}") as network:
        yield network


type Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def client_of(network: Network) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(network.url).port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def is_hung_up_on(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.readline() == b""
    except ConnectionError:  # which way it is told is up to the system
        return True


async def test_both_ways_are_carried_and_the_token_stays_in_the_address():
    server = Server()
    async with network_to(server) as network, client_of(network) as (reader, writer):
        assert urlsplit(network.url).username == "token"
        writer.write(b"hello\n")
        assert await reader.readline() == b"got hello\n"


async def test_what_is_sent_while_the_network_is_held_is_carried_when_it_is_mended():
    server = Server()
    async with network_to(server) as network, client_of(network) as (reader, writer):
        writer.write(b"one\n")
        await reader.readline()
        network.hold()
        writer.write(b"two\n")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await reader.readline()
        assert server.read == b"one\n"
        network.mend()
        assert await reader.readline() == b"got two\n"


async def test_what_is_on_the_way_when_the_network_is_cut_is_lost():
    server = Server()
    async with network_to(server) as network:
        async with client_of(network) as (reader, writer):
            writer.write(b"one\n")
            await reader.readline()
            network.hold()
            writer.write(b"two\n")
            await network.cut()
            assert await is_hung_up_on(reader)
        network.mend()
        async with client_of(network) as (reader, writer):
            writer.write(b"three\n")
            assert await reader.readline() == b"got three\n"
    assert server.read == b"one\nthree\n"


async def test_who_connects_while_the_network_is_cut_gets_through_when_it_is_mended():
    server = Server()
    async with network_to(server) as network:
        await network.cut()
        async with client_of(network) as (reader, writer):
            writer.write(b"hello\n")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await reader.readline()
            assert server.connections == 0
            network.mend()
            assert await reader.readline() == b"got hello\n"


async def test_the_end_of_the_server_is_told_even_while_the_network_is_held():
    server = Server()
    async with network_to(server) as network, client_of(network) as (reader, writer):
        writer.write(b"one\n")
        await reader.readline()
        network.hold()
        server.hang_up()
        assert await is_hung_up_on(reader)


async def test_a_client_of_no_server_is_hung_up_on():
    with socket.create_server(("127.0.0.1", 0)) as closed_soon:
        port = closed_soon.getsockname()[1]
    async with Network(f"nats://127.0.0.1:{port}") as network, client_of(network) as (reader, _):
        assert await is_hung_up_on(reader)


def test_an_address_without_a_port_is_refused():
    with pytest.raises(ValueError, match="with its port"):
        Network("nats://localhost")


def test_a_network_has_an_address_in_its_block_alone():
    with pytest.raises(RuntimeError, match="`async with` block"):
        _ = Network("nats://127.0.0.1:4222").url
