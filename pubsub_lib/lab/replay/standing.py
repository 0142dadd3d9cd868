"""Who takes part in a film, what each task does, and at which line of the program it stands.

A coroutine that waits knows the line it waits at, and whom it awaits knows its own: along that
chain the innermost line of the program that is shown is where the task stands.
"""

import asyncio
import inspect
import re
import sysconfig
import textwrap
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from pubsub_lib.lab.clock.virtual_time import Step
from pubsub_lib.lab.clock.waiting_tasks import frames_of, reason_to_wait
from pubsub_lib.lab.replay.events import Change, ChangeKind, FilmRecording, State
from pubsub_lib.lab.replay.words import WIDEST_NAME, cut, sentence_of

MOST_LINES = 150
_GIVEN_BY_ASYNCIO = re.compile(r"Task-\d+")
_OTHERS = [
    Path(__file__).parents[2],
    Path(asyncio.__file__).parents[1],  # where the standard library lies in a zip, in WebAssembly
    *(Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")),
]
_OVER = frozenset({State.DONE, State.FAILED, State.CANCELLED})
NOBODY = -1


class Cast:
    """The tasks of a film, by number and by a name that is the same in every run."""

    def __init__(self, recording: FilmRecording) -> None:
        self._recording = recording
        self._numbers: dict[asyncio.Task[Any], int] = {}

    def number(self, task: asyncio.Task[Any] | None) -> int:
        """Return the number of a task; -1 for none."""
        if task is None:
            return NOBODY
        if task not in self._numbers:
            self._numbers[task] = len(self._recording.tasks)
            self._recording.tasks.append(self._new_name(task))
        return self._numbers[task]

    def name(self, task: asyncio.Task[Any]) -> str:
        """Return the name of a task: its own, or that of its coroutine."""
        return self._recording.tasks[self.number(task)]

    def everybody(self) -> list[asyncio.Task[Any]]:
        """Return the tasks seen so far."""
        return list(self._numbers)

    def _new_name(self, task: asyncio.Task[Any]) -> str:
        name = cut(task.get_name(), WIDEST_NAME)
        if not _GIVEN_BY_ASYNCIO.fullmatch(name):
            return name
        name = getattr(task.get_coro(), "__name__", "task")
        taken = self._recording.tasks
        numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
        return name if name not in taken else next(one for one in numbered if one not in taken)


class ShownSource:
    """The source that a film shows: what is asked for, and the learner's functions that run."""

    def __init__(self, recording: FilmRecording, parts: Iterable[Any]) -> None:
        self._recording = recording
        self._line_of: dict[tuple[str, int], int] = {}  # in what is shown, by file and number
        self._known: set[CodeType] = set()
        for part in parts:
            self._add(part)

    def line(self, frames: Iterable[FrameType]) -> int:
        """Return the innermost of these frames' lines that is shown; -1 if none is."""
        found = NOBODY
        for frame in frames:
            code = frame.f_code
            if code not in self._known:
                self._known.add(code)
                if _is_the_learners(code):
                    self._add(code)
            found = self._line_of.get((code.co_filename, frame.f_lineno), found)
        return found

    def _add(self, part: Any) -> None:
        try:
            lines, first = inspect.getsourcelines(part)
            file = inspect.getfile(part)
        except (OSError, TypeError):
            return  # typed at a prompt, or made without a source
        source = self._recording.source
        if (file, first) in self._line_of or len(source) + len(lines) > MOST_LINES:
            return
        if source:
            source.append((0, ""))
        for offset, text in enumerate(textwrap.dedent("".join(lines)).rstrip().splitlines()):
            self._line_of[file, first + offset] = len(source)
            source.append((first + offset, text))


def _is_the_learners(code: CodeType) -> bool:
    """Whether this is neither Python's, nor an installed package's, nor this library's."""
    path = Path(code.co_filename)
    if code.co_name == "<module>":
        return False
    return path.suffix == ".py" and not any(path.is_relative_to(folder) for folder in _OTHERS)


class Scene:
    """Notes where every task stands, and who is ready, as changes of a recording."""

    def __init__(
        self, recording: FilmRecording, cast: Cast, source: ShownSource, *, with_states: bool
    ) -> None:
        self._recording = recording
        self._cast = cast
        self._source = source
        self._with_states = with_states
        self._standing: dict[int, tuple[State, int, int]] = {}
        self._shown: dict[int, tuple[State, int, int]] = {}
        self._ready: tuple[int, ...] = ()
        self._ready_shown: tuple[int, ...] = ()

    def look(self, step: Step) -> None:
        """Look at every task, now that all stand still."""
        seen = self._cast.everybody()
        new = [step.task, *step.ready, *sorted(asyncio.all_tasks(), key=_by_name)]
        self._ready = tuple(self._cast.number(task) for task in dict.fromkeys(step.ready))
        for task in dict.fromkeys([*seen, *(task for task in new if task is not None)]):
            number = self._cast.number(task)
            self._standing[number] = self._stands(task, is_ready=number in self._ready)

    def look_at_the_running(self, task: asyncio.Task[Any]) -> None:
        """Look at the task that calls this, in the middle of a step."""
        line = self._source.line(_frames_that_run(task))
        self._standing[self._cast.number(task)] = (State.RUNS, NOBODY, line)

    def who_has_ended(self) -> list[int]:
        """Return the numbers of the tasks that have ended since changes were last taken."""
        return [
            number
            for number, stands in self._standing.items()
            if stands[0] in _OVER and self._shown.get(number) != stands
        ]

    def take_changes(self) -> list[Change]:
        """Return what changed since this was last asked."""
        changes: list[Change] = []
        for number, stands in self._standing.items():
            before = self._shown.get(number)
            if before != stands and (self._with_states or stands[0] in _OVER):
                changes.append((ChangeKind.STAND, number, *stands))
            elif before is None or before[-1] != stands[-1]:
                changes.append((ChangeKind.LINE, number, stands[-1]))
        self._shown = dict(self._standing)
        if self._with_states and self._ready != self._ready_shown:
            self._ready_shown = self._ready
            changes.append((ChangeKind.READY, *self._ready))
        return changes

    def _stands(self, task: asyncio.Task[Any], *, is_ready: bool) -> tuple[State, int, int]:
        text = self._recording.text
        if task.cancelled():
            return State.CANCELLED, text("was cancelled"), NOBODY
        if task.done():
            error = task.exception()
            if error is not None:
                return State.FAILED, text(sentence_of(error)), NOBODY
            return State.DONE, NOBODY, NOBODY
        line = self._source.line(frames_of(task))
        if is_ready:
            return State.READY, NOBODY, line
        return State.WAITS, text(reason_to_wait(task)) if self._with_states else NOBODY, line


def _frames_that_run(task: asyncio.Task[Any]) -> list[FrameType]:
    """Return the frames of the task that calls this, the outermost first."""
    frames = []
    frame = inspect.currentframe()
    outermost = next(frames_of(task), None)
    while frame is not None:
        frames.append(frame)
        if frame is outermost:
            break
        frame = frame.f_back
    return frames[::-1]


def _by_name(task: asyncio.Task[Any]) -> tuple[int, str]:
    name = task.get_name()
    return len(name), name  # "Task-9" comes before "Task-10"
