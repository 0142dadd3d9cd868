"""Tables, in Markdown that reads well in a terminal, too.

>>> rows = [["aio-broadcast", "13"], ["the ring", "9.6"]]
>>> print(table(["system", "times"], rows, numbers=range(1, 2)))
| system        | times |
| ------------- | ----: |
| aio-broadcast |    13 |
| the ring      |   9.6 |
"""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: range) -> str:
    """Lay out a table, whose columns `numbers` are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if number in numbers else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width - 1) + ":" if number in numbers else "-" * width
        for number, width in enumerate(widths)
    ]
    return "\n".join([line(head), line(rule), *map(line, rows)])


def two_digits(value: float) -> str:
    """Write a ratio with two significant digits.

    >>> [two_digits(value) for value in (123.4, 12.34, 9.96, 1.234, 0.1234, 0.01234)]
    ['123', '12', '10', '1.2', '0.12', '0.012']
    """
    return f"{value:,.0f}" if value >= 9.95 else f"{value:#.2g}"
