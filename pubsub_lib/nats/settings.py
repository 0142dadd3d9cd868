"""How a broker is to be connected: checked before anything is made of it.

>>> settings = connection_settings(url="nats://secret-token@localhost")
>>> settings
ConnectionSettings(connect_timeout=2.0, send_buffer=0)
>>> connection_settings(url="nats://localhost", connect_timeout=0)
Traceback (most recent call last):
ValueError: connect_timeout must be more than 0 seconds, or None to wait for ever
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from pubsub_lib.arguments import (
    checked_timeout,
    checked_whole_number,
    is_coroutine_function,
)
from pubsub_lib.nats.address import DEFAULT_URL, checked_url
from pubsub_lib.nats.errors import NatsError

logger = logging.getLogger(__name__)


def logged(error: NatsError) -> None:
    """Log an error, for whom nobody has said what to do with it."""
    logger.warning("%s", error)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """How a broker is to be connected. Made by `connection_settings`, which checks them.

    Attributes:
        url: the address, `nats://host:port`; a token or user and password stand before the host.
        connect_timeout: how long to try at first, in seconds; `None` for ever. Later it tries for
            ever.
        send_buffer: how many bytes may wait while there is no connection; 0 refuses them.
        report: is told of errors that cannot be raised to anybody. What it raises is logged.
    """

    url: str = field(repr=False)
    connect_timeout: float | None
    send_buffer: int
    report: Callable[[NatsError], object] = field(repr=False)


def connection_settings(
    *,
    url: str | None,
    connect_timeout: float | None = 2.0,
    send_buffer: int = 0,
    on_error: Callable[[NatsError], object] | None = None,
) -> ConnectionSettings:
    """Return how a broker is to be connected, or say what is wrong with it.

    Raises:
        TypeError: if an argument is of the wrong type.
        ValueError: if an argument is out of its range.
    """
    if connect_timeout == 0:
        raise ValueError("connect_timeout must be more than 0 seconds, or None to wait for ever")
    report = logged if on_error is None else on_error
    if not callable(report) or is_coroutine_function(report):
        raise TypeError(f"on_error is a function that is called with an error, not {report!r}")
    return ConnectionSettings(
        url=checked_url(url or os.environ.get("NATS_URL") or DEFAULT_URL),
        connect_timeout=checked_timeout(connect_timeout),
        send_buffer=checked_whole_number("send_buffer", send_buffer, unit="bytes", least=0),
        report=report,
    )
