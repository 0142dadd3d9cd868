"""The answers of notebook 04, and the questions at its end."""

from pubsub_lib.lab.clock.virtual_time import Deadlock
from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall


def _what_join_does(end: object) -> str:
    if isinstance(end, Deadlock):
        return "it never returns"
    return "it raises an error" if isinstance(end, Exception) else "it returns at once"


def _who_ends(end: object) -> str:
    if not isinstance(end, Deadlock):
        return "shutdown() and the website"
    waiting = str(end)
    if "shutdown" not in waiting:
        return "only shutdown()"
    return "neither" if "website" in waiting else "only the website"


def _who_was_next(read_by_the_right: list[int]) -> str:
    first = read_by_the_right[0] if read_by_the_right else 0
    return {3: "3, which has waited for it", 4: "4, which has just come"}.get(
        first, "neither of them"
    )


ANSWERS: Answers = {
    "04.second_price": Number(
        2,
        "The website gets price 3 at {found}.",
        replies={
            0: "That is when it gets price 2. Price 3 is not sent before the publish of price 2 "
            "has returned, and whom does that wait for?",
            1: "A second is waited for each full queue, one after another, and two are full.",
            3: "Two queues are full, and a second is waited for each of them.",
            4: "You waited for the dead in both publishes. In the second one the website has its "
            "price before the walk comes to them.",
        },
    ),
    "04.who_misses_it": Choice(
        "the website",
        "The website never gets the price.",
        replies={
            "nobody": "Each of the three was on the list when the publish began. But the walk goes "
            "by places, and the list is one shorter now.",
            "the till": "The till stood first in the list, and had the price before it left.",
            "the archive": "The walk stands at the archive, whose put goes on when there is room.",
        },
    ),
    "04.free_place": Choice(
        "4, which has just come",
        "Price 4 gets the place: the right screen reads 4, and then 3.",
        replies={
            "3, which has waited for it": "It is woken, which puts it on the list of those who may "
            "run next. The second feed stands before it on that list.",
            "neither of them": "Both are read in the end, one after the other.",
        },
        chosen=_who_was_next,
    ),
    "04.all_handled": Choice(
        "it never returns",
        "join() never returns.",
        replies={
            "it returns at once": "Every price is handled, but the prices are not all that was put "
            "in the queue.",
            "it raises an error": "It cannot know that nobody will come any more; it only counts.",
        },
        chosen=_what_join_does,
    ),
    "04.who_ends": Choice(
        "neither",
        "Neither ends: shutdown() waits, and so does the website.",
        replies={
            "shutdown() and the website": "That would be so if shutdown() gave up after a second, "
            "as publish() does. It has no time-out.",
            "only the website": "It stands behind the archive in the list. Its None is put in when "
            "the archive's is.",
            "only shutdown()": "It returns when every queue has its None. One of them has no room.",
        },
        chosen=_who_ends,
    ),
    "04.written": Number(
        0,
        "When shutdown() returns, {found} are written.",
        replies={
            50: "shutdown() puts a None behind the fifty. It does not wait until that is read.",
            1: "The archive had no turn yet: in a queue with room no publish waits, and nor does "
            "shutdown().",
            49: "It would be so if shutdown() waited for the archive to come to the None.",
        },
    ),
    "04.first_slow": Number(
        10.1,
        "The first publish that has to wait begins at {found}.",
        within=0.02,
        replies={
            0: "The crash is at 0 s, but the archive's queue has room for 100 prices, and nobody "
            "looks whether they are read.",
            0.1: "The next price finds room: the queue holds 100.",
            1: "A second is how long it waits, when the queue is full.",
            100: "Ten prices a second are published, not one.",
        },
    ),
    "04.turns_of_others": Number(
        0,
        "The other task runs {found} meanwhile.",
        replies={
            10_000: "That would be so if each await gave way. It does where there is something to "
            "wait for, and put() finds room.",
            9_999: "That would be so if each await gave way. It does where there is something to "
            "wait for, and put() finds room.",
            1: "Even the first turn has to wait: nothing in 10,000 publishes waits for anything.",
        },
    ),
    "04.button": Choice(
        "when something else wakes the loop",
        "The price is read when something else wakes the loop.",
        replies={
            "at once": "The reader is put on the list of those who may run. Who would tell the "
            "sleeping loop to look at that list?",
            "never": "The next timer wakes the loop, and then it looks at its list.",
        },
        chosen=lambda woken_by: (
            "when something else wakes the loop" if woken_by.endswith("a timer") else "at once"
        ),
    ),
}

RECALL: Recall = [
    Question(
        "04.recall.await",
        "A loop over a list has an await in it. What may have changed when the loop goes on?",
        choices={
            "nothing, as long as there is one thread": "No. One thread is enough: at the await "
            "other tasks run, and may do what they like.",
            "anything, also the list": "Right. At an await other tasks run, and one of them may "
            "join or leave the list.",
            "only what was awaited": "No. While this task waits, all others may run.",
        },
        right="anything, also the list",
    ),
    Question(
        "04.recall.line",
        "Why can a put that waits for room be overtaken?",
        choices={
            "asyncio's queues wake the newest first": "No. They wake who has waited longest.",
            "a queue hands out the last message first": "No. It hands out first what was put in "
            "first. The question is what was put in first.",
            "to be woken is not yet to run": "Right. Who was ready before it runs before it, and "
            "may take the place.",
        },
        right="to be woken is not yet to run",
    ),
    Question(
        "04.recall.end",
        "Why does a None in the queue make a bad end?",
        choices={
            "it needs room, and anybody can send it": "Right. So an end belongs into the state of "
            "the queue, not into its messages.",
            "None takes more memory than a message": "No. There is one None in all of Python.",
            "it arrives before the last message": "No. It arrives behind it, which is what it is "
            "good at.",
        },
        right="it needs room, and anybody can send it",
    ),
]
