"""Why there is no connection to a server, each with what would help.

>>> issubclass(ServerUnreachable, NatsError)
True
"""

from pubsub_lib.nats.errors import NatsError


class ServerUnreachable(NatsError):
    """No server answers at this address."""

    def __init__(self, address: str, reason: object) -> None:
        super().__init__(
            f"no NATS server answers at {address} ({reason}); start one, for instance with "
            "`nats-server`, or say where it is: NATS_URL=nats://host:4222"
        )


class AccessRefused(NatsError):
    """The server does not accept who we say that we are, or what we may not do."""

    def __init__(self, address: str, permission: str = "", *, credentials: str = "") -> None:
        if permission:
            told = (
                f"does not allow this ({permission}); give this user the permission in the "
                "server's configuration, or connect as another"
            )
        elif credentials:
            told = (
                f"refuses {credentials}; let it know this user, or replace what is in the file if "
                "it has expired"
            )
        else:
            told = (
                "refuses the token or password, or wants one; give it in the address: "
                "nats://TOKEN@host:4222 or nats://USER:PASSWORD@host:4222, or a file, as "
                "user_credentials= or nkeys_seed="
            )
        super().__init__(f"the NATS server at {address} {told}")


class CredentialsUnusable(NatsError):
    """A file that is to let us in cannot be read, or has something else in it."""

    def __init__(self, credentials: str, reason: str) -> None:
        super().__init__(f"{credentials} lets nobody in: {reason}")


class ConnectionLimitReached(NatsError):
    """The server takes no more connections."""

    def __init__(self, address: str, reason: object) -> None:
        super().__init__(
            f"the server at {address} takes no more connections ({reason}); close some, or raise "
            "max_connections in its configuration, or the limit of the account"
        )


class TlsFailed(NatsError):
    """The connection cannot be encrypted as it was asked for. Nothing was sent in clear."""

    def __init__(self, address: str, reason: object) -> None:
        super().__init__(
            f"no encrypted connection to {address} ({reason}); give tls= an ssl.SSLContext that "
            "knows the authority of the server's certificate, and has a certificate of this client "
            "if the server wants one; or configure TLS at the server"
        )
