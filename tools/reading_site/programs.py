"""Runs a program as a notebook runs a cell: what it prints, and what its last line is worth.

The live page runs this, too, in the browser; so it needs nothing but the standard library.

>>> run_program("number = 20\\nprint('so far', number)\\nnumber + 1")
Outcome(printed='so far 20\\n', shown='21', html='')
"""

import ast
import contextlib
import io
import linecache
import sys
import traceback
import types
from dataclasses import dataclass

#: The name of the module that a program becomes, so that its source can be found and shown.
MODULE = "your_program"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a program.

    Attributes:
        printed: what it printed, with the traceback if it broke.
        shown: what its last line is worth, as text; empty if that is nothing.
        html: the same as HTML, if it has such a form.
    """

    printed: str = ""
    shown: str = ""
    html: str = ""


def run_program(source: str) -> Outcome:
    """Run a program and return what came of it; an exception becomes a traceback."""
    file = f"{MODULE}.py"
    module = types.ModuleType(MODULE)
    module.__file__ = file
    sys.modules[MODULE] = module
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    printed = io.StringIO()
    value: object = None
    with contextlib.redirect_stdout(printed):
        try:
            value = _run(source, file, vars(module))
        except Exception as error:
            own = error.__traceback__.tb_next.tb_next if error.__traceback__ else None
            lines = traceback.format_exception(type(error), error, own)
            print("".join(lines).rstrip())
    bundle = getattr(value, "_repr_mimebundle_", dict)()
    text = bundle.get("text/plain", "" if value is None else repr(value))
    return Outcome(printed.getvalue(), text, bundle.get("text/html", ""))


def _run(source: str, file: str, names: dict[str, object]) -> object:
    statements = ast.parse(source, file).body
    last = statements.pop() if statements and isinstance(statements[-1], ast.Expr) else None
    exec(compile(ast.Module(statements, []), file, "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), file, "eval"), names)
    return None
