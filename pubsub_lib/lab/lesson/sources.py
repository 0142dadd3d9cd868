"""Shows the source of something that the library defines, so that a notebook need not repeat it.

>>> from pubsub_lib import ChapterPubSub
>>> print(source_of(ChapterPubSub.subscribe).splitlines()[0])
async def subscribe(self) -> asyncio.Queue[T | None]:
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from IPython.display import Markdown, display


def source_of(part: Callable[..., Any], *, docstring: bool = True) -> str:
    """Return the source of a function, a method or a class, moved to the left margin.

    Args:
        part: what to show.
        docstring: whether to keep its own docstring, which may say what is yet to be found out.
    """
    source = textwrap.dedent(inspect.getsource(part)).rstrip()
    if docstring or not part.__doc__:
        return source
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    first, lines = definition.body[0], source.splitlines()
    return "\n".join(lines[: first.lineno - 1] + lines[first.end_lineno :])


def show_source(*parts: Callable[..., Any], docstrings: bool = True) -> None:
    """Show the source of each part in a notebook, as the library has it, or without docstrings."""
    source = "\n\n".join(source_of(part, docstring=docstrings) for part in parts)
    display(Markdown(f"```python\n{source}\n```"))
