"""Shows a learner how far they are, in a table of the course or a line of one notebook.

>>> from pubsub_lib.lab.exercises.checking import exercise
>>> check = exercise("96.1", "the sum is right")(lambda answer: None)
>>> show_progress("96")
Notebook 96: 0 of 1 exercises solved.
>>> del EXERCISES["96.1"]
"""

from collections.abc import Collection, Iterator
from itertools import groupby

from pubsub_lib.lab.exercises.checking import EXERCISES
from pubsub_lib.lab.lesson.progress import guesses, solved
from pubsub_lib.lab.lesson.recall import missed_before
from pubsub_lib.lab.lesson.tables import show_table
from pubsub_lib.lab.own_broker.stages import own


def show_progress(notebook: str | None = None) -> None:
    """Show which exercises are solved and which are still open.

    Args:
        notebook: the number of a notebook, such as `02`, of which a line is printed; a table of the
            whole course is shown without.
    """
    if notebook is None:
        show_table(["notebook", "solved", "still open"], _rows(EXERCISES, solved()))
    else:
        print(f"Notebook {notebook}: {'; '.join(_standing(notebook))}.")


def _rows(exercises: Collection[str], done: Collection[str]) -> Iterator[list[str]]:
    """Yield a row for each notebook that has exercises."""
    for notebook, group in groupby(sorted(exercises), key=lambda number: number.partition(".")[0]):
        numbers = list(group)
        left = [number for number in numbers if number not in done]
        solved_here = f"{len(numbers) - len(left)} of {len(numbers)}"
        yield [notebook, solved_here, ", ".join(left) or "none"]


def _standing(notebook: str) -> list[str]:
    """What there is to say of a notebook: what was not begun is not mentioned."""
    exercises = [number for number in EXERCISES if _belongs(number, notebook)]
    done = solved().intersection(exercises)
    said = [f"{len(done)} of {len(exercises)} exercises solved"]
    guessed = [guess for name, guess in guesses().items() if _belongs(name, notebook)]
    if guessed:
        right = sum(guess.is_right for guess in guessed)
        said.append(f"{right} of {len(guessed)} guesses were right")
    if own(notebook) in solved():
        said.append("your own broker keeps what it promises here")
    if back := len(missed_before(notebook)):
        questions = "1 question comes" if back == 1 else f"{back} questions come"
        said.append(f"{questions} back at the end")
    return said


def _belongs(name: str, notebook: str) -> bool:
    return name.startswith(f"{notebook}.")
