"""Finds out what becomes of each message, by looking at every queue after every step.

No broker reports anything. After each step of the event loop, and at the end of each call of
`publish`, `put` or `get` in it, what has changed in a queue is an event: new at its end is what got
in, gone from its front is what was taken, or dropped, if it was a publisher who removed it. A
publish that has not returned, before a queue that is full, waits for room there.
"""

import asyncio
from typing import Any

from pubsub_lib.lab.replay.calls import Call
from pubsub_lib.lab.replay.events import Change, ChangeKind, FilmRecording
from pubsub_lib.lab.replay.message_numbers import MOST_MESSAGES, Label, MessageNumbers
from pubsub_lib.lab.replay.peeking import can_be_watched, compare, name_of, unread
from pubsub_lib.lab.replay.readers import READING, Readers
from pubsub_lib.lab.replay.shutdowns import Shutdowns
from pubsub_lib.lab.replay.standing import Cast
from pubsub_lib.lab.replay.watched import Sending, WatchedQueue

_SENDING = frozenset({"publish", "publish_nowait", "publish_many", "put", "put_nowait"})
_JOINING = frozenset({"subscribe", "join"})
_WAITING_TO_READ = frozenset({"get", "__anext__"})


class FilmTooLong(ValueError):
    """There are more messages than anybody would watch, or a notebook should carry."""


class Watcher:
    """Turns what is seen in the queues into the changes of a recording."""

    def __init__(self, recording: FilmRecording, cast: Cast, label: Label | None = None) -> None:
        self.recording = recording
        self.cast = cast
        self.changes: list[Change] = []
        self._queues: list[WatchedQueue] = []
        self._sending: list[Sending] = []
        self._senders: set[int] = set()  # the tasks that have ever sent
        self._readers = Readers(recording, cast)
        self._shutdowns = Shutdowns()
        self._numbers = MessageNumbers(recording, label)

    # What is called.

    def call_started(self, call: Call) -> None:
        """Look at a call that starts."""
        self._watch_what_was_there(call)
        if not self._sends(_current_task()):  # a broker may let a queue go, and take it again
            self._note_who_has_left()
        if call.name == "shutdown" and _is_broker(call.owner):
            if self._shutdowns.begin(call, _current_task()):
                self.note("shutdown() begins")
        elif call.name in _WAITING_TO_READ and not self._sends(_current_task()):
            for watched in self._queues:
                if watched.belongs_to(call):
                    self._readers.add(watched, _current_task())
        elif call.name in _SENDING and self._is_outermost(call):
            self.look()
            task = asyncio.current_task()
            before = self._queues_of(call.owner)
            for message in _messages_of(call):
                number = self._number_to_send(call, message)
                unread = [watched for watched in before if self._readers.are_over(watched)]
                self._sending.append(Sending(call, number, task, before, unread))
                self._senders.add(self.cast.number(task))
                self.changes.append((ChangeKind.PUBLISH, self.cast.number(task), number))

    def call_ended(self, call: Call) -> bool:
        """Look at a call that ends, and return whether that is worth a picture."""
        if call.name == "__init__":
            self._watch(call.owner)
        elif call.name in _JOINING and call.error is None:
            self._watch(call.result, owner=call.owner)
        elif self._shutdowns.end(call):
            self.look()
            self.note("shutdown() is over")
        elif call.name in READING:
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
        return bool(self.changes) and call.name in READING

    def note(self, text: str) -> None:
        """Note a sentence."""
        self.changes.append((ChangeKind.NOTE, self.recording.text(text)))

    def note_value(self, name: str, value: str) -> None:
        """Note the value of something that is watched."""
        text = self.recording.text
        watched = self.recording.watched.index(name)
        self.changes.append((ChangeKind.NOTE, text(f"{name} = {value}"), watched, text(value)))

    # What is seen.

    def look(self, *, read: Call | None = None) -> None:
        """Look at every queue; what has gone was lost, if it was not read by this call."""
        for watched in self._queues:
            self._look_at(watched, read)
        for sending in self._sending:
            seen_by = [one.number for one in self._queues if sending.message in one.seen]
            self._note_waits(sending, tuple(n for n in sending.waits_for if n not in seen_by))

    def look_after_step(self) -> None:
        """Look at every queue and at who waits, now that all tasks stand still.

        Raises:
            FilmTooLong: if there were too many messages.
        """
        if self._numbers.too_many:
            raise FilmTooLong(
                f"a film shows at most {MOST_MESSAGES} messages, and this program publishes more; "
                "film a shorter run: fewer messages, or less time, as in film(..., max_seconds=10)"
            )
        self.look()
        for watched in self._queues:
            self.changes += self._readers.look(watched)
        self._note_who_has_left()
        self._note_who_waits()

    def takes_part(self, number: int) -> bool:
        """Return whether a task has ever sent anything, or read it."""
        queues = self.recording.queues
        return number in self._senders or any(number in queue.readers for queue in queues)

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
        taken = [] if self._sends(task) else watched.read_by(read)
        read_here = [number for item, number in gone if any(item is one for one in taken)]
        self.changes += self._readers.take(watched, read_here, task)
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

    def _note_who_has_left(self) -> None:
        for watched in self._queues:
            if not watched.left and watched.has_left():
                watched.left = True
                self.changes.append((ChangeKind.LEAVE, watched.number))

    def _note_who_waits(self) -> None:
        """Note who waits for room, and what those who have left will not get any more."""
        waits = [(sending, sending.full_queues()) for sending in self._sending]
        waiting = {(sending.message, number) for sending, numbers in waits for number in numbers}
        for sending, numbers in waits:
            for watched in [self._queues[number] for number in sending.waits_for]:
                has_no_room = watched.left and (watched.closed or watched.full)
                waits_on = (sending.message, watched.number) in waiting
                if has_no_room and not waits_on and sending.message not in watched.seen:
                    self._note_a_miss(watched, sending.message)
            self._note_waits(sending, numbers)

    def _note_waits(self, sending: Sending, waits_for: tuple[int, ...]) -> None:
        if waits_for != sending.waits_for:
            sending.waits_for = waits_for
            self.changes.append((ChangeKind.WAIT, sending.message, *waits_for))

    def _note_a_miss(self, watched: WatchedQueue, message: int) -> None:
        """Note that a message has not got into a queue, though it may be delivered later."""
        watched.seen.add(message)
        watched.missing.add(message)
        self.changes.append((ChangeKind.DROP, watched.number, message, 1))

    def _settle(self, sending: Sending) -> None:
        """Note who has not got a message, now that its publish is over."""
        missed_by = getattr(sending.call.result, "missed_by", None)
        for watched in sending.before:
            if sending.message in watched.seen or watched.takes_no_more(sending.call.owner):
                continue
            if missed_by is None and watched in sending.unread:
                continue  # it is left behind, and nobody is there to lose it
            if missed_by is None or watched.queue in missed_by:
                if missed_by is None and sending.call.error is None:
                    self._note_a_miss(watched, sending.message)
                    continue
                watched.seen.add(sending.message)
                self.changes.append((ChangeKind.DROP, watched.number, sending.message))
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
            ring = not isinstance(queue, asyncio.Queue)
            number = self.recording.queue(name_of(queue), bound=queue.maxsize, ring=ring)
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
        return not self._sends(asyncio.current_task())

    def _sends(self, task: asyncio.Task[Any] | None) -> bool:
        """Whether a task is in the middle of a publish or a put."""
        return any(sending.task is task for sending in self._sending)

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
    return hasattr(owner, "publish") and any(hasattr(owner, name) for name in _JOINING)


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
