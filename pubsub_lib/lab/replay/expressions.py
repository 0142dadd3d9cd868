"""What expressions are worth in a program that is filmed, as a debugger watches them.

>>> async def main() -> None:
...     prices = {"gold": 1900}
>>> program = main()
>>> watched = Expressions(program, {"store": "prices"})
>>> watched.take_changes()  # nothing has run yet, so there is no such name
[]
>>> program.close()
"""

from collections.abc import Coroutine, Mapping
from types import CodeType
from typing import Any

from pubsub_lib.lab.replay.words import cut, sentence_of

_WIDEST = 60  # letters of a value


class Expressions:
    """Looks at expressions in the names of a coroutine, and says which have changed.

    Attributes:
        names: what they are called.

    Raises:
        SyntaxError: if one of them is no expression.
    """

    def __init__(self, program: Coroutine[Any, Any, Any], expressions: Mapping[str, str]) -> None:
        self.names = list(expressions)
        # Kept, since a coroutine that is over lets go of it, and its last step counts, too.
        self._frame = getattr(program, "cr_frame", None)
        self._code = {name: _compiled(text) for name, text in expressions.items()}
        self._values: dict[str, str] = {}
        self._errors: dict[str, str] = {}

    def take_changes(self) -> list[tuple[str, str]]:
        """Return the names and values of those that have changed since this was last asked."""
        frame = self._frame
        if frame is None:  # it was over before it was looked at
            return []
        changes = []
        for name, code in self._code.items():
            try:
                value = repr(eval(code, frame.f_globals, frame.f_locals))
            except (Exception, SystemExit) as error:  # perhaps a name that is not there yet
                self._errors[name] = sentence_of(error)
                continue
            value = cut(value, _WIDEST)
            if self._values.get(name) != value:
                self._values[name] = value
                changes.append((name, value))
        return changes

    def unknown(self) -> dict[str, str]:
        """Return the names of those that have never had a value, and why, as when misspelt."""
        return {name: why for name, why in self._errors.items() if name not in self._values}


def _compiled(text: str) -> CodeType:
    try:
        return compile(text, "<watched>", "eval")
    except SyntaxError as error:
        raise SyntaxError(
            f"watch takes expressions, such as 'len(held)', and {text!r} is none: {error.msg}"
        ) from None
