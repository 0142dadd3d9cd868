"""Who reads which queue, who sleeps beside one, and what became of what they took.

>>> import asyncio
>>> recording = FilmRecording()
>>> readers = Readers(recording, Cast(recording))
>>> watched = WatchedQueue(asyncio.Queue(), recording.queue("", bound=0))
>>> async def reader() -> list[Change]:
...     return readers.take(watched, [recording.message("hello")], asyncio.current_task())
>>> asyncio.run(reader())
[(<ChangeKind.TAKE: 'T'>, 0, 0, 0)]
>>> recording.queues[0].name
'reader'
"""

import asyncio
from collections.abc import Iterator
from typing import Any

from pubsub_lib.lab.clock.waiting_tasks import frames_of
from pubsub_lib.lab.replay.events import Change, ChangeKind, FilmRecording
from pubsub_lib.lab.replay.peeking import name_of
from pubsub_lib.lab.replay.standing import Cast
from pubsub_lib.lab.replay.watched import WatchedQueue
from pubsub_lib.lab.replay.words import WIDEST_NAME, cut

READING = frozenset({"get", "get_nowait", "__anext__"})


class Readers:
    """The readers of the queues of a recording."""

    def __init__(self, recording: FilmRecording, cast: Cast) -> None:
        self._recording = recording
        self._cast = cast

    def add(self, watched: WatchedQueue, task: asyncio.Task[Any] | None) -> None:
        """Note that a task reads a queue, whether or not it ever gets anything."""
        queue = self._recording.queues[watched.number]
        if task is None or (number := self._cast.number(task)) in queue.readers:
            return
        queue.readers.append(number)
        queue.name = queue.name or self._cast.name(task)

    def take(
        self, watched: WatchedQueue, messages: list[int], task: asyncio.Task[Any] | None
    ) -> list[Change]:
        """Return what changes when a task takes messages; it has handled what it took before."""
        if not messages:
            return []
        changes: list[Change] = []
        for earlier in [one for one, reader in watched.in_hand.items() if reader is task]:
            del watched.in_hand[earlier]
            changes.append((ChangeKind.HANDLE, watched.number, earlier))
        for message in messages:
            watched.in_hand[message] = task
            changes.append((ChangeKind.TAKE, watched.number, message, self._cast.number(task)))
        self.add(watched, task)
        return changes

    def look(self, watched: WatchedQueue) -> Iterator[Change]:
        """Yield what has changed, now that all tasks stand still."""
        queue = self._recording.queues[watched.number]
        # A name that somebody gave the queue, `queue.name = "till"`, is better than its reader's.
        queue.name = name_of(watched.queue) or queue.name
        for message, task in list(watched.in_hand.items()):
            if task is None or task.done() or _waits_to_read(task):
                kind = watched.what_became_of(message)
                del watched.in_hand[message]
                yield kind, watched.number, message
        if (asleep := watched.is_asleep(self._of(watched))) != watched.asleep:
            watched.asleep = asleep
            yield ChangeKind.ASLEEP, watched.number, int(asleep)

    def are_over(self, watched: WatchedQueue) -> bool:
        """Return whether a queue has been read, and all its readers have ended."""
        readers = self._of(watched)
        return bool(readers) and all(task.done() for task in readers)

    def _of(self, watched: WatchedQueue) -> list[asyncio.Task[Any]]:
        numbers = self._recording.queues[watched.number].readers
        return [task for task in self._cast.everybody() if self._cast.number(task) in numbers]


def _waits_to_read(task: asyncio.Task[Any]) -> bool:
    return any(frame.f_code.co_name in READING for frame in frames_of(task))


def name_queues(recording: FilmRecording) -> None:
    """Call each queue by all who read it, if nobody gave it a name, or say which one it is."""
    for number, queue in enumerate(recording.queues, start=1):
        names = list(dict.fromkeys(recording.tasks[reader] for reader in queue.readers))
        if queue.name in names:
            queue.name = cut("/".join(names), WIDEST_NAME)
        queue.name = queue.name or f"queue {number}"
