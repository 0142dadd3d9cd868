"""The answers of notebook 01, and the questions at its end."""

from collections.abc import Sequence

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall

_NOBODY, _FIRST, _OTHERS, _ALL = "nobody", "only the first", "the first and the third", "all three"
_BOTH, _EXCEPTION, _NEVER = "it hears ping, then pong", "an exception", "it never returns"
_ONE_STALL, _TWO_STALLS = "in the first", "in the first and the second"
_ALL_STALL = "in all three"
_ALIKE, _DEARER, _MUCH_DEARER = (
    "about as much",
    "up to 10 times as much",
    "more than 10 times as much",
)


def _who_got_it(received: Sequence[str]) -> str:
    by_number = {0: _NOBODY, 1: _FIRST, 2: _OTHERS}
    return by_number.get(len(received), _ALL)


def _what_happened(is_stuck: bool, heard: Sequence[str]) -> str:
    if is_stuck:
        return _NEVER
    return _BOTH if len(heard) > 1 else _EXCEPTION


def _what_the_listener_hears(heard: Sequence[str]) -> str:
    return ", then ".join(heard) if len(heard) > 1 else f"only {' '.join(heard)}"


def _who_stalls(on_the_loop: bool, in_a_thread: bool, awaited: bool) -> str:
    if awaited:
        return _ALL_STALL
    return _TWO_STALLS if in_a_thread else _ONE_STALL


def _how_dear(times: float) -> str:
    if times > 10:
        return _MUCH_DEARER
    return _DEARER if times > 2 else _ALIKE


ANSWERS: Answers = {
    "01.who_gets_it": Choice(
        _FIRST,
        "Only the first gets it, and the exception reaches the publisher.",
        replies={
            _OTHERS: "Somebody would have to catch the exception between two callbacks, and "
            "publish() does not: it goes up to whoever called it.",
            _ALL: "The second fails while it handles the message, and the loop over the callbacks "
            "ends there.",
            _NOBODY: "The callbacks are called one after another, so what comes before the bug "
            "has happened already.",
        },
        chosen=_who_got_it,
    ),
    "01.what_happens": Choice(
        _NEVER,
        "It has not returned: after half a second the call is still there.",
        replies={
            _BOTH: "It would, without the lock. The inner publish asks for a lock that the outer "
            "one still holds.",
            _EXCEPTION: "A lock that is taken raises nothing. Whoever asks for it waits.",
        },
        chosen=_what_happened,
    ),
    "01.listener_hears": Choice(
        "pong, then ping",
        "The listener hears pong, then ping: the answer before the question.",
        replies={
            "ping, then pong": "That is the order in which they are published. But the pong is "
            "published while the ping is on its way to the listener.",
            "only ping": "An inner publish goes through the whole list, as every publish does, so "
            "the listener hears both.",
        },
        chosen=_what_the_listener_hears,
    ),
    "01.last_late": Number(
        (195, 260),
        "The last message is sent 195 ms late, or a little more.",
        replies={
            0: "Each message waits for the one before it. Only the first finds the publisher free.",
            5: "That is how far the second message is behind. The third is behind by that much "
            "again.",
            10: "That is how long one message keeps the publisher. What is late adds up from "
            "message to message.",
            400: "That is how long all of it takes. But the last was due after 195 ms, so half of "
            "that time is no delay.",
            390: "When it is sent, and not how late: it was due after 195 ms.",
        },
        within=0.02,
        real_time=True,
    ),
    "01.who_stalls": Choice(
        _TWO_STALLS,
        "In the first and in the second the loop stands still.",
        replies={
            _ONE_STALL: "In the second the callbacks run in a thread. But the loop wants the lock, "
            "and waits for it without letting anybody else run.",
            _ALL_STALL: "In the third the subscribers take as long. But they wait with await, and "
            "meanwhile the loop runs others.",
        },
        chosen=_who_stalls,
        real_time=True,
    ),
    "01.idle_cost": Choice(
        _MUCH_DEARER,
        "A delivery by queue costs more than 10 times as much as a callback.",
        replies={
            _ALIKE: "A callback is one call. A queue takes a put, a task that is woken, a get, and "
            "in the chapter's broker a time-out besides.",
            _DEARER: "The direction is right. But a call is cheaper than most think, and a task "
            "with a time-out dearer.",
        },
        chosen=_how_dear,
        real_time=True,
    ),
}

RECALL: Recall = [
    Question(
        "01.recall.lock",
        "A publisher keeps its callbacks in a list. For how long does it hold the list's lock?",
        choices={
            "while it copies the list, and not while it calls": "Right: a lock guards data. "
            "Whoever holds it calls nobody.",
            "until the last callback has returned": "No: a callback that publishes would wait for "
            "ever, and all others with it.",
            "not at all, if it only reads": "No: somebody may be changing the list at that moment.",
        },
        right="while it copies the list, and not while it calls",
    ),
    Question(
        "01.recall.queue",
        "Callbacks get messages at twice the rate that they manage. Where do these wait?",
        choices={
            "in a list inside the publisher": "No: it has none. It calls, and returns.",
            "nowhere, they are lost": "No: each is sent, only later and later.",
            "before the publisher, in whatever calls it": "Right: the caller's thread is the "
            "queue, and nobody has given it a bound.",
        },
        right="before the publisher, in whatever calls it",
    ),
    Question(
        "01.recall.loop",
        "On an event loop, `with lock:` has to wait for a thread. What do the other tasks do?",
        choices={
            "they run, since the loop waits for the lock": "No: a loop can go on only at an await, "
            "and there is none.",
            "they stand still, too": "Right: it blocks the thread of the event loop, and with it "
            "everybody.",
            "they run, but more slowly": "No: a blocked thread does nothing else at all.",
        },
        right="they stand still, too",
    ),
]
