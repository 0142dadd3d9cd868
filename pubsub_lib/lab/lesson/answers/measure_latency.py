"""What the predictions of notebook 08 find, and what to say of a guess.

>>> ANSWERS["08.from_sending"].value
0
"""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall

ANSWERS: Answers = {
    "08.typical": Number(
        0,
        "{found} take about as long as the average.",
        replies={
            500: "Half of the messages take less than the median. The average is another thing.",
            50: "So many ask the database, and take far longer than that.",
            950: "About so many have the answer in memory, and take no more than 3 ms.",
            900: "Most do have the answer in memory: those take up to 3 ms, and not 5.",
            1000: "So it would be if all took equally long, which an average does not tell.",
            100: "A few seem likely. But between 3 and 80 ms there is nobody, and the average is.",
        },
    ),
    "08.meet_a_slow_one": Number(
        63,
        "About {found} meet a slow one.",
        within=0.05,
        replies={
            1: "That is the chance with a single subscriber. This publish needs all 100 of them.",
            99: "So many are fast, of the subscribers. Here it is enough that one is not.",
            100: "One in a hundred is an average: some publishes meet two, and others none.",
            37: "That is the chance to meet none: all 100 are fast. The others meet at least one.",
            50: "It is more than a coin: 0.99 multiplied by itself a hundred times is 0.37.",
        },
    ),
    "08.closed_p99": Number(
        0,
        "The one who waits reports a p99 of {found}.",
        replies={
            1000: "So long the one late message took. It is one of 9,000, and 90 may be slower "
            "than the p99.",
            100: "A tenth of the time was lost. How many messages did this one send in it?",
            900: "That would be right for somebody who had sent a message in each millisecond.",
            1: "For so long it pauses between two messages. That is no part of how long one takes.",
            10: "That is a hundredth of the stall. A percentile does not share the worst out, it "
            "leaves it out.",
        },
    ),
    "08.open_p99": Number(
        900,
        "The one with a schedule reports a p99 of {found}.",
        replies={
            1000: "That is the slowest of all. The p99 is the last of the other 99 %.",
            0: "Of its messages a tenth were due during the stall, and one in a hundred is far "
            "less than a tenth.",
            990: "That is the p99 of the second in which it stood still.",
            500: "So long the late ones wait on average. Only the slowest tenth of them is beyond "
            "the p99.",
            100: "A tenth of the messages are late. That says how many, and not by how much.",
        },
    ),
    "08.from_sending": Number(
        0,
        "Counted from the sending, the p99 is {found}.",
        replies={
            900: "That is what it is when counted from when they were due. A message that is sent "
            "late and then handled at once has taken no time since.",
            1000: "One message took that long. The others were sent after it had been handled.",
            500: "So late the overdue ones are sent, on average. Once sent, they take no time.",
            100: "A tenth of them are overdue, but that is before they are sent.",
        },
    ),
    "08.at_90_percent": Number(
        87,
        "At 90 % it takes {found} on average in this run.",
        within=0.25,
        replies={
            10: "So it is if nobody ever waits, as with steady traffic.",
            11: "That divides 10 ms by the share of time that is busy. How long one waits depends "
            "on the share that is free.",
            20: "So it is at 50 %. What happens to the waiting when the idle time nearly goes?",
            36: "From 50 to 90 % the free part shrinks to a fifth, so the time grows five times.",
            50: "So it is at 80 %, where twice as much is free.",
            200: "That is ten times what it is at 50 %. The free part shrinks to a fifth, not "
            "to a tenth.",
        },
    ),
    "08.report_too_little": Number(
        91,
        "{found} are too low.",
        within=0.06,
        replies={
            50: "That would be so if their p99.9 were right on average. It is the slowest of 100, "
            "and the truth is that of 1,000.",
            0: "A small sample does not know what it has not seen.",
            10: "So many are lucky enough to have met one that is slower than the true p99.9.",
            100: "What happens to one message in a thousand happens to some of 100 times 100, and "
            "whoever meets it reports more than the truth.",
            99: "A message beyond the p99.9 is one in a thousand, and each report has 100 of them: "
            "one report in ten meets it, not one in a hundred.",
        },
    ),
    "08.near_the_truth": Number(
        (5, 17),  # with other seeds
        "Between 5 and 17 of 50 such runs report a p99 within 10 % of the true one.",
        within=0.05,
        replies={
            50: "So it would be if 1,000 messages were enough. They nearly are, where each is late "
            "by itself.",
            43: "So many it would be if messages were late independently. Here they are late "
            "together.",
            30: "They are spread too widely for that, and most lie below the truth.",
            25: "Half would need about as many long clusters as there are in the long run. Most "
            "have fewer.",
            20: "So many it would be of runs of 10,000 messages.",
            0: "A few runs have as many long clusters as is usual.",
        },
    ),
    "08.waits": Number(
        0.9,
        "It gets its latest {found}.",
        replies={
            0: "Who has room gets a message first. But the publisher waits a second for the full "
            "inbox, and the next message is due meanwhile.",
            1: "The one that is published then has no delay. The next is due after 0.1 s.",
            0.1: "So long after the first the next is due. It waits for the rest of the second.",
            100: "A second for each message that the full inbox holds. Those found room, and "
            "nobody waited.",
            810.1: "That is the chapter's broker, which waits again for each message. Ours waits "
            "once: notebook 05.",
            810: "So it nearly is with the chapter's broker. Ours remembers who has not read.",
            900: "A second for each of the 900 that find no room, as if it waited for each.",
        },
    ),
    "08.on_the_loop": Choice(
        "less than 95 ms",
        "Counted from the sending, the p99 is less than half of that from when they were due.",
        replies={
            "190 ms or more": "It keeps to its schedule only while the loop runs. While the "
            "handler blocks, it sends nothing.",
            "95 to 190 ms": "The overdue messages go out after the stall, each with a fresh time "
            "on it.",
        },
        chosen=lambda sent, due: (
            "less than 95 ms"
            if sent < due / 2
            else "190 ms or more"
            if sent >= 190
            else "95 to 190 ms"
        ),
        told=lambda sent, due: (
            f"{sent:.3g} ms counted from the sending, {due:.3g} ms from when they were due"
        ),
        real_time=True,
    ),
    "08.debug_cost": Choice(
        "more than 10 times as long",
        "In debug mode the loop is busy more than 10 times as long.",
        replies={
            "as long as without": "It has to remember where each callback came from.",
            "up to 3 times as long": "It writes down the whole stack, for each callback: that is "
            "more work than the callback itself.",
            "3 to 10 times as long": "A line for each callback would cost so much. It is one "
            "for each function on the stack, and they are many.",
        },
        chosen=lambda times: (
            "more than 10 times as long"
            if times > 10
            else "3 to 10 times as long"
            if times > 3
            else "up to 3 times as long"
            if times > 1.2
            else "as long as without"
        ),
        real_time=True,
    ),
    "08.averaged": Number(
        99,
        "The average of the ten p99s is {found}. That of all together stands below.",
        replies={
            900: "That would be so if percentiles could be averaged.",
            100: "That is a tenth of the longest wait. The p99 of its second is a little less.",
            90: "That is a tenth of the p99 of the whole. That of the bad second is larger.",
            990: "So much is the p99 of the one bad second. The other nine are 0.",
            0: "Nine of the ten are. The tenth is large.",
        },
    ),
}

RECALL: Recall = [
    Question(
        "08.recall.due",
        "From when does one count a message's latency?",
        choices={
            "from when it was due": "Right: then it does not matter where it waited.",
            "from when it was sent": "Then a late sender hides its own lateness.",
            "from when it was received": "Then nothing of the waiting is left.",
        },
        right="from when it was due",
    ),
    Question(
        "08.recall.utilisation",
        "A queue at 80 % gets more traffic, and is at 90 %. The mean latency then",
        choices={
            "grows by an eighth": "That is how much more comes. Waiting grows with what is still "
            "free, and that is halved.",
            "doubles": "Right: it goes with 1 / (1 - utilisation).",
            "stays, until 100 %": "So it is with steady traffic alone.",
        },
        right="doubles",
    ),
    Question(
        "08.recall.short",
        "Nine short runs of a busy queue agree with each other. Is their number right?",
        choices={
            "yes, nine runs are enough": "They make it steady, and not right.",
            "it may be too low": "Right: short runs lack the long clusters.",
            "no, a median is never right": "It is a good one, of runs that are long enough.",
        },
        right="it may be too low",
    ),
]
