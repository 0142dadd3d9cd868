"""What the two brokers on a NATS server share: a subject, a codec, and a connection.

>>> checked_subject("prices.gold")
'prices.gold'
>>> checked_subject("prices.*")
Traceback (most recent call last):
ValueError: subject is words with dots between, as 'prices.gold', not 'prices.*'
"""

import re
import weakref
from typing import Any, override

from pubsub_lib.in_process.base_broker import BaseBroker
from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.in_process.subscriber import SubscriberState
from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.connection import Connection
from pubsub_lib.nats.decoding import Decoder
from pubsub_lib.nats.errors import UndecodablePayload
from pubsub_lib.nats.settings import ConnectionSettings


class Network[T]:
    """The way of one broker to its server, and what passes there.

    Nothing here can fail: what it is made of was checked before.

    Args:
        broker: whose way it is. When that is gone, the connection is closed.
        home: the event loop that it belongs to.
        settings: how to connect.
        codec: turns messages into bytes and back.

    Attributes:
        connection: the connection to the server.
        decoder: makes messages of what comes in.
        to_bytes: makes bytes of what goes out.
    """

    def __init__(
        self, broker: object, home: HomeLoop, settings: ConnectionSettings, codec: Codec[T]
    ) -> None:
        self.connection = Connection(settings, home)
        self.decoder = Decoder(codec, self.connection.report)
        self.to_bytes = codec.to_bytes
        weakref.finalize(broker, home.call_soon, self.connection.abandon).atexit = False


class NetworkedBroker[T, B: SubscriberState[Any]](BaseBroker[T, B]):
    """The part of a broker on a server that does not depend on what it promises.

    Attributes:
        subject: what all processes call it whose messages it brings together.
    """

    subject: str
    _network: Network[T]

    @override
    def _in_use(self) -> bool:
        return super()._in_use() or self._network.connection.made

    @property
    def set_aside(self) -> list[UndecodablePayload]:
        """The latest payloads that came in and did not decode, up to 100."""
        return list(self._network.decoder.set_aside)


def checked_subject(subject: str) -> str:
    """Return a subject, or say what is wrong with it."""
    if not isinstance(subject, str):
        raise TypeError(f"subject is a string, as 'prices.gold', not {subject!r}")
    if not re.fullmatch(r"[^\s.*>]+(\.[^\s.*>]+)*", subject):
        raise ValueError(f"subject is words with dots between, as 'prices.gold', not {subject!r}")
    return subject
