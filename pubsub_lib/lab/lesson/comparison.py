"""Says what a run has found about a prediction, and what to think of the guess.

>>> from pubsub_lib.lab.lesson.answers.kinds import Number
>>> answer = Number(1, "As tasks they take {found}.", replies={2: "That is one after the other."})
>>> comparison = Comparison.of(answer, (1.0,), unit="s")
>>> print(comparison.result)
As tasks they take 1 s.
>>> comparison.reply(2), comparison.reply(1)
('That is one after the other.', 'Right.')
"""

from dataclasses import dataclass
from typing import Any, Self

from pubsub_lib.lab.lesson.answers.kinds import Answer, Guess, Result
from pubsub_lib.lab.lesson.cells import CELLS
from pubsub_lib.lab.lesson.claims import REMEDY
from pubsub_lib.lab.lesson.values import written


@dataclass(frozen=True, slots=True)
class Comparison:
    """An answer, beside what was found.

    Attributes:
        answer: what the unchanged experiment finds.
        found: what this run has found, as it was measured.
        finding: the same in words.
        contention: what else this machine did, if that is why the answer could not be seen.
    """

    answer: Answer
    found: tuple[Any, ...]
    finding: Result
    contention: str

    @classmethod
    def of(cls, answer: Answer, found: tuple[Any, ...], *, unit: str) -> Self:
        """Compare what was found with the answer, in the cell that measured it."""
        finding = _finding(answer, found, unit)
        contention = ""
        if answer.real_time and not finding.is_as_answered:
            meanwhile = CELLS.contention()
            contention = str(meanwhile) if meanwhile.is_high else ""
        return cls(answer, found, finding, contention)

    @property
    def is_changed(self) -> bool:
        """Whether the run found something else than the unchanged experiment does."""
        return not self.finding.is_as_answered and not self.contention

    @property
    def result(self) -> str:
        """What was found, in words that are the same in each run of the same experiment."""
        if self.contention:
            return self.answer.sentence
        if not self.is_changed:
            return self.finding.sentence
        result = self.finding.sentence or f"Found here: {self.finding.here}."
        return f"{result}\nThe experiment as given finds something else. {REMEDY}"

    @property
    def of_this_run(self) -> str:
        """What more there is to say of this run alone; often nothing."""
        found = f"Found here: {self.finding.here}."
        if self.contention:
            return (
                f"That could not be seen on this busy machine. {found} Meanwhile {self.contention}."
            )
        return found if self.answer.varies and not self.is_changed else ""

    def is_right(self, guess: Guess) -> bool:
        """Whether a guess is what is to be found here."""
        if not self.is_changed:
            return self.answer.is_right(guess)
        try:
            return self.answer.is_found(guess, *self.found)
        except Exception:  # what was found is no answer at all
            return False

    def reply(self, guess: Guess) -> str:
        """Return what to say of a guess."""
        if self.is_right(guess):
            return "Right."
        reply = None if self.is_changed else self.answer.reply(guess)
        return reply or "That is not what was found: read on."


def _finding(answer: Answer, found: tuple[Any, ...], unit: str) -> Result:
    """Return what was found, also where a changed experiment has found no answer at all."""
    try:
        return answer.finding(*found, unit=unit)
    except Exception:
        return Result("", ", ".join(map(written, found)) or "nothing", is_as_answered=False)
