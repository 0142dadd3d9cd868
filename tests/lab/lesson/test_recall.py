"""Questions at a notebook's end: each answer gets its feedback, and what was missed comes back."""

import pytest

from pubsub_lib.lab.exercises import show_progress
from pubsub_lib.lab.lesson import progress
from pubsub_lib.lab.lesson.answers import QUESTIONS
from pubsub_lib.lab.lesson.answers.kinds import Question
from pubsub_lib.lab.lesson.form import SHOW_ME
from pubsub_lib.lab.lesson.progress import Recalled
from pubsub_lib.lab.lesson.recall import recall

from .front_end import WIDGET, front_end, progress_in

JOIN = Question(
    "90.recall.join",
    "What does join() wait for?",
    choices={"an empty queue": "No: it may be in hand.", "task_done()": "Right: for each."},
    right="task_done()",
)
GET = Question(
    "90.recall.get",
    "What does get() do?",
    choices={"it waits": "Right: until there is one.", "it returns None": "No."},
    right="it waits",
)


@pytest.fixture(autouse=True)
def questions(monkeypatch, tmp_path):
    for question in (JOIN, GET):
        monkeypatch.setitem(QUESTIONS, question.name, question)
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def said(capsys, notebook, answers="") -> list[str]:
    recall(notebook, answers=answers)
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_questions_are_printed_with_a_letter_for_each_choice(capsys):
    assert said(capsys, "90") == [
        "1. What does join() wait for?",
        "a) an empty queue",
        "b) task_done()",
        "2. What does get() do?",
        "a) it waits",
        "b) it returns None",
        'Answer by recall("90", answers="aa").',
    ]
    assert not progress.progress_file().exists()


def test_every_answer_gets_its_feedback_and_a_wrong_one_the_right_one(capsys):
    assert said(capsys, "90", "aa") == [
        "1. What does join() wait for?",
        "an empty queue",
        "No: it may be in hand.",
        "The right answer: task_done()",
        "2. What does get() do?",
        "it waits",
        "Right: until there is one.",
    ]


def test_a_question_can_be_left_out(capsys):
    said(capsys, "90", "-a")
    assert progress.recalled() == {"90.recall.get": Recalled("90", is_right=True)}


@pytest.mark.parametrize(
    ("answers", "problem"),
    [("aaa", "3 letters, for 2 questions"), ("ax", "question 2 has the choices a, b, and not 'x'")],
)
def test_an_answer_that_is_none_is_refused(answers, problem):
    with pytest.raises(ValueError, match=problem):
        recall("90", answers=answers)


@pytest.mark.parametrize(("notebook", "comes"), [("91", False), ("92", True), ("93", True)])
def test_what_was_missed_comes_back_two_notebooks_later(capsys, notebook, comes):
    said(capsys, "90", "aa")
    asked = said(capsys, notebook)
    assert ("1. (From notebook 90.) What does join() wait for?" in asked) is comes
    assert not any("get()" in line for line in asked)


def test_what_is_answered_then_does_not_come_back_any_more(capsys):
    said(capsys, "90", "ab")
    said(capsys, "92", "ba")
    assert not any("From notebook" in line for line in said(capsys, "94"))


def test_what_is_missed_again_comes_back_again(capsys):
    said(capsys, "90", "ab")
    said(capsys, "92", "bb")
    assert not any("From notebook" in line for line in said(capsys, "93"))
    assert "1. (From notebook 90.) What does get() do?" in said(capsys, "94")


def test_a_second_try_in_the_same_notebook_does_not_count(capsys):
    said(capsys, "90", "aa")
    said(capsys, "90", "ba")
    assert progress.recalled()["90.recall.join"] == Recalled("90", is_right=False)


def test_the_line_of_a_notebook_says_what_was_guessed_and_what_comes_back(capsys):
    said(capsys, "90", "aa")
    progress.note_guess("92.one", 3, is_right=False)
    progress.note_guess("92.two", "all", is_right=True)
    show_progress("92")
    assert capsys.readouterr().out == (
        "Notebook 92: 0 of 0 exercises solved; 1 of 2 guesses were right; "
        "1 question comes back at the end.\n"
    )


@pytest.mark.parametrize("content", ['{"recalled": [1]}', '{"recalled": {"x": {"notebook": 2}}}'])
def test_a_file_that_makes_no_sense_counts_as_none(content):
    progress.progress_file().write_text(content, encoding="utf-8")
    assert progress.recalled() == {}


SET_UP = """
from pubsub_lib.lab import recall
from pubsub_lib.lab.lesson.answers import QUESTIONS
from pubsub_lib.lab.lesson.answers.kinds import Question
QUESTIONS["90.recall.join"] = Question(
    "90.recall.join", "What does join() wait for?", right="task_done()",
    choices={"an empty queue": "No: it may be in hand.", "task_done()": "Right: for each."},
)
"""


@pytest.mark.parametrize(
    ("choice", "feedback", "is_right"),
    [
        ("task_done()", "task_done()\nRight: for each.", True),
        ("an empty queue", "No: it may be in hand.\nThe right answer: task_done()", False),
        (SHOW_ME, "The right answer: task_done()\nRight: for each.", False),
    ],
)
def test_in_jupyterlab_a_question_is_a_form_that_gives_way_to_the_feedback(
    tmp_path, choice, feedback, is_right
):
    with front_end(tmp_path) as page:
        _, asked = page.run(SET_UP, 'recall("90")')
        assert asked.text.endswith(
            "b) task_done()\nFor the form, run the notebook from the top to here."
        )
        page.click(asked, choice)
    assert asked.text.startswith("1. What does join() wait for?")
    assert asked.text.endswith(feedback)
    assert WIDGET not in asked.kinds
    expected = {"notebook": "90", "is_right": is_right}
    assert progress_in(tmp_path)["recalled"] == {"90.recall.join": expected}


def test_what_is_printed_is_broken_between_words(capsys, monkeypatch):
    long = "A long question that nobody can read in one line of a notebook on a small screen. "
    asked = Question("90.recall.long", long * 2, choices={"no": long * 2, "yes": ""}, right="no")
    monkeypatch.setitem(QUESTIONS, asked.name, asked)
    for answers in ("", "--a"):
        recall("90", answers=answers)
        assert all(len(line) <= 88 for line in capsys.readouterr().out.splitlines())
