"""What the predictions of notebook 11 find, and what to say of a guess.

>>> ANSWERS["11.effects"].value
13
"""

import math
from collections.abc import Sequence

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall


def _nearest_step(times: float, steps: Sequence[int]) -> str:
    """Return the step that is nearest, as a ratio."""
    step = min(steps, key=lambda one: abs(math.log(times / one)))
    return f"about {step} times"


def _how_slow(slowest_s: float) -> str:
    if slowest_s < 0.1:
        return "less than 0.1 s"
    return "0.1 to 2 s" if slowest_s <= 2 else "more than 2 s"


ANSWERS: Answers = {
    "11.cost": Choice(
        "10 to 50 times",
        "Over NATS a message takes 10 to 50 times as long as in process.",
        replies={
            "2 to 4 times": "In process nothing is copied, and the operating system is not asked. "
            "Here it is asked four times.",
            "4 to 10 times": "That would be little for what is to be done: two processes have to "
            "wake up before the message is back.",
            "more than 50 times": "So it is between two houses of one town. Within one machine "
            "nothing has far to go.",
        },
        chosen=lambda times: (
            "2 to 4 times"
            if times < 4
            else "4 to 10 times"
            if times < 10
            else "10 to 50 times"
            if times <= 50
            else "more than 50 times"
        ),
        real_time=True,
    ),
    "11.rate": Choice(
        "about 30 times",
        "The server takes about 30 times as many when nobody waits for a confirmation.",
        replies={
            "about 3 times": "Look at the round over JetStream: how many of these fit into a "
            "second? And how long does it take to put a message on its way, if that is all?",
            "about 10 times": "To put a message on its way takes a few µs of Python. What is a "
            "round in these?",
            "about 100 times": "The confirmation would have to come from further away. And the "
            "one who waits for nothing still has to make bytes of each.",
        },
        chosen=lambda times: _nearest_step(times, (3, 10, 30, 100)),
        real_time=True,
    ),
    "11.knows": Choice(
        "when the next price arrives",
        "It knows when the next price arrives, and not before.",
        replies={
            "as soon as it is connected again": "The connection is new, and brings no word of what "
            "was sent over the old one.",
            "it does not": "Each message has a number. What does one see in 40, 61?",
        },
        chosen=lambda when_connected, at_the_end: (
            "as soon as it is connected again"
            if when_connected
            else "when the next price arrives"
            if at_the_end
            else "it does not"
        ),
    ),
    "11.effects": Number(
        13,
        "The durable desk has {found} for 12 orders.",
        replies={
            12: "Nothing is lost. But what does the server do with an order whose effect is there, "
            "and whose acknowledgement is not?",
            11: "The order in hand had its effect before the kill.",
            7: "So many the desk over core NATS has, which gets nothing that came before it.",
        },
    ),
    "11.tries": Number(
        7,
        "There are {found}: one for each good order, and all the tries of the bad one.",
        replies={
            5: "One for each would be right if every order were handled at the first try.",
            8: "The tries are counted with the first one: it is delivered 3 times in all.",
            15: "Only the bad one is tried again. The others are handled at the first try.",
            4: "The bad one is delivered as well, until it is given up.",
        },
    ),
    "11.held_up": Choice(
        "not at all",
        "The publisher is not held up at all: the server takes all 100.",
        replies={
            "after 10": "So it is in process, where the publisher puts each message into the inbox "
            "itself.",
            "after 30 or so": "Then inbox and buffer are full. But who would tell the publisher?",
        },
        chosen=lambda confirmed: (
            "not at all" if confirmed >= 100 else "after 10" if confirmed < 20 else "after 30 or so"
        ),
    ),
    "11.slowest": Choice(
        "more than 2 s",
        "The slowest publish of the recorded run takes more than 2 s.",
        replies={
            "less than 0.1 s": "So it is while a follower is away. But who confirms an order while "
            "there is no leader?",
            "0.1 to 2 s": "A follower waits for some seconds before it believes that the leader is "
            "gone. Only then is another chosen.",
        },
        chosen=_how_slow,
    ),
    "11.catch_up": Number(
        239.2,
        "It is up to date again after {found}.",
        within=0.05,
        replies={
            60: "So long it would take a desk that is busy for half of its time.",
            48: "That is the work that has waited. New prices come in while it is done.",
            300: "That is all the work divided by the idle share, with the outage counted in full.",
            12: "A fifth of an outage would be enough if the desk were five times as fast.",
        },
    ),
    "11.first_renewed": Choice(
        "the readers",
        "The readers are renewed first: a new one reads both, an old one does not.",
        replies={
            "the publishers": "Then an old reader gets a message with a field that it does not "
            "know.",
            "in any order": "The default helps one side only: who reads a message that lacks the "
            "field.",
        },
        chosen=lambda new_reads_old, old_reads_new: (
            "in any order"
            if new_reads_old and old_reads_new
            else "the readers"
            if new_reads_old
            else "the publishers"
        ),
    ),
    "11.last_handled": Number(
        1,
        "Order {found} comes last.",
        replies={
            5: "That would be right if what failed went back to the front. The others have come in "
            "already.",
            4: "All five are handled: the one that failed is delivered again.",
        },
    ),
}

RECALL: Recall = [
    Question(
        "11.recall.acknowledge",
        "A desk acknowledges an order, and then carries it out. It is killed between the two. What "
        "becomes of the order?",
        choices={
            "it is carried out twice": "So it may be the other way round, when the effect comes "
            "first.",
            "it is lost": "Right: the server takes it for handled.",
            "it is delivered again": "The server delivers again what is not acknowledged. This "
            "order is.",
        },
        right="it is lost",
    ),
    Question(
        "11.recall.once",
        "What does it take that each message has its effect exactly once?",
        choices={
            "a broker that delivers each message once": "No broker can promise that.",
            "an acknowledgement before the effect": "Then a crash between the two loses it.",
            "at least once, and a receiver that does not mind": "Right: the effect and the note "
            "that it is done are one write.",
        },
        right="at least once, and a receiver that does not mind",
    ),
    Question(
        "11.recall.poison",
        "An order fails at whichever desk it comes to. What has to happen to it in the end?",
        choices={
            "it is set aside, and somebody looks at it": "Right: the others go on, and it is not "
            "lost.",
            "it is delivered again until a desk can handle it": "None can, and the others wait "
            "behind it.",
            "it is acknowledged, so that it is gone": "Then nobody learns that an order was never "
            "carried out.",
        },
        right="it is set aside, and somebody looks at it",
    ),
]
