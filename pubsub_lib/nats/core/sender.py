"""Sends numbered messages over a connection, and knows which of them the server has.

>>> SendStats(sent=3, confirmed=1, uncertain=1, pending=1)
SendStats(sent=3, confirmed=1, uncertain=1, pending=1, refused=0)
"""

import asyncio
import secrets
from typing import NamedTuple, override

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.connection_watcher import ConnectionWatcher
from pubsub_lib.nats.errors import NatsError, NotConnected, PayloadTooLarge
from pubsub_lib.nats.headers import overhead

# After so many bytes a publisher waits until the server has them, which holds back one that is
# faster than the network.
BYTES_ON_THE_WAY = 64 * 1024
# How long a message may be on its way before the server is asked for it, in seconds.
CONFIRM_AFTER_S = 0.5
# On so many subjects messages are numbered; then all of them begin anew, under another name.
NUMBERED_SUBJECTS = 10_000


class SendStats(NamedTuple):
    """What became of the messages that were published here. `sent` is the sum of the others."""

    sent: int  #: accepted by `publish`
    confirmed: int  #: the server has them
    uncertain: int  #: on their way when a connection was lost; the server may have them or not
    pending: int  #: on their way now, or waiting for the connection
    refused: int = 0  #: the server has not allowed them


class Sender(ConnectionWatcher):
    """Sends messages, and counts what becomes of them.

    Args:
        connection: the way to the server.
        home: the event loop that it belongs to.
    """

    def __init__(self, connection: Connection, home: HomeLoop) -> None:
        self._connection = connection
        self._home = home
        self._sent = 0
        self._confirmed = 0
        self._uncertain = 0
        self._refused = 0
        self._refusal: NatsError | None = None  # which nobody was told by `check_refusals`
        self._numbers: dict[str, int] = {}  # of the last message on each subject
        self._identity = ""
        self._asking_later: asyncio.TimerHandle | None = None
        connection.watch(self)

    @property
    def stats(self) -> SendStats:
        """What became of the messages that were published here."""
        pending = self._sent - self._confirmed - self._uncertain - self._refused
        return SendStats(self._sent, self._confirmed, self._uncertain, pending, self._refused)

    async def send(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> None:
        """Hand a numbered message to the connection; wait only if much is on its way already.

        The number travels as the subject for replies, which nobody else uses in publishing: this
        costs a tenth of what a header does, and leaves the payload to the message. Each subject has
        its own numbers, since a subscriber may ask for some of them.

        Cancelling it does not take the message back.

        Raises:
            PayloadTooLarge: if the server takes no message of this size.
            NotConnected: if there is no connection, and no room to keep the message meanwhile.
        """
        connection = self._connection
        client = connection.client
        if not client.is_connected and not self._has_room(data):
            await asyncio.sleep(0)  # or who tries again and again would keep it from coming back
            raise self._no_room()
        if headers and (size := len(data) + overhead(headers)) > client.max_payload:
            raise PayloadTooLarge(size, client.max_payload)  # the server would hang up
        number = self._numbers.get(subject, 0) + 1
        if number == 1:
            self._meet_another_subject()
        self._numbers[subject] = number
        self._sent += 1
        try:
            await client.publish(subject, data, f"{self._identity}.{number}", headers or None)
        except Exception as error:
            self._sent -= 1
            self._numbers[subject] = number - 1
            raise connection.named(error, len(data)) from error
        if self._asking_later is None:
            self._ask_later()
        if client.pending_data_size > BYTES_ON_THE_WAY and connection.connected:
            await connection.round_trip()

    def _meet_another_subject(self) -> None:
        """Prepare to number the messages of one more subject."""
        if not self._identity:
            self._identity = self._connection.identity
        if len(self._numbers) >= NUMBERED_SUBJECTS:
            self._numbers.clear()
            self._identity = secrets.token_hex(8)

    def _has_room(self, data: bytes) -> bool:
        connection = self._connection
        room = connection.settings.send_buffer - connection.client.pending_data_size
        return connection.closed or 0 < room >= len(data)

    def _no_room(self) -> NotConnected:
        settings = self._connection.settings
        kept = f"the {settings.send_buffer:,} bytes that are kept for it are in use"
        return NotConnected(
            f"there is no connection to {self._connection.address}, and "
            f"{kept if settings.send_buffer else 'nothing is kept for it'}; publish again when it "
            "is back, or raise send_buffer"
        )

    def _ask_later(self) -> None:
        loop = self._home.check()
        self._asking_later = loop.call_later(CONFIRM_AFTER_S, self._ask_if_pending)

    def _ask_if_pending(self) -> None:
        self._asking_later = None
        if self._connection.connected and self.stats.pending:
            self._connection.ask()

    @override
    def count_sent(self) -> int:
        return self._sent

    @override
    def note_confirmed(self, sent: int) -> None:
        self._confirmed = max(self._confirmed, sent - self._uncertain - self._refused)

    @override
    def publish_refused(self, subject: str, error: NatsError) -> None:
        if self.stats.pending:
            self._refused += 1
            self._refusal = error

    def check_refusals(self) -> None:
        """Check that the server has allowed what was sent since this was called last.

        Raises:
            AccessRefused: if it has not.
        """
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            raise refusal

    @override
    def connection_restored(self) -> None:
        self._ask_if_pending()

    @override
    def write_off(self) -> int:
        if self._asking_later is not None:
            self._asking_later.cancel()
            self._asking_later = None
        pending = self.stats.pending
        self._uncertain += pending
        return pending
