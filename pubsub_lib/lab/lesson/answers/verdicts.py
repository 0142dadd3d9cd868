"""What the predictions of notebook 12 find, and what to say of a guess.

>>> ANSWERS["12.second_handles"].value
0
"""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Number, Question, Recall

ANSWERS: Answers = {
    "12.unconditional": Number(
        46,
        "{found} of the claims hold just as they stand.",
        within=0.15,
        replies={
            100: "Then this course would have been shorter.",
            0: "That is too hard on the chapter: its broker is a good first one.",
            **dict.fromkeys(
                (10, 13, 17),
                "Who is slow or dead makes no difference to what is said of polling, of queues "
                "without a bound, or of tasks left behind. Such claims need no condition.",
            ),
            **dict.fromkeys(
                (22, 28, 35),
                "Not every claim is about delivery. Those about what something costs, or what is "
                "left behind, hold more often.",
            ),
            **dict.fromkeys(
                (55, 62),
                "More than half have been confirmed, if one counts those that held only on a "
                "condition. Just as it stands a claim must hold beside a dead reader, too.",
            ),
            **dict.fromkeys(
                (75, 87),
                "So it looks as long as everybody reads. Many claims have that for a condition.",
            ),
        },
    ),
    "12.second_handles": Number(
        0,
        "The second handles {found}.",
        replies={
            2: "For that somebody has to catch the error and go on. A plain task does not.",
            3: "It raises at its first.",
            1: "It raises before it has handled its first, and its task is over.",
        },
    ),
    "12.age": Number(
        29.925,
        "The last price that it draws is {found} old.",
        within=0.1,
        replies={
            10: "That is a full inbox of 100 at 0.1 s each. The prices wait before it, too: the "
            "exchange waits for room.",
            0.1: "So it would be if it drew only the newest. It draws every single one.",
            20: "So late the last one is sent. Then it waits in the inbox for its turn.",
            2.5: "That is a full inbox at 40 per second. It is emptied at 10.",
            40: "All 400 take 40 s. The last one was due after 10 s of them.",
            0: "To draw takes 0.1 s in any case, and four come in the time in which it draws one.",
            3: "So much work is left over from one second. There are ten of them.",
            13: "The inbox is full after 3.3 s, and takes 10 s to empty. But it is filled again "
            "all the time, by the exchange that waits.",
        },
    ),
}

RECALL: Recall = [
    Question(
        "12.recall.condition",
        "Which condition stands behind most of the verdicts that need one?",
        choices={
            "that messages are small": "Their size has hardly mattered.",
            "that everybody reads": "Right. Decide what happens when somebody does not.",
            "that there are few subscribers": "That changes what things cost, and not who waits.",
        },
        right="that everybody reads",
    ),
    Question(
        "12.recall.callbacks",
        "When is a list of callbacks the best broker?",
        choices={
            "when the listeners are quick and well-behaved": "Right: nothing is cheaper.",
            "when there are many subscribers": "Each of them is called in turn, while the "
            "publisher waits.",
            "never": "In notebook 09 nothing was cheaper, as long as the callbacks did nothing.",
        },
        right="when the listeners are quick and well-behaved",
    ),
    Question(
        "12.recall.error",
        "A reading task raises, and is kept in a list at which nobody looks. What happens to its "
        "inbox?",
        choices={
            "the broker closes it": "A broker does not know which task reads. It notices only an "
            "inbox that nobody holds, and a task in a list holds its own.",
            "its messages go to the others": "Every subscriber has its own.",
            "it fills, and then it is a dead subscriber": "Right: the task holds its error, and "
            "that the inbox. Whoever reads is to leave, however it ends.",
        },
        right="it fills, and then it is a dead subscriber",
    ),
]
