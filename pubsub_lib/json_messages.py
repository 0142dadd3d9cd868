"""Messages that can leave the process: dataclasses that become JSON, and the same again.

A broker over a network carries bytes. JSON is readable from every language and, unlike pickle, runs
nothing when it is read, so the bytes may come from anybody.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True, slots=True)
... class Price(JsonMessage):
...     metal: str
...     eur: float
>>> Price("gold", 1900.0).to_bytes()
b'{"Price": {"metal": "gold", "eur": 1900.0}}'
>>> Price.from_bytes(b'{"Price": {"metal": "gold", "eur": 1900.0}}')
Price(metal='gold', eur=1900.0)
"""

import json
from dataclasses import fields
from typing import Any, Self


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
        content: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        message = {type(self).__name__: content}
        cause = None
        try:
            text = json.dumps(message, allow_nan=False)
            if json.loads(text) == message:
                return text.encode()
        except (TypeError, ValueError, RecursionError) as error:
            cause = error
        raise ValueError(
            f"{self!r} would not come back from JSON as it is; use strings, finite numbers, "
            "booleans, None, lists, and dictionaries whose keys are strings"
        ) from cause

    @classmethod
    def from_bytes(cls, data: bytes, /) -> Self:
        """Return the message that these bytes were made of.

        Raises:
            ValueError: if they are not the bytes of such a message.
        """
        # The last one of a name counts: @dataclass(slots=True) replaces the class by a copy.
        kinds = {kind.__name__: kind for kind in (cls, *cls.__subclasses__())}
        try:
            ((kind, content),) = json.loads(data).items()
            return kinds[kind](**content)
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(
                f"{data!r} is no {cls.__name__} in JSON; the two sides need the same message type"
            ) from error
