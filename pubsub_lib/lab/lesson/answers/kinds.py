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
Finding(sentence='To poll costs more than to wait.', here='', is_as_answered=True)
>>> polling.reply("less")
'It looks idle, and yet it wakes up every millisecond.'
>>> fifth = Number(2, "The fifth is in at {found}.", replies={3: "Its reader is at work."})
>>> fifth.finding(2.0, unit="s").sentence, fifth.is_right(3, found=(2.0,)), fifth.reply(3)
('The fifth is in at 2 s.', False, 'Its reader is at work.')
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pubsub_lib.lab.lesson.quantities import quantity

#: What a guess may be.
type Guess = float | str

_CHANGED = "The experiment as given finds something else, so it was changed."
_NOT_SEEN = (
    "It could not be seen here, where the run found {found}: other programs are using this "
    "machine, or the experiment was changed."
)
_SAME = 1e-6  # numbers are shown with six digits


@dataclass(frozen=True, slots=True)
class Finding:
    """What a run has found about a prediction.

    Attributes:
        sentence: the result, in words that are the same in each run of the unchanged experiment.
        here: what was found in this run alone; empty if there is nothing more to say.
        is_as_answered: whether the run finds what the unchanged experiment does.
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

    def finding(self, *found: Any, unit: str) -> Finding:
        """Say what a run has found: one number."""
        (number,) = found
        shown = quantity(number, unit)
        sentence = self.sentence.format(found=shown)
        if self._is_expected(number):
            varies = isinstance(self.value, tuple)
            return Finding(sentence, f"Found here: {shown}." if varies else "", True)
        if self.real_time:
            return Finding(sentence, _NOT_SEEN.format(found=shown), False)
        says_it = "{found}" in self.sentence
        return Finding(f"{sentence if says_it else f'Found here: {shown}.'} {_CHANGED}", "", False)

    def is_right(self, guess: Guess, found: tuple[Any, ...]) -> bool:
        """Whether a guess is what was found, or near enough."""
        assert isinstance(guess, int | float)
        (number,) = found
        if self._is_expected(number) or self.real_time:
            return self._is_expected(guess)
        return _is_near(guess, number, self.within)

    def reply(self, guess: Guess) -> str | None:
        """Return what to say of a wrong guess; `None` if it is none of those that are likely."""
        assert isinstance(guess, int | float)
        near = [likely for likely in self.replies if _is_near(guess, likely, self.within)]
        nearest = min(near, key=lambda likely: abs(likely - guess), default=None)
        return None if nearest is None else self.replies[nearest]

    def _is_expected(self, number: float) -> bool:
        if isinstance(self.value, tuple):
            lowest, highest = self.value
            return lowest <= number <= highest or any(
                _is_near(number, end, self.within) for end in self.value
            )
        return _is_near(number, self.value, self.within)


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that is one of several choices.

    Attributes:
        choice: the one that the unchanged experiment speaks for.
        sentence: says the result.
        replies: what to say of each of the other choices. Each names the mistake behind it.
        chosen: returns the choice that what was found speaks for. Left out where what is found is
            the choice itself.
        real_time: whether it is measured in real time, which a busy machine may spoil.
    """

    choice: str
    sentence: str
    replies: Mapping[str, str] = field(kw_only=True)
    chosen: Callable[..., str] = field(default=str, kw_only=True)
    real_time: bool = field(default=False, kw_only=True)

    def finding(self, *found: Any, unit: str) -> Finding:
        """Say which choice a run speaks for."""
        choice = self.chosen(*found)
        if choice == self.choice:
            return Finding(self.sentence, "", True)
        if self.real_time:
            return Finding(self.sentence, _NOT_SEEN.format(found=f'"{choice}"'), False)
        return Finding(f"Found here: {choice}. {_CHANGED}", "", False)

    def is_right(self, guess: Guess, found: tuple[Any, ...]) -> bool:
        """Whether a guess is what was found."""
        return guess == (self.choice if self.real_time else self.chosen(*found))

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
