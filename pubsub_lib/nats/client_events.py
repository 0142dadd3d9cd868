"""What nats-py tells of a connection while it lasts: what it means, and who has to know.

>>> from pubsub_lib.nats.settings import connection_settings
>>> events = ClientEvents(connection_settings(url="nats://localhost"), PendingRequests(), [])
>>> events.connected
False
"""

import asyncio
import logging
import re
from collections.abc import Sequence

import nats.errors

from pubsub_lib.nats.client import SecureClient
from pubsub_lib.nats.connecting_errors import AccessRefused, ConnectionLimitReached
from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.diagnosis import said_by, why_no_connection
from pubsub_lib.nats.errors import ConnectionLost, NatsError, NotConnected, Unconfirmed
from pubsub_lib.nats.pending_requests import PendingRequests
from pubsub_lib.nats.settings import ConnectionSettings

logger = logging.getLogger(__name__)

# What the server may have refused, in what it says.
A_REFUSAL = re.compile(r'(publish|subscription) to "([^"]*)"')
# Of so many refusals each is told once.
TOLD_ONCE = 1_000


class ClientEvents:
    """Hears what becomes of a connection, and tells those who have to know.

    Args:
        settings: where the server is, and who is told of errors.
        requests: what the server is asked.
        watchers: who has to know, as many as there are at the time.

    Attributes:
        client: nats-py's client.
        made: whether there has ever been a connection.
        closing: whether it is us who close it.
        reconnects: how often it was made again.
        up: is set while there is a connection, or if there will be none any more.
        last_error: what was wrong last, in words.
        failure: why there is no connection, if that is known.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        requests: PendingRequests,
        watchers: Sequence[ConnectionWatcher],
    ) -> None:
        self.client = SecureClient(wants_tls=settings.wants_tls)
        self.made = False
        self.closing = False
        self.reconnects = 0
        self.up = asyncio.Event()
        self.last_error = "no answer"
        self.failure: NatsError | None = None
        self._settings = settings
        self._address = settings.addresses.shown
        self._requests = requests
        self._watchers = watchers
        self._told: set[str] = set()  # what was refused, and reported

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""
        return self.up.is_set() and self.client.is_connected

    def end(self) -> NotConnected:
        """Return the error for a connection that has been closed for good."""
        why = "shut down" if self.closing else self.last_error
        return NotConnected(
            f"the connection to {self._address} has been closed ({why}); make a new broker"
        )

    def write_off(self) -> int:
        """Give up what is on its way, and return how many messages that were."""
        return sum(watcher.write_off() for watcher in self._watchers)

    def report(self, error: NatsError) -> None:
        """Tell of an error that cannot be raised to anybody."""
        try:
            self._settings.report(error)
        except Exception:  # nats-py would not survive it
            logger.exception("on_error raised an exception")

    async def on_error(self, error: Exception) -> None:
        """Take note of an error.

        Raises:
            NatsError: if it is of no use to try any longer to make a first connection.
        """
        if isinstance(error, nats.errors.SlowConsumerError):
            return  # what JetStream did not get rid of here comes again
        self.last_error = said_by(error)
        text = str(error).lower()
        failure = why_no_connection(error, self._address, self._settings.credentials)
        if failure is not None:
            told_before, self.failure = self.failure, failure
            if self.made:
                if told_before is None:
                    self.report(failure)
            elif not isinstance(failure, ConnectionLimitReached):  # which somebody may leave
                raise failure  # ends the first try
        elif "permissions violation" in text:
            self._on_refusal(text)
        elif not isinstance(error, OSError | nats.errors.Error):
            logger.error("an exception while a message was taken in", exc_info=error)
        elif self.connected and not isinstance(error, OSError | nats.errors.StaleConnectionError):
            self.report(NatsError(f"{error}; this is what the server at {self._address} says"))

    def _on_refusal(self, text: str) -> None:
        """Let those know who have asked for what the server does not allow, as it says."""
        refusal = AccessRefused(self._address, self.last_error)
        if text not in self._told:
            if len(self._told) >= TOLD_ONCE:
                self._told.clear()
            self._told.add(text)
            self.report(refusal)
        if "$js.api" in text or "_inbox" in text:
            self._requests.refuse(refusal)
        what, subject = match.groups() if (match := A_REFUSAL.search(text)) else ("", "")
        for watcher in self._watchers:
            if what == "publish":
                watcher.publish_refused(subject, refusal)
            elif what == "subscription":
                watcher.subscription_refused(subject, refusal)

    async def on_disconnected(self) -> None:
        """Take note that the connection is lost."""
        was_up = self.up.is_set()
        self._requests.give_up()
        if not self.made:
            return
        for watcher in self._watchers:
            watcher.connection_lost()
        if not self.client.is_closed:
            self.up.clear()
            # Also if it was lost again before anybody knew that it had been made.
            uncertain = self.write_off()
            if was_up or uncertain:
                self.report(ConnectionLost(self._address, uncertain))

    async def on_reconnected(self) -> None:
        """Take note that it was made again."""
        self.reconnects += 1
        self.failure = None
        self._told.clear()
        self.up.set()
        for watcher in self._watchers:
            watcher.connection_restored()

    async def on_closed(self) -> None:
        """Take note that it has ended for good, and tell the readers, if it was not us."""
        if not self.made or self.closing:
            return
        end: NatsError | None = None
        self.last_error = "by the server"
        if (error := self.client.last_error) is not None:
            self.last_error = said_by(error)
            end = why_no_connection(error, self._address, self._settings.credentials)
        end = end or self.end()
        if pending := self.write_off():
            self.report(Unconfirmed(pending, "make a new broker, and publish them again"))
        self.report(end)
        self.up.set()  # wakes those who wait, to find it closed
        for watcher in self._watchers:
            watcher.connection_failed(end)
