"""One connection, with what uvicorn leaves to others: a limit to its time, and no WebSocket.

Whoever sends a request one byte at a time would hold a connection for ever, and with some thousands
of them all that there are. And an application has to end a connection at once where nobody reads,
which uvicorn has no word for.

>>> said(408, "Too slow.").splitlines()[0]
b'HTTP/1.1 408 Request Timeout'
"""

import asyncio
from http import HTTPStatus
from typing import Any, override

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: What may wait within this process for a connection, beside what the system keeps for it.
WRITE_BUFFER_BYTES = 16_384
#: How long a whole request may take to come in, from the connection or its first byte on.
REQUEST_S = 10.0


def said(status: int, text: str) -> bytes:
    """Return an answer as it goes over the wire, after which the connection is closed."""
    body = f"{text}\n".encode()
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class BoardProtocol(H11Protocol):
    """Reads requests, each within `REQUEST_S`, and lets the application end the connection."""

    _limit: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self.app_state = {**self.app_state, "abort": transport.abort}
        self._limit_the_request()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._lift_the_limit()
        super().connection_lost(exc)

    @override
    def handle_events(self) -> None:
        super().handle_events()
        has_begun = self.conn.their_state is h11.SEND_BODY or (
            self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        )
        if not has_begun:
            self._lift_the_limit()
        elif self._limit is None and not self.transport.is_closing():
            self._limit_the_request()

    def _limit_the_request(self) -> None:
        self._limit = self.loop.call_later(REQUEST_S, self._give_up)

    def _lift_the_limit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _give_up(self) -> None:
        has_said_something = self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]
        if has_said_something and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(said(408, f"A request has {REQUEST_S:g} s to come in."))
        self.transport.close()


class NoWebSocket(asyncio.Protocol):
    """Answers who asks for a WebSocket, of which there is none here."""

    def __init__(self, **uvicorn: Any) -> None:
        """Take what uvicorn gives, and need nothing of it."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        transport.write(
            said(400, "There is no WebSocket here. Prices are server-sent events, at /prices.")
        )
        transport.close()
