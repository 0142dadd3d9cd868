"""What the predictions of the course are answered by, so that no notebook tells it beforehand.

The predictions of a notebook have the module of its name here: those of
`05_when_a_queue_is_full.ipynb` are in `when_a_queue_is_full`, with the questions at its end.
Nothing else lists them. A name begins with the notebook's number, and says the subject, never the
answer.

>>> answer_of("02.no_such_name")
Traceback (most recent call last):
    ...
ValueError: there is no answer to '02.no_such_name'; ...
"""

from importlib import import_module
from pkgutil import iter_modules

from pubsub_lib.lab.lesson.answers.kinds import Answer, Answers, Question

#: Every answer, by its prediction's name.
ANSWERS: Answers = {}
#: Every question that a notebook ends with, by its name.
QUESTIONS: dict[str, Question] = {}

for _module in iter_modules(__path__):
    if _module.name != "kinds":
        _answers = import_module(f"{__name__}.{_module.name}")
        ANSWERS |= _answers.ANSWERS
        QUESTIONS |= {question.name: question for question in _answers.RECALL}


def answer_of(name: str) -> Answer:
    """Return the answer to the prediction of this name.

    Raises:
        ValueError: if there is none.
    """
    if name in ANSWERS:
        return ANSWERS[name]
    notebook = name.partition(".")[0]
    known = [one for one in ANSWERS if one.startswith(f"{notebook}.")]
    raise ValueError(
        f"there is no answer to {name!r}; those of notebook {notebook} are "
        f"{', '.join(known) or 'none'}. Write it in the notebook's module in "
        "pubsub_lib/lab/lesson/answers"
    )


def questions_of(notebook: str) -> list[Question]:
    """Return the questions that a notebook, such as `02`, ends with."""
    return [one for name, one in QUESTIONS.items() if name.startswith(f"{notebook}.")]
