"""Checks of arguments, so that a bad one fails where it is given and says what would do.

>>> checked_maxsize(0)
Traceback (most recent call last):
ValueError: maxsize must be at least 1, not 0: what waits is always bounded
>>> checked_timeout("soon")
Traceback (most recent call last):
TypeError: timeout is a number of seconds or None, not 'soon'
"""

import inspect
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from numbers import Integral, Real
from types import CoroutineType
from typing import NoReturn

# What can be iterated, but is a message rather than many.
ONE_MESSAGE = (str, bytes, bytearray, memoryview, Mapping)
LARGEST = sys.float_info.max  # event loops count in floats, and a whole number may be larger


class Unset(Enum):
    """The default of an argument for which `None` means something."""

    UNSET = "unset"


UNSET = Unset.UNSET


def checked_whole_number(
    name: str, value: int, *, unit: str, least: int, most: int | None = None, because: str = ""
) -> int:
    """Return a whole number as an `int`, whichever library made it, or say what is wrong with it.

    Args:
        name: what the caller calls it.
        value: what was given.
        unit: what it counts, in the plural.
        least: the smallest that will do.
        most: the largest that will do; `None` if any will.
        because: why it is limited.

    Raises:
        TypeError: if it is no whole number.
        ValueError: if it is too small or too large.
    """
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} is a whole number of {unit}, not {value!r}")
    value = int(value)
    why = f": {because}" if because else ""
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}{why}")
    if most is not None and value > most:
        raise ValueError(f"{name} must be at most {most}, not {value}{why}")
    return value


def listed_messages[T](messages: Iterable[T]) -> list[T]:
    """Return the messages that `publish_many` is given as a list, or say why they are none.

    Raises:
        TypeError: if they cannot be iterated, or are one message: text, bytes or a dictionary.
        Exception: what an iterator raises.
    """
    if isinstance(messages, ONE_MESSAGE) or not isinstance(messages, Iterable):
        raise TypeError(
            f"publish_many takes an iterable of messages, not {messages!r}; for one message "
            "there is publish()"
        )
    return list(messages)


def checked_positive(name: str, value: float, *, unit: str) -> float:
    """Return a number above 0 that is finite, or say what is wrong with it.

    Args:
        name: what the caller calls it.
        value: what was given.
        unit: what it is measured in, in the plural.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is not positive, or has no end.
    """
    if not _is_number(value):
        raise TypeError(f"{name} is a number of {unit}, not {value!r}")
    number = _plain(value)
    if not 0 < number <= LARGEST:
        raise ValueError(f"{name} must be a positive number of {unit}, not {value}")
    return number


def checked_maxsize(maxsize: int) -> int:
    """Return a bound in messages, or say what is wrong with it."""
    return checked_whole_number(
        "maxsize", maxsize, unit="messages", least=1, because="what waits is always bounded"
    )


def checked_timeout(timeout: float | None) -> float | None:
    """Return a time-out in seconds, or say what is wrong with it."""
    if timeout is None:
        return None
    if not _is_number(timeout):
        raise TypeError(f"timeout is a number of seconds or None, not {timeout!r}")
    number = _plain(timeout)
    if not 0 <= number <= LARGEST:
        raise ValueError(
            f"timeout must be 0 or more seconds, or None to wait for ever, not {timeout}"
        )
    return number


def checked_seconds(name: str, seconds: float) -> float:
    """Return a time in seconds that is longer than none, or say what is wrong with it."""
    if not _is_number(seconds):
        raise TypeError(f"{name} is a number of seconds, not {seconds!r}")
    number = _plain(seconds)
    if not 0 < number <= LARGEST:
        raise ValueError(f"{name} must be more than 0 seconds, not {seconds}")
    return number


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _plain(number: float) -> float:
    """Return a number as Python's own, whichever library made it."""
    if type(number) in (int, float):
        return number
    try:
        return float(number)
    except OverflowError:
        return math.inf


def checked_filter[T](where: Callable[[T], object] | None) -> Callable[[T], object] | None:
    """Return a subscriber's filter, or say what is wrong with it."""
    if where is not None and not answers_at_once(where):
        raise TypeError(
            f"where is a function that says at once if a message is wanted, not {where!r}"
        )
    return where


def answers_at_once(function: object) -> bool:
    """Return whether calling it gives an answer, and nothing to await or to iterate first."""
    return callable(function) and not (
        is_coroutine_function(function)
        or inspect.isgeneratorfunction(function)
        or inspect.isasyncgenfunction(function)
    )


def is_coroutine_function(function: object) -> bool:
    """Return whether calling it makes a coroutine, which somebody has to await."""
    call = getattr(type(function), "__call__", None)  # noqa: B004 - its kind is asked for
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def is_awaitable(answer: object) -> bool:
    """Return whether something is to be awaited; only its class is asked, and not itself."""
    return hasattr(type(answer), "__await__")


def truth_of(answer: object) -> bool:
    """Return whether a filter's answer means that the message is wanted.

    Raises:
        TypeError: if the answer is yet to be awaited, which would count as true.
    """
    if answer is True or answer is False:  # the usual case, which is to be quick
        return answer
    if is_awaitable(answer):
        raise TypeError(
            f"where is a function that says at once if a message is wanted, not one that returns "
            f"{described_and_closed(answer)}"
        )
    return bool(answer)


def described_and_closed(answer: object) -> str:
    """Return what an answer is that nobody will await; a coroutine is closed."""
    if isinstance(answer, CoroutineType):
        answer.close()
    return f"a {type(answer).__name__}, to be awaited"


def refuse_to_copy(kind: type[object], because: str) -> NoReturn:
    """Raise a `TypeError` instead of making a copy, which would share what is to be one's own."""
    raise TypeError(f"a {kind.__name__} cannot be copied or sent to another process, {because}")
