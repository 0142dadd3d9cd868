"""Asks the learner for a guess before a run, and says afterwards what was found and what it missed.

Guessing first is what makes a result stick, right or wrong. The answer, and what to say of a wrong
guess, lie in `pubsub_lib.lab.lesson.answers`, by the prediction's name, so that nothing in the
notebook tells it beforehand.

>>> from pubsub_lib.lab.lesson.answers import ANSWERS
>>> from pubsub_lib.lab.lesson.answers.kinds import Number
>>> ANSWERS["99.two_tasks"] = Number(
...     1, "As two tasks they take {found}.", replies={2: "That is one after the other."}
... )
>>> seconds = predict("99.two_tasks", "Two greetings of 1 s each, as two tasks?", unit="s")
No guess yet: write guess=... into this cell and run it again.
>>> seconds.compare(1.0)
As two tasks they take 1 s.
>>> again = predict("99.two_tasks", "Two greetings of 1 s each, as two tasks?", unit="s", guess=2)
Your guess: 2 s.
>>> again.compare(1.0)
As two tasks they take 1 s.
Your guess: 2 s. That is one after the other.
>>> again is seconds
True
>>> del ANSWERS["99.two_tasks"]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

from pubsub_lib.lab.lesson.answers import answer_of
from pubsub_lib.lab.lesson.answers.kinds import Answer, Choice, Guess, Number
from pubsub_lib.lab.lesson.quantities import digits, quantity


class Prediction:
    """A guess, to be compared with what happens. Made by `predict`.

    Attributes:
        guess: the learner's guess; `None` if there is none.
    """

    def __init__(self, name: str, answer: Answer) -> None:
        self.name = name
        self.guess: Guess | None = None
        self._answer = answer
        self._question = ""
        self._unit = ""
        self._choices: tuple[str, ...] = ()

    def ask(self, question: str, unit: str, choices: Sequence[str], guess: Guess | None) -> None:
        """Put the question, or note the guess.

        Raises:
            ValueError: if the choices are not those of the answer, or the guess is none of them.
            TypeError: if the guess is to be a number and is none.
        """
        _check_choices(self.name, choices, self._answer)
        _check_guess(guess, unit, choices)
        self._question, self._unit, self._choices = question, unit, tuple(choices)
        self.guess = guess
        if guess is None:
            print("No guess yet: write guess=... into this cell and run it again.")
        else:
            print(f"Your guess: {self._shown(guess)}.")

    def compare(self, *found: Any) -> None:
        """Say what was found, and what to think of the guess.

        Args:
            found: what was measured; one number, or whatever the answer chooses by.
        """
        finding = self._answer.finding(*found, unit=self._unit)
        print(finding.sentence)
        if self.guess is None:
            return
        shown = f"Your guess: {self._shown(self.guess)}."
        if self._answer.is_right(self.guess, found):
            print(f"{shown} Right.")
        else:
            reply = self._answer.reply(self.guess) if finding.is_as_answered else None
            print(f"{shown} {reply or 'That is not what was found: read on.'}")

    def _shown(self, guess: Guess) -> str:
        return guess if isinstance(guess, str) else quantity(guess, self._unit)


# One object for each name, so that a question that is put again belongs to the same comparison.
_PREDICTIONS: dict[str, Prediction] = {}


@overload
def predict(
    name: str,
    question: str,
    *,
    unit: str = "",
    choices: Sequence[str] = (),
    guess: Guess | None = None,
) -> Prediction: ...
@overload
def predict(
    name: str, *, unit: str = "", choices: Sequence[str] = (), guess: Guess | None = None
) -> "UnnamedPrediction": ...
def predict(
    name: str,
    question: str | None = None,
    *,
    unit: str = "",
    choices: Sequence[str] = (),
    guess: Guess | None = None,
) -> "Prediction | UnnamedPrediction":
    """Ask for a guess.

    Args:
        name: the notebook's number and the subject, such as `02.fifth_in`.
        question: what is to be guessed.
        unit: the unit of the number.
        choices: the answers to choose from, where the answer is no number.
        guess: a number in `unit`, or one of `choices`, where no form can be shown.

    Returns:
        The prediction of this name, always the same object.

    Raises:
        ValueError: if there is no answer of this name, the choices are not those of the answer, or
            the guess is none of them.
        TypeError: if the guess is to be a number and is none.
    """
    if question is None:
        return _predict_unnamed(unit, choices, guess)
    answer = answer_of(name)
    prediction = _PREDICTIONS.get(name)
    if prediction is None or prediction._answer is not answer:
        prediction = _PREDICTIONS[name] = Prediction(name, answer)
    prediction.ask(question, unit, choices, guess)
    return prediction


def _check_choices(name: str, choices: Sequence[str], answer: Answer) -> None:
    match answer:
        case Number():
            known: set[str] = set()
        case Choice():
            known = {answer.choice, *answer.replies}
    if set(choices) != known:
        raise ValueError(
            f"{name} is asked with the choices {_listed(choices)}, and its answer has "
            f"{_listed(sorted(known))}: write the same in both"
        )


def _check_guess(guess: Guess | None, unit: str, choices: Sequence[str]) -> None:
    if guess is None:
        return
    if choices:
        if guess not in choices:
            raise ValueError(f"guess one of {_listed(choices)}, not {guess!r}")
    elif isinstance(guess, bool) or not isinstance(guess, int | float):
        raise TypeError(f"guess a number{f' of {unit}' if unit else ''}, not {guess!r}")


def _listed(choices: Sequence[str]) -> str:
    return ", ".join(map(repr, choices)) or "none"


# The predictions of notebooks that still tell the answer; goes with the last of them.


@dataclass(frozen=True, slots=True)
class UnnamedPrediction:
    """A guess, to be compared with a result that the notebook names."""

    guess: float | str | None
    unit: str

    def compare(self, result: float | str) -> None:
        """Print the guess beside the result, and how far apart they are."""
        print(
            f"Your guess: {self._shown(self.guess)}. The run: {self._shown(result)}.",
            *self._difference(result),
        )

    def _shown(self, value: float | str | None) -> str:
        if value is None:
            return "none"
        if isinstance(value, str):
            return value
        return f"{digits(value)} {self.unit}".rstrip()

    def _difference(self, result: float | str) -> list[str]:
        guess = self.guess
        if guess is None:
            return []
        if guess == result:
            return ["Exactly right."]
        if isinstance(guess, str) or isinstance(result, str):
            return ["Not what you expected: read on."]
        if guess > 0 and result > 0:
            factor = result / guess
            shown = f"{factor:.2g}" if factor < 99.5 else f"{factor:,.0f}"
            return [f"The run's is {shown} times your guess."]
        return [f"They are {self._shown(abs(result - guess))} apart."]


def _predict_unnamed(
    unit: str, choices: Sequence[str], guess: float | str | None
) -> UnnamedPrediction:
    _check_guess(guess, unit, choices)
    prediction = UnnamedPrediction(guess, unit)
    if guess is None:
        print("Your guess: none yet. Replace guess=None by yours and run this cell again.")
    else:
        print(f"Your guess is noted: {prediction._shown(guess)}.")
    return prediction
