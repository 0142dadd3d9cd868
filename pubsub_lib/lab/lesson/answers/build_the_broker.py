"""The answers of notebook 03, and the questions at its end."""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall


def _objection(complaints: str) -> str:
    if not complaints.strip():
        return "nothing"
    at_none = "publish(None)" in complaints
    return "TypeError at publish(None)" if at_none else "TypeError at the first publish"


ANSWERS: Answers = {
    "03.price_read": Number(
        10,
        "The second subscriber reads {found}.",
        replies={
            9: "round() goes to the nearest whole number, and that is above it.",
            9.99: "So it would be if each subscriber had a copy. A queue holds a reference, and "
            "both have the same dictionary.",
        },
    ),
    "03.behind_full": Number(
        1,
        "The second subscriber has the message after {found}.",
        replies={
            0: "It has room, but it is not its turn: publish() waits for the queue before it in "
            "the list.",
            2: "Only one of the two inboxes is full, and it is waited for once.",
        },
    ),
    "03.fullest": Number(
        100,
        "In the fullest queue {found} wait.",
        replies={
            0: "The subscriber cannot read what it has no chance to run for: nothing makes the "
            "publisher give way.",
            1: "For that the subscriber would have to run after each publish. A put() that finds "
            "room does not let it.",
            99: "The next one still finds a place. The publisher waits once there is none left.",
            101: "The one that comes next waits for room, and is not yet in the queue.",
            500: "All of them would be in it, if nothing stopped the publisher. Something does.",
        },
    ),
    "03.three_dead": Number(
        3,
        "A publish with three dead subscribers takes {found}.",
        replies={
            0: "Nobody reads in these three queues, and publish() cannot know that: it waits.",
            1: "It would, if the three were waited for at the same time. publish() waits for one "
            "after the other.",
            4: "There is a fourth subscriber, but it reads, and has room.",
            18: "That would be six publishes of 3 s each; it is asked how long one takes.",
        },
    ),
    "03.objection": Choice(
        "nothing",
        "Python says nothing.",
        replies={
            "TypeError at the first publish": "That would be so if Python compared an argument "
            "with its type hint. It never does.",
            "TypeError at publish(None)": "None is no message, but to a queue it is an object as "
            "any other.",
        },
        chosen=_objection,
    ),
}

RECALL: Recall = [
    Question(
        "03.recall.published",
        "`await broker.publish(message)` has returned. What do you know?",
        choices={
            "every subscriber has handled the message": "No: that is what join() says, on the "
            "queue of each.",
            "the message is in every queue, or was dropped": "Right: whether anybody reads it is "
            "another question.",
            "every subscriber has read the message": "No: publish() only puts it where it can be "
            "read.",
        },
        right="the message is in every queue, or was dropped",
    ),
    Question(
        "03.recall.sentinel",
        "A message waits for room for a second and is dropped. Why not the sentinel?",
        choices={
            "a subscriber that misses it waits for ever": "Right: nothing comes after it that "
            "could wake the subscriber.",
            "there is always room for it": "No: it needs a place in the queue as any message does.",
            "it is None, which costs nothing": "No: what it costs is not the question, but what it "
            "costs to miss it.",
        },
        right="a subscriber that misses it waits for ever",
    ),
    Question(
        "03.recall.order",
        "One of ten subscribers is dead, and its queue is full. Which of the others get each "
        "message a second late?",
        choices={
            "none of them": "No: one publish goes through the whole list, and waits on its way.",
            "all of them": "No: those before it in the list have the message already when the "
            "broker begins to wait.",
            "those behind it in the list": "Right: their turn comes once the dead one has been "
            "given up.",
        },
        right="those behind it in the list",
    ),
]
