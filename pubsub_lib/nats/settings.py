"""How a broker is to be connected: checked before anything is made of it.

>>> connection_settings(url="nats://secret-token@localhost").addresses
Addresses(servers=('nats://localhost:4222',), tls=False)
>>> connection_settings(url="nats://localhost", connect_timeout=0)
Traceback (most recent call last):
ValueError: connect_timeout must be more than 0 seconds, or None to wait for ever
"""

import logging
import os
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from pubsub_lib.arguments import (
    checked_timeout,
    checked_whole_number,
    is_coroutine_function,
)
from pubsub_lib.nats.address import DEFAULT_URL, Addresses, addresses_of
from pubsub_lib.nats.credentials import Credentials
from pubsub_lib.nats.errors import NatsError

logger = logging.getLogger(__name__)


def logged(error: NatsError) -> None:
    """Log an error, for whom nobody has said what to do with it."""
    logger.warning("%s", error)


class ConnectionOptions(TypedDict, total=False):
    """What every broker over NATS can be told of its connection, by keyword."""

    #: The server's address, `nats://host:port`, `nats://TOKEN@host:port` or
    #: `nats://USER:PASSWORD@host:port`, or those of several servers of one cluster; by default the
    #: environment's `NATS_URL`, with commas between several, or else a server on this machine. With
    #: `tls://host:port` nothing is sent that is not encrypted.
    url: str | Sequence[str] | None
    #: How to encrypt, if not as `ssl.create_default_context()` does: with which authorities, and
    #: which certificate of this client. Nothing is sent then that is not encrypted.
    tls: ssl.SSLContext | None
    #: The path of a file that lets us in, in the place of a token: a user's credentials. It is read
    #: anew for each connection.
    user_credentials: str | os.PathLike[str] | None
    #: The path of such a file: the seed of a key.
    nkeys_seed: str | os.PathLike[str] | None
    #: How long to look for the server at first, in seconds; `None` for ever.
    connect_timeout: float | None
    #: Is called with each `NatsError` that can be raised to nobody; by default they are logged as
    #: warnings.
    on_error: Callable[[NatsError], object] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """How a broker is to be connected. Made by `connection_settings`, which checks them.

    Attributes:
        addresses: where the servers are, and what lets us in.
        tls: how the connection is encrypted; `None` as Python does by default, if at all.
        credentials: a file that lets us in, in the place of a token.
        connect_timeout: how long to try at first, in seconds; `None` for ever. Later it tries for
            ever.
        send_buffer: how many bytes may wait while there is no connection; 0 refuses them.
        report: is told of errors that cannot be raised to anybody. What it raises is logged.
    """

    addresses: Addresses
    tls: ssl.SSLContext | None
    credentials: Credentials | None
    connect_timeout: float | None
    send_buffer: int
    report: Callable[[NatsError], object] = field(repr=False)

    @property
    def wants_tls(self) -> bool:
        """Whether nothing may be sent on a connection that is not encrypted."""
        return self.tls is not None or self.addresses.tls


def connection_settings(
    *,
    url: str | Sequence[str] | None = None,
    tls: ssl.SSLContext | None = None,
    user_credentials: str | os.PathLike[str] | None = None,
    nkeys_seed: str | os.PathLike[str] | None = None,
    connect_timeout: float | None = 2.0,
    send_buffer: int = 0,
    on_error: Callable[[NatsError], object] | None = None,
) -> ConnectionSettings:
    """Return how a broker is to be connected, or say what is wrong with it.

    The arguments are those of `ConnectionOptions`, and `send_buffer`.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument is out of its range.
        FileNotFoundError: if there is no such file.
        CredentialsUnusable: if it cannot be read, or has something else in it.
        ModuleNotFoundError: if nkeys is needed, and not installed.
    """
    if connect_timeout == 0:
        raise ValueError("connect_timeout must be more than 0 seconds, or None to wait for ever")
    report = logged if on_error is None else on_error
    if not callable(report) or is_coroutine_function(report):
        raise TypeError(f"on_error is a function that is called with an error, not {report!r}")
    if tls is not None and not isinstance(tls, ssl.SSLContext):
        raise TypeError(
            f"tls is an ssl.SSLContext, as ssl.create_default_context() makes, not {tls!r}"
        )
    if url is None:
        url = os.environ.get("NATS_URL") or DEFAULT_URL
    return ConnectionSettings(
        addresses=addresses_of(url),
        tls=tls,
        credentials=_checked_credentials(user_credentials, nkeys_seed),
        connect_timeout=checked_timeout(connect_timeout),
        send_buffer=checked_whole_number("send_buffer", send_buffer, unit="bytes", least=0),
        report=report,
    )


def _checked_credentials(
    user_credentials: str | os.PathLike[str] | None, nkeys_seed: str | os.PathLike[str] | None
) -> Credentials | None:
    if user_credentials is not None and nkeys_seed is not None:
        raise ValueError("give user_credentials or nkeys_seed: the server lets in one user")
    if user_credentials is not None:
        return Credentials("user_credentials", user_credentials)
    return None if nkeys_seed is None else Credentials("nkeys_seed", nkeys_seed)
