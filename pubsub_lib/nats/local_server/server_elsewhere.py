"""A NATS server that somebody else runs, in the place of one of our own.

>>> with ServerElsewhere("nats://demo.example.org:4222") as server:
...     server.url
'nats://demo.example.org:4222'
"""

from typing import NoReturn, Self

from pubsub_lib.nats.address import checked_url


class ServerElsewhere:
    """The NATS server that NATS_URL names, which somebody else runs and only they can stop.

    >>> with ServerElsewhere("nats://demo.example.org:4222") as server:
    ...     server.kill()
    Traceback (most recent call last):
    RuntimeError: NATS_URL names a server that is not ours; unset NATS_URL to have one of our own

    Attributes:
        url: where to connect to.

    Raises:
        ValueError: if that is no address of a NATS server.
    """

    def __init__(self, url: str) -> None:
        self.url = checked_url(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Leave the server as it is."""

    @property
    def port(self) -> NoReturn:
        """Refused with a `RuntimeError`, as all that belongs to a server of our own."""
        raise not_ours()

    process_id = running = folder = port

    def start(self, *, limit_s: float = 10.0) -> NoReturn:
        """Refused with a `RuntimeError`."""
        raise not_ours()

    def kill(self) -> NoReturn:
        """Refused with a `RuntimeError`."""
        raise not_ours()

    restart = stop = kill


def not_ours() -> RuntimeError:
    """Return the error for what can be done with a server of our own only."""
    return RuntimeError(
        "NATS_URL names a server that is not ours; unset NATS_URL to have one of our own"
    )
