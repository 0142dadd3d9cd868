"""The learner's file: `my_broker.py`, beside the copies of the notebooks, and never overwritten.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder, NAME)
...     make_if_missing(path)
...     kept_as = start_at("06", path)
...     made = path.read_bytes() == given_state("05").read_bytes()
>>> made, kept_as  # nobody had changed the first one, so it was not kept
(True, None)
"""

from itertools import count
from pathlib import Path

from pubsub_lib.lab.lesson.progress import progress_file
from pubsub_lib.lab.lesson.saving import move, save
from pubsub_lib.lab.own_broker.given import GIVEN, given_state
from pubsub_lib.lab.own_broker.stages import FINISHED

NAME = "my_broker.py"
_BEGINNING = given_state("03").with_name("beginning.py")


def my_broker_file() -> Path:
    """Return where the learner's broker lies: beside what is noted of the learner's progress."""
    return progress_file().with_name(NAME)


def make_if_missing(path: Path) -> None:
    """Make the file with which notebook 03 begins, unless there is one.

    Raises:
        CannotSaveError: if it cannot be written.
    """
    if not path.exists():
        save(path, _BEGINNING.read_bytes())


def is_begun(path: Path) -> bool:
    """Whether there is something else in the file than what it was made with."""
    return path.read_bytes() != _BEGINNING.read_bytes()


def start_at(notebook: str, path: Path) -> Path | None:
    """Make of the file the broker as it is before the stage of this notebook.

    Args:
        notebook: the number of the notebook to go on with, or `12` for the finished one.
        path: the learner's file.

    Returns:
        Where the learner's own is now; `None` if there was none, or only what had been given.

    Raises:
        CannotSaveError: if it cannot be written. What was there before is not lost.
        ValueError: if that notebook has no stage.
    """
    content = _state_before(notebook).read_bytes()
    kept_as = _set_aside(path) if path.exists() and not _is_given(path) else None
    save(path, content)
    return kept_as


def _state_before(notebook: str) -> Path:
    numbers = [given.notebook for given in GIVEN]
    before = dict(zip([*numbers, FINISHED], [None, *numbers], strict=True))
    if notebook not in before:
        raise ValueError(
            f"your broker can be started at {', '.join(before)}, and not at {notebook!r}: write "
            f'start_my_broker_at("05")'
        )
    state = before[notebook]
    return _BEGINNING if state is None else given_state(state)


def _is_given(path: Path) -> bool:
    given = {_BEGINNING.read_bytes(), *(given.path.read_bytes() for given in GIVEN)}
    return path.read_bytes() in given


def _set_aside(path: Path) -> Path:
    names = (f"my_broker.mine{number if number > 1 else ''}.py" for number in count(1))
    kept_as = next(path.with_name(name) for name in names if not path.with_name(name).exists())
    move(path, kept_as)
    return kept_as
