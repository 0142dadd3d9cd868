"""Nothing tells a learner the answer before the guess, and every answer is what the run finds."""

from collections import Counter
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from pubsub_lib.lab.lesson.answers import ANSWERS, QUESTIONS, questions_of
from pubsub_lib.lab.lesson.answers.kinds import Answer, Answers, Choice, Number

from . import secrecy, secrecy_below
from .checks import Notebook, read
from .predictions import Window, asked_in, windows_of
from .secrecy import crowded_positions
from .test_structure import NOTEBOOKS

read_once = cache(read)
#: Every prediction of the course that has a name.
WINDOWS = [window for path in NOTEBOOKS for window in windows_of(read_once(path))]
each_window = pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.asked.name)
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)

FORM_CHECKS = [
    secrecy.is_asked_once_and_compared_once,
    secrecy.is_compared_with_what_was_measured,
    secrecy.captions_are_computed,
    secrecy.no_figure_comes_before_the_guess,
]
ANSWER_CHECKS = [
    secrecy.nothing_tells_the_answer,
    secrecy_below.nothing_below_tells_the_answer,
    secrecy.no_claim_tells_the_number,
    secrecy.its_name_tells_nothing,
    secrecy.the_run_finds_what_the_answer_says,
]


def problems_of(window: Window, answer: Answer) -> list[str]:
    of_its_form = [problem for check in FORM_CHECKS for problem in check(window)]
    return of_its_form + [problem for check in ANSWER_CHECKS for problem in check(window, answer)]


def answers_of(path: Path) -> Answers:
    """The answers in the module of a notebook."""
    module = import_module(f"pubsub_lib.lab.lesson.answers.{path.stem.partition('_')[2]}")
    return module.ANSWERS


# The course.


@each_window
def test_nothing_tells_the_answer_before_the_guess(window: Window):
    if problems := problems_of(window, ANSWERS[window.asked.name]):
        pytest.fail("\n".join(problems), pytrace=False)


@each_notebook
def test_every_prediction_has_an_answer_in_its_notebooks_module_and_the_other_way_round(path: Path):
    asked = [one.name for one in asked_in(read_once(path))]
    assert sorted(asked) == sorted(answers_of(path)), "asked once each, and answered"


@each_notebook
def test_a_notebook_asks_three_questions_at_its_end(path: Path):
    notebook = read_once(path)
    assert any(f'recall("{notebook.number}")' in cell.source for _, cell in notebook.code)
    assert len(questions_of(notebook.number)) == 3


def test_every_answer_has_its_own_place():
    in_modules = [name for path in NOTEBOOKS for name in answers_of(path)]
    assert sorted(ANSWERS) == sorted(in_modules)


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_a_wrong_guess_is_told_its_mistake(name: str):
    answer = ANSWERS[name]
    assert answer.replies, "say what is mistaken about the likely wrong guesses"
    right = [guess for guess in answer.replies if answer.is_right(guess)]
    assert right == [], "this guess is right"


def test_no_text_fits_two_predictions():
    said = [answer.replies for answer in ANSWERS.values()]
    said += [question.choices for question in QUESTIONS.values()]
    texts = [text for one in said for text in set(one.values())]
    assert [text for text, times in Counter(texts).items() if times > 1] == []


def positions_in(paths: list[Path]) -> list[tuple[int, int]]:
    """Where the right choices are, of the predictions of some notebooks."""
    found = []
    for window in (window for path in paths for window in windows_of(read_once(path))):
        answer = ANSWERS[window.asked.name]
        if isinstance(answer, Choice):
            choices = window.asked.choices
            found.append((choices.index(answer.choice), len(choices)))
    return found


def recall_positions(notebook: str) -> list[tuple[int, int]]:
    questions = [one for one in QUESTIONS.values() if one.name.startswith(notebook)]
    return [(list(one.choices).index(one.right), len(one.choices)) for one in questions]


@each_notebook
def test_right_choices_are_not_where_they_are_most_of_the_time(path: Path):
    assert crowded_positions(positions_in([path])) == []
    assert crowded_positions(recall_positions(f"{path.name[:2]}.")) == []


def test_right_choices_of_the_course_are_not_where_they_are_most_of_the_time():
    assert crowded_positions(positions_in(NOTEBOOKS)) == []
    assert crowded_positions(recall_positions("")) == []


# The checks themselves, on a notebook that keeps its secrets, and with one change each.

SECONDS = Number(2, "It takes {found}.", replies={3: "You counted one twice."})
WHO = Choice("only the first subscriber", "Only the first.", replies={"all of them": "One raises."})

ASK = 'seconds = predict("02.seconds", "Two of them. How long?", unit="s")'
RUN = "took_s = run()"
COMPARE = 'seconds.compare(took_s)\nplot().with_caption(f"It takes {took_s:g} s.")'
ASK_WHO = (
    'who = predict("02.who", "Who gets it?", choices=["all of them", "only the first subscriber"])'
)
COMPARE_WHO = "who.compare(reached)"
CELLS = {
    "title": "# 02 · Wait",
    "heading": "## How long?\n\nEach handles one, of 1 s.",
    "ask": ASK,
    "run": RUN,
    "compare": COMPARE,
    "who heading": "## Who gets it?",
    "ask who": ASK_WHO,
    "compare who": COMPARE_WHO,
    "why": "They wait.\n\n<details>\n<summary>Why?</summary>\n\nThey wait together, and so it "
    "takes 2 s, and only the first subscriber gets it.\n\n</details>",
}
PRINTED = {"compare": "It takes 2 s.", "compare who": "Only the first."}


def a_notebook(printed: dict[str, str] | None = None, **changed: str) -> Notebook:
    """A notebook of these cells, of which some are changed."""
    sources = CELLS | {name.replace("_", " "): source for name, source in changed.items()}
    shown = PRINTED | (printed or {})
    cells = [
        new_markdown_cell(source)
        if name in {"title", "heading", "who heading", "why"}
        else new_code_cell(
            source,
            outputs=[new_output("stream", text=shown[name])] if name in shown else [],
        )
        for name, source in sources.items()
    ]
    return Notebook(Path("02_wait.ipynb"), new_notebook(cells=cells), ())


def all_problems(notebook: Notebook, seconds: Number = SECONDS) -> list[str]:
    answers = {"seconds": seconds, "who": WHO}
    return [
        problem
        for window in windows_of(notebook)
        for problem in problems_of(window, answers["who" if window.asked.choices else "seconds"])
    ]


def test_a_notebook_that_keeps_its_secrets_is_right():
    assert [window.asked.name for window in windows_of(a_notebook())] == ["02.seconds", "02.who"]
    assert all_problems(a_notebook()) == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"heading": "## Two take 2 s"}, "a heading tells the answer of 02.seconds, '2 s'"),
        ({"heading": "## How long?\n\nIt will be **2 s**."}, "the text tells the answer"),
        ({"run": "# this takes 2 s\ntook_s = run()"}, "a comment tells the answer"),
        ({"run": 'took_s = run()\nprint("2 s")'}, "a string tells the answer"),
        ({"run": 'took_s = run()\nholds("It takes 2 s.", ok, took_s)'}, "a claim tells"),
        ({"run": 'took_s = run()\nholds("Quick.", took_s == 2.0, 1)'}, "compare() is the claim"),
        ({"compare": f"{COMPARE}\nassert took_s == 2"}, "compare() is the claim"),
        ({"compare": "seconds.compare(2)"}, "seconds.compare(2) tells the answer"),
        ({"compare": "seconds.compare(-2.0)"}, "tells the answer; give"),
        ({"compare": "seconds.compare()"}, "tells the answer; give"),
        ({"run": "took_s = 2"}, "seconds.compare(took_s) tells the answer"),
        ({"compare": 'seconds.compare(took_s)\nplot().with_caption("Slow.")'}, "compute it from"),
        ({"run": 'took_s = run()\nplot().with_caption("Slow.")'}, "compute it from"),
        ({"ask": ASK.replace("02.seconds", "02.takes_2")}, "the name 02.takes_2 tells the answer"),
        ({"ask": ASK.replace("02.", "03.")}, "is to begin with the notebook's number"),
        ({"ask": ASK.replace('"s"', '"s", guess=3')}, "02.seconds has a guess"),
        ({"ask": "\n".join([ASK] * 3)}, "asks 3 questions"),
        ({"compare": "pass"}, "compare 02.seconds in one later cell; it is in ()"),
        ({"run": f"{RUN}\nseconds.compare(took_s)"}, "compare 02.seconds in one later cell"),
        ({"who_heading": "## Only the first subscriber gets it"}, "a heading tells the answer of"),
        ({"title": "# 02 · Reach only the `first` subscriber"}, "a heading tells the answer of"),
        (
            {"ask_who": ASK_WHO.replace("Who gets", "Is it only the first subscriber who gets")},
            "the question tells the answer of 02.who",
        ),
        ({"compare_who": 'who.compare("only the first subscriber")'}, "tells the answer; give"),
        (
            {"ask_who": ASK_WHO.replace("02.who", "02.only_the_first_subscriber")},
            "the name 02.only",
        ),
    ],
)
def test_what_tells_an_answer_is_found(changed: dict[str, str], problem: str):
    problems = all_problems(a_notebook(**changed))
    assert any(problem in one for one in problems), problems


def test_a_cell_that_prints_the_result_before_it_is_compared_is_found():
    (problem,) = all_problems(a_notebook(printed={"run": "took 2 s"}))
    assert "what it shows tells the answer of 02.seconds" in problem


def test_a_figure_before_the_guess_is_found():
    notebook = a_notebook()
    picture = new_output("display_data", {"image/png": "", "text/plain": "A caption."})
    notebook.cells[3].outputs.append(picture)
    (problem,) = all_problems(notebook)
    assert "shows a figure before 02.seconds is compared" in problem


def test_what_learners_have_no_copy_of_tells_them_nothing():
    notebook = a_notebook(run='took_s = run()\nassert took_s == 2, "not 2 s"')
    notebook.cells[3].metadata["tags"] = ["remove-cell"]
    assert all_problems(notebook) == []


@pytest.mark.parametrize(
    "shown", ["It takes 3 s.", "It takes 2 s.\nThe experiment as given finds something else."]
)
def test_a_run_that_finds_something_else_is_found(shown):
    (problem,) = all_problems(a_notebook(printed={"compare": shown}))
    assert "the run does not find what the answer of 02.seconds says, 'It takes 2 s.'" in problem


@pytest.mark.parametrize(
    "changed",
    [
        {"heading": "## How long?\n\nEach takes 12 s, 2 seconds or 2.5 s, or 1.2 s."},
        {"ask": ASK.replace("Two of them", "Two of 2 s each"), "heading": "## Two of 2 s"},
        {"title": "# 02 · In other places, 2 s"},
        {"compare": f'{COMPARE}\nplot().with_caption("How long each takes, by its number.")'},
        {"who_heading": "## All of them, or only the first subscriber?"},
    ],
)
def test_what_does_not_tell_the_answer_is_left_alone(changed):
    assert all_problems(a_notebook(**changed)) == []


@pytest.mark.parametrize(
    ("positions", "crowded"),
    [
        ([(2, 3), (2, 3), (2, 3), (0, 2)], ["number 3 is right in 3 of 4", "the last is right"]),
        ([(1, 2), (2, 3), (3, 4), (0, 2)], ["the last is right in 3 of 4"]),
        ([(0, 2), (0, 2), (0, 3)], ["number 1 is right in 3 of 3"]),
        ([(0, 2), (1, 3), (2, 3), (0, 4)], []),
        ([(0, 2)], []),
        ([], []),
    ],
)
def test_a_position_with_more_than_half_of_the_right_choices_is_found(positions, crowded):
    found = crowded_positions(positions)
    assert len(found) == len(crowded)
    assert all(text.startswith(start) for text, start in zip(found, crowded, strict=True))
