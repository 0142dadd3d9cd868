"""What the predictions of notebook 11 find, and what to say of a guess.

>>> ANSWERS["11.effects"].value
13
"""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall

ANSWERS: Answers = {
    "11.delivered": Number(
        1,
        "It says {found}: the connection to the server has it.",
        replies={
            2: "So a broker in process would count. Who could count here the subscribers of "
            "another connection?",
            0: "It has not failed: the message is on its way to the server.",
        },
    ),
    "11.cost": Choice(
        "10 to 1,000 times",
        "Over the server a message takes 10 to 1,000 times as long as in process.",
        replies={
            "about as long": "In process nothing is copied, and the operating system is not asked. "
            "Here it is asked four times, and two processes have to wake up.",
            "up to 10 times": "That would be little for what is to be done: two processes have to "
            "wake up before the message is back.",
            "more than 1,000 times": "So it would be across an ocean. Within one machine nothing "
            "has far to go.",
        },
        chosen=lambda times: (
            "about as long"
            if times < 2
            else "up to 10 times"
            if times < 10
            else "10 to 1,000 times"
            if times <= 1000
            else "more than 1,000 times"
        ),
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
        "11.recall.slow",
        "Over core NATS a subscriber is slow. What do you have to watch?",
        choices={
            "what it drops": "Right: nobody else notices, least of all the publisher.",
            "how long publish() takes": "It takes as long as ever: nobody waits for this "
            "subscriber.",
            "the stream": "Core NATS has none: it keeps nothing.",
        },
        right="what it drops",
    ),
]
