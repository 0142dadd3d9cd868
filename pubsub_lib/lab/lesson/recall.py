"""Asks at a notebook's end what was learned in it, and again, two notebooks later, what was missed.

In JupyterLab each question is a form; elsewhere it is printed, and the answers are an argument.

>>> from pubsub_lib.lab.lesson.answers import QUESTIONS
>>> QUESTIONS["99.recall.get"] = Question(
...     "99.recall.get",
...     "What does get() do on an empty queue?",
...     choices={"it waits": "Right.", "it returns None": "No: None would be a message."},
...     right="it waits",
... )
>>> recall("99")
1. What does get() do on an empty queue?
   a) it waits
   b) it returns None
Answer by recall("99", answers="a").
>>> recall("99", answers="b")
1. What does get() do on an empty queue?
   it returns None
   No: None would be a message.
   The right answer: it waits
>>> del QUESTIONS["99.recall.get"]
"""

from string import ascii_lowercase

from pubsub_lib.lab.lesson import progress
from pubsub_lib.lab.lesson.answers import QUESTIONS, questions_of
from pubsub_lib.lab.lesson.answers.kinds import Guess, Question
from pubsub_lib.lab.lesson.focus import in_place_of_form
from pubsub_lib.lab.lesson.form import RUN_AGAIN, Form
from pubsub_lib.lab.lesson.outputs import Output, forms_can_be_shown
from pubsub_lib.lab.lines import in_lines

#: How many notebooks later a question comes back that was missed.
COMES_BACK_AFTER = 2
#: Stands for a question that is left out, among the letters of the answers.
LEFT_OUT = "-"


def recall(notebook: str, *, answers: str = "") -> None:
    """Ask the questions of a notebook, and those missed two notebooks before it or earlier.

    Args:
        notebook: its number, such as `02`.
        answers: a letter for each question, where no form can be shown; `-` leaves one out.

    Raises:
        ValueError: if there are more letters than questions, or one that names no choice.
    """
    questions = questions_of(notebook) + missed_before(notebook)
    given = _choices_of(questions, answers)
    for number, question in enumerate(questions, start=1):
        asked = f"{number}. {_from(question, notebook)}{question.question}"
        if number in given:
            said = _indented(_answered(question, given[number], notebook))
            print(in_lines(f"{asked}\n{said}"))
        elif forms_can_be_shown():
            _show_form(asked, question, notebook)
        else:
            print(in_lines(_written(asked, question)))
    if not answers and not forms_can_be_shown():
        print(f'Answer by recall("{notebook}", answers="{"a" * len(questions)}").')


def missed_before(notebook: str) -> list[Question]:
    """Return the questions that come back in a notebook, since they were missed."""
    due = [
        name
        for name, last in progress.recalled().items()
        if not last.is_right and int(last.notebook) + COMES_BACK_AFTER <= int(notebook)
    ]
    return [question for name, question in QUESTIONS.items() if name in due]


def _choices_of(questions: list[Question], answers: str) -> dict[int, str]:
    """The choices that letters stand for, by the question's number, from 1."""
    if len(answers) > len(questions):
        raise ValueError(f"{answers!r} has {len(answers)} letters, for {len(questions)} questions")
    given = {}
    for number, (letter, question) in enumerate(zip(answers, questions, strict=False), start=1):
        choices = dict(zip(ascii_lowercase, question.choices, strict=False))
        if letter != LEFT_OUT and letter not in choices:
            raise ValueError(
                f"question {number} has the choices {', '.join(choices)}, and not {letter!r}; "
                f"{LEFT_OUT!r} leaves it out"
            )
        if letter != LEFT_OUT:
            given[number] = choices[letter]
    return given


def _show_form(asked: str, question: Question, notebook: str) -> None:
    def answered(choice: Guess | None) -> None:
        output.replace(in_place_of_form(f"{asked}\n{_answered(question, choice, notebook)}"))
        form.close()

    choices = list(question.choices)
    form = Form(asked, choices=choices, unit="", note="", answered=answered)
    output = Output()
    plain = f"{_written(asked, question)}\n{RUN_AGAIN}"
    output.show(form.content | {"text/plain": plain})


def _answered(question: Question, choice: Guess | None, notebook: str) -> str:
    """What to say of an answer, which is noted; `None` is the wish to be shown the right one."""
    is_right = choice == question.right
    progress.note_recalled(question.name, progress.Recalled(notebook, is_right))
    right = f"The right answer: {question.right}"
    if choice is None:
        return f"{right}\n{question.choices[question.right]}"
    lines = [str(choice), question.choices[str(choice)]]
    return "\n".join(lines if is_right else [*lines, right])


def _from(question: Question, notebook: str) -> str:
    """Where a question comes from, if it comes back."""
    own = question.name.partition(".")[0]
    return "" if own == notebook else f"(From notebook {own}.) "


def _written(asked: str, question: Question) -> str:
    lettered = zip(ascii_lowercase, question.choices, strict=False)
    choices = [f"{letter}) {choice}" for letter, choice in lettered]
    return f"{asked}\n{_indented('\n'.join(choices))}"


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.splitlines())
