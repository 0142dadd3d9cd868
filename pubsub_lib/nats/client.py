"""nats-py's client, which does not send anything in clear that was to be encrypted, nor gives up.

By itself it encrypts only if the server insists. Where `tls://` was asked for, and the server has
no TLS, it goes on without, and a token is read by whoever listens. This one refuses, as nats.go
does.

It also ends for good whenever the server says an error. This one does so only where the server has
withdrawn our access, and else connects again.

And it reads nothing more, and tells nobody, after a message whose headers or subject it cannot
read, which anybody may send who may publish. This one reads what can be read of it.

>>> SecureClient(wants_tls=True).wants_tls
True
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, override

import nats.errors
from nats.aio.client import DEFAULT_BUFFER_SIZE, Client, Srv
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from pubsub_lib.nats.connecting_errors import CredentialsUnusable
from pubsub_lib.nats.credentials import Credentials
from pubsub_lib.nats.greeting import GreetedTransport
from pubsub_lib.nats.settings import ConnectionSettings

# How often to try to connect again, in seconds, and how long one try may take.
RECONNECT_EVERY_S = 0.25
ONE_TRY_S = 5.0
# How often to ask whether the server is still there, in seconds; it is given up after two questions
# without an answer.
PING_EVERY_S = 10.0
# After these, in what the server says, there is no use in trying again, or nats-py does so already.
LEFT_TO_NATS_PY = ("authorization violation", "permissions violation", "stale connection")


class NoTlsOffered(nats.errors.Error):
    """The server offers no TLS, which was asked for."""


class ClientListener(Protocol):
    """Who is told what becomes of a connection."""

    async def on_error(self, error: Exception, /) -> None:
        """Take note of an error."""

    async def on_disconnected(self) -> None:
        """Take note that the connection is lost."""

    async def on_reconnected(self) -> None:
        """Take note that it was made again."""

    async def on_closed(self) -> None:
        """Take note that it has ended for good."""


class NotLetIn(nats.errors.Error):
    """The server cannot be told who we are.

    Attributes:
        failure: what is wrong, as one of our errors.
    """

    def __init__(self, failure: CredentialsUnusable) -> None:
        super().__init__(str(failure))
        self.failure = failure


class SecureClient(Client):
    """A client that encrypts if that was asked for, or does not connect.

    Args:
        wants_tls: whether it was asked for.
    """

    def __init__(self, *, wants_tls: bool) -> None:
        super().__init__()
        self.wants_tls = wants_tls
        self._credentials: Credentials | None = None
        self._receivers: dict[int, Callable[[Msg], object]] = {}  # by the subscription's number

    async def open(self, settings: ConnectionSettings, listener: ClientListener) -> None:
        """Connect, and tell from then on of what happens.

        Raises:
            Exception: what the listener raises on an error, which ends the attempt.
        """
        addresses = settings.addresses
        self._credentials = credentials = settings.credentials
        has_token = credentials is not None and credentials.option == "user_credentials"
        await self.connect(
            list(addresses.servers),
            user=addresses.user,
            password=addresses.password,
            token=addresses.token,
            tls=settings.tls,
            signature_cb=None if credentials is None else credentials.sign,
            user_jwt_cb=self._user_token if has_token else None,
            error_cb=listener.on_error,
            disconnected_cb=listener.on_disconnected,
            reconnected_cb=listener.on_reconnected,
            closed_cb=listener.on_closed,
            connect_timeout=ONE_TRY_S,  # type: ignore[arg-type]
            reconnect_time_wait=RECONNECT_EVERY_S,  # type: ignore[arg-type]
            max_reconnect_attempts=-1,
            ping_interval=PING_EVERY_S,  # type: ignore[arg-type]
            # A publisher that nats-py holds back cannot be cancelled, so we hold it back.
            pending_size=sys.maxsize,
            skip_subject_validation=True,  # a subject is checked once, when it is given
        )

    def _user_token(self) -> bytearray:
        assert self._credentials is not None
        return bytearray(self._credentials.user_token or b"")

    @override
    def _connect_command(self) -> bytes:
        try:
            if self._credentials is not None and self._credentials.option == "nkeys_seed":
                self._public_nkey = self._credentials.public_key
            return super()._connect_command()
        except CredentialsUnusable as failure:  # which nats-py would not survive
            raise NotLetIn(failure) from None

    @override
    async def _attempt_reconnect(self) -> None:
        self.abort()
        await super()._attempt_reconnect()

    @override
    async def _connect_to_server(self, s: Srv) -> None:
        s.last_attempt = time.monotonic()
        if self._transport is not None:
            # nats-py leaves one on which it was refused.
            self._transport.close()  # type: ignore[no-untyped-call]
        transport = GreetedTransport()
        try:
            await transport.connect(s.uri, DEFAULT_BUFFER_SIZE, self.options["connect_timeout"])
        except UnicodeError as error:
            raise nats.errors.Error(f"this cannot be the name of a host: {error}") from None
        self._transport = transport

    @override
    async def _process_connect_init(self) -> None:
        try:
            await super()._process_connect_init()
        except (OSError, nats.errors.Error):
            raise
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise nats.errors.Error(f"it greets as no NATS server does ({error})") from error
        assert isinstance(self._transport, GreetedTransport)
        for line in self._transport.later:
            await self._process_info(json.loads(line[len("INFO ") :]))

    # It comes with the server's greeting, before anything is sent, and when something changes.
    @override
    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection and self.wants_tls:
            if not (info.get("tls_required") or info.get("tls_available")):
                raise NoTlsOffered("the server offers no TLS")
            info["tls_required"] = True  # or it would not, where the server leaves it to us
        self._max_payload = _checked_limit(info.get("max_payload", self._max_payload))
        await super()._process_info(info, initial_connection)

    @override
    async def _process_err(self, err_msg: str) -> None:
        """Take note of an error that the server has said, after which it may hang up."""
        if any(known in err_msg for known in LEFT_TO_NATS_PY):
            await super()._process_err(err_msg)
            return
        said = nats.errors.Error(f"nats: {err_msg.strip("'")}")
        await self._error_cb(said)
        await self._process_op_err(said)

    async def subscribe_at_once(
        self, subject: str, receive: Callable[[Msg], object]
    ) -> Subscription:
        """Have messages handed over as they are read, to a function that never waits.

        nats-py puts each into a queue for a task, which wakes up for it: a fifth of what a message
        costs, where the function has an inbox of its own.

        Raises:
            nats.errors.Error: if there is no connection.
        """
        subscription: Subscription = await self.subscribe(subject)
        self._receivers[subscription._id] = receive
        return subscription

    @override
    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        receive = self._receivers.get(sid)
        if receive is None:
            await super()._process_msg(sid, subject, reply, data, headers)
        elif sid in self._subs:
            self.stats["in_msgs"] += 1
            self.stats["in_bytes"] += len(data)
            known = await self._process_headers(headers) if headers else None
            try:
                receive(self._build_message(sid, subject, reply, data, known))
            except Exception as error:  # or nats-py would take it for one of the connection's
                await self._error_cb(error)

    @override
    def _remove_sub(self, sid: int, max_msgs: int = 0) -> None:
        super()._remove_sub(sid, max_msgs)
        self._receivers.pop(sid, None)

    @override
    async def _process_headers(self, headers: bytes | None) -> dict[str, str] | None:
        if not headers:
            return None
        try:
            known: dict[str, str] | None = await super()._process_headers(headers)
        except (LookupError, UnicodeError):  # it takes what comes first for a line of the server
            known = self._parse_header_lines(headers.partition(b"\r\n")[2])
        return known

    @override
    def _build_message(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: dict[str, str] | None
    ) -> Msg:
        if not (subject.isascii() and reply.isascii()):
            subject, reply = _text(subject), _text(reply)
        message: Msg = super()._build_message(sid, subject, reply, data, headers)
        return message

    @property
    def in_cluster(self) -> bool:
        """Whether the server is one of several that keep messages together."""
        return bool(self._server_info.get("cluster"))

    def abort(self) -> None:
        """Let go of the socket, for which nats-py would wait until the server has taken in all."""
        if isinstance(self._transport, GreetedTransport):
            self._transport.abort()

    def discard_pending(self) -> None:
        """Give up what was not yet handed to the system, which would be sent when reconnected."""
        self._pending.clear()
        self._pending_data_size = 0


def _checked_limit(most_bytes: object) -> int:
    if not isinstance(most_bytes, int):
        raise TypeError(f"max_payload is no number: {most_bytes!r}")
    return most_bytes


def _text(name: bytes) -> bytes:
    """Return a subject in which only text stands, as for people."""
    return name.decode(errors="replace").encode()
