"""Asks at a notebook's end what was learned in it, and again, two notebooks later, what was missed.

>>> from pubsub_lib.lab.lesson.answers import QUESTIONS
>>> from pubsub_lib.lab.lesson.answers.kinds import Question
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
   b) it returns None
   No: None would be a message.
>>> del QUESTIONS["99.recall.get"]
"""

from pubsub_lib.lab.lesson.answers import questions_of

_LETTERS = "abcdefgh"


def recall(notebook: str, *, answers: str = "") -> None:
    """Ask the questions of a notebook, and those missed two notebooks ago or earlier.

    Args:
        notebook: its number, such as `02`.
        answers: a letter for each question, where no form can be shown; `-` for none.
    """
    questions = questions_of(notebook)
    for number, question in enumerate(questions, start=1):
        print(f"{number}. {question.question}")
        chosen = answers[number - 1] if number <= len(answers) else "-"
        for letter, (choice, feedback) in zip(_LETTERS, question.choices.items(), strict=False):
            if chosen == "-":
                print(f"   {letter}) {choice}")
            elif chosen == letter:
                print(f"   {letter}) {choice}\n   {feedback}")
    if not answers:
        example = "a" * len(questions)
        print(f'Answer by recall("{notebook}", answers="{example}").')
