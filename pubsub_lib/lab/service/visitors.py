"""Visitors of a service: each opens a stream, as a page in a browser does, and reads it or not.

They are lean, and yet 500 of them take about as much processor time as the server takes for them:
on a small machine they share it, which its latencies show. What they wait for is an event, and no
wait is without an end: `until` says whether it has come.

    async with Visitor(board.url) as visitor:
        await visitor.until(lambda: len(visitor.prices) == 3)
        visitor.stop_reading()

>>> Visitor("http://127.0.0.1:8000/").prices
[]
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Self
from urllib.parse import urlsplit

from pubsub_lib.lab.service.connections import HttpConnection, Response
from pubsub_lib.lab.service.events import ServerSentEvent

#: How long a visitor waits for anything: far more than any of it takes, on a busy machine, too.
PATIENCE_S = 30.0
#: What a network carries in one piece, in bytes: Ethernet, less the headers of IP and TCP.
ETHERNET_BYTES = 1460
SMALL_BUFFER_BYTES = 4096
#: How many open files a process needs for itself, beside its visitors.
FILES_FOR_ITSELF = 100


class Refused(Exception):
    """The server has an answer, but no stream.

    Attributes:
        answer: what it says.
    """

    def __init__(self, answer: Response) -> None:
        super().__init__(f"{answer.status}: {answer.body.decode(errors='replace')}")
        self.answer = answer


class Visitor:
    """A stream of a service, opened by `async with`, and closed at the end of the block.

    Args:
        url: where the service is.
        name: what it calls itself, by which the service knows it when it comes back.
        last_event_id: the last that it has got already, if it comes back.
        small: whether it has the buffers of a small device on an Ethernet. Those of a connection
            within one machine are many times as large.

    Attributes:
        worker: the process id of the worker at the other end, once it was asked for.
        headers: those of the answer, by their names in small letters.
    """

    def __init__(
        self, url: str, *, name: str = "", last_event_id: str = "", small: bool = False
    ) -> None:
        self.worker = 0
        self.headers: dict[str, str] = {}
        self._parts = urlsplit(url)
        self._path = f"/prices?visitor={name}" if name else "/prices"
        self._last_event_id = last_event_id
        self._small = small
        self._connection: HttpConnection | None = None

    @property
    def events(self) -> list[ServerSentEvent]:
        """What was read, from the beginning of the stream."""
        return self._connection.events if self._connection else []

    @property
    def prices(self) -> list[ServerSentEvent]:
        """The events that are prices."""
        return self.named("price")

    def named(self, name: str) -> list[ServerSentEvent]:
        """Return the events of this name."""
        return [event for event in self.events if event.name == name]

    @property
    def ids(self) -> list[int]:
        """The numbers of the prices, in the order in which they came."""
        return [int(event.id) for event in self.prices]

    @property
    def last_id(self) -> str:
        """What a visitor who comes back gives as `last_event_id`; empty before any price."""
        return self.prices[-1].id if self.prices else ""

    @property
    def ended(self) -> str:
        """How the stream has ended; empty while it has not (see `HttpConnection`)."""
        return self._connection.ended if self._connection else ""

    async def until(self, condition: Callable[[], object]) -> bool:
        """Wait until the condition is true, and return whether it is.

        It is looked at whenever something has arrived. If the stream ends before, or nothing has
        come of it for `PATIENCE_S`, it is false.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while not condition() and not self.ended:
                    await self._connected().change()
        return bool(condition())

    async def until_it_has(self, count: int) -> bool:
        """Wait until it has read so many prices, and return whether it has."""
        return await self.until(lambda: len(self.prices) >= count)

    async def until_the_end(self) -> str:
        """Wait for the end of the stream, and return how it has ended."""
        await self.until(lambda: self.ended)
        return self.ended

    def stop_reading(self) -> None:
        """Take nothing more, and keep the connection open."""
        self._connected().transport.pause_reading()

    def read_on(self) -> None:
        """Take again what arrives, and first what has arrived meanwhile."""
        self._connected().transport.resume_reading()

    async def connect(self) -> None:
        """Connect, and ask for nothing yet.

        Raises:
            OSError: if nobody is there.
        """
        loop = asyncio.get_running_loop()
        plug = socket.socket()
        plug.setblocking(False)
        if self._small:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
            with contextlib.suppress(OSError, AttributeError):  # not every system lets one choose
                plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, ETHERNET_BYTES)
        try:
            await loop.sock_connect(plug, (self._parts.hostname, self._parts.port))
            _, self._connection = await loop.create_connection(HttpConnection, sock=plug)
        except BaseException:
            plug.close()
            raise

    async def ask_worker(self) -> int:
        """Ask the worker at the other end for its process id, before it is asked for the stream."""
        self.worker = json.loads((await self._get("/health")).body)["worker"]
        return self.worker

    async def open(self) -> None:
        """Ask for the stream, and wait until it begins.

        Raises:
            Refused: if the server has another answer.
            ConnectionError: if it has none.
        """
        more = {"Last-Event-ID": self._last_event_id} if self._last_event_id else {}
        answer = await self._get(self._path, **more)
        self.headers = answer.headers
        if not answer.is_stream:
            raise Refused(answer)

    async def close(self) -> None:
        """Go, as a browser does whose page is closed."""
        if self._connection is not None:
            self._connection.transport.abort()
            while not self._connection.ended:
                await self._connection.change()

    async def __aenter__(self) -> Self:
        try:
            if self._connection is None:
                await self.connect()
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def _get(self, path: str, **headers: str) -> Response:
        async with asyncio.timeout(PATIENCE_S):
            return await self._connected().get(path, headers)

    def _connected(self) -> HttpConnection:
        if self._connection is None:
            raise RuntimeError("a visitor has a stream in its `async with` block")
        return self._connection


@contextlib.asynccontextmanager
async def opened(visitors: Iterable[Visitor]) -> AsyncIterator[list[Visitor]]:
    """Open the streams of these visitors at the same time, for an `async with` block.

    They are closed at its end, and all of them if one cannot be opened.
    """
    several = list(visitors)
    async with contextlib.AsyncExitStack() as stack:
        async with asyncio.TaskGroup() as group:
            for visitor in several:
                stack.push_async_callback(visitor.close)
                group.create_task(visitor.__aenter__(), name="a visitor comes")
        yield several


async def until_all_end(visitors: Iterable[Visitor]) -> list[str]:
    """Wait for the end of each stream, and return how each has ended."""
    return [await visitor.until_the_end() for visitor in visitors]


def affordable(wanted: int) -> int:
    """Return how many visitors this process may have, and say so if these are fewer than wanted.

    Each takes an open file. Where the system allows this process to allow itself more, it does.
    """
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limit
        return wanted
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit < wanted + FILES_FOR_ITSELF:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + FILES_FOR_ITSELF, most))
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = max(1, min(wanted, limit - FILES_FOR_ITSELF))
    if count < wanted:
        print(f"This system allows {limit} open files: {count} visitors in place of {wanted}.")
    return count
