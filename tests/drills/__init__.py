"""Drills: what finds only by its length what is wrong, and what must hold on a busy machine.

`make drills` runs their long forms, which CI does once a week; `make test-all` runs the same code,
with smaller numbers.
"""

import os

IS_LONG = os.environ.get("DRILLS") == "long"


def by_form[T](*, short: T, long: T) -> T:
    """Return what holds for the form that is run: how many there are, or how long it may take."""
    return long if IS_LONG else short
