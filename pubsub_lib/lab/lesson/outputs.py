"""Shows text in a cell that lasts, and that can be replaced when the cell has long ended.

A widget is gone after a restart of the kernel; text that has taken its place is saved with the
notebook. Where no form can be shown, text is printed.

>>> forms_can_be_shown()
False
>>> as_html("`join()` waits, 1 < 2")
'<code>join()</code> waits, 1 &lt; 2'
"""

import html
import os
import re
from collections.abc import Mapping
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle

_CODE = re.compile(r"`([^`]+)`")


def forms_can_be_shown() -> bool:
    """Whether this is a kernel that a Jupyter server has started for somebody's notebook.

    The tools that execute notebooks start kernels without a server; what they save is printed.
    """
    return "JPY_SESSION_NAME" in os.environ and hasattr(get_ipython(), "kernel")


def as_html(text: str) -> str:
    """Return text as HTML; what stands between backticks is code."""
    return _CODE.sub(r"<code>\1</code>", html.escape(text, quote=False))


class Output:
    """One output of a cell."""

    def __init__(self, display_id: str | None = None) -> None:
        self._handle = DisplayHandle(display_id)

    @property
    def display_id(self) -> str:
        """By which the front end finds the output again."""
        return str(self._handle.display_id)

    def show(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
        """Show something, by its kinds of content, in the cell that runs now."""
        self._handle.display(dict(data), raw=True, metadata=dict(metadata or {}))

    def replace(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> None:
        """Show something else in the same place."""
        self._handle.update(dict(data), raw=True, metadata=dict(metadata or {}))


def paragraph(text: str) -> dict[str, str]:
    """Return text as the content of an output: as it is, and as HTML; a line is a line there."""
    lines = "<br>".join(as_html(line) for line in text.splitlines())
    return {"text/plain": text, "text/html": f"<div>{lines}</div>" if text else ""}
