"""What the predictions of notebook 09 find, and what to say of a guess.

>>> ANSWERS["09.looks"].value
9
"""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall

ANSWERS: Answers = {
    "09.one_or_many": Choice(
        "more",
        "A delivery to a single subscriber costs more.",
        replies={
            "about the same": "A publish has a price of its own. Who shares it?",
            "less": "A publish to thirty is dearer. It is also thirty deliveries.",
        },
        chosen=lambda times: "more" if times > 1.1 else "less" if times < 0.9 else "about the same",
        real_time=True,
    ),
    "09.price_of_gather": Choice(
        "more than twice as much",
        "With `gather` a put costs more than twice as much as in a loop.",
        replies={
            "less than half": "Together sounds quicker. But no put has to wait here, so there is "
            "nothing to do together.",
            "about the same": "`gather` makes a task of each coroutine, and a task is an object "
            "that the loop has to run.",
        },
        chosen=lambda times: (
            "more than twice as much"
            if times > 2
            else "less than half"
            if times < 0.5
            else "about the same"
        ),
        real_time=True,
    ),
    "09.written": Number(
        20,
        "In batches the slowest takes {found}.",
        replies={
            10: "That is a write. A message that comes while one is under way waits for it first.",
            2505: "So it is one by one. A batch takes all that waits, in one write.",
            15: "Its own write takes 10 ms, and before it up to 10 ms of the one before.",
        },
    ),
    "09.computed": Choice(
        "it is slower",
        "In batches the slowest message takes longer.",
        replies={
            "it is faster": "What would be saved? Each message costs its 10 ms in either way.",
            "nothing": "The same work is done in all. But the first of a batch is not done before "
            "the last one is.",
        },
        chosen=lambda one_by_one, in_batches: (
            "it is slower"
            if in_batches > one_by_one
            else "it is faster"
            if in_batches < one_by_one
            else "nothing"
        ),
    ),
    "09.references": Number(
        100_000,
        "Queues hold {found}: one for each message in each queue.",
        replies={
            100: "So many messages there are. Each of the queues refers to each of them.",
            1_100: "That is a ring: each message once, and a cursor for each subscriber.",
            1_000: "A queue for each, and 100 messages in each of them.",
            200_000: "A message is not kept by the publisher as well. Each queue has one reference "
            "to it.",
        },
    ),
    "09.looks": Number(
        9,
        "It looks {found}: once for each round of the ring but the first.",
        replies={
            10: "Once for each round is the idea. But for the first round it knows from the start "
            "that there is room.",
            11: "After the last round nothing comes that would need room, and before the first "
            "there is room.",
            0: "It has to find out how far the readers are. The first round alone is free.",
            990: "So it would be if the ring stayed full. The readers have read all, and one look "
            "finds room for a whole round.",
            900: "For 900 messages it is not sure from the start. But one look is good for 100.",
            1000: "That is the second step. The third looks only when the ring seems full.",
            1: "After one look it knows about the next round. Then it has to look again.",
            100: "That is how many slots there are. How often are they gone through?",
        },
    ),
    "09.next_one": Choice(
        "more than 10 times as much",
        "In bursts the next one costs the chapter's broker more than 10 times what a ring needs.",
        replies={
            "up to 2 times as much": "Both are linear. That says nothing about how steep.",
            "2 to 10 times as much": "The chapter's sets a timer for each delivery. For the ring, "
            "one more reader is a slice now and then.",
        },
        chosen=lambda times: (
            "more than 10 times as much"
            if times > 10
            else "2 to 10 times as much"
            if times > 2
            else "up to 2 times as much"
        ),
        real_time=True,
    ),
    "09.callback_price": Choice(
        "not half as much",
        "A callback that does nothing costs less than half of a delivery to get().",
        replies={
            "half to as much": "A callback is a function call. get() needs a turn of the loop, "
            "too.",
            "more than that": "Callbacks scale poorly, the chapter says: not in what they cost.",
        },
        chosen=lambda times: (
            "not half as much" if times < 0.5 else "half to as much" if times <= 1 else "more"
        ),
        real_time=True,
    ),
    "09.both_save": Choice(
        "more than 4 times as much",
        "Without batches a delivery costs more than 4 times as much as with both.",
        replies={
            "up to 2 times as much": "Then a call would be cheaper than what is done in it. Of a "
            "delivery, most is calls.",
            "2 to 4 times as much": "That is near what one side saves. With both, a message costs "
            "next to no call at all.",
        },
        chosen=lambda times: (
            "more than 4 times as much"
            if times > 4
            else "2 to 4 times as much"
            if times > 2
            else "up to 2 times as much"
        ),
        real_time=True,
    ),
    "09.one_side": Choice(
        "less than a third",
        "With a bound of 10, publish_many() saves less than a third.",
        replies={
            "a third to two thirds": "One call for ten is cheaper than ten calls. But such a call "
            "has a cost for each reader, and only ten messages share it.",
            "nearly all": "So it is where both sides have large batches. Here each message is "
            "still read by itself.",
        },
        chosen=lambda saved: (
            "less than a third"
            if saved < 1 / 3
            else "a third to two thirds"
            if saved < 2 / 3
            else "nearly all"
        ),
        real_time=True,
    ),
    "09.in_turn": Number(
        0.5,
        "One after another the publish takes {found}.",
        replies={
            1.5: "While it waits for the first queue, the other two get room by themselves.",
            3: "So it is if all three are dead, and each costs its full second.",
            1: "The time-out is a second. Room comes before it is over.",
            0: "So it is for a queue with room. The first in turn is full.",
            2: "So it would be if each had room half a second after the one before it, or so. All "
            "have it at the same time.",
            3.5: "That adds what the dead would take to what the slow ones take.",
        },
    ),
}

RECALL: Recall = [
    Question(
        "09.recall.linear",
        "Two brokers both scale linearly. Do they cost the same with 1,000 subscribers?",
        choices={
            "yes": "A slope says how the cost grows, and not how high it is.",
            "not necessarily": "Right: here one of them cost several times as much, at every size.",
            "only with few messages": "What differs is the price of a delivery, however many there "
            "are.",
        },
        right="not necessarily",
    ),
    Question(
        "09.recall.batches",
        "When do batches make things worse?",
        choices={
            "if each message has a cost of its own": "Right: nothing is saved, and the first of a "
            "batch waits for the last.",
            "if each call has a cost of its own": "Then they are the cure.",
            "if few messages come": "Then each is a batch of its own, and waits for nobody.",
        },
        right="if each message has a cost of its own",
    ),
    Question(
        "09.recall.gate",
        "Who decides when a slot of a ring may be used again?",
        choices={
            "the fastest reader": "It has read it. Others may not have.",
            "the publisher": "It looks at the cursors, and has to wait.",
            "the slowest reader": "Right: it gates the publisher, until it reads or is overtaken.",
        },
        right="the slowest reader",
    ),
]
