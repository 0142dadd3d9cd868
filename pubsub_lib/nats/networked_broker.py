"""What the two brokers on a NATS server share: a subject, and a way to the server.

>>> checked_subject("prices.gold")
'prices.gold'
>>> checked_subject("prices.*")
Traceback (most recent call last):
ValueError: subject is words with dots between, as 'prices.gold', not 'prices.*'
"""

import re
from typing import Any, override

from pubsub_lib.in_process.base_broker import BaseBroker
from pubsub_lib.in_process.subscriber import SubscriberState
from pubsub_lib.nats.errors import UndecodablePayload
from pubsub_lib.nats.routing import sendable
from pubsub_lib.nats.transport import Transport


class NetworkedBroker[T, B: SubscriberState[Any]](BaseBroker[T, B]):
    """The part of a broker on a server that does not depend on what it promises.

    Attributes:
        subject: what all processes call it whose messages it brings together.
    """

    subject: str
    _transport: Transport[T]

    @override
    def _in_use(self) -> bool:
        return super()._in_use() or self._transport.connection.made

    @property
    def set_aside(self) -> list[UndecodablePayload]:
        """The latest payloads that came in and did not decode, up to 100."""
        return list(self._transport.decoder.set_aside)


def checked_subject(subject: str) -> str:
    """Return a subject, or say what is wrong with it."""
    if not isinstance(subject, str):
        raise TypeError(f"subject is a string, as 'prices.gold', not {subject!r}")
    if not re.fullmatch(r"[^\s.*>]+(\.[^\s.*>]+)*", subject):
        raise ValueError(f"subject is words with dots between, as 'prices.gold', not {subject!r}")
    return sendable(subject)
