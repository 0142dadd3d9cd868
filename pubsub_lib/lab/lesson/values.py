"""Writes what a run found in the course's own format, and gets at it where it may not be there.

>>> written(0.1 + 0.2), written(12345.678), written([1.0, "late"]), written({"slow": 100})
('0.3', '12,345.7', "[1, 'late']", "{'slow': 100}")
>>> at([], 0), at({"slow": 3}, "slow"), at([1, 2], -1)
(None, 3, 2)
"""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

MOST_CHARACTERS = 200
MOST_ITEMS = 12


def written(value: object) -> str:
    """Return a value as the course writes it: on one line, without digits that mean nothing.

    It never raises, whatever the value is.
    """
    try:
        text = " ".join(_written(value).split())
    except Exception as error:
        return f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


def at(values: Any, key: Any, default: Any = None) -> Any:
    """Return what a list, a dictionary, an array or a table has at a place; the default if nothing.

    Args:
        values: what to look into. Of a table's column, a number is the place, from 0, whatever its
            index.
        key: the place, or the key.
        default: what stands for it where there is nothing.
    """
    places = getattr(values, "iloc", values) if isinstance(key, int) else values
    try:
        return places[key]
    except (LookupError, TypeError):
        return default


def digits(value: float) -> str:
    """Write a number with six digits, or with all that are before the point."""
    return f"{value:,.6g}" if abs(value) < 999_999.5 else f"{value:,.0f}"


def _written(value: object) -> str:
    match value:
        case bool() | np.bool():
            return str(bool(value))
        case Integral():
            return f"{int(value):,}"
        case Real():
            return digits(float(value))
        case Mapping():
            pairs = [f"{_written(key)}: {_written(item)}" for key, item in value.items()]
            return f"{{{_listed(pairs)}}}"
        case tuple():
            items = [_written(item) for item in value]
            return f"({items[0]},)" if len(items) == 1 else f"({_listed(items)})"
        case list() | np.ndarray():
            return f"[{_listed([_written(item) for item in value])}]"
        case set() | frozenset():
            return f"{{{_listed(sorted(map(_written, value)))}}}" if value else "set()"
        case BaseException():
            return f"{type(value).__name__}: {value}" if str(value) else type(value).__name__
        case _:
            return repr(value)


def _listed(items: list[str]) -> str:
    more = [f"... {len(items):,} in all"] if len(items) > MOST_ITEMS else []
    return ", ".join(items[:MOST_ITEMS] + more)
