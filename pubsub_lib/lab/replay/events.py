"""What a film is made of: pictures, and in each of them what has changed since the one before.

A `FilmRecording` is data alone. It knows neither how it was made (`watching`, `standing`) nor how
it is shown (`film`, and the player). Everything in it is a number, a text or a list, so that it
becomes compact JSON, the same on every machine.

>>> recording = FilmRecording()
>>> reader = recording.queue("reader", bound=2)
>>> first = recording.message("hello")
>>> recording.add(0.5, None, [(ChangeKind.ENTER, reader, first)])
>>> recording.count(ChangeKind.ENTER), recording.end_s
(1, 0.5)
"""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from math import gcd, inf
from typing import Any

type Change = tuple[Any, ...]
"""A `ChangeKind`, and the numbers of whatever it is about, as `ChangeKind` says."""


class ChangeKind(StrEnum):
    """What can change; in brackets the numbers that follow in a `Change`."""

    JOIN = "J"
    """A queue is there, or a subscriber joined. (queue)"""
    LEAVE = "L"
    """It takes no more messages. (queue)"""
    PUBLISH = "P"
    """A task begins to publish a message, or to put it in a queue. (task, message)"""
    RETURN = "R"
    """The publish is over. (message), and, where it returns how many got it and these are others,
    (..., so many as it returns, so many as have it)"""
    WAIT = "W"
    """The publish waits for room in these queues, which may be none. (message, queue, ...)"""
    ENTER = "E"
    """A message gets into a queue. (queue, message)"""
    TAKE = "T"
    """A task takes it out. (queue, message, task)"""
    HANDLE = "H"
    """The task that took it comes back for more, or ends. (queue, message)"""
    ASLEEP = "Z"
    """Whether its reader sleeps though messages wait, as nobody has woken it. (queue, 1 or 0)"""
    DROP = "D"
    """A subscriber loses a message, for want of room or by being cancelled; or has not got it when
    the publish is over, which a late delivery may mend. (queue, message), and 1 if it is that."""
    KEEP = "K"
    """Its reader fails, and nobody can say how far it came with it. (queue, message)"""
    BACK = "B"
    """Its reader has gone without a word about it: the message waits again, first. (queue, message)
    """
    HELD = "U"
    """What was taken is kept where it was, until it is acknowledged. (queue, message)"""
    ACKNOWLEDGED = "A"
    """It is acknowledged, and kept no longer. (queue, message)"""
    NOTE = "N"
    """Something worth a sentence. (text), and, if it tells the value of something that is watched,
    (..., watched, text of the value)"""
    SAY = "Y"
    """What is said of this picture, in the place of words for each of its changes. (text)"""
    STAND = "S"
    """Where a task stands, and what it waits for. (task, state, text, line)"""
    LINE = "I"
    """At which line a task stands, where nothing else of it is shown. (task, line)"""
    READY = "Q"
    """The tasks that can run next, in order. (task, ...)"""


class State(StrEnum):
    """What a task does, where it stands."""

    RUNS = "r"
    WAITS = "w"
    READY = "y"
    DONE = "d"
    FAILED = "f"
    CANCELLED = "c"
    KILLED = "k"


@dataclass(slots=True)
class Queue:
    """A queue of a film.

    Attributes:
        name: what it is called; "" until that is known.
        bound: how many messages it holds, 0 for any number.
        ring: whether it is a place in a ring, which others share.
        readers: the tasks that read it, by number.
        keeper: the number of the process that keeps it; `None` if it is its readers' own.
    """

    name: str
    bound: int
    ring: bool = False
    readers: list[int] = field(default_factory=list)
    keeper: int | None = None

    def as_data(self) -> list[Any]:
        """Return what the player reads."""
        keeper = [] if self.keeper is None else [self.keeper]
        return [self.name, self.bound, int(self.ring), self.readers, *keeper]


@dataclass(slots=True)
class Picture:
    """One picture of a film.

    Attributes:
        time_s: the time on the virtual clock, in seconds.
        task: who ran; `None` if it was a callback of no task.
        changes: what changed, in order.
    """

    time_s: float
    task: int | None
    changes: list[Change]


@dataclass(slots=True)
class FilmRecording:
    """Everything that a film shows.

    Attributes:
        pictures: in the order of time.
        tasks: their names, in the order in which they were seen.
        queues: in the same order.
        messages: their texts, in the order in which they were published.
        labels: what stands in their tokens, "" for their number.
        ends: the numbers of those that are no messages, but the end of all messages.
        watched: the names of what is watched.
        unknown: of what is watched and never had a value, why not, by its name.
        texts: sentences that changes refer to.
        source: the program that is shown, as (number, text) a line.
        error: what ended the program before its time; "" if nothing did.
    """

    pictures: list[Picture] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    source: list[tuple[int, str]] = field(default_factory=list)
    error: str = ""

    def queue(self, name: str, *, bound: float, ring: bool = False) -> int:
        """Note a queue and return its number; a bound of less than 0, or without end, is none."""
        self.queues.append(Queue(name, int(bound) if 0 < bound < inf else 0, ring))
        return len(self.queues) - 1

    def message(self, text: str, label: str = "") -> int:
        """Note a message and return its number, which counts from 0."""
        self.messages.append(text)
        self.labels.append(label)
        return len(self.messages) - 1

    def text(self, text: str) -> int:
        """Return the number of a sentence."""
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)

    def add(self, time_s: float, task: int | None, changes: list[Change]) -> None:
        """Add a picture, if anything changed."""
        if changes:
            self.pictures.append(Picture(time_s, task, changes))

    def changes(self, *kinds: ChangeKind) -> list[Change]:
        """Return the changes of these kinds, in order."""
        return [
            change for picture in self.pictures for change in picture.changes if change[0] in kinds
        ]

    def count(self, kind: ChangeKind, *numbers: int) -> int:
        """Return how many changes of a kind there are, that begin with these numbers."""
        wanted = (kind, *numbers)
        return sum(change[: len(wanted)] == wanted for change in self.changes(kind))

    @property
    def end_s(self) -> float:
        """When the last picture was taken, in seconds."""
        return self.pictures[-1].time_s if self.pictures else 0.0

    def as_data(self) -> dict[str, Any]:
        """Return what the player reads.

        All pictures are one text: "later,task,change;change|later,task,...", each later than the
        one before by so many units, and each change its letter and its numbers: "E0,3".
        """
        times = [round(picture.time_s * 1e9) for picture in self.pictures]
        later = [now - before for before, now in pairwise([0, *times])]
        unit = gcd(*later) or 1
        return {
            "unit_ns": unit,
            "pictures": "|".join(
                f"{step // unit},{-1 if picture.task is None else picture.task},"
                + ";".join(change[0] + ",".join(map(str, change[1:])) for change in picture.changes)
                for step, picture in zip(later, self.pictures, strict=True)
            ),
            "tasks": self.tasks,
            "queues": [queue.as_data() for queue in self.queues],
            "messages": self.messages,
            **({"labels": self.labels} if any(self.labels) else {}),
            **({"watched": self.watched} if self.watched else {}),
            "ends": self.ends,
            "texts": self.texts,
            "source": self.source,
            "error": self.error,
        }
