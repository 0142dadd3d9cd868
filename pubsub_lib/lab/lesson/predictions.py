"""Asks the learner for a guess before a run, and shows it beside the result.

Guessing first is what makes a result stick, right or wrong. The guess is an argument in the cell:
the learner replaces `None` and runs the cell again.

>>> seconds = predict("How long will it take?", guess=None, unit="s")
Your guess: none yet. Replace guess=None by yours and run this cell again.
>>> seconds.compare(3.0)
Your guess: none. The run: 3 s.
>>> predict("How long will it take?", guess=2.5, unit="s").compare(3.0)
Your guess is noted: 2.5 s.
Your guess: 2.5 s. The run: 3 s. The run's is 1.2 times your guess.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """A guess, to be compared with what happens. Made by `predict`."""

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
        return f"{_digits(value)} {self.unit}".rstrip()

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


def predict(
    question: str,
    *,
    guess: float | str | None,
    unit: str = "",
    choices: Sequence[str] = (),
) -> Prediction:
    """Note a guess and say so.

    Args:
        question: what is to be guessed.
        guess: a number in `unit`, or one of `choices`; `None` if there is no guess yet.
        unit: the unit of the number.
        choices: the answers to choose from, where the answer is no number.

    Raises:
        ValueError: if there are choices and the guess is none of them.
        TypeError: if there are no choices and the guess is no number.
    """
    if choices and guess is not None and guess not in choices:
        raise ValueError(f"guess one of {', '.join(map(repr, choices))}, not {guess!r}")
    if not choices and (isinstance(guess, bool) or not isinstance(guess, int | float | None)):
        raise TypeError(f"guess a number{f' of {unit}' if unit else ''}, not {guess!r}")
    prediction = Prediction(guess, unit)
    if guess is None:
        print("Your guess: none yet. Replace guess=None by yours and run this cell again.")
    else:
        print(f"Your guess is noted: {prediction._shown(guess)}.")
    return prediction


def _digits(value: float) -> str:
    """Write a number with six digits, or with all that are before the point."""
    return f"{value:,.6g}" if abs(value) < 999_999.5 else f"{value:,.0f}"
