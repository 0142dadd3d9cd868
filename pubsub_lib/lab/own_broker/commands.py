"""What a learner types: try the own broker, break it, start it at a later stage.

>>> import os, tempfile
>>> before = os.environ.get("COURSE_PROGRESS", "")
>>> folder = tempfile.TemporaryDirectory()
>>> os.environ["COURSE_PROGRESS"] = f"{folder.name}/progress.json"
>>> check_my_broker("03")
Your own broker, stage 03: not begun yet. Write it in my_course/my_broker.py.
>>> start_my_broker_at("05")
my_broker.py is now the broker as it is before stage 05. Go on from there.
>>> check_my_broker("03")
Your own broker, stage 03: all 4 promises hold.
>>> os.environ["COURSE_PROGRESS"] = before
>>> folder.cleanup()
"""

from IPython.display import display

from pubsub_lib.lab.lesson.progress import remember
from pubsub_lib.lab.lesson.saving import CannotSaveError
from pubsub_lib.lab.lines import in_lines
from pubsub_lib.lab.own_broker.apart import DidNotEnd, run_apart
from pubsub_lib.lab.own_broker.file import make_if_missing, my_broker_file, start_at
from pubsub_lib.lab.own_broker.measuring import STORED
from pubsub_lib.lab.own_broker.searching import Broken, Nothing
from pubsub_lib.lab.own_broker.stages import FINISHED, own, promises_until
from pubsub_lib.lab.own_broker.trying import Report

SEARCH_LIMIT_S = 60.0


def check_my_broker(notebook: str) -> None:
    """Try all that your broker has to keep at a notebook's stage, and show what it does not.

    Args:
        notebook: the number of the notebook, such as `05`.

    Raises:
        ValueError: if your broker has no stage there.
    """
    promises_until(notebook)
    stage = f"Your own broker, stage {notebook}"
    path = my_broker_file()
    try:
        make_if_missing(path)
        report: Report = run_apart("trying:try_stage", path, notebook)
    except (CannotSaveError, DidNotEnd) as problem:
        _say(f"{stage}: not yet. {_sentence(str(problem))}")
        return
    if not report.begun:
        _say(f"{stage}: not begun yet. Write it in my_course/{path.name}.")
    elif not report.marks:
        _say(f"{stage}: not yet. {_sentence(report.reason)}")
    elif report.kept == len(report.marks):
        remember(own(notebook))
        _say(f"{stage}: all {report.kept} promises hold.")
    else:
        _show_broken(stage, report)


def _show_broken(stage: str, report: Report) -> None:
    _say(f"{stage}: {report.kept} of {len(report.marks)} promises hold.")
    for sentence, kept in report.marks:
        _say(f"  {'✓' if kept else '✗'} {sentence}")
    _say(f"The first that is broken: {report.first_broken}\n{_sentence(report.reason)}")
    if report.film is not None:
        display(report.film)


def break_my_broker(notebook: str) -> None:
    """Search for the smallest program that breaks a promise of your broker, and film it.

    Args:
        notebook: the number of the notebook whose stage your broker has reached.

    Raises:
        ValueError: if your broker has no stage there.
    """
    promises_until(notebook)
    path = my_broker_file()
    try:
        make_if_missing(path)
        found = run_apart("searching:search_file", path, notebook, limit_s=SEARCH_LIMIT_S)
    except (CannotSaveError, DidNotEnd) as problem:
        _say(f"Nothing could be tried. {_sentence(str(problem))}")
        return
    match found:
        case Nothing(programs=programs):
            _say(f"{programs} programs were tried, and none of them breaks a promise.")
        case Broken():
            _say(f"This breaks a promise: {found.sentence}")
            for number, step in enumerate(found.steps, start=1):
                _say(f"  {number}. {step}")
            _say(_sentence(found.reason))
            if found.film is not None:
                display(found.film)
        case str():
            _say(f"Nothing could be tried. {_sentence(found)}")


def measure_my_broker() -> dict[str, float]:
    """Measure your broker beside the library's, and say how many times as fast as the chapter's.

    Returns:
        Times as fast as the chapter's broker, by name, measured here: yours, if it is written, and
        the library's two; and the stored ones of other libraries, whose names say so.
    """
    path = my_broker_file()
    try:
        make_if_missing(path)
        found: dict[str, float] | str = run_apart("measuring:times_as_fast", path)
    except (CannotSaveError, DidNotEnd) as problem:
        found = str(problem)
    if isinstance(found, str):
        why = _sentence(found) if found else "It is not begun yet."
        _say(f"Your own broker is left out. {why}")
        found = run_apart("measuring:without_yours", path)
    assert isinstance(found, dict)
    return found | {f"{name} (stored)": times for name, times in STORED.items()}


def start_my_broker_at(notebook: str) -> None:
    """Go on with a broker as it is before a notebook's stage; your own is kept beside it.

    Args:
        notebook: the number of the notebook, such as `06`; `12` gives the finished one.

    Raises:
        ValueError: if your broker has no stage there.
    """
    path = my_broker_file()
    try:
        kept_as = start_at(notebook, path)
    except CannotSaveError as problem:
        _say(str(problem))
        return
    which = "the finished one" if notebook == FINISHED else f"as it is before stage {notebook}"
    kept = f" Yours is kept beside it, as {kept_as.name}." if kept_as else ""
    _say(f"{path.name} is now the broker {which}.{kept} Go on from there.")


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?")) else f"{text}."


def _say(text: str) -> None:
    print(in_lines(text))
