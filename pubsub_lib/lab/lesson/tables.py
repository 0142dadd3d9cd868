"""Writes tables in Markdown, as a notebook shows them.

>>> print(markdown_table(["", "holds"], [["C1", "`Message | None`"], ["", ""]]))
| | holds |
|---|---|
| C1 | `Message \\| None` |
| | |

One without a row is none:

>>> print(markdown_table(["", "holds"], []))
There is nothing to show here yet.
"""

from collections.abc import Iterable, Sequence

from IPython.display import Markdown, display

#: What stands for a table without a row.
NOTHING = "There is nothing to show here yet."


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with these cells, which may hold anything but a line break.

    Without a row there is no table; a head alone would look like one that is broken.
    """
    rows = list(rows)
    if not rows:
        return NOTHING
    lines = [_row(head), f"|{'|'.join(['---'] * len(head))}|", *(_row(row) for row in rows)]
    return "\n".join(lines)


def show_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show a table in a notebook."""
    display(Markdown(markdown_table(head, rows)))


def _row(cells: Sequence[str]) -> str:
    return f"|{'|'.join(f' {_escaped(cell)} ' if cell else ' ' for cell in cells)}|"


def _escaped(cell: str) -> str:
    return cell.replace("|", r"\|")  # or it would begin another column
