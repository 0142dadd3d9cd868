"""A codec of dataclasses with a parameter, such as the `Published[Message]` of `Topics`.

Without the parameter nobody could tell what is to be made of a field. msgspec makes it, of every
depth, and checks the types on both ways. The form is that of `Json`: the name, and the fields.

>>> from pubsub_lib import Message
>>> from pubsub_lib.subjects import Published
>>> codec = ParametrisedJson(Published[Message])
>>> codec.to_bytes(Published("rooms.kitchen", Message("hello")))
b'{"Published":{"subject":"rooms.kitchen","message":{"content":"hello"}}}'
>>> codec.from_bytes(codec.to_bytes(Published("rooms.kitchen", Message("hello"))))
Published(subject='rooms.kitchen', message=Message(content='hello'))
"""

from typing import Any, get_origin

import msgspec


class ParametrisedJson[T]:
    """A codec of one dataclass with its parameters, such as `Published[Message]`.

    Args:
        kind: the dataclass with its parameters.

    Attributes:
        origin: the dataclass without them.

    Raises:
        TypeError: if msgspec cannot tell what is to be made of a field.
    """

    def __init__(self, kind: Any) -> None:
        self.origin: type[T] = get_origin(kind)
        self._kind = kind
        self._name = self.origin.__name__
        self._decoder: msgspec.json.Decoder[dict[str, T]] = msgspec.json.Decoder(dict[str, kind])

    def to_bytes(self, message: T, /) -> bytes:
        """Return the message as JSON.

        Raises:
            TypeError: if it is no such dataclass.
            ValueError: if it would not come back as it is.
        """
        if type(message) is not self.origin:
            raise TypeError(f"{message!r} is no {self._kind}, which is what is sent here")
        cause = None
        try:
            data = msgspec.json.encode({self._name: message})
            if self.from_bytes(data) == message:
                return data
        except (TypeError, ValueError, RecursionError) as error:
            cause = error
        raise ValueError(
            f"{message!r} would not come back from JSON as it is, as a {self._kind}"
        ) from cause

    def from_bytes(self, data: bytes, /) -> T:
        """Return the message that these bytes were made of.

        Raises:
            ValueError: if they are not the bytes of such a message.
        """
        try:
            ((name, message),) = self._decoder.decode(data).items()
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise ValueError(f"no {self._kind} in JSON: {error}") from error
        if name != self._name:
            raise ValueError(f"a {name}, and no {self._kind}")
        return message
