"""The predictions of notebooks that still tell the answer; goes with the last of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pubsub_lib.lab.lesson.values import digits


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


def predict_unnamed(
    unit: str, choices: Sequence[str], guess: float | str | None
) -> UnnamedPrediction:
    """Note a guess, which was checked, and say so."""
    prediction = UnnamedPrediction(guess, unit)
    if guess is None:
        print("Your guess: none yet. Replace guess=None by yours and run this cell again.")
    else:
        print(f"Your guess is noted: {prediction._shown(guess)}.")
    return prediction
