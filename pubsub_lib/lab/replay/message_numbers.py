"""Which message is which: a number for each, though the same object may be sent again and again.

>>> recording = FilmRecording()
>>> numbers = MessageNumbers(recording)
>>> first, again = numbers.new("tick"), numbers.new("tick")
>>> numbers.known("tick", but_not=lambda number: number == first) == again
True
>>> {numbers.new(None), numbers.new("end")} == set(recording.ends)
True

What says that there are no more messages is none itself: `None`, and the text "end".
"""

from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.replay.events import FilmRecording
from pubsub_lib.lab.replay.words import cut, shown

MOST_MESSAGES = 400
_WIDEST = 40  # letters of a message's text
_WIDEST_LABEL = 8  # letters in a token

type Label = Callable[[Any], object]
"""Returns what stands in a message's token."""


class MessageNumbers:
    """The numbers of a recording's messages, by identity, and what stands in their tokens."""

    def __init__(self, recording: FilmRecording, label: Label | None = None) -> None:
        self.too_many = False
        self._recording = recording
        self._label = label
        self._numbers: dict[int, list[int]] = {}  # by id()
        self._kept: list[Any] = []  # or another object might get the same id()

    def new(self, message: Any) -> int:
        """Return the number of a message that was not there before."""
        if len(self._recording.messages) >= MOST_MESSAGES:
            self.too_many = True  # and not an error here, which would be the program's own
        is_end = message is None or (type(message) is str and message == "end")
        label = "" if is_end else self._label_of(message)
        number = self._recording.message(_text_of(message), label)
        if is_end:
            self._recording.ends.append(number)
        self._numbers.setdefault(id(message), []).append(number)
        self._kept.append(message)
        return number

    def known(self, message: Any, *, but_not: Callable[[int], bool]) -> int | None:
        """Return the first number of an object, but for some; `None` if it has no other."""
        numbers = self._numbers.get(id(message), ())
        return next((number for number in numbers if not but_not(number)), None)

    def is_one_of(self, number: int, message: Any) -> bool:
        """Return whether an object has this number, perhaps beside others."""
        return number in self._numbers.get(id(message), ())

    def _label_of(self, message: Any) -> str:
        if self._label is None:
            return ""
        try:
            return cut(str(self._label(message)), _WIDEST_LABEL)
        except (Exception, SystemExit):  # it is about other messages, and those may be any
            return ""


def _text_of(message: Any) -> str:
    return "the end (None)" if message is None else cut(shown(repr, message), _WIDEST)
