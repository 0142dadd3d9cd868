"""Predictions and questions as parts of a page, which say what to think of an answer.

Without a script a prediction asks for a guess on paper; its result is folded further down.

>>> "How many?" in prediction_form(Asked("02.fifth_in", "How many?", unit="s"))
True
"""

import json
from collections.abc import Sequence
from html import escape

from pubsub_lib.lab.lesson.answers import answer_of
from pubsub_lib.lab.lesson.answers.kinds import Choice, Number, Question
from pubsub_lib.lab.lesson.outputs import as_html
from tools.reading_site.guesses import Asked


def prediction_form(asked: Asked) -> str:
    """Return a form that asks for a guess, and opens what was folded because of it."""
    answer = answer_of(asked.name)
    match answer:
        case Choice():
            right: object = answer.choice
            within = 0.0
        case Number():
            right = answer.value
            within = answer.within
    replies = [[guess, reply] for guess, reply in answer.replies.items()]
    data = json.dumps({"right": right, "within": within, "replies": replies, "unit": asked.unit})
    return (
        f'<form class="guess" data-prediction="{mark(asked.name)}" data-answer="{escape(data)}">\n'
        f"<p><strong>{as_html(asked.question)}</strong></p>\n"
        f"{_choices(asked.choices) if asked.choices else _number(asked)}"
        '<p class="guess-note" aria-live="polite">Guess first: what the cells below have found '
        "stays folded until you do.</p>\n</form>\n"
    )


def _choices(choices: Sequence[str]) -> str:
    buttons = (
        f'<button type="button" value="{escape(choice)}">{as_html(choice)}</button>'
        for choice in choices
    )
    return f'<div class="choices">{"".join(buttons)}</div>\n'


def _number(asked: Asked) -> str:
    label = f"Your guess, in {asked.unit}:" if asked.unit else "Your guess:"
    return (
        f'<p><label>{escape(label)} <input type="text" inputmode="decimal" size="8"></label> '
        '<button type="submit">Guess</button></p>\n'
    )


def mark(name: str) -> str:
    """Return a prediction's name as it can be part of a class of a page.

    >>> mark("02.fifth_in")
    '02-fifth_in'
    """
    return name.replace(".", "-")


def recall_questions(questions: Sequence[Question]) -> str:
    """Return the questions at a notebook's end, each choice with its reply, folded."""
    parts = []
    for question in questions:
        choices = "".join(
            f"<details><summary>{as_html(choice)}</summary><p>{as_html(reply)}</p></details>"
            for choice, reply in question.choices.items()
        )
        parts.append(f"<li><strong>{as_html(question.question)}</strong>{choices}</li>")
    return f'<ol class="recall">{"".join(parts)}</ol>\n'
