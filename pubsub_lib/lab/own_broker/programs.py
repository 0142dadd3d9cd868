"""Small programs over a broker, as data: who publishes, joins, stalls, is cancelled, and when.

>>> steps = (ProgramStep(Action.PUBLISH), ProgramStep(Action.END))
>>> program = BrokerProgram(1, (True, False), steps)
>>> for sentence in in_words(program):
...     print(sentence)
There is room for 1 message in each queue; subscriber 1 reads; subscriber 2 reads nothing.
Publish message 1.
Shut down.
"""

from dataclasses import dataclass
from enum import Enum

from pubsub_lib.overflow import Overflow

MOST_STEPS = 8


class Action(Enum):
    """What a step does; the value says it in words, with the number of a subscriber."""

    PUBLISH = "Publish message {message}."
    PUBLISH_NOWAIT = "Publish message {message} with publish_nowait()."
    PUBLISH_NONE = "Publish None."
    JOIN = "Subscriber {newcomer} joins, and reads."
    STALL = "Subscriber {who} stops reading."
    RESUME = "Subscriber {who} reads again."
    LEAVE = "Subscriber {who} is cancelled, and gone."
    CANCEL = "Cancel the publish that has waited longest."
    WAIT = "Wait 0.4 s."
    END = "Shut down."


@dataclass(frozen=True, slots=True)
class ProgramStep:
    """One step of a program.

    Attributes:
        action: what is done.
        who: which subscriber does it, counted from 0, round and round.
        at_once: whether it is done before anybody could react to the step before.
    """

    action: Action
    who: int = 0
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class BrokerProgram:
    """A program.

    Attributes:
        maxsize: the bound of each queue.
        reads: the subscribers at the beginning, and whether each of them reads.
        steps: what happens then, each step as soon as all wait; it always ends with a shutdown.
        overflow: what becomes of a message that has waited for room in vain.
        in_batches: whether the subscribers read in batches, or message by message.
        replay: how many earlier messages each newcomer asks for; 0 or 1.
    """

    maxsize: int
    reads: tuple[bool, ...]
    steps: tuple[ProgramStep, ...]
    overflow: Overflow = Overflow.DROP_NEWEST
    in_batches: bool = False
    replay: int = 0


def in_words(program: BrokerProgram) -> list[str]:
    """Return the program as sentences, a step each."""
    room = "message" if program.maxsize == 1 else "messages"
    who = "; ".join(
        f"subscriber {number} {'reads' if reads else 'reads nothing'}"
        for number, reads in enumerate(program.reads, start=1)
    )
    sentences = [f"There is room for {program.maxsize} {room} in each queue; {who}."]
    if program.overflow is not Overflow.DROP_NEWEST:
        sentences.append(f"The policy is {program.overflow.name}.")
    if program.in_batches:
        sentences.append("Who reads, reads in batches.")
    if program.replay:
        sentences.append("Newcomers ask for the last message, with replay=1.")
    subscribers, messages = len(program.reads), 0
    for step in program.steps:
        messages += step.action in (Action.PUBLISH, Action.PUBLISH_NOWAIT)
        subscribers += step.action is Action.JOIN
        sentence = step.action.value.format(
            message=messages, newcomer=subscribers, who=step.who % subscribers + 1
        )
        at_once = "At the same moment: " if step.at_once else ""
        sentences.append(at_once + sentence)
    return sentences
