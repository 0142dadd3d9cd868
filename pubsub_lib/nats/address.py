"""Where a NATS server is: checked before it is used, and shown without what must not be shown.

>>> checked_url("nats://secret-token@localhost")
'nats://secret-token@localhost'
>>> shown("nats://secret-token@localhost")
'nats://localhost:4222'
"""

from urllib.parse import urlsplit

# The usual address of a server on this machine.
DEFAULT_URL = "nats://127.0.0.1:4222"


def checked_url(url: str) -> str:
    """Return the address of a NATS server, or say what is wrong with it."""
    if not isinstance(url, str):
        raise TypeError(f"url is a string, as {DEFAULT_URL!r}, not {type(url).__name__}")
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in {"nats", "tls"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        well_formed = False
    if not well_formed:
        without_secrets = url.rpartition("@")[2]
        raise ValueError(
            f"url and NATS_URL look like {DEFAULT_URL!r} or 'nats://TOKEN@example.org:4222', not "
            f"{without_secrets!r}"
        )
    return url


def shown(url: str) -> str:
    """Return the address without what must not be shown."""
    parts = urlsplit(url)
    server = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{server if parts.port else server.rstrip(':') + ':4222'}"
