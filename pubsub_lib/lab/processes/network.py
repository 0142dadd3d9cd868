"""A stretch of network that can be interrupted, between clients and a server on this machine.

A network fails when it likes. To see what is lost, and to see the same in every run, this one fails
when it is told: it carries what is sent over a loopback connection, or keeps it, or loses it.

>>> import asyncio
>>> async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
...     writer.write(await reader.readline())
...     writer.close()
>>> async def main() -> None:
...     server = await asyncio.start_server(echo, "127.0.0.1", 0)
...     port = server.sockets[0].getsockname()[1]
...     async with server, Network(f"tcp://127.0.0.1:{port}") as network:
...         reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(network.url).port)
...         writer.write(b"there and back" + bytes([10]))
...         print(await reader.readline())
...         writer.close()
>>> asyncio.run(main())
b'there and back\\n'
"""

import asyncio
import contextlib
from typing import Self
from urllib.parse import urlsplit

HOST = "127.0.0.1"
PIECE_BYTES = 64 * 1024


class Network:
    """Carries bytes between its own address and a server's; use it in an `async with` block.

    Args:
        url: where the server is, such as `nats://token@127.0.0.1:4222`.

    Raises:
        ValueError: if there is no host or port in it.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if not parts.hostname or not parts.port:
            raise ValueError("url is a server's address, with its port: nats://127.0.0.1:4222")
        self._parts = parts
        self._carrying = asyncio.Event()
        self._carrying.set()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address for clients: the server's, but for host and port.

        Raises:
            RuntimeError: outside of the block.
        """
        if self._server is None:
            raise RuntimeError("a network is there in its `async with` block")
        port = self._server.sockets[0].getsockname()[1]
        login, at, _ = self._parts.netloc.rpartition("@")
        return self._parts._replace(netloc=f"{login}{at}{HOST}:{port}").geturl()

    def hold(self) -> None:
        """Carry nothing until `mend`. Nobody notices: the connections stay open.

        What is sent is kept on the way, and lost if the connection ends meanwhile.
        """
        self._carrying.clear()

    async def cut(self) -> None:
        """Break every connection, and lose what is on the way. New ones are made after `mend`."""
        self._carrying.clear()
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        if connections:
            await asyncio.wait(connections)

    def mend(self) -> None:
        """Carry again, and first what was kept on the way."""
        self._carrying.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, HOST, 0)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server is not None
        self._server.close()
        await self.cut()
        await self._server.wait_closed()
        self._server = None

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.get_running_loop().create_task(self._connect(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry what a client and the server say, until one of them hangs up."""
        try:
            await self._carrying.wait()
            with contextlib.suppress(OSError):  # there is no server: the client is hung up on
                there, back = await asyncio.open_connection(self._parts.hostname, self._parts.port)
                try:
                    await self._carry_both_ways((reader, back), (there, writer))
                finally:
                    await _abort(back)
        finally:
            await _abort(writer)

    async def _carry_both_ways(
        self, *ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        carrying = [asyncio.create_task(self._carry(*way)) for way in ways]
        try:
            await asyncio.wait(carrying, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in carrying:
                way.cancel()
            await asyncio.wait(carrying)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                await self._carrying.wait()
                writer.write(piece)
                await writer.drain()


async def _abort(writer: asyncio.StreamWriter) -> None:
    """Hang up at once, with what was not yet sent."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
