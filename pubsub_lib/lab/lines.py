"""Breaks what is printed between words: a notebook breaks it where its page ends, within a word.

>>> print(in_lines("- reader: it waits for a message, and so does who waits for the reader. " * 2))
- reader: it waits for a message, and so does who waits for the reader. - reader: it
  waits for a message, and so does who waits for the reader.
"""

import re
import textwrap

_COLUMNS = 88  # a page of 1280 pixels has room for some 100
#: What stands before the text of an item: `- `, `2. `, `b) `, `✓ `, or space alone.
_MARK = re.compile(r"\s*(?:(?:-|[✓✗]|\d+\.|[a-z]\)) )?")


def in_lines(text: str) -> str:
    """Return text in lines of at most 88 columns; those of an item stand below its first word."""
    return "\n".join(map(_broken, text.split("\n")))


def _broken(line: str) -> str:
    mark = _MARK.match(line)
    below = " " * len(mark[0]) if mark else ""
    return textwrap.fill(
        line,
        _COLUMNS,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
    )
