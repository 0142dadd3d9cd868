"""What a figure is given: a recording, or several things by name, with a panel or a row for each.

>>> require_by_name("bars", "values", [1, 2])
Traceback (most recent call last):
TypeError: bars() draws values by name, not a list
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pubsub_lib.lab.figures.nothing import NothingToDraw
from pubsub_lib.lab.traffic.recordings import Recording

type Recordings = Recording | Mapping[str, Recording]
type Numbers = Sequence[float] | NDArray[np.float64] | pd.Series


def named_recordings(recordings: Recordings) -> Mapping[str, Recording]:
    """Return the recordings by name; one alone has no name.

    Raises:
        TypeError: if it is no recording.
        NothingToDraw: if there is none.
    """
    named = {"": recordings} if isinstance(recordings, Recording) else recordings
    if not isinstance(named, Mapping) or not all(isinstance(r, Recording) for r in named.values()):
        raise TypeError(
            "a figure draws a recording, as awaiting run_workload() returns it, or several by "
            f"name, not {recordings!r}"
        )
    if not named:
        raise NothingToDraw("pass a recording, or several by name")
    return named


def require_by_name(function: str, what: str, things: object) -> None:
    """Refuse what a figure cannot name.

    Args:
        function: which figure.
        what: what it draws.
        things: what it was given.

    Raises:
        TypeError: if that is no mapping.
    """
    if not isinstance(things, Mapping):
        raise TypeError(f"{function}() draws {what} by name, not a {type(things).__name__}")


def finite_numbers(values: Iterable[float]) -> NDArray[np.float64]:
    """Return the numbers as an array.

    Raises:
        NothingToDraw: if there are none.
        ValueError: if one is not finite.
    """
    numbers = np.asarray(list(values), dtype=np.float64)
    if not len(numbers):
        raise NothingToDraw("there are no numbers")
    if not np.isfinite(numbers).all():
        raise ValueError("a figure needs numbers, all of them finite")
    return numbers


def sorted_by_name(values: Mapping[str, Numbers]) -> dict[str, NDArray[np.float64]]:
    """Return the numbers sorted, by name, without those that have none.

    Raises:
        TypeError: if they have no names.
        NothingToDraw: if there are none at all.
        ValueError: if one is not finite.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"pass numbers by name, not a {type(values).__name__}")
    some = {name: np.sort(finite_numbers(n)) for name, n in values.items() if len(n)}
    if not some:
        raise NothingToDraw("there are no numbers")
    return some
