"""Tables in Markdown."""

from IPython.display import Markdown

from pubsub_lib.lab.lesson import tables
from pubsub_lib.lab.lesson.tables import markdown_table, show_table


def test_a_table_has_a_head_a_line_and_its_rows():
    table = markdown_table(["a", "b"], [["1", "2"], ["3", "4"]])
    assert table.splitlines() == ["| a | b |", "|---|---|", "| 1 | 2 |", "| 3 | 4 |"]


def test_a_cell_may_be_empty():
    assert markdown_table(["", "b"], [["1", ""]]).splitlines()[::2] == ["| | b |", "| 1 | |"]


def test_a_bar_in_a_cell_begins_no_column():
    assert markdown_table(["a"], [["1 | 2"]]).splitlines()[-1] == r"| 1 \| 2 |"


def test_a_head_without_rows_is_no_table():
    assert markdown_table(["a", "b"], []) == "There is nothing to show here yet."
    assert markdown_table(["a", "b"], (row for row in [])) == markdown_table(["a"], [])


def test_a_notebook_shows_a_table_as_markdown(monkeypatch):
    shown = []
    monkeypatch.setattr(tables, "display", shown.append)
    show_table(["", "a | b"], [["1", "2"]])
    (table,) = shown
    assert isinstance(table, Markdown)
    assert table.data == markdown_table(["", "a | b"], [["1", "2"]])
