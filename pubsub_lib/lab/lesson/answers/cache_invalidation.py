"""What the predictions of notebook 10 find, and what to say of a guess.

>>> ANSWERS["10.loads_after"].value
3
"""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall

ANSWERS: Answers = {
    "10.never_told": Number(
        900,
        "{found} are stale: all but those before the first write.",
        replies={
            1000: "The copy is right until somebody writes for the first time.",
            100: "So many are right: those from before the first write.",
            500: "That would be a copy which is renewed now and then. Nobody renews this one.",
            9: "So many writes there were. Each answer after the first of them is stale.",
        },
    ),
    "10.loads_after": Number(
        3,
        "It takes {found}, all of them for silver.",
        replies={
            6: "An update brings the value along: nobody needs to load gold.",
            0: "An invalidation brings no value: who is asked has to fetch it.",
            1: "One store, and still every cache has to fetch its own copy.",
        },
    ),
    "10.late_share": Number(
        10,
        "{found} of the reads are stale.",
        within=0.05,
        replies={
            1: "Ten of a thousand ms would be a single write in the second. There are ten.",
            5: "A read is stale from the write until the message has come, not half of that time.",
            100: "Between two writes the copy is right, once the word has come.",
        },
    ),
    "10.fresher": Choice(
        "equally many",
        "Equally many are stale, at every delay.",
        replies={
            "with updates": "They save the load. But the load is not what a stale read waits for: "
            "it is the word, and that takes as long with either.",
            "with invalidations": "A load brings the newest value. But until the word comes nobody "
            "begins one.",
        },
        chosen=lambda updates, invalidations: (
            "equally many"
            if abs(updates - invalidations) < 1e-9
            else "with updates"
            if updates < invalidations
            else "with invalidations"
        ),
    ),
    "10.reordered": Number(
        1950,
        "It answers {found}: the last message was not about the last write.",
        replies={
            2000: "That is the last write. The last message is another one.",
            1900: "Both messages have come, and the naive cache does as each of them says.",
        },
    ),
    "10.still_stale": Number(
        2,
        "{found} are wrong: the last change of either was among those that were lost.",
        replies={
            1: "Gold changes often, so its next message mends it. But after the last change there "
            "is no next.",
            0: "The link catches up with what it has. What was dropped before it never comes.",
        },
    ),
    "10.surprises": Number(
        0,
        "{found} are answered differently.",
        replies={
            8000: "A ring is made in another way, and promises the same.",
        },
    ),
}

RECALL: Recall = [
    Question(
        "10.recall.order",
        "In which order does one write to the store and tell the caches?",
        choices={
            "first the message, then the store": "Then a cache can hear of it, load the old value, "
            "and keep it.",
            "first the store, then the message": "Right. What helps against a crash between the "
            "two is an outbox.",
            "it does not matter": "Somebody may load between the two.",
        },
        right="first the store, then the message",
    ),
    Question(
        "10.recall.version",
        "Where does the version of a value have to come from?",
        choices={
            "from the store": "Right: it alone knows in which order it was written to.",
            "from the broker": "It knows the order of the messages, which may be another.",
            "from the writer's clock": "Two writers have two clocks.",
        },
        right="from the store",
    ),
    Question(
        "10.recall.gap",
        "A replica sees a gap in the numbers. What does it have to do?",
        choices={
            "ask for the missing change": "The writer has not kept it, and the cache cannot know "
            "whom to ask.",
            "drop the key of the next change": "The lost changes may have been about any key.",
            "drop everything": "Right: it can trust nothing that it holds.",
        },
        right="drop everything",
    ),
]
