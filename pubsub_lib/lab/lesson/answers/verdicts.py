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
            80: "So it looks as long as everybody reads. Many claims have that for a condition.",
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
        "A reading task raises, and nobody looks. What happens to its inbox?",
        choices={
            "the broker closes it": "A broker does not know which task reads.",
            "its messages go to the others": "Every subscriber has its own.",
            "it fills, and then it is a dead subscriber": "Right, unless somebody leaves for it.",
        },
        right="it fills, and then it is a dead subscriber",
    ),
]
