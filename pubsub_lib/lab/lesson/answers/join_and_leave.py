"""What the predictions of notebook 07 find, and what to say of a guess.

>>> ANSWERS["07.waits_to_join"].value
2.5
"""

from pubsub_lib.lab.lesson.answers.kinds import Answers, Choice, Number, Question, Recall

ANSWERS: Answers = {
    "07.who_misses": Choice(
        "one who only sat there and read",
        "One who only sat there and read misses three of them.",
        replies={
            "nobody": "Look for a loop over a list with an `await` in it, and for those who change "
            "the list meanwhile.",
            "the slow viewer": "The ticker waits for that one, and nothing is dropped.",
            "those who leave": "They get all that was published until they left. Whom do they move "
            "up by one?",
        },
        chosen=lambda missed: (
            "one who only sat there and read"
            if "viewer 5" in missed
            else "the slow viewer"
            if "slow viewer" in missed
            else "those who leave"
            if missed
            else "nobody"
        ),
    ),
    "07.waits_to_join": Number(
        2.5,
        "The newcomer waits {found}, until the ticker has given up on the third dead viewer.",
        replies={
            0: "The lock is around all three methods: who joins needs it, too.",
            0.5: "So it would be with one dead viewer. The publish waits for three, in turn.",
            1: "So long it waits for one dead viewer. How many are in the list?",
            3: "So long the whole publish takes, and part of it was over when the newcomer came.",
            1.5: "So it would be with two dead viewers. Count those who never read.",
            2: "Two whole seconds come after the one under way, of which half is left.",
            3.5: "The half second was over before the newcomer came. It shortens the wait.",
        },
    ),
    "07.throws_out": Choice(
        "it never returns",
        "It never returns: it waits for a lock that it holds itself.",
        replies={
            "the viewer is out after 1 s": "So it was meant. `unsubscribe` begins with the lock: "
            "who has it at that moment?",
            "an error after 1 s": "A lock that is taken is no error. One waits until it is free.",
        },
        chosen=lambda meeting: {
            "Deadlock": "it never returns",
            "str": "the viewer is out after 1 s",
        }.get(type(meeting).__name__, "an error after 1 s"),
    ),
    "07.waits_for_nobody": Number(
        1,
        "Its publish takes {found}: it does not learn that the viewer has left.",
        replies={
            0.4: "That would be right if the wait ended when the viewer left. A copy of the list "
            "does not learn of it.",
            1.4: "The second began with the publish, not with the leaving.",
            0: "The publish had begun before the viewer left, and was waiting.",
            0.6: "So long it goes on waiting after that. Count from when it began.",
        },
    ),
    "07.still_kept": Number(
        100,
        "{found} are kept, as many as the queue has room for.",
        replies={
            110: "The last ten did not get in: each waited for a second, and was dropped.",
            0: "The viewer's task is gone. Who else holds its queue?",
            10: "Ten are those that are *not* kept: what finds no room is dropped after a second.",
            1: "The viewer was sent one of its own. What is published later is kept as well.",
        },
    ),
    "07.sure_way": Choice(
        "who needs a lock to leave",
        "Only who needs a lock to leave is still there.",
        replies={
            "nobody": "A `finally` is entered in any case. It is not finished in any case: the "
            "second cancellation strikes at an `await` in it.",
            "all with a finally": "Where the list is replaced there is nothing to wait for in the "
            "`finally`, so nothing can strike there.",
            "all of them": "A cancellation needs an `await` to strike. Which of the three has one "
            "on its way out?",
        },
        chosen=lambda behind: {
            (): "nobody",
            ("finally, locked",): "who needs a lock to leave",
            ("finally, locked", "finally, replaced"): "all with a finally",
        }.get(tuple(sorted(behind)), "all of them"),
    ),
}

RECALL: Recall = [
    Question(
        "07.recall.lock",
        "Why is a lock around publish() a poor way to keep the list of subscribers whole?",
        choices={
            "it does not keep it whole": "It does: nobody is skipped any more.",
            "a lock costs much time of the processor": "That is not what hurts: it is what others "
            "wait for.",
            "everybody waits for whom the publisher waits for": "Right, even those who only want "
            "to leave.",
        },
        right="everybody waits for whom the publisher waits for",
    ),
    Question(
        "07.recall.finally",
        "What may a `finally` that unsubscribes not do?",
        choices={
            "wait": "Right: at an `await` in it a second cancellation can strike.",
            "change the list": "It has to, or nobody leaves.",
            "run after an error": "That is what it is for.",
        },
        right="wait",
    ),
    Question(
        "07.recall.held",
        "A viewer holds its inbox and never reads again. When does AsyncPubSub notice?",
        choices={
            "in the loop's next turn": "So it is with one that has dropped its inbox.",
            "at the next garbage collection": "So it is with one that holds its inbox in a circle.",
            "never, unless told to disconnect": "Right: it might go on reading at any moment.",
        },
        right="never, unless told to disconnect",
    ),
]
