"""Messages that can leave the process: they become JSON, and the same again.

A broker over a network carries bytes. JSON is readable from every language and, unlike pickle, runs
nothing when it is read, so the bytes may come from anybody.

`JsonMessage` makes a dataclass `Serializable`. `Json` is a `Codec` for what is not: plain JSON
values, and dataclasses of others.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True, slots=True)
... class Price(JsonMessage):
...     metal: str
...     eur: float
>>> Price("gold", 1900.0).to_bytes()
b'{"Price": {"metal": "gold", "eur": 1900.0}}'
>>> Price.from_bytes(b'{"Price": {"metal": "gold", "eur": 1900.0}}')
Price(metal='gold', eur=1900.0)
>>> from pubsub_lib import Message
>>> Json(Message).to_bytes(Message("hello"))
b'{"Message": {"content": "hello"}}'
>>> Json().to_bytes(["gold", 1900.0])
b'["gold", 1900.0]'
"""

import json
import math
from dataclasses import fields, is_dataclass
from typing import Any, Self

# How much is shown of what does not decode, which may be much, and from anybody.
KEPT_CHARACTERS = 200


class JsonMessage:
    """Makes a dataclass `Serializable`, if its fields hold what JSON knows.

    These are strings, numbers, booleans, `None`, and lists of them and dictionaries from strings to
    them. A base class reads the messages of its direct subclasses too, and tells them apart.
    """

    __slots__ = ()

    def to_bytes(self) -> bytes:
        """Return the message as JSON: its type, and the fields by name.

        Raises:
            ValueError: if it would not come back as it is: it holds an object, an infinite number,
                a tuple, which would become a list, or a dictionary whose keys are no strings.
        """
        return _written(self, _named_fields(self))

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self:
        """Return the message that these bytes were made of.

        Raises:
            ValueError: if they are not the bytes of such a message.
        """
        # The last one of a name counts: @dataclass(slots=True) replaces the class by a copy.
        kinds = {kind.__name__: kind for kind in (cls, *cls.__subclasses__())}
        message: Self = _read(kinds, data, cls.__name__)
        return message


class Json[T]:
    """A `Codec` of plain JSON values, or of the dataclasses that it is given.

    Args:
        kinds: the dataclasses that may be sent; with none, JSON values may be.

    Raises:
        TypeError: if one of them is not a dataclass, or two have the same name.
    """

    def __init__(self, *kinds: type[T]) -> None:
        for kind in kinds:
            if not (isinstance(kind, type) and is_dataclass(kind)):
                raise TypeError(f"Json is given dataclasses, or nothing for plain values: {kind!r}")
        self._kinds = {kind.__name__: kind for kind in kinds}
        if len(self._kinds) < len(set(kinds)):
            raise TypeError(f"Json tells dataclasses apart by name, and two have one name: {kinds}")
        self._names = " or ".join(self._kinds)

    def to_bytes(self, message: T, /) -> bytes:
        """Return the message as JSON.

        Raises:
            ValueError: if it would not come back as it is (see `JsonMessage.to_bytes`).
            TypeError: if it is not one of the dataclasses.
        """
        if not self._kinds:
            return _written(message, message)
        if self._kinds.get(type(message).__name__) is not type(message):
            raise TypeError(f"{message!r} is no {self._names}, which is what is sent here")
        return _written(message, _named_fields(message))

    def from_bytes(self, data: bytes, /) -> T:
        """Return the message that these bytes were made of.

        Raises:
            ValueError: if they are not the bytes of such a message.
        """
        message: T
        if self._kinds:
            message = _read(self._kinds, data, self._names)
            return message
        try:
            message = _parsed(data)
            return message
        except (RecursionError, ValueError) as error:
            raise ValueError(f"{_shown(data)} is no JSON") from error


def _named_fields(message: Any) -> dict[str, Any]:
    # The others are worked out by the class itself.
    given = [field.name for field in fields(message) if field.init]
    content = {name: getattr(message, name) for name in given}
    return {type(message).__name__: content}


def _written(message: object, value: object) -> bytes:
    """Return the JSON of the value, which stands for the message, if it comes back as it is."""
    cause = None
    try:
        text = json.dumps(value, allow_nan=False)
        if json.loads(text) == value:
            return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        cause = error
    raise ValueError(
        f"{message!r} would not come back from JSON as it is; use strings, finite numbers, "
        "booleans, None, lists, and dictionaries whose keys are strings"
    ) from cause


def _read(kinds: dict[str, Any], data: bytes, name: str) -> Any:
    try:
        ((kind, content),) = _parsed(data).items()
        return kinds[kind](**content)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(
            f"{_shown(data)} is no {name} in JSON; the two sides need the same message type"
        ) from error


def _parsed(data: bytes) -> Any:
    """Return what JSON text stands for, without what Python takes beside: NaN, Infinity, 1e999."""
    return json.loads(data, parse_constant=_finite, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:KEPT_CHARACTERS]} is no number of JSON")
    return number


def _shown(data: bytes) -> str:
    """Show bytes for an error; of many, the first."""
    return repr(data) if len(data) <= KEPT_CHARACTERS else f"{data[:KEPT_CHARACTERS]!r}..."
