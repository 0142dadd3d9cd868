"""What the reading site makes of the notebooks: nothing tells a result before there is a guess."""

import doctest
import json
from importlib import import_module

import pytest

from tools.reading_site.course import NOTEBOOKS, minutes, readme_table, repository
from tools.reading_site.guesses import secrets
from tools.reading_site.notebook_page import notebook_page, source_of
from tools.reading_site.programs import run_program
from tools.reading_site.terms import explained, explanations

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# What needs Sphinx is tried by building the site.
MODULES = [
    "anchors",
    "course",
    "floors",
    "guesses",
    "mends",
    "notebook_page",
    "programs",
    "questions",
    "terms",
]


def page_of(path):
    return notebook_page(json.loads(path.read_text(encoding="utf-8")), start="")


def is_folded(cell) -> bool:
    return "hide-output" in cell["metadata"].get("tags", [])


def text_of(cell) -> str:
    if cell["cell_type"] == "markdown":
        return source_of(cell)
    outputs = cell["outputs"]
    return "\n".join(
        "".join(part)
        for output in outputs
        for part in [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
    )


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_its_modules(name) -> None:
    result = doctest.testmod(import_module(f"tools.reading_site.{name}"))
    assert result.attempted
    assert result.failed == 0


@each_notebook
def test_what_compares_a_guess_is_folded_and_said_nowhere_else(path) -> None:
    cells = page_of(path)["cells"]
    comparing = [cell for cell in cells if ".compare(" in source_of(cell) and cell.get("outputs")]
    lines = [line for cell in comparing for line in text_of(cell).splitlines()]
    results = [line for line in lines if len(line) > 25 and not line.startswith("<IPython")]
    assert comparing
    assert results
    assert all(is_folded(cell) for cell in comparing)
    shown = "\n".join(text_of(cell) for cell in cells if not is_folded(cell))
    assert [result for result in results if result in shown] == []


@each_notebook
def test_every_prediction_is_asked_by_a_form_and_opens_what_waits_for_it(path) -> None:
    cells = page_of(path)["cells"]
    html = "".join(
        "".join(output.get("data", {}).get("text/html", ""))
        for cell in cells
        for output in cell.get("outputs", [])
    )
    tags = {tag for cell in cells for tag in cell["metadata"].get("tags", [])}
    waits_for = {tag.removeprefix("waits-for-") for tag in tags if tag.startswith("waits-for-")}
    assert waits_for
    assert [name for name in waits_for if f'data-prediction="{name}"' not in html] == []


@each_notebook
def test_nothing_is_left_that_makes_sense_only_where_cells_can_be_run(path) -> None:
    page = json.dumps(page_of(path))
    for left_out in ("remove-cell", "No guess yet", "show_progress(", "Answer by recall("):
        assert left_out not in page, left_out


def test_a_cell_that_uses_what_a_hidden_one_has_found_waits_for_the_same_guess() -> None:
    found = list(
        secrets(
            [
                'a = predict("09.a", "A?", unit="s")\nb = predict("09.b", "B?", unit="s")',
                "x = run()\na.compare(x)",
                "y = x + 1\nb.compare(y)",
                "print(y)",
                "y = 0",
                "print(y)",
                "show_verdicts()",
            ]
        )
    )
    waits = [(one.compares, one.tells) for one in found]
    assert waits == [
        ([], []),
        (["09.a"], []),
        (["09.b"], ["09.a"]),
        ([], ["09.a", "09.b"]),
        ([], []),
        ([], []),
        ([], ["09.a", "09.b"]),
    ]


def test_every_term_of_the_glossary_has_an_explanation_and_links_carry_it() -> None:
    assert len(explanations()) > 60
    assert all(len(text) > 20 and "](" not in text for text in explanations().values())
    html = explained(
        '<a class="reference" href="../notebooks/glossary.html#Little%27s-law">law</a>'
    )
    assert explanations()["Little's-law"][:20] in html


def test_the_map_of_the_course_has_every_notebook_with_its_minutes() -> None:
    names = [name for _, name, _ in readme_table()]
    assert names == [path.stem for path in NOTEBOOKS]
    assert minutes().keys() == {number for number, _, _ in readme_table()}


def test_the_address_of_the_repository_follows_the_run_on_github(monkeypatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://example.org")
    monkeypatch.setenv("GITHUB_REPOSITORY", "a/b")
    assert repository() == "https://example.org/a/b"
    monkeypatch.delenv("GITHUB_REPOSITORY")
    assert repository().startswith("https://github.com/")


def test_a_program_that_breaks_says_at_which_line_of_its_own() -> None:
    outcome = run_program("first = 1\nfirst / 0")
    assert outcome.printed.splitlines()[0] == "Traceback (most recent call last):"
    assert 'File "your_program.py", line 2' in outcome.printed
    assert "run_program" not in outcome.printed


def test_a_program_that_is_no_python_says_where() -> None:
    assert "line 1" in run_program("def (").printed
