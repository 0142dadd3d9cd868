"""How an answer is examined: the frame around every exercise's own check.

>>> @exercise("99.1", "the sum of two numbers is right")
... def check_addition(add: Any) -> None:
...     require(add(1, 2) == 3, f"add(1, 2) gives {add(1, 2)}, not 3")
>>> examine("99.1", lambda a, b: a - b)
Outcome(state='not yet', explanation='add(1, 2) gives -1, not 3')
>>> examine("99.1", lambda a, b: a + b)
Outcome(state='solved', explanation='the sum of two numbers is right')
>>> del EXERCISES["99.1"]
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pubsub_lib.lab.clock.virtual_time import VirtualTimeError
from pubsub_lib.lab.lesson.progress import remember


@dataclass(frozen=True, slots=True)
class Exercise:
    """An exercise's check, and what is true when it passes."""

    check: Callable[[Any], None]
    praise: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an answer.

    Attributes:
        state: where the learner stands.
        explanation: what is right, or what is wrong.
    """

    state: Literal["not attempted yet", "not yet", "solved"]
    explanation: str


EXERCISES: dict[str, Exercise] = {}


class WrongAnswer(Exception):
    """Raised by a check, with an explanation for the learner."""


def exercise(number: str, praise: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register a check for the exercise of this number, such as `00.1`."""

    def register(check: Callable[[Any], None]) -> Callable[[Any], None]:
        EXERCISES[number] = Exercise(check, praise)
        return check

    return register


def require(condition: bool, explanation: str) -> None:
    """Refuse the answer, with an explanation, unless the condition holds."""
    if not condition:
        raise WrongAnswer(explanation)


def examine(number: str, answer: Any) -> Outcome:
    """Return what becomes of an answer.

    An answer of `None` or `...`, and a function that raises NotImplementedError, has not been
    attempted yet.

    Raises:
        ValueError: if there is no exercise of this number.
    """
    if number not in EXERCISES:
        raise ValueError(
            f"there is no exercise {number!r}; there are {', '.join(sorted(EXERCISES))}"
        )
    if answer is None or answer is ...:
        return Outcome("not attempted yet", "")
    try:
        EXERCISES[number].check(answer)
    except Exception as raised:
        error: BaseException = raised
        while isinstance(error, BaseExceptionGroup):  # as a TaskGroup raises it
            error = error.exceptions[0]
        return _outcome_of(error)
    return Outcome("solved", EXERCISES[number].praise)


def _outcome_of(error: BaseException) -> Outcome:
    match error:
        case NotImplementedError():
            return Outcome("not attempted yet", "")
        case WrongAnswer():
            return Outcome("not yet", str(error))
        case VirtualTimeError():
            return Outcome("not yet", f"your code comes to a stop: {error}")
        case _:
            return Outcome("not yet", f"your code raises {type(error).__name__}: {error}")


def check(number: str, answer: Any) -> None:
    """Examine an answer, print the outcome, and remember that it is solved, if it is."""
    outcome = examine(number, answer)
    if outcome.state == "solved":
        remember(number)
    explanation = f": {outcome.explanation}" if outcome.explanation else ""
    print(f"Exercise {number}: {outcome.state}{explanation}.")
