"""A visitor's connection: requests and answers one after another, and then a stream.

h11 takes HTTP apart, as it does within uvicorn and httpx; what is left is to say who waits for
what. A client with a pool, such as httpx, is more than a visitor needs, and takes longer than the
server that is to be measured.

>>> HttpConnection().ended
''
"""

import asyncio
import time
from dataclasses import dataclass

import h11

from pubsub_lib.lab.service.events import EventReader, ServerSentEvent


@dataclass(frozen=True, slots=True)
class Response:
    """What a server has answered.

    Attributes:
        status: the HTTP status, such as 200.
        headers: by their names in small letters.
        body: empty, if the answer is a stream.
    """

    status: int
    headers: dict[str, str]
    body: bytes = b""

    @property
    def is_stream(self) -> bool:
        """Whether it goes on with events."""
        return self.headers.get("content-type", "").startswith("text/event-stream")


class HttpConnection(asyncio.Protocol):
    """A connection to a server, as asyncio's `create_connection` makes it.

    Attributes:
        events: what a stream has brought, from its beginning.
        ended: how the stream has ended: `""` while it has not, `"the end"` where the server has
            ended it as HTTP has it, and `"cut off"` where the connection broke.
        transport: what carries the bytes.
    """

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.events: list[ServerSentEvent] = []
        self.ended = ""
        self._http = h11.Connection(h11.CLIENT)
        self._reader = EventReader()
        self._begun = Response(0, {})
        self._answer: asyncio.Future[Response] | None = None
        self._waiters: set[asyncio.Future[None]] = set()

    async def get(self, path: str, headers: dict[str, str]) -> Response:
        """Ask for something, and return the answer.

        Raises:
            ConnectionError: if the server hangs up without one.
        """
        sent = [("Host", "127.0.0.1"), *headers.items()]
        request = h11.Request(method="GET", target=path, headers=sent)
        self._answer = asyncio.get_running_loop().create_future()
        for part in (request, h11.EndOfMessage()):
            self.transport.write(self._http.send(part) or b"")
        return await self._answer

    async def change(self) -> None:
        """Wait until something has arrived, or the connection has ended."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note what carries the bytes."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Take apart what has arrived."""
        arrived_s = time.time()
        self._http.receive_data(data)
        try:
            while not isinstance(part := self._http.next_event(), type(h11.NEED_DATA)):
                if part is h11.PAUSED or isinstance(part, h11.ConnectionClosed):
                    break
                self._take(part, arrived_s)
        except h11.RemoteProtocolError:  # it breaks off in the middle of something
            self.transport.abort()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        self.ended = self.ended or "cut off"
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server hangs up without an answer"))
        self._wake()

    def _take(self, part: object, arrived_s: float) -> None:
        begun = self._begun
        match part:
            case h11.Response():
                headers = {name.decode(): value.decode() for name, value in part.headers}
                self._begun = Response(part.status_code, headers)
                if self._begun.is_stream:
                    self._answered(self._begun)
            case h11.Data() if begun.is_stream:
                self.events += self._reader.feed(bytes(part.data), at_s=arrived_s)
            case h11.Data():
                self._begun = Response(begun.status, begun.headers, begun.body + bytes(part.data))
            case h11.EndOfMessage() if begun.is_stream:
                self.ended = "the end"
                self.transport.close()
            case h11.EndOfMessage():
                if self._http.their_state is h11.DONE and self._http.our_state is h11.DONE:
                    self._http.start_next_cycle()
                self._answered(begun)

    def _answered(self, answer: Response) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
