"""A connection whose greeting is read closely, and to which nothing is written once it is lost.

A server greets with a line of INFO, and answers our CONNECT and PING with PONG, or with an error.
Between them it may say INFO again, which would be taken for the answer; it may say why it takes
nobody, and hang up; and whoever listens there may be no such server. nats-py looks at none of that,
and goes on writing to a connection until it has noticed that it is lost.

>>> refusal(b"-ERR 'maximum connections exceeded'")
"nats: 'maximum connections exceeded'"
"""

from typing import Any, override
from urllib.parse import ParseResult

import nats.errors
from nats.aio.transport import TcpTransport


class GreetedTransport(TcpTransport):
    """A connection on which the greeting and one answer are read with care.

    Attributes:
        later: the lines of INFO that came after the first.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.later: list[bytes] = []
        self._greeted = False

    @override
    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        await super().connect(uri, buffer_size, connect_timeout)

    @override
    async def readline(self) -> bytes:
        """Return the greeting, and then the answer.

        Raises:
            nats.errors.Error: if it is something else.
        """
        while True:
            try:
                line: bytes = await super().readline()  # type: ignore[no-untyped-call]
            except ValueError as error:  # it does not end
                raise nats.errors.Error("it says what no NATS server says") from error
            if not line:
                raise nats.errors.Error("it hung up")
            if line.startswith(b"-ERR"):
                raise nats.errors.Error(refusal(line))
            if not self._greeted:
                self._greeted = True
                return line
            if line.startswith(b"PONG"):
                return line
            if not line.startswith((b"INFO ", b"+OK")):
                raise nats.errors.Error("it says what no NATS server says")
            if line.startswith(b"INFO "):
                self.later.append(line)

    @override
    def writelines(self, payload: list[bytes]) -> None:
        """Write, unless the connection is lost.

        Older versions of Python would wait for room at the number that its socket had. The next
        connection gets that number, and would not be told that it is made (gh-136234 of CPython).
        """
        if self._io_writer is None or not self._io_writer.transport.is_closing():
            super().writelines(payload)  # type: ignore[no-untyped-call]

    def abort(self) -> None:
        """Close it without waiting until the server has taken in what was written."""
        if self._io_writer is not None:
            self._io_writer.transport.abort()

    @override
    async def drain(self) -> None:
        """Send all; if that fails, say what the server has said before it hung up.

        Raises:
            nats.errors.Error: if it has said why.
            OSError: if not.
        """
        try:
            await super().drain()  # type: ignore[no-untyped-call]
        except OSError:
            # A reader whose connection has failed does not give what it has.
            unread: Any = getattr(self._io_reader, "_buffer", b"")
            if unread.startswith(b"-ERR"):
                raise nats.errors.Error(refusal(bytes(unread))) from None
            raise


def refusal(line: bytes) -> str:
    """Return what nats-py would make of an error that the server has said."""
    first = line.partition(b"\r\n")[0]
    return f"nats: {first.removeprefix(b'-ERR').strip().decode(errors='replace').lower()}"
