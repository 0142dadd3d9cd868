"""nats-py's client, which does not send anything in clear that was to be encrypted.

By itself it encrypts only if the server insists. Where `tls://` was asked for, and the server has
no TLS, it goes on without, and a token is read by whoever listens. This one refuses, as nats.go
does.

>>> SecureClient(wants_tls=True).wants_tls
True
"""

from typing import Any

import nats.errors
from nats.aio.client import Client


class NoTlsOffered(nats.errors.Error):
    """The server offers no TLS, which was asked for."""


class SecureClient(Client):
    """A client that encrypts if that was asked for, or does not connect.

    Args:
        wants_tls: whether it was asked for.
    """

    def __init__(self, *, wants_tls: bool) -> None:
        super().__init__()
        self.wants_tls = wants_tls

    # It comes with the server's greeting, before anything is sent.
    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection and self.wants_tls:
            if not (info.get("tls_required") or info.get("tls_available")):
                raise NoTlsOffered("the server offers no TLS")
            info["tls_required"] = True  # or it would not, where the server leaves it to us
        await super()._process_info(info, initial_connection)

    @property
    def in_cluster(self) -> bool:
        """Whether the server is one of several that keep messages together."""
        return bool(self._server_info.get("cluster"))

    def discard_pending(self) -> None:
        """Give up what was not yet handed to the system, which would be sent when reconnected."""
        self._pending.clear()
        self._pending_data_size = 0
