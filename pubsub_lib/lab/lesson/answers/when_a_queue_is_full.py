"""The answers of notebook 05, and the questions at its end."""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall


def _how_many(messages: int) -> str:
    if messages == 400:
        return "400"
    return "more than 400" if messages > 400 else "fewer than 400"


def _how_much_it_saves(messages: int) -> str:
    if messages < 275:
        return "about as many"
    return "some 300 to 350" if messages < 375 else "nearly all 400"


_EVERY_FULL_INBOX = (
    "So it is where each full inbox is waited for. Ours does not wait again before the subscriber "
    "has read."
)

ANSWERS: Answers = {
    "05.misses_most": Choice(
        "disconnect",
        "The slow one misses most if it is disconnected.",
        replies={
            "wait": "Who is waited for misses nothing at all.",
            "drop newest": "It misses what finds no room, but it stays, and gets what comes later.",
            "drop oldest": "For each message that gets in one is thrown away: as many as if the "
            "newest were dropped.",
            "raise": "For the subscriber it is as if the newest were dropped. Only the publisher "
            "sees a difference.",
        },
    ),
    "05.freshest": Choice(
        "drop oldest",
        "What the slow one reads is the freshest if the oldest is dropped.",
        replies={
            "wait": "Each message waits for room first, and then for all before it in the inbox.",
            "drop newest": "What gets in is the newest. But by the time it is read, it has waited "
            "for the whole inbox before it.",
            "disconnect": "It reads what was in its inbox when it was cut off, and nothing newer.",
            "raise": "The inbox is as full as if the newest were dropped, and what is read as old.",
        },
    ),
    "05.age": Number(
        0.2,
        "What it reads is {found} old.",
        within=0.05,
        replies={
            0.4: "20 messages of 20 ms each: so it is if the newest is dropped. Here each new "
            "message pushes the others on, too.",
            0.5: "That is the age with an inbox of 50.",
            1: "That is an inbox of 50, and the newest dropped.",
            0.02: "That is the service time. What is read has waited in the inbox before.",
            0.01: "That is how old it would be in an inbox of 1.",
        },
    ),
    "05.one_dead": Number(
        1,
        "Past one dead subscriber they take {found}.",
        replies={
            100: "So it is with the chapter's broker, which waits again for each message. Ours "
            "remembers that it has waited in vain.",
            0: "Somebody has to wait once, to find out that the subscriber does not read.",
        },
    ),
    "05.stutters": Number(
        10,
        "Past one that stutters they take {found}.",
        replies={
            1: "When it has read, it may be alive, and is waited for again.",
            100: "It is waited for again when it has read, and it reads ten times.",
            91: _EVERY_FULL_INBOX,
            90: _EVERY_FULL_INBOX,
            9: "Nine times somebody comes after it has read. It was waited for before that, too.",
            11: "It reads ten times, but after the last time nobody comes any more.",
        },
    ),
    "05.published_again": Choice(
        "more than 400",
        "The fast one gets more than 400: some messages two or three times.",
        replies={
            "400": "A publish that raises has reached everybody who had room. It is published "
            "again to them, too.",
            "fewer than 400": "The fast one always has room, and misses nothing.",
        },
        chosen=_how_many,
    ),
    "05.read_by_slow": Choice(
        "about as many",
        "Tried again in the background, it reads hardly more.",
        replies={
            "some 300 to 350": "Every other retry would have to find room. But a place that a "
            "retry gets is one that a new message does not get.",
            "nearly all 400": "That takes the slow one 8 s, and the traffic is over after 4 s. "
            "Somebody would have to keep 150 messages until then.",
        },
        chosen=_how_much_it_saves,
    ),
}

RECALL: Recall = [
    Question(
        "05.recall.age",
        "An inbox drops its oldest. When is what is read as old as if it dropped its newest?",
        choices={
            "while more comes than is handled": "No. Then each new message pushes the others on, "
            "and the age is bound ÷ rate.",
            "when no new ones come": "Right. Nobody pushes any more, and what is left is read at "
            "the pace of the subscriber.",
            "never": "No. The law holds for as long as new messages come.",
        },
        right="when no new ones come",
    ),
    Question(
        "05.recall.dead",
        "How often does AsyncPubSub wait for a subscriber that never reads?",
        choices={
            "once": "Right, with any policy. It waits again for one that has read meanwhile.",
            "once for each message": "No. So does the chapter's broker.",
            "never": "No. At first it looks like one that is only slow.",
        },
        right="once",
    ),
    Question(
        "05.recall.policy",
        "Which policy lets a subscriber itself know that it has missed something?",
        choices={
            "DROP_NEWEST": "No. It tells the publisher, in the Delivery.",
            "RAISE": "No. It tells the publisher, by an error.",
            "DISCONNECT": "Right. Its reader gets what is in the inbox, and then Disconnected.",
        },
        right="DISCONNECT",
    ),
]
