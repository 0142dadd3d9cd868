"""Says what an error of nats-py or of the server means here, and what would help.

>>> print(named(nats.errors.MaxPayloadError(), "nats://localhost:4222", size=2_000, limit=1_024))
a message of 2,000 bytes is more than the 1,024 that the server takes; send where the content is \
to be found, or raise max_payload in the server's configuration
"""

import ssl

import nats.errors

from pubsub_lib.nats.client import NotLetIn, NoTlsOffered
from pubsub_lib.nats.connecting_errors import (
    AccessRefused,
    ConnectionLimitReached,
    CredentialsUnusable,
    TlsFailed,
)
from pubsub_lib.nats.credentials import Credentials
from pubsub_lib.nats.errors import NatsError, PayloadTooLarge, StoreFull, cut

# The server's numbers of errors that say that there is no room, or there are too few servers.
STORE_FULL = frozenset({10002, 10023, 10028, 10047})
TOO_FEW_SERVERS = frozenset({10005, 10074})
SUBJECTS_OVERLAP = 10065
# What the server says, in lower case, where it does not let us in, or does so no longer.
NOT_LET_IN = ("authorization", "authentication expired", "authentication revoked")


def named(error: Exception, address: str, *, size: int = 0, limit: int = 0) -> Exception:
    """Return an error as one of ours, which says what to do.

    Args:
        error: what nats-py, or the codec before it, has raised.
        address: where the server is, without what must not be shown.
        size: of the message, in bytes.
        limit: how large a message the server takes, in bytes.
    """
    match error:
        case nats.errors.MaxPayloadError():
            return PayloadTooLarge(size, limit)
        case nats.errors.Error():
            return NatsError(f"{error}; this is what the server at {address} answers")
        case TypeError():
            return TypeError(f"the codec's to_bytes() returns what is no bytes ({error})")
    return error


def why_no_connection(
    error: Exception, address: str, credentials: Credentials | None
) -> TlsFailed | AccessRefused | CredentialsUnusable | ConnectionLimitReached | None:
    """Return why an attempt to connect has failed, or a connection has ended; `None` if that is
    not known.

    >>> refused = nats.errors.Error("nats: 'authorization violation'")
    >>> type(why_no_connection(refused, "nats://host:4222", None)).__name__
    'AccessRefused'
    """
    said = str(error).lower()
    if isinstance(error, ssl.SSLError | ssl.CertificateError | NoTlsOffered):
        return TlsFailed(address, said_by(error))
    if isinstance(error, NotLetIn):
        return error.failure
    if "connections exceeded" in said:
        return ConnectionLimitReached(address, said_by(error))
    if any(each in said for each in NOT_LET_IN):
        return AccessRefused(address, credentials="" if credentials is None else repr(credentials))
    return None


def said_by(error: Exception) -> str:
    """Return what an error says, or else its name."""
    return cut(error) or type(error).__name__


def of_stream(number: int | None, description: str, address: str, stream: str) -> NatsError:
    """Return what JetStream says of a stream as one of our errors.

    Args:
        number: the server's `err_code`.
        description: what it says.
        address: where the server is, without what must not be shown.
        stream: what the stream is called.

    >>> type(of_stream(10047, "insufficient storage", "nats://host:4222", "orders")).__name__
    'StoreFull'
    """
    if number in STORE_FULL:
        return StoreFull(address, description)
    remedy = "give every process the same settings, or the stream another name"
    if number == SUBJECTS_OVERLAP:
        remedy = "another stream keeps such a subject already, so give one of the brokers another"
    if number in TOO_FEW_SERVERS:
        remedy = "replicas= needs as many servers with JetStream in one cluster"
    return NatsError(
        f"the server at {address} says of the stream {stream!r}: {description}; {remedy}"
    )
