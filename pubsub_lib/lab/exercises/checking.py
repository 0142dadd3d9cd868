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

import asyncio
import sysconfig
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pubsub_lib.lab.clock.endless_loops import EndlessLoop, ending_endless_loops
from pubsub_lib.lab.clock.never_awaited import noting_what_is_never_awaited, without_await
from pubsub_lib.lab.clock.virtual_time import (
    LimitReached,
    Livelock,
    VirtualTimeError,
    run_virtual,
)
from pubsub_lib.lab.lesson.progress import remember
from pubsub_lib.lab.lines import in_lines

#: What a check lets an answer take; one that waits takes some hundred steps, however long it waits.
MOST_STEPS = 20_000
#: For so long nothing comes, so that whoever polls takes too many steps.
AN_HOUR_S = 3600.0


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

#: Where the code lies that is not the learner's.
OTHERS = (str(Path(__file__).parents[2]), sysconfig.get_path("stdlib"), "<frozen")


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


def run_without_polling[T](
    main: Coroutine[Any, Any, T],
    explanation: str = (
        "while there is nothing to read it looks again and again; get() waits until there is"
    ),
) -> T:
    """Run a part of a check on the virtual clock, and refuse an answer that polls.

    It has to leave the answer with nothing to do for `AN_HOUR_S`, or nobody can tell.

    Args:
        main: the part of the check.
        explanation: what is said of an answer that polls.
    """
    try:
        return run_virtual(main, max_steps=MOST_STEPS)
    except (LimitReached, Livelock):
        raise WrongAnswer(explanation) from None


def examine(number: str, answer: Any) -> Outcome:
    """Return what becomes of an answer.

    An answer of `None` or `...`, and a function that raises NotImplementedError, has not been
    attempted yet. Where an answer is not right, an `await` that is missing is named, whatever came
    of it, and so is the line at which an exception was raised.

    Raises:
        ValueError: if there is no exercise of this number.
    """
    if number not in EXERCISES:
        raise ValueError(
            f"there is no exercise {number!r}; there are {', '.join(sorted(EXERCISES))}"
        )
    if answer is None or answer is ...:
        return Outcome("not attempted yet", "")
    with noting_what_is_never_awaited() as forgotten, ending_endless_loops():
        try:
            EXERCISES[number].check(answer)
        except (Exception, asyncio.CancelledError) as raised:
            error: BaseException = raised
            while isinstance(error, BaseExceptionGroup):  # as a TaskGroup raises it
                error = error.exceptions[0]
            outcome = _outcome_of(error)
            del error, raised  # they hold the coroutines that were forgotten
        else:
            return Outcome("solved", EXERCISES[number].praise)
    if outcome.state == "not yet":
        return Outcome(outcome.state, without_await(forgotten) + outcome.explanation)
    return outcome


def _outcome_of(error: BaseException) -> Outcome:
    match error:
        case NotImplementedError():
            return Outcome("not attempted yet", "")
        case WrongAnswer():
            return Outcome("not yet", str(error))
        case VirtualTimeError():
            return Outcome("not yet", f"your code comes to a stop: {error}")
        case EndlessLoop():
            explanation = f"there is {error}: it waits for nothing, so nobody else can run"
            return Outcome("not yet", explanation + _where(error))
        case asyncio.CancelledError():
            explanation = "your code ends with a CancelledError, and nobody has cancelled it"
            return Outcome("not yet", explanation + _where(error))
        case _:
            said = str(error).removesuffix(".")  # the line that it stands in has one of its own
            explanation = f"your code raises {type(error).__name__}: {said}".removesuffix(": ")
            return Outcome("not yet", explanation + _where(error))


def _where(error: BaseException) -> str:
    """Say at which line of the answer an exception was raised, if it was raised in it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(OTHERS)]
    return f", in `{own[-1].line}`" if own and own[-1].line else ""


def check(number: str, answer: Any) -> None:
    """Examine an answer, print the outcome, and remember that it is solved, if it is."""
    outcome = examine(number, answer)
    if outcome.state == "solved":
        remember(number)
    explanation = f": {outcome.explanation}" if outcome.explanation else ""
    end = "" if explanation.endswith("?") else "."
    print(in_lines(f"Exercise {number}: {outcome.state}{explanation}{end}"))
