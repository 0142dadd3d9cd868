"""Films a program: runs it on the virtual clock and returns what to show of it.

>>> import asyncio
>>> async def main() -> None:
...     queue = asyncio.Queue(maxsize=1)
...     reader = asyncio.create_task(queue.get(), name="reader")
...     await queue.put("hello")
...     await reader
>>> print(film(main(), title="A queue").caption)
A queue, a film of 4 pictures and 0 s: 1 message; reader got 1.
"""

import asyncio
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, assert_never

from pubsub_lib.lab.clock.endless_loops import ending_endless_loops
from pubsub_lib.lab.clock.virtual_time import Step, run_virtual
from pubsub_lib.lab.replay.calls import Call, watch_calls
from pubsub_lib.lab.replay.checks import (
    Running,
    View,
    check_limits,
    checked_label,
    checked_programs,
    checked_source,
    checked_views,
    checked_watch,
    closed_if_refused,
)
from pubsub_lib.lab.replay.events import FilmRecording
from pubsub_lib.lab.replay.expressions import Expressions
from pubsub_lib.lab.replay.instants import cut_waits_of_no_time
from pubsub_lib.lab.replay.message_numbers import Label
from pubsub_lib.lab.replay.player import page
from pubsub_lib.lab.replay.readers import name_queues
from pubsub_lib.lab.replay.standing import Cast, Scene, ShownSource
from pubsub_lib.lab.replay.watching import FilmTooLong, Watcher
from pubsub_lib.lab.replay.words import sentence_of, storable, summary_of

MOST_BYTES = 100_000
MOST_PICTURES = MOST_BYTES // 5  # a picture takes at least so many bytes
MOST_STEPS = 100_000  # some 4 s of real time, and far more than anybody would watch
NOTHING_YET = (
    "There is nothing to film yet: a part that is yours still raises NotImplementedError. "
    "Write it, and run this cell again."
)
UNWRITTEN = ", in a part that is yours and still to be written"


class Film:
    """A run to look at, picture by picture. Made by `film`; a notebook shows it by itself.

    Attributes:
        title: as given.
        recordings: what happened, by the name of the run; of one run, the name is "".
        results: what the runs returned, by the same names; a run that failed is not there.
        errors: the exceptions that ended runs, by the same names.
        views: what is shown of them.
    """

    def __init__(self, title: str, views: tuple[View, ...]) -> None:
        self.title = title
        self.views = views
        self.recordings: dict[str, FilmRecording] = {}
        self.results: dict[str, Any] = {}
        self.errors: dict[str, BaseException] = {}

    @cached_property
    def caption(self) -> str:
        """What the film shows, in words and numbers that come from it."""
        runs = [
            f"{name}: {summary_of(recording)}" if name else summary_of(recording)
            for name, recording in self.recordings.items()
        ]
        pictures = sum(len(recording.pictures) for recording in self.recordings.values())
        end_s = max(recording.end_s for recording in self.recordings.values())
        opening = f"{self.title}, a film" if self.title else "A film"
        length = f"{pictures} picture{'' if pictures == 1 else 's'} and {end_s:g} s"
        how_long = f"of {length}" if pictures else "without a picture"
        return storable(f"{opening} {how_long}: {'. '.join(runs)}.")

    @cached_property
    def data(self) -> str:
        """The film as JSON: the same for the same run, on every machine."""
        data = {
            "title": self.title,
            "caption": self.caption,
            "views": list(self.views),
            "runs": [
                {"name": name, **recording.as_data()} for name, recording in self.recordings.items()
            ],
        }
        return storable(json.dumps(data, ensure_ascii=False, separators=(",", ":")))

    @property
    def html(self) -> str:
        """The film and its player, which ask for nothing outside."""
        number = hashlib.sha256(self.data.encode()).hexdigest()[:12]
        return page(f"film-{number}", self.caption, self.data)

    @property
    def is_unwritten(self) -> bool:
        """Whether no run has come further than to a part that is still to be written."""
        errors = [self.errors.get(name) for name in self.recordings]
        return all(error is not None and _is_unwritten(error) for error in errors)

    def _repr_mimebundle_(self, **options: object) -> dict[str, str]:
        if self.is_unwritten:
            return {"text/html": f"<p>{NOTHING_YET}</p>", "text/plain": NOTHING_YET}
        return {"text/html": self.html, "text/plain": self.caption}

    def __repr__(self) -> str:
        return self.caption


def film(
    program: Running | Mapping[str, Running],
    *,
    title: str = "",
    view: View | str | Iterable[View | str] = View.MESSAGES,
    source: Iterable[Any] = (),
    watch: Iterable[str] | Mapping[str, str] = (),
    label: Label | None = None,
    max_seconds: float = 1e6,
    max_steps: int = MOST_STEPS,
) -> Film:
    """Run a program on the virtual clock and return a film of it.

    Args:
        program: a coroutine, as in `film(main())`; or several by name, which are shown side by
            side, as in `film({"broken": main(Broken()), "mended": main(Mended())})`.
        title: what stands above it.
        view: what is shown: messages, loop or ring, or several of them.
        source: functions or classes whose source is shown beside the program's own, with the
            lines at which tasks stand in them: `source=[ChapterPubSub.publish]`.
        watch: expressions in the program's own names, whose values are shown, and told when they
            change: `watch=["cache.held"]`; by other names, `watch={"cache": "cache.held"}`.
        label: what stands in a message's token in the place of its number, as a function of the
            message: `label=lambda price: price.name`. There is room for 8 letters. Where it
            fails, the number stands. How long such messages waited in a queue is shown, too.
        max_seconds: how late it may become on the virtual clock, in seconds.
        max_steps: how many steps the tasks may take, in each run.

    A program that breaks is filmed as far as it comes; `errors` has what ended it.

    Raises:
        FilmTooLong: if it publishes more than 400 messages, or becomes larger than 100 KB.
            Of a program that never ends, `max_seconds` films the beginning.
        TypeError: if it is not given a coroutine, or another argument is of the wrong type.
        ValueError: if there is no run at all, or no such view, or a run is over already.
        SyntaxError: if what is to be watched is no expression.
    """
    several = program.values() if isinstance(program, Mapping) else program
    with closed_if_refused(several if isinstance(several, Collection) else [several]):
        programs = checked_programs(program)
        made = Film(title, checked_views(view))
        parts, label = checked_source(source), checked_label(label)
        check_limits(max_seconds=max_seconds, max_steps=max_steps)
        expressions = checked_watch(watch)
        watched = {name: Expressions(one, expressions) for name, one in programs.items()}
        for name, coroutine in programs.items():
            _record(made, name, coroutine, parts, watched[name], label, max_seconds, max_steps)
    size = len(made.html.encode())
    if size > MOST_BYTES:
        raise FilmTooLong(
            f"this film would take {size / 1000:.0f} KB of a notebook, and a film takes at most "
            f"{MOST_BYTES / 1000:.0f}; film a shorter run: fewer messages, subscribers or steps"
        )
    return made


def _is_unwritten(error: BaseException) -> bool:
    """Return whether it is a part that is still to be written, or a TaskGroup's error with one."""
    return BaseExceptionGroup("", [error]).subgroup(NotImplementedError) is not None


def _record(
    made: Film,
    name: str,
    coroutine: Running,
    parts: list[Any],
    watched: Expressions,
    label: Label | None,
    max_seconds: float,
    max_steps: int,
) -> None:
    recording = made.recordings[name] = FilmRecording(watched=watched.names)
    cast = Cast(recording)
    watcher = Watcher(recording, cast, label)
    camera = _Camera(recording, cast, ShownSource(recording, parts), watcher, watched, made.views)
    try:
        with watch_calls(camera.call_started, camera.call_ended), ending_endless_loops():
            made.results[name] = run_virtual(
                coroutine,
                max_seconds=max_seconds,
                max_steps=max_steps,
                after_each_step=camera.after_step,
            )
    except FilmTooLong:
        raise
    except (Exception, asyncio.CancelledError, SystemExit) as error:
        made.errors[name] = error
        recording.error = sentence_of(error) + (UNWRITTEN if _is_unwritten(error) else "")
        camera.take_the_last()
    recording.unknown = watched.unknown()
    cut_waits_of_no_time(recording)
    name_queues(recording)


class _Camera:
    """Takes a picture after each step in which something changed that the film shows."""

    def __init__(
        self,
        recording: FilmRecording,
        cast: Cast,
        source: ShownSource,
        watcher: Watcher,
        watched: Expressions,
        views: tuple[View, ...],
    ) -> None:
        self._recording = recording
        self._cast = cast
        self._watcher = watcher
        self._watched = watched
        self._time_s = 0.0
        self._every_step = any(_shows_every_step(view) for view in views)
        self._scene = Scene(recording, cast, source, with_states=self._every_step)

    def call_started(self, call: Call) -> None:
        if self._is_on():
            self._watcher.call_started(call)

    def call_ended(self, call: Call) -> None:
        if self._is_on() and self._watcher.call_ended(call):
            task = asyncio.current_task()
            if task is not None:
                self._scene.look_at_the_running(task)
            self._take(task)

    def after_step(self, step: Step) -> None:
        self._watcher.look_after_step()
        for name, value in self._watched.take_changes():
            self._watcher.note_value(name, value)
        self._scene.look(step)
        self._take(step.task)

    def take_the_last(self) -> None:
        """Take a picture of where the tasks stand at the end, if that has not been seen yet."""
        self._recording.add(self._time_s, None, self._scene.take_changes())

    def _is_on(self) -> bool:
        """Whether the filmed loop runs, and is not tidying up."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        return getattr(loop, "after_each_step", None) == self.after_step

    def _take(self, task: asyncio.Task[Any] | None) -> None:
        self._time_s = float(asyncio.get_running_loop().time())
        changes = self._watcher.take_changes()
        ends = any(map(self._watcher.takes_part, self._scene.who_has_ended()))
        if changes or ends or self._every_step:
            changes += self._scene.take_changes()
            number = None if task is None else self._cast.number(task)
            self._recording.add(self._time_s, number, changes)
        if len(self._recording.pictures) > MOST_PICTURES:
            raise FilmTooLong(
                f"a film shows at most {MOST_PICTURES:,} pictures, and this program takes more "
                "steps; film a shorter run: film(..., max_seconds=...), or view='messages'"
            )


def _shows_every_step(view: View) -> bool:
    match view:
        case View.LOOP:
            return True
        case View.MESSAGES | View.RING:
            return False
        case _:
            assert_never(view)
