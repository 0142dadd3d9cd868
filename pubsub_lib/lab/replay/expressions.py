"""What expressions are worth in a program that is filmed, as a debugger watches them.

>>> async def main() -> None:
...     prices = {"gold": 1900}
>>> program = main()
>>> watched = Expressions(program, ["prices"])
>>> watched.take_changes()  # nothing has run yet, so there is no such name
[]
>>> program.close()
"""

from collections.abc import Coroutine, Iterable
from typing import Any

_WIDEST = 60  # letters of a value


class Expressions:
    """Looks at expressions in the names of a coroutine, and says which have changed.

    Raises:
        SyntaxError: if one of them is no expression.
    """

    def __init__(self, program: Coroutine[Any, Any, Any], expressions: Iterable[str]) -> None:
        self._program = program
        self._code = {text: compile(text, "<watched>", "eval") for text in expressions}
        self._values: dict[str, str] = {}

    def take_changes(self) -> list[str]:
        """Return "expression = value" of those that have changed since this was last asked."""
        frame = getattr(self._program, "cr_frame", None)
        if frame is None:  # it is over
            return []
        changes = []
        for text, code in self._code.items():
            try:
                value = repr(eval(code, frame.f_globals, frame.f_locals))
            except Exception:  # a name that is not there yet, or whatever an expression may do
                continue
            value = value if len(value) <= _WIDEST else value[: _WIDEST - 1] + "…"
            if self._values.get(text) != value:
                self._values[text] = value
                changes.append(f"{text} = {value}")
        return changes
