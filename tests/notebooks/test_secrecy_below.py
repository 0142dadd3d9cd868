"""What stands open below a question is found where it tells the answer, and else left alone."""

import pytest

from pubsub_lib.lab.lesson.answers.kinds import Number

from .test_secrecy import ASK, CELLS, COMPARE, a_notebook, all_problems


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"who_heading": "So it takes 2 s.\n\n## Who gets it?"}, "the text below the question"),
        ({"who_heading": "Two seconds are long.\n\n## Who?"}, "of 02.seconds, 'two seconds'"),
        ({"compare": f'{COMPARE}\nholds("Only 2 s.", ok, took_s)'}, "a claim below the question"),
        ({"compare": f'{COMPARE}\nholds("Quick.", took_s == 2, 1)'}, "compare() is the claim"),
        ({"compare": f"{COMPARE}\n# 2 s are long"}, "a comment below the question"),
        ({"why": "So only the first subscriber gets it."}, "the text below the question"),
        ({"why": "They wait. It is the first, only it."}, "02.who, 'it is the first, only it.'"),
        ({"why": f"{CELLS['why']}\n\nOnly the first."}, "of 02.who, 'Only the first.'"),
    ],
)
def test_what_stands_open_below_a_question_and_tells_its_answer_is_found(changed, problem):
    problems = all_problems(a_notebook(**changed))
    assert any(problem in one for one in problems), problems


@pytest.mark.parametrize(
    "changed",
    [
        {"who_heading": "Why so long?\n\n## It took 2 s, and who gets it?"},
        {"ask": ASK.replace("Two of them", "Two of 2 s each"), "who_heading": "2 s.\n\n## Who?"},
        {"why": f"{CELLS['why']}\n\nDo all of them get it, or only the first subscriber?"},
        {"why": "What comes first, and what comes last?"},
    ],
)
def test_what_does_not_tell_the_answer_may_stand_below_the_question(changed):
    assert all_problems(a_notebook(**changed)) == []


@pytest.mark.parametrize(
    ("value", "below", "told"),
    [
        (1_200, "There are 1,200 of them.", "1,200"),
        (1_200, "There are 1200 of them.", "1200"),
        (2.5, "Then 2.5 is the mean.", "2.5"),
        ((195, 260), "Each has waited for 200 s.", "200 s"),
        (2, "Number 2 is the next.", None),
        ((195, 260), "There were 200 of them.", None),
        (120, "After 120.5 s, or 1,120 s.", None),
    ],
)
def test_a_number_tells_the_answer_with_its_unit_or_by_itself_if_it_is_no_small_one(
    value, below, told
):
    answer = Number(value, "It is not quick.", replies={7: "You counted one twice."})
    shown = {"compare": "It is not quick.", "compare who": "Only the first."}
    notebook = a_notebook(printed=shown, who_heading=f"{below}\n\n## Who gets it?")
    found = [one for one in all_problems(notebook, answer) if "below the question" in one]
    assert [f"02.seconds, {told!r}" in one for one in found] == [True] * (told is not None)
