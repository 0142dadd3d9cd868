"""The kinds of answer that a prediction may have, and the questions asked at a notebook's end.

An answer knows what the unchanged experiment finds, how to say that, and what to say of the guesses
that are likely. It lies here and not in the notebook, where it would be read before the guess.

>>> polling = Choice(
...     "more",
...     "To poll costs more than to wait.",
...     replies={"less": "It looks idle, and yet it wakes up every millisecond."},
...     chosen=lambda times: "more" if times > 1 else "less",
... )
>>> polling.finding(25.0, unit="")
Result(sentence='To poll costs more than to wait.', here='more', is_as_answered=True)
>>> polling.reply("less")
'It looks idle, and yet it wakes up every millisecond.'
>>> fifth = Number(2, "The fifth is in at {found}.", replies={3: "Its reader is at work."})
>>> fifth.finding(2.0, unit="s").sentence, fifth.is_right(3), fifth.reply(3)
('The fifth is in at 2 s.', False, 'Its reader is at work.')
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pubsub_lib.lab.lesson.quantities import quantity

#: What a guess may be.
type Guess = float | str

_SAME = 1e-6  # numbers are shown with six digits


@dataclass(frozen=True, slots=True)
class Result:
    """What a run has found about a prediction.

    Attributes:
        sentence: the result in words, which are those of the answer; empty if the run found
            something that these do not fit.
        here: what this run found, by itself.
        is_as_answered: whether that is what the unchanged experiment finds.
    """

    sentence: str
    here: str
    is_as_answered: bool


@dataclass(frozen=True, slots=True)
class Number:
    """An answer that is a number.

    Attributes:
        value: what the unchanged experiment finds, in the prediction's unit; the lowest and the
            highest of it where that differs from run to run.
        sentence: says the result. `{found}` becomes the number that was found, with its unit.
        replies: what to say of wrong guesses, by the guess. Each names the mistake behind it.
        within: how far off a right guess may be, as a share of the result: 0.1 is 10 %.
        real_time: whether it is measured in real time, which a busy machine may spoil.

    Raises:
        ValueError: if a number that differs from run to run is part of the sentence.
    """

    value: float | tuple[float, float]
    sentence: str
    replies: Mapping[float, str] = field(default_factory=dict, kw_only=True)
    within: float = field(default=0.0, kw_only=True)
    real_time: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if "{found}" in self.sentence and (self.real_time or isinstance(self.value, tuple)):
            raise ValueError(
                f"{self.sentence!r} would be another in each run; leave {{found}} out, and give "
                "the lowest and the highest value: what was found is shown beside it"
            )

    @property
    def varies(self) -> bool:
        """Whether the number differs from run to run of the same experiment."""
        return isinstance(self.value, tuple)

    def finding(self, *found: Any, unit: str) -> Result:
        """Say what a run has found: one number."""
        (number,) = found
        # What differs from run to run has no more than three digits that mean anything.
        here = quantity(float(f"{number:.3g}") if self.varies else number, unit)
        is_as_answered = self.is_right(number)
        fits = is_as_answered or "{found}" in self.sentence
        return Result(self.sentence.format(found=here) if fits else "", here, is_as_answered)

    def is_right(self, guess: Guess) -> bool:
        """Whether a guess is what the unchanged experiment finds, or near enough."""
        assert not isinstance(guess, str)
        if isinstance(self.value, tuple):
            lowest, highest = self.value
            near_an_end = any(_is_near(guess, end, self.within) for end in self.value)
            return lowest <= guess <= highest or near_an_end
        return _is_near(guess, self.value, self.within)

    def is_found(self, guess: Guess, *found: Any) -> bool:
        """Whether a guess is what a run has found, or near enough."""
        assert not isinstance(guess, str)
        (number,) = found
        return _is_near(guess, number, self.within)

    def reply(self, guess: Guess) -> str | None:
        """Return what to say of a wrong guess; `None` if it is none of those that are likely."""
        assert not isinstance(guess, str)
        near = [likely for likely in self.replies if _is_near(guess, likely, self.within)]
        nearest = min(near, key=lambda likely: abs(likely - guess), default=None)
        return None if nearest is None else self.replies[nearest]


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that is one of several choices.

    Attributes:
        choice: the one that the unchanged experiment speaks for.
        sentence: says the result.
        replies: what to say of each of the other choices. Each names the mistake behind it.
        chosen: returns the choice that what was found speaks for. Left out where what is found is
            the choice itself.
        told: returns what a run has found, where that says more than the choice.
        real_time: whether it is measured in real time, which a busy machine may spoil.
    """

    choice: str
    sentence: str
    replies: Mapping[str, str] = field(kw_only=True)
    chosen: Callable[..., str] = field(default=str, kw_only=True)
    told: Callable[..., str] | None = field(default=None, kw_only=True)
    real_time: bool = field(default=False, kw_only=True)

    @property
    def varies(self) -> bool:
        """Whether what is shown differs from run to run of the same experiment."""
        return self.told is not None

    def finding(self, *found: Any, unit: str) -> Result:
        """Say which choice a run speaks for."""
        choice = self.chosen(*found)
        is_as_answered = self.is_right(choice)
        here = self.told(*found) if self.told else choice
        return Result(self.sentence if is_as_answered else "", here, is_as_answered)

    def is_right(self, guess: Guess) -> bool:
        """Whether a guess is what the unchanged experiment speaks for."""
        return guess == self.choice

    def is_found(self, guess: Guess, *found: Any) -> bool:
        """Whether a guess is what a run speaks for."""
        return guess == self.chosen(*found)

    def reply(self, guess: Guess) -> str | None:
        """Return what to say of a wrong guess."""
        assert isinstance(guess, str)
        return self.replies.get(guess)


def _is_near(number: float, other: float, within: float) -> bool:
    return math.isclose(number, other, rel_tol=max(within, _SAME), abs_tol=1e-9)


@dataclass(frozen=True, slots=True)
class Question:
    """A question at a notebook's end.

    Attributes:
        name: the notebook's number, `recall`, and the subject, such as `02.recall.join`.
        question: what is asked.
        choices: what to say of each choice, right or wrong, by the choice.
        right: the right one of them.

    Raises:
        ValueError: if the right choice is none of the choices.
    """

    name: str
    question: str
    choices: Mapping[str, str] = field(kw_only=True)
    right: str = field(kw_only=True)

    def __post_init__(self) -> None:
        if self.right not in self.choices:
            raise ValueError(
                f"the right choice of {self.name}, {self.right!r}, is none of its choices: "
                f"{', '.join(map(repr, self.choices))}"
            )


type Answer = Number | Choice
#: The answers of a notebook's predictions, by the prediction's name.
type Answers = dict[str, Answer]
#: The questions at a notebook's end.
type Recall = list[Question]
