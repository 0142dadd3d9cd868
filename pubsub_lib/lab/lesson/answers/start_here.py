"""The answers of notebook 00, and the questions at its end."""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall

_TEXT = "the text 'Hello, learner', a second later"
_AWAITABLE = "an object, and nothing of the function has run yet"
_NONE = "None, and the greeting goes on in the background"

_WAIT_FOR_EACH_OTHER = "nothing, since each loop waits for the other"
_ONE_INSIDE_THE_OTHER = "'Hello', since the inner loop runs inside the outer one"
_ERROR = "an error, since there can be only one loop at a time"


def _kind_of_call(kind: str) -> str:
    return {"str": _TEXT, "NoneType": _NONE}.get(kind, _AWAITABLE)


def _what_is_printed(printed: str) -> str:
    if "RuntimeError" in printed:
        return _ERROR
    return _ONE_INSIDE_THE_OTHER if printed.strip() else _WAIT_FOR_EACH_OTHER


ANSWERS: Answers = {
    "00.called": Choice(
        _AWAITABLE,
        "The call gives a coroutine object. Nothing of the function has run yet; await runs it.",
        replies={
            _TEXT: "That is what an ordinary function gives, and this one if it is awaited. "
            "Without await nobody waits for it.",
            _NONE: "There is no background that it could go on in by itself: somebody has to "
            "carry it from pause to pause.",
        },
        chosen=_kind_of_call,
    ),
    "00.two_tasks": Number(
        1,
        "As two tasks they take {found}.",
        replies={
            2: "You added the two up, which is right for one after the other. But a task that "
            "pauses does not keep the other from pausing as well.",
            0: "A task pauses, but somebody still waits for it: the block ends when both have "
            "ended.",
            0.5: "Two tasks do not share the work, as there is none. Each waits for its own "
            "reply, for a whole second.",
        },
    ),
    "00.next_turn": Choice(
        "publisher: 2 is in the queue",
        "The publisher goes on: its second message is in the queue before the reader has the "
        "first.",
        replies={
            "reader: got 1": "The reader is ready from that moment on, but it is not its turn yet. "
            "Nobody has to stop in order to let it run.",
            "sometimes the one, sometimes the other": "With threads it would be like that. An "
            "event loop changes turns only at certain places, so each run is the same.",
        },
        chosen=str,
    ),
    "00.in_a_cell": Choice(
        _ERROR,
        "asyncio.run raises an error: it cannot be called while an event loop is running.",
        replies={
            _WAIT_FOR_EACH_OTHER: "That would be a sad end, and Python prevents it: it looks "
            "first whether a loop is running.",
            _ONE_INSIDE_THE_OTHER: "While the inner loop ran, the outer one would stand still, "
            "and with it all of its tasks. Python does not allow that.",
        },
        chosen=_what_is_printed,
    ),
}

RECALL: Recall = [
    Question(
        "00.recall.result",
        "Two tasks were made in a TaskGroup, and its block has ended. Where is what they returned?",
        choices={
            "in what create_task() returned, by result()": "Right: that is the task, and the "
            "block has waited for it.",
            "in what create_task() returned, which is the result itself": "No: create_task() "
            "returns at once, before there is a result. It returns the task.",
            "nowhere, since a task returns nothing": "No: a task keeps what its coroutine "
            "returned, and gives it by result().",
        },
        right="in what create_task() returned, by result()",
    ),
    Question(
        "00.recall.turns",
        "A task runs `await queue.put(message)`, and the queue has room. Who runs next?",
        choices={
            "the task that reads from the queue": "No: it is ready now, and runs when the others "
            "before it wait. There was nothing to wait for yet.",
            "the task that has been ready for the longest time": "No: that would be so if the "
            "putting task had given up its turn. It had nothing to wait for.",
            "the same task": "Right: an await lets others run only if there is something to wait "
            "for, and there was room.",
        },
        right="the same task",
    ),
    Question(
        "00.recall.fan_out",
        "A broker has three subscribers, and one message is published. Who gets it?",
        choices={
            "whoever asks for it first": "No: that is so if three share one queue. A broker gives "
            "each a queue of its own.",
            "each of the three": "Right: that is called fan-out.",
            "the three in turns, one message each": "No: that would share out the work. "
            "Subscribers have asked for all messages.",
        },
        right="each of the three",
    ),
]
