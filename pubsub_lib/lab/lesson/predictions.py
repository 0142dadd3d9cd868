"""Asks the learner for a guess before a run, and says afterwards what was found and what it missed.

Guessing first is what makes a result stick, right or wrong. The answer, and what to say of a wrong
guess, lie in `pubsub_lib.lab.lesson.answers`, by the prediction's name, so that nothing in the
notebook tells it beforehand. In JupyterLab a form is shown, and what a cell has found about an open
prediction stays hidden; elsewhere the guess is an argument.

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
from functools import cache
from typing import Any

from IPython.core.getipython import get_ipython

from pubsub_lib.lab.lesson import progress
from pubsub_lib.lab.lesson.answers import answer_of
from pubsub_lib.lab.lesson.answers.kinds import Answer, Choice, Guess, Number
from pubsub_lib.lab.lesson.comparison import Comparison
from pubsub_lib.lab.lesson.focus import in_place_of_form
from pubsub_lib.lab.lesson.form import RUN_AGAIN, Form
from pubsub_lib.lab.lesson.held_back import CellHolder
from pubsub_lib.lab.lesson.names import comparing
from pubsub_lib.lab.lesson.outputs import Output, forms_can_be_shown, paragraph
from pubsub_lib.lab.lesson.python_source import parsed
from pubsub_lib.lab.lesson.quantities import quantity

_NO_GUESS = "No guess yet: write guess=... into this cell and run it again."
_NO_GUESS_IN_FORM = f"No guess yet. {RUN_AGAIN}"
_SHOWN = "You asked to be shown."


class Prediction:
    """A guess, to be compared with what happens. Made by `predict`.

    Attributes:
        name: the notebook's number, and the subject.
        answer: what the unchanged experiment finds, and what to say of wrong guesses.
        guess: the learner's guess; `None` if there is none.
    """

    def __init__(self, name: str, answer: Answer) -> None:
        self.name = name
        self.guess: Guess | None = None
        self.answer = answer
        self._wants_to_see = False
        self._question = ""
        self._unit = ""
        self._choices: tuple[str, ...] = ()
        self._forms: list[tuple[Form, Output]] = []
        self._forms_beside_results: list[tuple[Form, Output]] = []
        self._comparisons: list[tuple[Comparison, Output]] = []

    @property
    def question(self) -> str:
        """What is to be guessed."""
        return self._question

    @property
    def is_open(self) -> bool:
        """Whether there is neither a guess nor the wish to be shown the result."""
        return self.guess is None and not self._wants_to_see

    def ask(self, question: str, *, unit: str, choices: Sequence[str], guess: Guess | None) -> None:
        """Put the question, or note the guess.

        Raises:
            ValueError: if the choices are not those of the answer, or the guess is none of them.
            TypeError: if the guess is to be a number and is none.
        """
        _check_choices(self.name, choices, self.answer)
        guess = _checked_guess(guess, unit, choices)
        self._question, self._unit, self._choices = question, unit, tuple(choices)
        if guess is not None or not forms_can_be_shown():
            self.guess = guess
            print(_NO_GUESS if guess is None else self._guessed)
            return
        _holder()  # from now on it looks at each cell
        if self.is_open:
            self._take_up_earlier_guess()
        self.show_form()

    def _take_up_earlier_guess(self) -> None:
        """Take up what was guessed before the kernel was started again."""
        before = progress.guesses().get(self.name)
        if before is None:
            return
        guess = before.guess
        if guess is None:
            self._wants_to_see = True
        elif guess in self._choices if self._choices else not isinstance(guess, str):
            self.guess = guess

    def show_form(self, *, beside_result: bool = False) -> None:
        """Ask in the cell that runs now.

        Args:
            beside_result: whether the result is to appear in the same cell, with the guess.
        """
        note = "" if self.is_open else self._guessed
        form = Form(
            self._question,
            choices=self._choices,
            unit=self._unit,
            note=note,
            answered=self._take,
        )
        output = Output()
        output.show(form.content | {"text/plain": note or _NO_GUESS_IN_FORM})
        forms = self._forms_beside_results if beside_result else self._forms
        forms.append((form, output))

    def show_results(self) -> None:
        """Say again what was found, where it stands, now that there is a guess."""
        for comparison, output in self._comparisons:
            output.replace(paragraph(self._said(comparison)))

    def compare(self, *found: Any) -> None:
        """Say what was found, and what to think of the guess.

        Args:
            found: what was measured; one number, or whatever the answer chooses by.
        """
        comparison = Comparison.of(self.answer, found, unit=self._unit)
        said = self._said(comparison)
        if not forms_can_be_shown():
            print(said)
            return
        if self.is_open and not _holder().is_holding_now(self):
            # The cell does not look like one that compares: `other = guess; other.compare(2)`.
            self.show_form(beside_result=True)
            said = ""
        output = Output()
        output.show(paragraph(said))
        self._comparisons.append((comparison, output))

    def _take(self, guess: Guess | None) -> None:
        """Take an answer from a form: all forms give way to it, and what was hidden is shown."""
        self.guess, self._wants_to_see = guess, guess is None
        for forms, said in ((self._forms, self._guessed), (self._forms_beside_results, "")):
            for form, output in forms:
                output.replace(in_place_of_form(said))
                form.close()
            forms.clear()
        _holder().release()
        if not _holder().is_holding(self):
            self.show_results()

    def _said(self, comparison: Comparison) -> str:
        """The result, and what to say of the guess, which is noted."""
        guess = self.guess
        if not self.is_open and not comparison.is_changed:
            is_right = guess is not None and comparison.is_right(guess)
            progress.note_guess(self.name, guess, is_right=is_right)
        lines = [comparison.result]
        # Without a form and a guess it is the tests that look, and they compare.
        if comparison.of_this_run and (forms_can_be_shown() or guess is not None):
            lines.append(comparison.of_this_run)
        if guess is not None:
            lines.append(f"{self._guessed} {comparison.reply(guess)}")
        return "\n".join(lines)

    @property
    def _guessed(self) -> str:
        if self.guess is None:
            return _SHOWN
        shown = self.guess if isinstance(self.guess, str) else quantity(self.guess, self._unit)
        return f"Your guess: {shown}."


# One object for each name, so that a question that is put again belongs to the same comparison.
_PREDICTIONS: dict[str, Prediction] = {}


def predict(
    name: str,
    question: str,
    *,
    unit: str = "",
    choices: Sequence[str] = (),
    guess: Guess | None = None,
) -> Prediction:
    """Ask for a guess.

    Args:
        name: the notebook's number and the subject, such as `02.fifth_in`.
        question: what is to be guessed.
        unit: the unit of the number.
        choices: the answers to choose from, where the answer is no number.
        guess: a number in `unit`, or one of `choices` or its beginning, where no form can be shown.

    Returns:
        The prediction of this name, always the same object.

    Raises:
        ValueError: if there is no answer of this name, the choices are not those of the answer, or
            the guess is none of them.
        TypeError: if the guess is to be a number and is none.
    """
    answer = answer_of(name)
    prediction = _PREDICTIONS.get(name)
    if prediction is None or prediction.answer is not answer:
        prediction = _PREDICTIONS[name] = Prediction(name, answer)
    prediction.ask(question, unit=unit, choices=choices, guess=guess)
    return prediction


@cache
def _holder() -> CellHolder:
    """What holds back the cells of this kernel that compare an open prediction."""
    return CellHolder(get_ipython(), _compared_in)


def _compared_in(source: str) -> list[Prediction]:
    """The predictions that a cell compares, by the names that the learner's code has them."""
    cell = parsed(source)
    named = get_ipython().user_ns
    found = [named.get(name) for name in comparing(cell)] if cell else []
    return [value for value in found if isinstance(value, Prediction)]


def _check_choices(name: str, choices: Sequence[str], answer: Answer) -> None:
    match answer:
        case Number():
            known: list[str] = []
        case Choice():
            known = [answer.choice, *answer.replies]
    if sorted(choices) != sorted(known):
        raise ValueError(
            f"{name} is asked with the choices {_listed(choices)}, and its answer has "
            f"{_listed(sorted(known))}: write the same in both"
        )


def _checked_guess(guess: Guess | None, unit: str, choices: Sequence[str]) -> Guess | None:
    """Return the guess; of a choice its beginning will do, where no other begins so."""
    if guess is None or guess in choices:
        return guess
    if choices:
        begun = str(guess).strip().casefold()
        meant = [choice for choice in choices if begun and choice.casefold().startswith(begun)]
        if len(meant) != 1:
            raise ValueError(f"guess one of {_listed(choices)}, not {guess!r}")
        return meant[0]
    if isinstance(guess, bool) or not isinstance(guess, int | float):
        raise TypeError(f"guess a number{f' of {unit}' if unit else ''}, not {guess!r}")
    return guess


def _listed(choices: Sequence[str]) -> str:
    return ", ".join(map(repr, choices)) or "none"
