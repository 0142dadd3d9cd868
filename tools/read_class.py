"""Say who of a class has solved what, and what is often guessed wrong.

    python -m tools.read_class FOLDER

The folder holds everybody's `my_course/`, each in a folder of its learner's name, such as
`class/anna/my_course`. Nothing else of a copy is read than what was solved and guessed, which lies
in `.progress.json`.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pubsub_lib.lab.exercises import EXERCISES
from pubsub_lib.lab.lesson import progress
from pubsub_lib.lab.lesson.progress import NotedGuess
from pubsub_lib.lab.lesson.quantities import quantity
from pubsub_lib.lab.lesson.tables import markdown_table

COPIES = "my_course"
#: Of so many predictions the wrong guesses are listed: those with the most.
MOST_LISTED = 15


@dataclass(frozen=True, slots=True)
class Learner:
    """What a learner has done.

    Attributes:
        name: the name of the learner's folder.
        solved: the numbers of the exercises.
        guesses: the first guess of each prediction, by its name.
        missed: the names of the questions at the notebooks' ends that were missed.
    """

    name: str
    solved: frozenset[str]
    guesses: Mapping[str, NotedGuess]
    missed: frozenset[str]


def read_class(folder: Path) -> tuple[list[Learner], list[str]]:
    """Return the learners, and what is wrong with those folders that were left out.

    Raises:
        OSError: if there is no such folder, or it cannot be read.
    """
    learners, problems = [], []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            learners.append(_learner(place))
        except (OSError, ValueError) as problem:
            problems.append(f"{place.name}: left out, {_explained(problem)}")
    return learners, problems


def _learner(place: Path) -> Learner:
    copies = place / COPIES
    file = (copies if copies.is_dir() else place) / progress.FILE
    progress.content_of(file)  # which raises, where the others take it for nothing
    recalled = progress.recalled(path=file)
    return Learner(
        name=place.name,
        solved=frozenset(progress.solved(path=file)),
        guesses=progress.guesses(path=file),
        missed=frozenset(name for name, last in recalled.items() if not last.is_right),
    )


def _explained(problem: Exception) -> str:
    match problem:
        case FileNotFoundError():
            return (
                f"there is no {progress.FILE}: nothing was solved or guessed, or it was not copied"
            )
        case OSError():
            return f"its {progress.FILE} cannot be read: {problem.strerror}"
        case _:
            return f"its {progress.FILE} makes no sense: {problem}"


def solved_table(learners: list[Learner]) -> str:
    """How many exercises of each notebook each learner has solved."""
    notebooks = {
        notebook: frozenset(numbers)
        for notebook, numbers in groupby(sorted(EXERCISES), key=lambda number: number[:2])
    }
    rows = [
        [
            one.name,
            *(f"{len(one.solved & numbers)}/{len(numbers)}" for numbers in notebooks.values()),
        ]
        for one in learners
    ]
    return markdown_table(["solved", *notebooks], rows)


def wrong_guesses_table(learners: list[Learner]) -> str:
    """The predictions with the most wrong guesses, and which guess was the most common of these."""
    return markdown_table(
        ["prediction", "wrong", "asked to be shown", "most common wrong guess"],
        list(_wrong_guesses(learners))[:MOST_LISTED],
    )


def _wrong_guesses(learners: list[Learner]) -> Iterator[list[str]]:
    names = {name for one in learners for name in one.guesses}
    made = {name: [one.guesses[name] for one in learners if name in one.guesses] for name in names}
    wrong = {
        name: [one.guess for one in guesses if not one.is_right and one.guess is not None]
        for name, guesses in made.items()
    }
    for name in sorted(names, key=lambda name: (-len(wrong[name]), name)):
        if wrong[name]:
            ((guess, times),) = Counter(wrong[name]).most_common(1)
            shown = sum(one.guess is None for one in made[name])
            share = f"{len(wrong[name])} of {len(made[name])}"
            yield [name, share, str(shown), f"{_written(guess)} ({quantity(times, 'times')})"]


def _written(guess: float | str | None) -> str:
    return str(guess) if guess is None or isinstance(guess, str) else quantity(guess, "")


def missed_table(learners: list[Learner]) -> str:
    """The questions at the notebooks' ends that somebody missed, the most often missed first."""
    missed = Counter(name for one in learners for name in sorted(one.missed))
    return markdown_table(
        ["question", "missed by"], [[name, str(times)] for name, times in missed.most_common()]
    )


def report(learners: list[Learner]) -> str:
    """Everything there is to say of a class, as Markdown."""
    tables = [solved_table(learners), wrong_guesses_table(learners), missed_table(learners)]
    return "\n\n".join(table for table in tables if table.count("\n") > 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="with a folder for each learner")
    folder = parser.parse_args().folder
    try:
        learners, problems = read_class(folder)
    except OSError as problem:
        print(f"{folder} cannot be read: {problem.strerror}. Name the folder", file=sys.stderr)
        print("that holds a folder for each learner: make class FOLDER=...", file=sys.stderr)
        return 1
    for problem in problems:
        print(problem, file=sys.stderr)
    if not learners:
        print(f"In {folder} is nobody's {COPIES}/{progress.FILE}.", file=sys.stderr)
        return 1
    print(report(learners))
    return 0


if __name__ == "__main__":
    sys.exit(main())
