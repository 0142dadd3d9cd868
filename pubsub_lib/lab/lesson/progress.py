"""Remembers what a learner has solved and guessed, in a small file beside the learner's copies.

The file is not part of the course: git ignores it, and the notebooks' tests use one of their own,
so that what they compare does not depend on who has solved what. `COURSE_PROGRESS` names another.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder, "progress.json")
...     remember("00.1", path=path)
...     remember("00.2", path=path)
...     sorted(solved(path=path))
['00.1', '00.2']
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pubsub_lib.lab.lesson.saving import CannotSaveError, save

FILE = ".progress.json"
#: What the file holds: under this name the numbers of the exercises that were solved.
SOLVED = "solved"
#: Under this name the first guess of each prediction, by the prediction's name.
GUESSES = "guesses"
#: Under this name what became of each question at a notebook's end, by the question's name.
RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class NotedGuess:
    """What was guessed before the result was known.

    Attributes:
        guess: a number or one of the choices; `None` if the learner asked to be shown.
        is_right: whether that is what the unchanged experiment finds.
    """

    guess: float | str | None
    is_right: bool


def progress_file() -> Path:
    """Return where the progress is kept: beside the learner's copies, if the course is there."""
    if path := os.environ.get("COURSE_PROGRESS"):
        return Path(path)
    course = Path(__file__).parents[3]
    return (course / "my_course" if (course / "notebooks").is_dir() else Path.cwd()) / FILE


@dataclass(frozen=True, slots=True)
class Recalled:
    """What became of a question when it was last asked.

    Attributes:
        notebook: the number of the notebook that asked it.
        is_right: whether it was answered right.
    """

    notebook: str
    is_right: bool


def solved(*, path: Path | None = None) -> set[str]:
    """Return the numbers of the exercises that were solved; none if the file cannot be read."""
    numbers = _read(path or progress_file()).get(SOLVED)
    return {str(number) for number in numbers} if isinstance(numbers, list) else set()


def remember(number: str, *, path: Path | None = None) -> None:
    """Note that an exercise was solved; say so where that cannot be written."""
    path = path or progress_file()
    try:
        _note({number}, path)
    except CannotSaveError as problem:
        print(f"That you have solved {number} will be forgotten. {problem}")


def guesses(*, path: Path | None = None) -> dict[str, NotedGuess]:
    """Return the first guess of each prediction; none if the file cannot be read."""
    noted = _read(path or progress_file()).get(GUESSES)
    entries = noted.items() if isinstance(noted, dict) else ()
    return {name: guess for name, entry in entries if (guess := _noted_guess(entry))}


def _noted_guess(entry: Any) -> NotedGuess | None:
    match entry:
        case {"guess": None | str() | int() | float() as guess, "is_right": bool(is_right)}:
            return NotedGuess(guess, is_right)
        case _:
            return None


def note_guess(
    name: str, guess: float | str | None, *, is_right: bool, path: Path | None = None
) -> None:
    """Note the guess of a prediction, unless there is one: the first counts.

    Nothing is said where it cannot be written: it is the result that matters then.
    """
    path = path or progress_file()
    before = guesses(path=path)
    if name not in before:
        noted = before | {name: NotedGuess(guess, is_right)}
        entries = {name: asdict(one) for name, one in noted.items()}
        with suppress(CannotSaveError):
            _write({GUESSES: entries}, path)


def recalled(*, path: Path | None = None) -> dict[str, Recalled]:
    """Return what became of each question; nothing if the file cannot be read."""
    noted = _read(path or progress_file()).get(RECALLED)
    entries = noted.items() if isinstance(noted, dict) else ()
    return {name: one for name, entry in entries if (one := _noted_recall(entry))}


def _noted_recall(entry: Any) -> Recalled | None:
    match entry:
        case {"notebook": str(notebook), "is_right": bool(is_right)}:
            return Recalled(notebook, is_right)
        case _:
            return None


def note_recalled(name: str, answer: Recalled, *, path: Path | None = None) -> None:
    """Note how a question was answered; in one notebook the first answer counts.

    Nothing is said where it cannot be written.
    """
    path = path or progress_file()
    before = recalled(path=path)
    if name not in before or before[name].notebook != answer.notebook:
        entries = {name: asdict(one) for name, one in (before | {name: answer}).items()}
        with suppress(CannotSaveError):
            _write({RECALLED: entries}, path)


def bring_along(old: Path, path: Path) -> None:
    """Take over what was noted in another file, which goes away then.

    Raises:
        CannotSaveError: if it cannot be written. The other file is as it was.
    """
    if numbers := solved(path=old):
        _note(numbers, path)
        old.unlink()


def _note(numbers: set[str], path: Path) -> None:
    before = solved(path=path)
    if not numbers <= before:
        _write({SOLVED: sorted(before | numbers)}, path)


def _write(new: dict[str, Any], path: Path) -> None:
    """Write these entries, and keep the others."""
    save(path, (json.dumps(_read(path) | new) + "\n").encode())


def _read(path: Path) -> dict[str, Any]:
    """What the file holds; nothing if it cannot be read.

    A file that makes no sense is overwritten when something is noted.
    """
    try:
        return content_of(path)
    except (OSError, ValueError):
        return {}


def content_of(path: Path) -> dict[str, Any]:
    """Return what a progress file holds. It used to be the list of what is solved.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it makes no sense.
    """
    content = json.loads(path.read_bytes())
    if isinstance(content, list):
        return {SOLVED: content}
    if isinstance(content, dict):
        return content
    raise ValueError(f"it holds a {type(content).__name__}, not what was solved and guessed")
