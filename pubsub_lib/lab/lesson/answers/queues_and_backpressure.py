"""The answers of notebook 02, and the questions at its end."""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall


def _last_message(bounded_s: float, unbounded_s: float) -> str:
    if abs(bounded_s - unbounded_s) < 1e-6:
        return "at the same moment"
    sooner = bounded_s < unbounded_s
    return "sooner than without a bound" if sooner else "later than without a bound"


def _held_by_tasks(tasks_kb: float, unbounded_kb: float, bounded_kb: float) -> str:
    if tasks_kb < 2 * bounded_kb:
        return "about as much as with the bound"
    if tasks_kb < 0.75 * unbounded_kb:
        return "about half as much as without one"
    return "as much as without one, or more"


def _fast_one(last_late_s: float, missed: int) -> str:
    if missed:
        return "it misses messages"
    return (
        "its messages come later and later" if last_late_s > 0 else "it gets every message at once"
    )


def _idle_cost(times: float) -> str:
    if times < 2:
        return "about as much"
    return "up to 10 times as much" if times <= 10 else "more than 10 times as much"


ANSWERS: Answers = {
    "02.fifth_in": Number(
        2,
        "The fifth message is in the queue at {found}.",
        replies={
            0: "Only three get in at once: two into the queue, and one to the reader.",
            1: "At that moment the fourth gets in: the reader takes one message a second, and each "
            "makes room for one.",
            3: "You counted the first message twice: it leaves the queue at once, at 0 s, "
            "and makes room for the third.",
            4: "It need not wait until the four before it are handled: a place in the queue "
            "will do.",
            5: "That is when it has been handled. It is in the queue well before.",
        },
    ),
    "02.last_message": Choice(
        "at the same moment",
        "The last message reaches the subscriber at the same moment, with a bound and without.",
        replies={
            "sooner than without a bound": "A short queue looks quick. But the subscriber has as "
            "much to do, and does it at the same pace.",
            "later than without a bound": "The publisher is held up, and the subscriber is not: "
            "there is always a message for it in the queue.",
        },
        chosen=_last_message,
    ),
    "02.held_by_tasks": Choice(
        "as much as without one, or more",
        "With a task for each message, as much is held as without a bound, or more.",
        replies={
            "about as much as with the bound": "The bound counts what is in the queue. What waits "
            "in front of it is held as well, by its task.",
            "about half as much as without one": "Nothing halves it: whatever is not handled yet "
            "is held, and a task takes more room than a place in a queue.",
        },
        chosen=_held_by_tasks,
    ),
    "02.fast_one": Choice(
        "its messages come later and later",
        "The fast subscriber gets its messages later and later.",
        replies={
            "it gets every message at once": "It would, if it had a publisher of its own. This "
            "one waits for room in every inbox, and one of them is full.",
            "it misses messages": "The publisher waits for room as long as it takes, so nobody "
            "misses anything. Something else is lost.",
        },
        chosen=_fast_one,
    ),
    "02.when_full": Choice(
        "TimeoutError reaches the caller",
        "TimeoutError reaches the caller.",
        replies={
            "QueueFull reaches the caller": "put() never raises that: it waits. And what gives up "
            "here is not the queue, but wait_for.",
            "the message is dropped": "It would be, if the except clause named what wait_for "
            "raises when the time is up.",
        },
    ),
    "02.in_full_queue": Number(
        10,
        "Once the queue is full, a message is in it for {found}.",
        within=0.01,
        replies={
            0.01: "So long it takes to handle it. Before that come all that it finds in the queue.",
            20: "So long messages come. How long one of them waits is up to those before it.",
            1: "That is for 100 messages before it. Here there are 1,000.",
            5: "You divided by the 200 that come per second. What counts is how many are handled.",
            40: "All 4,000 take so long. Only those in the queue are before this one.",
        },
    ),
    "02.idle_cost": Choice(
        "more than 10 times as much",
        "Polling every millisecond costs more than 10 times as much as to wait in get().",
        replies={
            "about as much": "There is nothing to read, but 1,000 times a second there is "
            "something to do: to wake up, look, and go back to sleep.",
            "up to 10 times as much": "Look at what is compared: a reader in get() is not run at "
            "all while nobody sends.",
        },
        chosen=_idle_cost,
        real_time=True,
    ),
}

RECALL: Recall = [
    Question(
        "02.recall.join",
        "A reader takes every message out of a queue, and never calls task_done(). "
        "What does join() do?",
        choices={
            "it returns once the queue is empty": "No: to be taken is not to be handled. join() "
            "counts what was said to be done.",
            "it waits for ever": "Right: join() waits for a task_done() for each message put in.",
            "it raises TimeoutError": "No: join() knows no time-out, and cannot know whether one "
            "is still to come.",
        },
        right="it waits for ever",
    ),
    Question(
        "02.recall.bound",
        "Messages come twice as fast as they are handled, and the queue gets a bound. "
        "What comes sooner?",
        choices={
            "the last message": "No: the subscriber has as much to do as before.",
            "each message that finds the queue full": "No: it waits as long, only in front of the "
            "queue and not in it.",
            "no message; but the publisher notices": "Right: a put() that waits is how it learns "
            "that it is too fast.",
        },
        right="no message; but the publisher notices",
    ),
    Question(
        "02.recall.pace",
        "One of three subscribers is slow, and the publisher waits for room. "
        "At whose pace do the other two get their messages?",
        choices={
            "at the slow one's": "Right: whoever waits for everybody goes at the pace of the "
            "slowest.",
            "each at its own": "No: so it is while there is room everywhere, and not any more "
            "once one inbox is full.",
            "at the publisher's own": "No: it would like to send faster, and waits.",
        },
        right="at the slow one's",
    ),
]
