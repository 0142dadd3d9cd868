"""Finds out what becomes of each message, by looking at every queue after every step.

No broker reports anything. After each step of the event loop, and at the end of each call of
`publish`, `put` or `get` in it, what has changed in a queue is an event: new at its end is what got
in, gone from its front is what was taken, or dropped, if it was a publisher who removed it. A
publish that has not returned, before a queue that is full, waits for room there.
"""

import asyncio
from typing import Any

from pubsub_lib.lab.clock.waiting_tasks import frames_of
from pubsub_lib.lab.replay.calls import Call
from pubsub_lib.lab.replay.events import Change, ChangeKind, FilmRecording
from pubsub_lib.lab.replay.message_numbers import MOST_MESSAGES, MessageNumbers
from pubsub_lib.lab.replay.peeking import can_be_watched, compare, unread
from pubsub_lib.lab.replay.standing import Cast
from pubsub_lib.lab.replay.watched import Sending, WatchedQueue

_SENDING = frozenset({"publish", "publish_nowait", "publish_many", "put", "put_nowait"})
_READING = frozenset({"get", "get_nowait", "__anext__"})
_WAITING_TO_READ = frozenset({"get", "__anext__"})


class FilmTooLong(ValueError):
    """There are more messages than anybody would watch, or a notebook should carry."""


class Watcher:
    """Turns what is seen in the queues into the changes of a recording."""

    def __init__(self, recording: FilmRecording, cast: Cast) -> None:
        self.recording = recording
        self.cast = cast
        self.changes: list[Change] = []
        self._queues: list[WatchedQueue] = []
        self._sending: list[Sending] = []
        self._numbers = MessageNumbers(recording)

    # What is called.

    def call_started(self, call: Call) -> None:
        """Look at a call that starts."""
        self._watch_what_was_there(call)
        if call.name == "shutdown" and _is_broker(call.owner):
            self.note("shutdown() begins")
        elif call.name in _WAITING_TO_READ:
            self._note_a_reader(call)
        elif call.name in _SENDING and self._is_outermost(call):
            self.look()
            task = asyncio.current_task()
            before = self._queues_of(call.owner)
            for message in _messages_of(call):
                number = self._number_to_send(call, message)
                self._sending.append(Sending(call, number, task, before))
                self.changes.append((ChangeKind.PUBLISH, self.cast.number(task), number))

    def call_ended(self, call: Call) -> bool:
        """Look at a call that ends, and return whether that is worth a picture."""
        if call.name == "__init__":
            self._watch(call.owner)
        elif call.name == "subscribe" and call.error is None:
            self._watch(call.result, owner=call.owner)
        elif call.name == "shutdown" and _is_broker(call.owner):
            self.look()
            self.note("shutdown() is over")
        elif call.name in _READING:
            self.look(read=call)
        elif call.name == "task_done":
            for watched in self._queues:
                if watched.queue == call.owner:
                    watched.mark(_current_task())
        elif sent := [one for one in self._sending if one.call is call]:
            self.look()
            for sending in sent:
                self._sending.remove(sending)
                self._settle(sending)
            return bool(self.changes)
        return bool(self.changes) and call.name in _READING

    def note(self, text: str) -> None:
        """Note a sentence."""
        self.changes.append((ChangeKind.NOTE, self.recording.text(text)))

    # What is seen.

    def look(self, *, read: Call | None = None) -> None:
        """Look at every queue; what has gone was lost, if it was not read by this call."""
        for watched in self._queues:
            self._look_at(watched, read)

    def look_after_step(self) -> None:
        """Look at every queue and at who waits, now that all tasks stand still.

        Raises:
            FilmTooLong: if there were too many messages.
        """
        if self._numbers.too_many:
            raise FilmTooLong(
                f"a film shows at most {MOST_MESSAGES} messages, and this program publishes more; "
                "film a shorter run: fewer messages, or less time"
            )
        self.look()
        for watched in self._queues:
            self._note_its_own_name(watched)
            self._note_what_is_handled(watched)
            self._note_who_sleeps(watched)
            if not watched.left and watched.has_left():
                watched.left = True
                self.changes.append((ChangeKind.LEAVE, watched.number))
        for sending in self._sending:
            waits_for = sending.full_queues()
            if waits_for != sending.waits_for:
                sending.waits_for = waits_for
                self.changes.append((ChangeKind.WAIT, sending.message, *waits_for))

    def take_changes(self) -> list[Change]:
        """Return what changed since this was last asked."""
        changes, self.changes = self.changes, []
        return changes

    def _look_at(self, watched: WatchedQueue, read: Call | None) -> None:
        before, now = watched.contents, unread(watched.queue)
        if len(before) == len(now) and all(
            old is new for (old, _), new in zip(before, now, strict=True)
        ):
            return
        gone, stayed, new = compare(before, now)
        task = _current_task()
        sending = any(one.task is task for one in self._sending)
        taken = [] if sending else watched.read_by(read)
        self._hand_over(
            watched, [number for item, number in gone if any(item is one for one in taken)], task
        )
        self.changes += [
            (ChangeKind.DROP, watched.number, number)
            for item, number in gone
            if not any(item is one for one in taken)
        ]
        watched.contents = stayed
        for item in new:
            message = self._number_for(item, watched)
            watched.entered.add(message)
            watched.missing.discard(message)
            watched.seen.add(message)
            watched.contents.append((item, message))
            self.changes.append((ChangeKind.ENTER, watched.number, message))

    def _hand_over(
        self, watched: WatchedQueue, messages: list[int], task: asyncio.Task[Any] | None
    ) -> None:
        """Note what a task took; it has handled what it took before."""
        if not messages:
            return
        for earlier in [one for one, reader in watched.in_hand.items() if reader is task]:
            del watched.in_hand[earlier]
            self.changes.append((ChangeKind.HANDLE, watched.number, earlier))
        for message in messages:
            watched.in_hand[message] = task
            change = (ChangeKind.TAKE, watched.number, message, self.cast.number(task))
            self.changes.append(change)
        self._add_reader(watched, task)

    def _note_a_reader(self, call: Call) -> None:
        """Note who waits to read a queue, whether or not it ever gets anything."""
        task = _current_task()
        if any(one.task is task for one in self._sending):
            return  # it only makes room
        for watched in self._queues:
            if watched.belongs_to(call):
                self._add_reader(watched, task)

    def _add_reader(self, watched: WatchedQueue, task: asyncio.Task[Any] | None) -> None:
        queue = self.recording.queues[watched.number]
        if task is None or (number := self.cast.number(task)) in queue.readers:
            return
        queue.readers.append(number)
        queue.name = queue.name or self.cast.name(task)

    def _note_who_sleeps(self, watched: WatchedQueue) -> None:
        numbers = self.recording.queues[watched.number].readers
        readers = [task for task in self.cast.everybody() if self.cast.number(task) in numbers]
        if (asleep := watched.is_asleep(readers)) != watched.asleep:
            watched.asleep = asleep
            self.changes.append((ChangeKind.ASLEEP, watched.number, int(asleep)))

    def _note_its_own_name(self, watched: WatchedQueue) -> None:
        """Prefer a name that somebody gave the queue, `queue.name = "till"`, to its reader's."""
        queue = self.recording.queues[watched.number]
        queue.name = getattr(watched.queue, "name", "") or queue.name

    def _note_what_is_handled(self, watched: WatchedQueue) -> None:
        for message, task in list(watched.in_hand.items()):
            if task is None or task.done() or _waits_to_read(task):
                kind = watched.what_became_of(message)
                del watched.in_hand[message]
                self.changes.append((kind, watched.number, message))

    def _settle(self, sending: Sending) -> None:
        """Note who has not got a message, now that its publish is over."""
        missed_by = getattr(sending.call.result, "missed_by", None)
        for watched in sending.before:
            if sending.message in watched.seen or watched.left:
                continue
            if missed_by is None or watched.queue in missed_by:
                watched.seen.add(sending.message)
                drop: Change = (ChangeKind.DROP, watched.number, sending.message)
                if missed_by is None and sending.call.error is None:
                    watched.missing.add(sending.message)
                    drop = (*drop, 1)
                self.changes.append(drop)
        returned = sending.call.result
        got = sum(sending.message in watched.entered for watched in self._queues)
        miscounts = type(returned) is int and returned != got
        counts = (returned, got) if miscounts else ()
        self.changes.append((ChangeKind.RETURN, sending.message, *counts))

    # Who is who.

    def _watch(self, queue: Any, owner: Any = None) -> None:
        for watched in self._queues:
            if watched.queue == queue:  # a subscription's ends are equal, and not the same
                watched.owner = owner or watched.owner
                return
        if can_be_watched(queue):
            name = getattr(queue, "name", "") or ""
            ring = not isinstance(queue, asyncio.Queue)
            number = self.recording.queue(name, bound=queue.maxsize, ring=ring)
            self._queues.append(WatchedQueue(queue, number, owner))
            self.changes.append((ChangeKind.JOIN, number))

    def _watch_what_was_there(self, call: Call) -> None:
        """Watch a queue, or a broker's queues, made before the film began."""
        if isinstance(call.owner, asyncio.Queue) and call.name != "__init__":
            self._watch(call.owner)
        elif call.name in _SENDING and _is_broker(call.owner):
            for queue in list(getattr(call.owner, "queues", ())):
                self._watch(queue, owner=call.owner)

    def _queues_of(self, owner: Any) -> list[WatchedQueue]:
        """Return the queues that a publish, or a put, is to reach."""
        return [
            watched
            for watched in self._queues
            if watched.queue is owner or (watched.owner is owner and not watched.left)
        ]

    def _is_outermost(self, call: Call) -> bool:
        """Whether this call is not a part of another one that sends the same message."""
        if not _is_broker(call.owner) and not isinstance(call.owner, asyncio.Queue):
            return False
        task = asyncio.current_task()
        return not any(sending.task is task for sending in self._sending)

    def _number_to_send(self, call: Call, message: Any) -> int:
        """Return the number of what is sent; one object in several queues is one message."""
        target = next((one for one in self._queues if one.queue is call.owner), None)
        known = self._numbers.known(message, but_not=target.cannot_be) if target else None
        return self._numbers.new(message) if known is None else known

    def _number_for(self, message: Any, watched: WatchedQueue) -> int:
        known = self._numbers.known(message, but_not=watched.cannot_be)
        if known is not None:
            return known
        task = _current_task()
        for sending in self._sending:
            if sending.task is task and self._numbers.is_one_of(sending.message, message):
                return sending.message  # once more
        number = self._numbers.new(message)  # by a way that is no `publish` and no `put`
        self.changes.append((ChangeKind.PUBLISH, self.cast.number(task), number))
        self.changes.append((ChangeKind.RETURN, number))
        return number


def _messages_of(call: Call) -> list[Any]:
    """Return what a call sends; of an iterator that is not known before it is read."""
    if call.name != "publish_many":
        return [call.argument]
    return list(call.argument) if isinstance(call.argument, list | tuple | range) else []


def _is_broker(owner: Any) -> bool:
    return hasattr(owner, "publish") and hasattr(owner, "subscribe")


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _waits_to_read(task: asyncio.Task[Any]) -> bool:
    return any(frame.f_code.co_name in _READING for frame in frames_of(task))
