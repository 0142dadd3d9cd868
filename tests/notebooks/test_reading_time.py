"""How long a notebook takes is counted, not guessed: no core path takes more than 45 minutes."""

from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import reading_time as tool
from tools.reading_time import (
    MINUTES,
    MOST_CORE_MINUTES,
    MOST_COURSE_MINUTES,
    ReadingTime,
    reading_time,
    rounded,
    stated,
    write,
)

from .checks import read
from .test_structure import NOTEBOOKS

A_MINUTE = "word " * 150
OPENING = "# 04 · Break it\n\n**Time:** 7 minutes, and an evening for the project\n"
read_once = cache(read)


def notebook_of(*cells: NotebookNode) -> NotebookNode:
    return new_notebook(cells=list(cells))


def text(source: str) -> NotebookNode:
    return new_markdown_cell(source)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_states_the_time_that_it_takes(path: Path):
    content = read_once(path).content
    wanted = str(reading_time(content))
    assert stated(content) == wanted, "fill it in: python -m tools.reading_time --write"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_core_path_is_too_long(path: Path):
    assert reading_time(read_once(path).content).core <= MOST_CORE_MINUTES


def test_the_course_is_not_too_long():
    times = [reading_time(read_once(path).content) for path in NOTEBOOKS]
    assert sum(rounded(time.core) for time in times) <= MOST_COURSE_MINUTES


def test_text_and_code_are_read_at_150_words_a_minute():
    assert reading_time(notebook_of(text(A_MINUTE), new_code_cell(A_MINUTE))).core == 2


def test_what_a_link_leads_to_is_not_read():
    link = text("[one](https://example.org/a/b) ![two words](images/x.png)")
    assert reading_time(notebook_of(link)).core == 3 / 150


def test_what_only_the_tests_need_is_not_read():
    test = new_code_cell(A_MINUTE, metadata={"tags": ["remove-cell"]})
    assert reading_time(notebook_of(test)) == ReadingTime()


def test_sections_that_go_further_are_optional():
    sections = text(f"## One\n\n{A_MINUTE}"), text(f"## Further: two\n\n{A_MINUTE}")
    time = reading_time(notebook_of(*sections, new_code_cell(A_MINUTE)))
    assert (round(time.core), round(time.optional)) == (1, 2)


def test_the_links_at_the_end_are_not_read():
    last = text("One\n\n[← 03 Before](03_b.ipynb) · [05 After →](05_a.ipynb)")
    assert reading_time(notebook_of(last)).core == 1 / 150


@pytest.mark.parametrize(
    ("cell", "minutes"),
    [
        (new_code_cell("predict('a')\npredict('b')"), 2 * MINUTES["prediction"]),
        (new_code_cell("recall('02')"), MINUTES["recall"]),
        (text("**Change it:** so"), MINUTES["change"]),
        (text("### Exercise 04.1: do"), MINUTES["exercise"]),
        (text("### Exercise 04.1: do\n\nAllow 10 minutes."), 10),
    ],
    ids=["predictions", "recall", "a change", "an exercise", "an exercise that says so"],
)
def test_what_is_done_by_hand_is_added(cell, minutes):
    assert reading_time(notebook_of(cell)).core == pytest.approx(minutes, abs=0.1)


def test_a_time_is_rounded_up():
    assert [rounded(minutes) for minutes in (0, 40, 40.01, 45)] == [0, 40, 45, 45]


def test_the_time_is_written_into_the_opening_and_the_guide(tmp_path):
    path, guide = tmp_path / "04_now.ipynb", tmp_path / tool.GUIDE
    guide.write_text("| [04 Now](04_now.ipynb) | 7 |\n", encoding="utf-8")
    notebook = notebook_of(text(OPENING + A_MINUTE), text(f"## Further: x\n\n{A_MINUTE}"))
    write(path, notebook, reading_time(notebook))
    written = nbformat.read(path, as_version=4)
    assert "**Time:** 5 minutes, and 5 for what is optional, and an evening for the project\n" in (
        written.cells[0].source
    )
    assert stated(written) == str(reading_time(written))
    assert guide.read_text(encoding="utf-8") == "| [04 Now](04_now.ipynb) | 5 |\n"
