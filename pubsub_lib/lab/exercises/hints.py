"""Hints for the exercises, one at a time, and then where the solution is.

>>> hints("99.1", "Add them.", "Python writes that with +.")
>>> hint("99.1")
Hint 1 of 2 for exercise 99.1: Add them.
>>> hint("99.1")
Hint 2 of 2 for exercise 99.1: Python writes that with +.
>>> del HINTS["99.1"]
"""

from pathlib import Path

from pubsub_lib.lab.exercises.checking import EXERCISES
from pubsub_lib.lab.lines import in_lines
from pubsub_lib.lab.own_broker.stages import following, own

#: The hints of each exercise, by its number, each leading further than the one before.
HINTS: dict[str, tuple[str, ...]] = {}
# How many hints were given for each exercise since the kernel started.
_GIVEN: dict[str, int] = {}

_NOTEBOOKS = Path(__file__).parents[3] / "notebooks"


def hints(number: str, *steps: str) -> None:
    """Register the hints for the exercise of this number, such as `00.1`, from the first on."""
    HINTS[number] = steps


def hint(number: str) -> None:
    """Print the next hint for an exercise; after the last, where its solution is.

    Raises:
        ValueError: if there is no exercise of this number.
    """
    if number not in EXERCISES and number not in HINTS:
        raise ValueError(
            f"there is no exercise {number!r}; there are {', '.join(sorted(EXERCISES))}"
        )
    steps = HINTS.get(number, ())
    given = _GIVEN.get(number, 0)
    if given < len(steps):
        _GIVEN[number] = given + 1
        said = f"Hint {given + 1} of {len(steps)} for exercise {number}: {steps[given]}"
    else:
        _GIVEN[number] = 0
        said = f"There are no more hints for exercise {number}. {_solution(number)}"
    print(in_lines(said))


def _solution(number: str) -> str:
    """Say where the solution lies, as seen from the notebook."""
    notebook = number.partition(".")[0]
    if number == own(notebook):
        return (
            f"start_my_broker_at({following(notebook)!r}) gives you a broker that has come so far, "
            "and keeps yours beside it."
        )
    names = [path.name for path in (_NOTEBOOKS / "solutions").glob(f"{notebook}_*.py")]
    where = f"solutions/{names[0]}" if names else "the folder solutions, beside the notebook"
    return f"A solution is in {where}."
