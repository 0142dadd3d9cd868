"""What the two brokers on a NATS server share: a subject, a codec, and a connection.

>>> checked_subject("prices.gold")
'prices.gold'
>>> checked_subject("prices.*")
Traceback (most recent call last):
ValueError: subject is words with dots between, as 'prices.gold', not 'prices.*'
"""

import logging
import re
from collections.abc import Callable
from typing import Any, override

from pubsub_lib.arguments import checked_timeout
from pubsub_lib.in_process.base_broker import BaseBroker
from pubsub_lib.in_process.subscriber import SubscriberState
from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.decoding import Decoder, codec_of
from pubsub_lib.nats.errors import NatsError, UndecodablePayload

logger = logging.getLogger(__name__)


class NetworkedBroker[T, B: SubscriberState[Any]](BaseBroker[T, B]):
    """The part of a broker on a server that does not depend on what it promises.

    Attributes:
        subject: what all processes call it whose messages it brings together.
    """

    def _set_up(
        self,
        subject: str,
        codec: Codec[T] | type[T] | None,
        *,
        url: str | None,
        connect_timeout: float | None,
        send_buffer: int,
        on_error: Callable[[NatsError], object] | None,
    ) -> None:
        """Check what every such broker is made with, and make what it works with."""
        self.subject = checked_subject(subject)
        codec = codec_of(codec)
        self._to_bytes = codec.to_bytes
        self._connection = Connection(
            url,
            self._home,
            connect_timeout=_checked_connect_timeout(connect_timeout),
            send_buffer=_checked_send_buffer(send_buffer),
            report=_logged if on_error is None else on_error,
        )
        self._decoder = Decoder(codec, self._connection.report)

    def __del__(self) -> None:
        super().__del__()
        if hasattr(self, "_connection"):
            self._home.call_soon(self._connection.abandon)

    @override
    def _in_use(self) -> bool:
        return super()._in_use() or (hasattr(self, "_connection") and self._connection.made)

    @property
    def set_aside(self) -> list[UndecodablePayload]:
        """The latest payloads that came in and did not decode, up to 100."""
        return list(self._decoder.set_aside)


def checked_subject(subject: str) -> str:
    """Return a subject, or say what is wrong with it."""
    if not isinstance(subject, str):
        raise TypeError(f"subject is a string, as 'prices.gold', not {subject!r}")
    if not re.fullmatch(r"[^\s.*>]+(\.[^\s.*>]+)*", subject):
        raise ValueError(f"subject is words with dots between, as 'prices.gold', not {subject!r}")
    return subject


def _checked_connect_timeout(timeout: float | None) -> float | None:
    if timeout == 0:
        raise ValueError("connect_timeout must be more than 0 seconds, or None to wait for ever")
    return checked_timeout(timeout)


def _checked_send_buffer(size: int) -> int:
    if not isinstance(size, int) or isinstance(size, bool):
        raise TypeError(f"send_buffer is a whole number of bytes, not {size!r}")
    if size < 0:
        raise ValueError(f"send_buffer must be 0 or more bytes, not {size}")
    return size


def _logged(error: NatsError) -> None:
    """Log an error, for whom nobody has said what to do with it."""
    logger.warning("%s", error)
