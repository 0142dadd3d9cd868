"""States what a run shows, and says so in words where a learner's run shows something else.

An `assert` ends in a traceback, which tells a learner nothing. A claim is a sentence: it holds, or
it does not hold in this run, with what was found instead. It never raises, so what it is given must
not raise either: bind what is awaited to a name, and take what may not be there by `at`.

>>> depths = [1, 2, 2]
>>> bound_kept = holds("The bound is reached, and never passed.", max(depths) == 2, max(depths))
✓ The bound is reached, and never passed.
>>> bool(bound_kept)
True
>>> nobody_misses = holds("Nobody misses anything.", False, {"slow": 3})
✗ Not in this run: Nobody misses anything. Found: {'slow': 3}.
If you have changed the experiment, that may be why. If not, run all cells once more.

A claim about real time has a third outcome: on a machine that was busy it could not be seen. For
the tests, which compare `text/plain`, that is as if it held; a reader sees the `text/html`.
"""

import html
import re
from enum import Enum

from IPython.core.getipython import get_ipython
from IPython.display import display

from pubsub_lib.lab.lesson.cells import CELLS
from pubsub_lib.lab.lesson.values import written

#: Between these, nbval does not compare the `text/html`: see tools/nbval_sanitize.ini.
BEGIN, END = "<!-- a claim -->", "<!-- end of the claim -->"
NOT_SEEN = "<!-- could not be seen -->"
REMEDY = "If you have changed the experiment, that may be why. If not, run all cells once more."

# JupyterLab's own, for each of its themes.
_COLOURS = {"✓": "success", "✗": "error", "?": "info"}
_in_cell_with_remedy: int | None = None


class _ShownAlready:
    """As the last of a cell it shows nothing more."""

    def _ipython_display_(self) -> None:
        pass


class Held(_ShownAlready, Enum):
    """What came of a claim; true unless it does not hold."""

    YES = "it holds"
    NO = "it does not hold"
    NOT_SEEN = "it could not be seen on a busy machine"

    def __bool__(self) -> bool:
        return self is not Held.NO


def holds(sentence: str, condition: object, found: object, *, real_time: bool = False) -> Held:
    """Show whether what the text states is so in this run.

    Args:
        sentence: the statement. Best is one that is true of every setting that can be tried.
        condition: whether it is so. What has no truth, such as an array, counts as false.
        found: what was found, shown where the statement is not so.
        real_time: whether it depends on how fast this machine is, or on what else runs on it.

    Returns:
        Whether it is so, as something true or false, for `Verdict(provided=[...])`. It is true as
        well where it could not be seen, since nothing speaks against it.
    """
    if _is_true(condition):
        show_claim(f"✓ {sentence}")
        return Held.YES
    not_so = f"{_as_sentence(sentence)} Found: {written(found)}."
    if real_time and (contention := CELLS.contention()).is_high:
        show_not_seen(f"✓ {sentence}", f"{not_so} Meanwhile {_as_sentence(str(contention))}")
        return Held.NOT_SEEN
    measured = f" Measured while {_as_sentence(str(contention))}" if real_time else ""
    show_claim("\n".join([f"✗ Not in this run: {not_so}{measured}", *remedy_once()]))
    return Held.NO


def show_not_seen(text: str, seen: str) -> None:
    """Show that a claim about real time could not be seen on a busy machine.

    Args:
        text: what would be shown if it held, which tests compare.
        seen: what was found, and why it may mean nothing.
    """
    show_claim(text, visible=f"? Could not be seen on this busy machine: {seen}")


def show_claim(text: str, *, visible: str = "") -> None:
    """Show a claim: the tests compare the text, and a reader sees what is visible, if it differs.

    The first character is a mark, which gets its colour; what stands in `backticks` is code.
    """
    if get_ipython() is None:
        print(visible or text)
        return
    shown = visible or text
    mark, rest = (shown[0], shown[1:]) if shown[:1] in _COLOURS else ("", shown)
    body = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(rest, quote=False))
    body = body.replace("\n", "<br>")
    if mark:
        body = f'<b style="color: var(--jp-{_COLOURS[mark]}-color1)">{mark}</b>{body}'
    not_seen = NOT_SEEN if visible else ""
    data = {"text/plain": text, "text/html": f"{BEGIN}{not_seen}<div>{body}</div>{END}"}
    display(data, raw=True)


def remedy_once() -> list[str]:
    """Return what to do where something does not hold, the first time in a cell; else nothing."""
    global _in_cell_with_remedy
    if get_ipython() and _in_cell_with_remedy == CELLS.number:
        return []
    _in_cell_with_remedy = CELLS.number
    return [REMEDY]


def _is_true(condition: object) -> bool:
    try:
        return bool(condition)
    except Exception:
        return False


def _as_sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!", ":")) else f"{text}."
