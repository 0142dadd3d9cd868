"""Writes numbers with their units, one way in the whole course.

>>> quantity(2.5, "s"), quantity(1, "messages"), quantity(1_000_000, "")
('2.5 s', '1 message', '1,000,000')
"""

from pubsub_lib.lab.lesson.values import digits


def quantity(value: float, unit: str) -> str:
    """Return a number with its unit, which is in the singular where there is one of it."""
    if value == 1:
        unit = singular(unit)
    return f"{digits(value)} {unit}".rstrip()


def singular(unit: str) -> str:
    """Return the unit of one: "message" of "messages", and "ms" of "ms"."""
    first, space, rest = unit.partition(" ")
    if len(first) > 3 and first.endswith("ies"):
        first = f"{first[:-3]}y"
    elif len(first) > 3 and first.endswith("s"):
        first = first[:-1]
    return f"{first}{space}{rest}"
