"""Shows the source of something that the library defines, so that a notebook need not repeat it.

>>> from pubsub_lib import ChapterPubSub
>>> print(source_of(ChapterPubSub.subscribe).splitlines()[0])
async def subscribe(self) -> asyncio.Queue[T | None]:
"""

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from IPython.display import Markdown, display


def source_of(part: Callable[..., Any]) -> str:
    """Return the source of a function, a method or a class, moved to the left margin."""
    return textwrap.dedent(inspect.getsource(part)).rstrip()


def show_source(*parts: Callable[..., Any]) -> None:
    """Show the source of each part in a notebook, as the library has it."""
    source = "\n\n".join(source_of(part) for part in parts)
    display(Markdown(f"```python\n{source}\n```"))
