"""What the predictions of notebook 13 find, and what to say of a guess.

>>> ANSWERS["13.reached"].value
10
"""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall


def _in_words(taken: int) -> str:
    if taken < 1:
        return "none"
    return "about ten" if taken < 100 else "hundreds or more"


def _how_many(visitors: float) -> str:
    if visitors < 200:
        return "fewer than 200"
    return "200 to 20,000" if visitors <= 20_000 else "more than 20,000"


def _when_it_ends(came_after: int) -> str:
    if came_after > 50:
        return "when its visitor goes"
    return "after the next price" if came_after else "at once"


def _how_early(warning_s: float | None) -> str:
    if warning_s is None:
        return "it never sounds"
    return "more than 3 s before" if warning_s > 3 else "in the last 3 s"


ANSWERS: Answers = {
    "13.tabs": Choice(
        "6",
        "The broker has 6 inboxes.",
        replies={
            "1": "A broker knows no persons, and no browsers. Each open stream has its own inbox.",
            "7": "So it would be if each tab had got its stream. Look at how many connections a "
            "browser allows itself.",
        },
    ),
    "13.sent_before": Choice(
        "hundreds or more",
        "Hundreds of prices or more are sent to it before its inbox begins to fill.",
        replies={
            "none": "The server cannot know that nobody reads. It writes as long as the system "
            "takes what it writes.",
            "about ten": "A price is some hundred bytes, and the systems at both ends keep tens of "
            "thousands for a connection.",
        },
        chosen=_in_words,
        real_time=True,
    ),
    "13.first_read": Choice(
        "the oldest price that it has not read",
        "First it reads the oldest price that it has not read.",
        replies={
            "the newest price": "That would be a policy which drops what is old. And a policy has "
            "a say in the inbox alone, not in what was sent already.",
            "an error": "Its connection is whole. What was sent to it is still there, in order.",
        },
        chosen=lambda steps: (
            "the oldest price that it has not read" if steps == 1 else "the newest price"
        ),
    ),
    "13.capacity": Choice(
        "200 to 20,000",
        "The processor suffices for 200 to 20,000 visitors.",
        replies={
            "fewer than 200": "That would be 0.5 ms for each price and visitor. It is long for a "
            "few function calls and one write to a socket.",
            "more than 20,000": "That would be 5 µs for each price and visitor, what a broker "
            "takes for a few deliveries. A write to a socket alone takes longer.",
        },
        chosen=_how_many,
        real_time=True,
    ),
    "13.sigterm": Choice(
        "when its visitor goes",
        "It ends when its visitor goes.",
        replies={
            "at once": "So does a program that does not handle the signal. uvicorn does, since "
            "whoever is being served should get the rest.",
            "after the next price": "A price is no answer of its own: all of them together are "
            "one response, and that has no end.",
        },
        chosen=_when_it_ends,
    ),
    "13.reached": Number(
        10,
        "{found} get it.",
        replies={
            20: "Two processes share no memory. Who told the broker in the other one?",
            1: "It is posted to one worker, and that has a broker with an inbox for each of its "
            "visitors.",
            0: "The worker that was asked has visitors, too.",
        },
    ),
    "13.alarm": Choice(
        "it never sounds",
        "The alarm never sounds.",
        replies={
            "more than 3 s before": "From half full to full it takes 5 s. Nobody looks in these.",
            "in the last 3 s": "That would take a look at the right moment, and looks are rare.",
        },
        chosen=_how_early,
    ),
}

RECALL: Recall = [
    Question(
        "13.recall.inbox",
        "The operator sees an open stream, and an empty inbox. Does that visitor read?",
        choices={
            "yes": "It may be so. But the systems at both ends take a lot first.",
            "perhaps": "Right: until the buffers of the connection are full, the inbox stays "
            "empty. Look at the age of what was not taken, too.",
            "no": "Who has stopped long ago has a full inbox, or is cut off.",
        },
        right="perhaps",
    ),
    Question(
        "13.recall.sigterm",
        "A service with open streams is told to end. What comes first?",
        choices={
            "the inboxes are closed, and each stream says why it ends": "Right: then the web "
            "server finds nothing open, and ends.",
            "the web server waits for its connections": "It would wait for who stays for hours.",
            "the process is killed after a while": "That is what happens to those who do not "
            "answer the signal, and everybody is cut off without a word.",
        },
        right="the inboxes are closed, and each stream says why it ends",
    ),
    Question(
        "13.recall.alarm",
        "A monitoring system looks every 15 s. What does an alarm at a half-full inbox need?",
        choices={
            "a shorter time-out": "A publish that waits holds up the others, and nobody looks any "
            "sooner.",
            "a bound of 100, as everywhere": "At 10 messages a second it is full in 10 s.",
            "a bound so large that half of it lasts longer than 15 s": "Right. Or a number that "
            "remembers, such as how many were cut off; it sounds afterwards, but it sounds.",
        },
        right="a bound so large that half of it lasts longer than 15 s",
    ),
]
