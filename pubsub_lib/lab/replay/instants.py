"""Cuts out of a recording the waits for room that take no time, and in which nobody makes room.

A broker that waits for nobody may still let the event loop go round once before it gives up. Nobody
waits then; whoever looks after each step of the loop cannot know that before the next one.

>>> recording = FilmRecording()
>>> reader = recording.queue("reader", bound=1)
>>> recording.add(1, 0, [(ChangeKind.PUBLISH, 0, 7), (ChangeKind.WAIT, 7, reader)])
>>> recording.add(1, 0, [(ChangeKind.DROP, reader, 7), (ChangeKind.RETURN, 7)])
>>> cut_waits_of_no_time(recording)
>>> [change[0].name for change in recording.changes(*ChangeKind)]
['PUBLISH', 'DROP', 'RETURN']
"""

from dataclasses import dataclass, field

from pubsub_lib.lab.replay.events import Change, ChangeKind, FilmRecording, Picture


@dataclass(slots=True)
class _Wait:
    """A wait for room: who publishes, since when, before which queues, and all that is noted."""

    task: int
    since_s: float
    queues: set[int] = field(default_factory=set)
    noted: list[tuple[Picture, Change]] = field(default_factory=list)
    room_was_made: bool = False


def cut_waits_of_no_time(recording: FilmRecording) -> None:
    """Take such waits out, and the pictures in which nothing else changes."""
    for picture, change in _noted_for_nothing(recording):
        picture.changes.remove(change)
        following = recording.pictures[recording.pictures.index(picture) + 1 :]
        if following and all(kind is ChangeKind.LINE for kind, *_ in picture.changes):
            following[0].changes = picture.changes + following[0].changes
            recording.pictures.remove(picture)


def _noted_for_nothing(recording: FilmRecording) -> list[tuple[Picture, Change]]:
    found: list[tuple[Picture, Change]] = []
    senders: dict[int, int] = {}
    waits: dict[int, _Wait] = {}  # by message
    for picture in recording.pictures:
        for change in picture.changes:
            if len(change) == 1:
                continue  # nobody is ready
            kind, number, *more = change
            if kind is ChangeKind.PUBLISH:
                senders[more[0]] = number
            elif kind is ChangeKind.TAKE or (kind is ChangeKind.LEAVE and picture.task is not None):
                for wait in waits.values():
                    is_another = picture.task != wait.task
                    wait.room_was_made |= number in wait.queues and is_another
            elif kind is ChangeKind.WAIT and more:
                wait = waits.setdefault(number, _Wait(senders[number], picture.time_s))
                wait.queues.update(more)
                wait.noted.append((picture, change))
            elif kind in (ChangeKind.WAIT, ChangeKind.RETURN) and (
                ended := waits.pop(number, None)
            ):
                if kind is ChangeKind.WAIT:
                    ended.noted.append((picture, change))
                if picture.time_s == ended.since_s and not ended.room_was_made:
                    found += ended.noted
    return found
