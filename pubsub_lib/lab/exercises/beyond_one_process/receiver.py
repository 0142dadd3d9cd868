"""Exercise 11.3: a receiver that handles each message once.

>>> from pubsub_lib.lab.exercises import examine
>>> class RepeatsAll:
...     def __init__(self, capacity): ...
...     def handle(self, message_id, effect):
...         effect()
...         return True
>>> examine("11.3", RepeatsAll).explanation
'two messages came in, twice each: 4 effects, not 2'
"""

from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.forgetting import WatchedNames
from pubsub_lib.lab.exercises.hints import hints

hints(
    "11.3",
    "Remember the ids that had their effect, and only those.",
    "Memory is bounded: an OrderedDict, or a deque beside a set, forgets the oldest first.",
)


@exercise("11.3", "each message has its effect once, and memory is bounded")
def check_once_each(receiver_class: Callable[[int], Any]) -> None:
    """Refuse a receiver that repeats, gives up, or remembers too much or too little."""
    receiver = receiver_class(100)
    effects: list[str] = []
    answers = [receiver.handle(message_id, lambda: effects.append("done")) for message_id in "abab"]
    require(len(effects) == 2, f"two messages came in, twice each: {len(effects)} effects, not 2")
    require(
        answers == [True, True, False, False],
        f"handle() is to return whether it has called the effect: True, True, False, False, and "
        f"not {', '.join(map(repr, answers))}",
    )
    _tries_again_what_has_failed(receiver_class)
    _remembers_enough(receiver_class)
    _forgets_the_rest(receiver_class)


def _tries_again_what_has_failed(receiver_class: Callable[[int], Any]) -> None:
    receiver = receiver_class(100)
    effects: list[str] = []

    def fail() -> None:
        raise ConnectionError("the database is away")

    try:
        receiver.handle("a", fail)
    except ConnectionError:
        pass
    else:
        require(False, "the effect raised, and handle() does not; who called it would acknowledge")
    receiver.handle("a", lambda: effects.append("done"))
    require(
        effects == ["done"],
        "the effect raised, so it has not happened; the message was delivered again, and its "
        "effect was not called: it is lost",
    )


def _remembers_enough(receiver_class: Callable[[int], Any]) -> None:
    receiver = receiver_class(3)
    effects: list[str] = []
    for message_id in ("a", "b", "c", "a", "b", "c"):
        receiver.handle(message_id, lambda message_id=message_id: effects.append(message_id))
    require(
        effects == ["a", "b", "c"],
        f"with a capacity of 3: a, b, c, and again a, b, c; the effects are {', '.join(effects)}",
    )
    receiver.handle("d", lambda: effects.append("d"))
    for message_id in ("d", "c", "b"):
        receiver.handle(message_id, lambda message_id=message_id: effects.append(message_id))
    require(
        effects == ["a", "b", "c", "d"],
        "with a capacity of 3: a, b, c, d, then d, c, b again: these are the last three, and are "
        f"to be remembered; the effects are {', '.join(effects)}",
    )


def _forgets_the_rest(receiver_class: Callable[[int], Any]) -> None:
    receiver = receiver_class(10)
    names = WatchedNames()
    for number in range(1_000):
        receiver.handle(names.new(f"message {number}"), lambda: None)
    known = names.still_known()
    require(
        known <= 10,
        f"with a capacity of 10, {known:,} of 1,000 messages are remembered: in a year the "
        "memory will be full",
    )
    del receiver  # until here it has to remember
