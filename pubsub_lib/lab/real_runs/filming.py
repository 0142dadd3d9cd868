"""A film of a day at the desks: publisher, server, desk, acknowledgements, and who is killed.

In the middle is what the server keeps. An order leaves it for good when it is acknowledged. One
that was taken is pale there until then; when its desk is dead, it waits again, or is lost, if it
was acknowledged.

>>> from pubsub_lib.lab.real_runs.recorded import recorded_day
>>> print(film_of_day(recorded_day("acknowledges_first"), title="A desk"))
A desk, a film of a real run: of 5 orders 4 are carried out; order 2 never.
"""

from collections.abc import Sequence

from pubsub_lib.lab.real_runs.day import ORDERS, Day, Event, What
from pubsub_lib.lab.replay.checks import View
from pubsub_lib.lab.replay.events import Change, ChangeKind, FilmRecording, State
from pubsub_lib.lab.replay.filming import Film

PUBLISHER, SERVER = 0, 1
QUEUE = 0
NOWHERE = -1


class DayFilm(Film):
    """A film of a day, which says how it was made, and what became of the orders."""

    def __init__(self, title: str, day: Day) -> None:
        super().__init__(title, (View.MESSAGES,))
        self.recordings[""] = _Director(day).recording
        self._day = day

    @property
    def caption(self) -> str:
        """What becomes of the orders."""
        opening = f"{self.title}, a film" if self.title else "A film"
        return f"{opening} of a real run: {in_words(self._day)}."


def film_of_day(day: Day, *, title: str = "") -> DayFilm:
    """Return a film of what happened."""
    return DayFilm(title, day)


def in_words(day: Day) -> str:
    """Return what became of the orders of a day."""
    done = len(set(day.carried_out))
    parts = [f"of {len(ORDERS)} orders {done} {'is' if done == 1 else 'are'} carried out"]
    if day.lost:
        parts.append(f"{_orders(day.lost)} never")
    if day.repeated:
        parts.append(f"{_orders(day.repeated)} more than once")
    if not day.lost and not day.repeated:
        parts.append("each once")
    if day.error:
        parts.append(f"a desk ends with {day.error}")
    return "; ".join(parts)


def _orders(orders: Sequence[int]) -> str:
    names = ", ".join(map(str, orders))
    return f"order {names}" if len(orders) == 1 else f"orders {names}"


class _Director:
    """Turns what happened into pictures."""

    def __init__(self, day: Day) -> None:
        self.recording = FilmRecording()
        self._tasks = ["publisher", "server"]
        self._in_hand: dict[int, set[What]] = {}
        self._published: set[int] = set()
        self._taken: set[int] = set()
        self._done: set[int] = set()
        self._write_source(day.source)
        self.recording.queue("desk", bound=0)
        self.recording.queues[QUEUE].keeper = SERVER
        for order in ORDERS:
            self.recording.message(f"order {order}")
        for event in day.events:
            self._add(event)
        self.recording.tasks = self._tasks
        self.recording.error = day.error

    def _write_source(self, source: str) -> None:
        self.recording.source = list(enumerate(source.splitlines(), start=1))

    def _add(self, event: Event) -> None:
        changes, sentence = self._told(event)
        task = self._who(event)
        if event.desk and event.what is not What.KILLED:
            changes.append((ChangeKind.LINE, task, event.line))
        changes.append((ChangeKind.SAY, self.recording.text(sentence)))
        if not self.recording.pictures:
            changes.insert(0, (ChangeKind.JOIN, QUEUE))
        self.recording.add(round(event.time_s, 3), task, changes)

    def _who(self, event: Event) -> int:
        """Return which process does something, or begins, or ends."""
        if event.desk:
            return self._desk(event.desk)
        is_the_server = event.what in (What.SERVER_KILLED, What.SERVER_STARTED)
        return SERVER if is_the_server else PUBLISHER

    def _desk(self, desk: int) -> int:
        name = f"desk {desk}"
        if name not in self._tasks:
            self._tasks.append(name)
            self.recording.queues[QUEUE].readers.append(self._tasks.index(name))
        return self._tasks.index(name)

    def _told(self, event: Event) -> tuple[list[Change], str]:
        """Return what changes, and a sentence about it."""
        order, message, desk = event.order, event.order - 1, f"desk {event.desk}"
        match event.what:
            case What.STARTED:
                return [], f"{desk} starts, under the same name"
            case What.STORED:
                return self._stored(order), f"the server stores order {order}, and confirms it"
            case What.TOOK:
                again = ", which comes again" if order in self._taken else ""
                return self._took(order, event.desk), f"{desk} takes order {order}{again}"
            case What.CARRIED_OUT:
                times = "a second time" if order in self._done else ""
                self._done.add(order)
                sentence = f"{desk} carries out order {order} {times}".rstrip()
                return self._handled(order, event.what), sentence
            case What.ACKNOWLEDGED:
                sentence = f"{desk} acknowledges order {order}: the server forgets it"
                forgotten = (ChangeKind.ACKNOWLEDGED, QUEUE, message)
                return [forgotten, *self._handled(order, event.what)], sentence
            case What.KILLED:
                return self._killed(event.desk)
            case What.SERVER_KILLED:
                return [(ChangeKind.LEAVE, QUEUE), _stands(SERVER, State.KILLED)], (
                    "the server is killed"
                )
            case What.PUBLISHER_WAITS:
                self._published.add(order)
                return [
                    (ChangeKind.PUBLISH, PUBLISHER, message),
                    (ChangeKind.WAIT, message, QUEUE),
                ], f"the publisher waits with order {order} for the server"
            case What.SERVER_STARTED:
                sentence = "the server is started again, and everybody reconnects"
                return [(ChangeKind.JOIN, QUEUE), _stands(SERVER, State.WAITS)], sentence
            case What.STOOD_STILL:
                return [], f"{desk} does not go on"
            case What.FAILED:
                return [], f"{desk} ends"

    def _stored(self, order: int) -> list[Change]:
        begun = [] if order in self._published else [(ChangeKind.PUBLISH, PUBLISHER, order - 1)]
        return [*begun, (ChangeKind.ENTER, QUEUE, order - 1), (ChangeKind.RETURN, order - 1)]

    def _took(self, order: int, desk: int) -> list[Change]:
        self._taken.add(order)
        # What a desk that is dead has carried out need not be done again to be handled.
        self._in_hand[order] = {What.CARRIED_OUT} if order in self._done else set()
        message = order - 1
        return [
            (ChangeKind.TAKE, QUEUE, message, self._desk(desk)),
            (ChangeKind.HELD, QUEUE, message),
        ]

    def _handled(self, order: int, what: What) -> list[Change]:
        """Return what it changes that an order is carried out, or acknowledged."""
        if order not in self._in_hand:
            return []
        self._in_hand[order].add(what)
        if len(self._in_hand[order]) < 2:
            return []
        del self._in_hand[order]
        return [(ChangeKind.HANDLE, QUEUE, order - 1)]

    def _killed(self, desk: int) -> tuple[list[Change], str]:
        changes = [_stands(self._desk(desk), State.KILLED)]
        sentences = [f"desk {desk} is killed"]
        for order, steps in self._in_hand.items():
            if What.ACKNOWLEDGED in steps:
                changes.append((ChangeKind.DROP, QUEUE, order - 1))
                sentences.append(f"order {order} is lost, since the server has forgotten it")
            else:
                changes.append((ChangeKind.BACK, QUEUE, order - 1))
                sentences.append(f"the server still has order {order}, not acknowledged")
        self._in_hand.clear()
        return changes, "; ".join(sentences)


def _stands(process: int, state: State) -> Change:
    return ChangeKind.STAND, process, state, NOWHERE, NOWHERE
