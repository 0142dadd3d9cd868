"""What the predictions of notebook 06 find, and what to say of a guess.

>>> ANSWERS["06.enough"].value
6.5
"""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall

ANSWERS: Answers = {
    "06.slow_loses": Number(
        4,
        "The slow subscriber loses {found}.",
        replies={
            3: "You counted those that wait. The one in its hand is broken off as well.",
            1: "You counted the one in its hand. Those that wait in its inbox are never looked at.",
            0: "Nobody waits for it: when the program ends, its task is cancelled where it stands.",
            6: "Two it had handled before the end came.",
            2: "Those two were handled before. The other four are lost.",
        },
    ),
    "06.shutdown_returns": Choice(
        "never",
        "It never returns: an hour later it still waits for room for the sentinel.",
        replies={
            "at once": "So it is with `put_nowait`. The chapter's shutdown() waits in put().",
            "after a second, as a publish would": "A time-out of a second is what its publish() "
            "has. Its shutdown() puts the sentinel without one.",
        },
        chosen=lambda waiting: "never" if "shutdown" in waiting else "at once",
    ),
    "06.who_ends": Choice(
        "only the slow one",
        "Only the slow one ends.",
        replies={
            "both": "For that the fast one would have to look at the flag. Where does it stand, "
            "while it has nothing to do?",
            "only the fast one": "Having nothing to do is not the same as looking at the flag: an "
            "idle reader stands in get().",
            "neither": "The slow one comes back to its `while` after each message, and looks.",
        },
        chosen=lambda ended: {0: "neither", 2: "both"}.get(
            len(ended), f"only the {next(iter(ended), '')} one"
        ),
    ),
    "06.third": Choice(
        "it is refused",
        "The third message is refused, and the two before it are read.",
        replies={
            "it goes on waiting": "Then its publisher would hang for ever, since nobody lets "
            "anything more in. Closing wakes whoever waits, on both sides.",
            "it gets in, as the last": "It was in line, but not in: a closed inbox lets out what "
            "it holds, and lets nothing in.",
        },
        chosen=lambda events: (
            "it is refused"
            if "third: is refused" in events
            else "it gets in, as the last"
            if "third: is in" in events
            else "it goes on waiting"
        ),
    ),
    "06.third_at_shutdown": Choice(
        "it gets in as soon as somebody reads",
        "Now the third gets in, as soon as somebody reads.",
        replies={
            "it is refused": "A publish that had begun is not new. The broker lets it finish "
            "while it drains, and refuses those that begin later.",
        },
        chosen=lambda events: (
            "it gets in as soon as somebody reads"
            if "third: is read" in events
            else "it is refused"
        ),
    ),
    "06.enough": Number(
        6.5,
        "The slow subscriber needs {found}.",
        replies={
            6: "Three that wait make 6 s. The one in its hand is not finished yet, either.",
            8: "Four messages of 2 s: but the one in its hand was begun 1.5 s ago.",
            2: "So long does one message take, and three more are waiting.",
            12: "At 12 s it ends, and it was told at 5.5 s. (Or did you count all six? Two of them "
            "were handled before.)",
            7.5: "1.5 s ago it began what is in its hand. So 0.5 s of that are left.",
        },
    ),
    "06.order": Choice(
        "only broker_inside",
        "Only `broker_inside` comes to an end.",
        replies={
            "both": "One of them waits for a handler, before anybody has told it that nothing more "
            "comes.",
            "only broker_outside": "It reads as if what is outside were the more patient. Blocks "
            "are left from the inside out: its HandlerGroup is left first, and waits.",
            "neither": "Where the broker is left first, its handler is told, and ends.",
        },
        chosen=lambda ended: {0: "neither", 2: "both"}.get(
            len(ended), f"only {next(iter(ended), '')}"
        ),
    ),
    "06.interrupted_loses": Number(
        11,
        "It loses {found}: all that its inbox held, and the one in its hand.",
        replies={
            10: "That is its inbox. One more was in its hand, and was broken off.",
            0: "Nobody waits for it: Ctrl-C cancels, and does not ask.",
            1: "The one in its hand is broken off, and nobody ever looks at its inbox again.",
        },
    ),
}

RECALL: Recall = [
    Question(
        "06.recall.event",
        "For whom is an asyncio.Event the right way to learn that it is over?",
        choices={
            "a publisher": "Right: whoever brings new work has nothing waiting that could be lost.",
            "a subscriber with a full inbox": "It would go home with messages in its inbox: the "
            "flag does not say after which message it is over.",
            "a subscriber that waits in get()": "There it does not look at any flag.",
        },
        right="a publisher",
    ),
    Question(
        "06.recall.deadline",
        "A bound of 9, 3 s for each message. How long can it take to drain a full inbox?",
        choices={
            "27 s": "One more message can be in the reader's hand.",
            "9 s": "That is how many wait. Each takes 3 s.",
            "30 s": "Right: nine that wait and one that was just begun.",
        },
        right="30 s",
    ),
    Question(
        "06.recall.cancel",
        "A task is cancelled. Where does it stop?",
        choices={
            "at the end of its function": "A cancellation does not wait for that.",
            "at the await where it stands": "Right, and no line after it is run, unless it "
            "catches the error.",
            "at its next line": "Nothing can stop it between two lines without an `await`.",
        },
        right="at the await where it stands",
    ),
]
