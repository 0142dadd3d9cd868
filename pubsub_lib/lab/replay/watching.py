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
from pubsub_lib.lab.replay.events import Change, Kind, Recording
from pubsub_lib.lab.replay.peeking import can_be_watched, compare, unread
from pubsub_lib.lab.replay.standing import Cast
from pubsub_lib.lab.replay.watched import Sending, WatchedQueue

MOST_MESSAGES = 400
_SENDING = frozenset({"publish", "publish_nowait", "publish_many", "put", "put_nowait"})
_READING = frozenset({"get", "get_nowait", "__anext__"})
_WIDEST = 40  # letters of a message's text


class FilmTooLong(ValueError):
    """There are more messages than anybody would watch, or a notebook should carry."""


class Watcher:
    """Turns what is seen in the queues into the changes of a recording."""

    def __init__(self, recording: Recording, cast: Cast) -> None:
        self.recording = recording
        self.cast = cast
        self.changes: list[Change] = []
        self.too_long = False
        self._queues: list[WatchedQueue] = []
        self._sending: list[Sending] = []
        self._numbers: dict[int, list[int]] = {}  # of messages, by id()
        self._kept: list[Any] = []  # or another object might get the same id()

    # What is called.

    def call_started(self, call: Call) -> None:
        """Look at a call that starts."""
        self._watch_what_was_there(call)
        if call.name == "shutdown" and _is_broker(call.owner):
            self.note("shutdown() begins")
        elif call.name in _SENDING and self._is_outermost(call):
            self.look()
            task = asyncio.current_task()
            before = self._queues_of(call.owner)
            for message in _messages_of(call):
                number = self._number_to_send(call, message)
                self._sending.append(Sending(call, number, task, before))
                self.changes.append((Kind.PUBLISH, self.cast.number(task), number))

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
        self.changes.append((Kind.NOTE, self.recording.text(text)))

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
        if self.too_long:
            raise FilmTooLong(
                f"a film shows at most {MOST_MESSAGES} messages, and this program publishes more; "
                "film a shorter run: fewer messages, or less time"
            )
        self.look()
        for watched in self._queues:
            self._note_its_own_name(watched)
            self._note_what_is_handled(watched)
            if not watched.left and watched.has_left():
                watched.left = True
                self.changes.append((Kind.LEAVE, watched.number))
        for sending in self._sending:
            waits_for = sending.full_queues()
            if waits_for != sending.waits_for:
                sending.waits_for = waits_for
                self.changes.append((Kind.WAIT, sending.message, *waits_for))

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
            (Kind.DROP, watched.number, number)
            for item, number in gone
            if not any(item is one for one in taken)
        ]
        watched.contents = stayed
        for item in new:
            message = self._number_for(item, watched)
            watched.seen.add(message)
            watched.contents.append((item, message))
            self.changes.append((Kind.ENTER, watched.number, message))

    def _hand_over(
        self, watched: WatchedQueue, messages: list[int], task: asyncio.Task[Any] | None
    ) -> None:
        """Note what a task took; it has handled what it took before."""
        if not messages:
            return
        for earlier in [one for one, reader in watched.in_hand.items() if reader is task]:
            del watched.in_hand[earlier]
            self.changes.append((Kind.HANDLE, watched.number, earlier))
        for message in messages:
            watched.in_hand[message] = task
            change = (Kind.TAKE, watched.number, message, self.cast.number(task))
            self.changes.append(change)
        queue = self.recording.queues[watched.number]
        if not queue.name and task is not None:
            queue.name = self.cast.name(task)

    def _note_its_own_name(self, watched: WatchedQueue) -> None:
        """Prefer a name that somebody gave the queue, `queue.name = "till"`, to its reader's."""
        queue = self.recording.queues[watched.number]
        queue.name = getattr(watched.queue, "name", "") or queue.name

    def _note_what_is_handled(self, watched: WatchedQueue) -> None:
        for message, task in list(watched.in_hand.items()):
            if task is None or task.done() or _waits_to_read(task):
                kind = Kind.DROP if watched.is_broken_off(message) else Kind.HANDLE
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
                self.changes.append((Kind.DROP, watched.number, sending.message))
        self.changes.append((Kind.RETURN, sending.message))

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
            self.changes.append((Kind.JOIN, number))

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
            if not watched.left and (watched.queue is owner or watched.owner is owner)
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
        known = self._known_as(message, target) if target else None
        return self._new_message(message) if known is None else known

    def _known_as(self, message: Any, watched: WatchedQueue) -> int | None:
        """Return which message this is: the same object may be published again and again."""
        numbers = self._numbers.get(id(message), ())
        return next((number for number in numbers if number not in watched.seen), None)

    def _new_message(self, message: Any) -> int:
        if len(self.recording.messages) >= MOST_MESSAGES:
            self.too_long = True  # and not an error here, which would be the program's own
        number = self.recording.message(_text_of(message))
        self._numbers.setdefault(id(message), []).append(number)
        self._kept.append(message)
        return number

    def _number_for(self, message: Any, watched: WatchedQueue) -> int:
        known = self._known_as(message, watched)
        if known is not None:
            return known
        number = self._new_message(message)  # by a way that is no `publish` and no `put`
        self.changes.append((Kind.PUBLISH, self.cast.number(_current_task()), number))
        self.changes.append((Kind.RETURN, number))
        return number


def _messages_of(call: Call) -> list[Any]:
    """Return what a call sends; of an iterator that is not known before it is read."""
    if call.name != "publish_many":
        return [call.argument]
    return list(call.argument) if isinstance(call.argument, list | tuple | range) else []


def _text_of(message: Any) -> str:
    if message is None:
        return "the end (None)"
    try:
        text = repr(message)
    except Exception:  # what a learner's class does must not stop the film
        return f"a {type(message).__name__} that cannot be shown"
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _is_broker(owner: Any) -> bool:
    return hasattr(owner, "publish") and hasattr(owner, "subscribe")


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _names_of_calls(task: asyncio.Task[Any]) -> list[str]:
    return [frame.f_code.co_name for frame in frames_of(task)]


def _waits_to_read(task: asyncio.Task[Any]) -> bool:
    return not _READING.isdisjoint(_names_of_calls(task))
