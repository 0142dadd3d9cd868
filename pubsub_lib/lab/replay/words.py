"""What a film says of a run in words: what became of its messages, and what ended it.

>>> recording = FilmRecording()
>>> reader = recording.queue("reader", bound=2)
>>> first, second = recording.message("a"), recording.message("b")
>>> got = [(ChangeKind.TAKE, reader, message, 0) for message in (second, first, second)]
>>> recording.add(0, None, got)
>>> summary_of(recording)
'2 messages; reader got 3, 1 twice and 1 late'
>>> sentence_of(ExceptionGroup("of a TaskGroup", [KeyError("price")]))
"KeyError: 'price'"
"""

import re
from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.clock.virtual_time import Deadlock
from pubsub_lib.lab.replay.events import ChangeKind, FilmRecording

USES_NO_QUEUE = (
    'no asyncio.Queue and no subscription is used; view="loop" shows who runs and who waits'
)
WIDEST_NAME = 40  # letters
_LONGEST = 400  # letters of what an error says
_NAMES_ITSELF = re.compile(r"[A-Z]\w*(:|$|,)")


def sentence_of(error: BaseException) -> str:
    """Return what an error says, and its name, where it is not the lab's own, whose text is enough.

    A group says what its only member does.
    """
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    is_the_labs = type(error).__module__.startswith("pubsub_lib.lab.")
    if is_the_labs:
        return f"Deadlock: {error}" if isinstance(error, Deadlock) else str(error)
    name = type(error).__name__
    return cut(f"{name}: {shown(str, error)}".removesuffix(": "), _LONGEST)


def shown(how: Callable[[Any], object], thing: object) -> str:
    """Return what a function such as `repr` makes of a thing, whatever the thing does about it."""
    try:
        return str(how(thing))
    except (Exception, SystemExit):  # what a learner's class does must not stop the film
        return f"a {type(thing).__name__} that cannot be shown"


def cut(text: str, widest: int) -> str:
    """Return a text of at most so many letters."""
    return text if len(text) <= widest else text[: widest - 1] + "…"


def storable(text: str) -> str:
    """Return a text that a file can hold: halves of letters, as in names of files, are escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def summary_of(recording: FilmRecording) -> str:
    """Return in words what became of the messages of a run."""
    published = len(recording.messages) - len(recording.ends)
    if published or recording.queues:
        parts = [f"{published} message{'' if published == 1 else 's'}"]
    else:
        parts = [f"the tasks {', '.join(recording.tasks)}"]
    for number, queue in enumerate(recording.queues):
        parts.append(f"{queue.name} {_fate(recording, number)}")
    if miscounted := sum(len(returned) > 2 for returned in recording.changes(ChangeKind.RETURN)):
        parts.append(f"publish() miscounts {miscounted}")
    if not recording.pictures and not recording.error:
        parts.append(USES_NO_QUEUE)
    parts += [f"{name} is never known: {why}" for name, why in recording.unknown.items()]
    if recording.error:
        how = " with" if _NAMES_ITSELF.match(recording.error) else ":"
        parts.append(f"it ends{how} {recording.error.splitlines()[0].rstrip(': ')}")
    return "; ".join(parts)


def _fate(recording: FilmRecording, queue: int) -> str:
    """Return in words what a queue's readers got, and what they did not."""
    taken: list[int] = []
    lost: list[int] = []
    in_hand: set[int] = set()
    again = late = unfinished = 0
    kinds = (ChangeKind.ENTER, ChangeKind.TAKE, ChangeKind.HANDLE, ChangeKind.DROP)
    for kind, number, message, *_ in recording.changes(*kinds):
        if number != queue:
            continue
        if kind == ChangeKind.DROP and message in in_hand:
            unfinished += message not in recording.ends
        elif kind == ChangeKind.DROP:
            lost.append(message)
        elif message in lost:
            lost.remove(message)  # it came after all
        if kind == ChangeKind.TAKE:
            in_hand.add(message)
        elif kind != ChangeKind.ENTER:
            in_hand.discard(message)
        if kind == ChangeKind.TAKE and message not in recording.ends:
            again += message in taken
            late += message not in taken and message < max(taken, default=0)
            taken.append(message)
    counts = [(again, "twice"), (late, "late"), (unfinished, "unfinished")]
    remarks = [f"{count} {what}" for count, what in counts if count]
    ends = sum(message in recording.ends for message in lost)
    losses = [str(len(lost) - ends)] * (len(lost) > ends) + ["the end"] * (ends > 0)
    return (
        f"got {len(taken)}"
        + (f", {' and '.join(remarks)}," if remarks else "")
        + (f" and lost {' and '.join(losses)}" if losses else "")
    ).rstrip(",")
