"""Makes messages of the bytes that come in, and sets aside those that are none.

Whoever may publish to a subject may publish anything, so bytes that do not decode are an everyday
matter: they are kept for somebody to look at, counted, reported, and never end a reader.

>>> from nats.aio.msg import Msg
>>> decoder = Decoder(codec_of(None), Routing("prices"), report=print)
>>> decoder.decode(Msg(None, subject="prices", data=b'["gold", 1900]'))
['gold', 1900]
>>> decoder.decode(Msg(None, subject="prices", data=b"gold: 1900"))  # doctest: +ELLIPSIS
set aside 10 bytes on 'prices' that are no message (b'gold: 1900' is no JSON); give ...
>>> decoder.undecodable, [error.data for error in decoder.set_aside]
(1, [b'gold: 1900'])
"""

from collections import deque
from collections.abc import Callable
from dataclasses import is_dataclass
from typing import get_origin

from nats.aio.msg import Msg

from pubsub_lib.codecs import Json
from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.errors import NatsError, UndecodablePayload
from pubsub_lib.nats.field_types import CheckedCodec
from pubsub_lib.nats.parametrised_json import ParametrisedJson
from pubsub_lib.nats.routing import Routing

NO_MESSAGE = "null stands for the end, and is no message"
# How many payloads that do not decode are kept, the latest.
KEPT_ASIDE = 100


class Decoder[T]:
    """Decodes what comes in.

    Args:
        codec: makes messages of bytes.
        routing: says where a message belongs.
        report: is told of bytes that are none.

    Attributes:
        set_aside: the latest payloads that did not decode, up to 100.
        undecodable: how many there were in all.
    """

    def __init__(
        self, codec: Codec[T], routing: Routing, report: Callable[[NatsError], object]
    ) -> None:
        self.set_aside: deque[UndecodablePayload] = deque(maxlen=KEPT_ASIDE)
        self.undecodable = 0
        self._from_bytes = codec.from_bytes
        self._check_subject = routing.check if routing.by_subject else None
        self._report = report

    def decode(self, envelope: Msg) -> T | None:
        """Return the message, or `None` if it was set aside."""
        try:
            message = self._from_bytes(envelope.data)
            if message is None:
                raise ValueError(NO_MESSAGE)
            if self._check_subject is not None:
                self._check_subject(envelope.subject, message)
            return message
        except Exception as reason:
            self.refuse(envelope, reason)
            return None

    def refuse(self, envelope: Msg, reason: Exception) -> None:
        """Set aside what came in, and is no message."""
        error = UndecodablePayload(envelope.subject, envelope.data, reason)
        self.undecodable += 1
        self.set_aside.append(error)
        self._report(error)

    def message_of(self, data: bytes) -> T:
        """Return the message that these bytes were made of.

        Raises:
            Exception: what the codec raises on bytes that are none.
        """
        message = self._from_bytes(data)
        if message is None:
            raise ValueError(NO_MESSAGE)
        return message


def codec_of[T](codec: Codec[T] | type[T] | None) -> Codec[T]:
    """Return what turns such messages into bytes and back, or say what is wrong with it.

    The fields of messages that are dataclasses are checked on both ways.
    """
    if codec is None:
        return Json()
    if callable(getattr(codec, "to_bytes", None)) and callable(getattr(codec, "from_bytes", None)):
        return CheckedCodec(codec)  # type: ignore[arg-type]
    if isinstance(codec, type) and is_dataclass(codec):
        return CheckedCodec(Json(codec))
    if is_dataclass(get_origin(codec)):
        return ParametrisedJson(codec)  # as Published[Order]
    raise TypeError(
        f"codec is a dataclass, or has to_bytes() and from_bytes() as JsonMessage gives them, not "
        f"{codec!r}"
    )
