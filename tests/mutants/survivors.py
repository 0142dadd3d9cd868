"""The mutants that no test can kill, since they do the same; and why.

`make mutants` leaves them out of its count. An entry whose line no longer stands in its function is
an error (`test_survivors.py`).

"""

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("survivors.toml")


class Change(NamedTuple):
    """One thing that is changed.

    Attributes:
        module: below `pubsub_lib/`.
        function: as `Class.method`.
        was, is_now: the line as it is in the library, and as it is in the mutant.
    """

    module: str
    function: str
    was: str
    is_now: str


@cache
def equivalents() -> dict[Change, str]:
    """Return the changes that change nothing, and why."""
    reasons = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        Change(module, function, was, is_now): why
        for module, functions in reasons.items()
        for function, entries in functions.items()
        for was, is_now, why in entries
    }
