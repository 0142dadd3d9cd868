"""Notebook 12 says how far the verdicts are, where only a few of the others have been run."""

from pathlib import Path
from textwrap import fill

import nbformat
import pytest
from IPython.display import Markdown

from pubsub_lib import lab
from pubsub_lib.lab.lesson import tables, verdict_collection
from pubsub_lib.lab.lesson.verdicts import VERDICTS_MIME, Standing, Verdict

PATH = Path(__file__).parents[2] / "notebooks" / "12_verdicts.ipynb"
COLLECTS, COMPARES, COUNTS = "3def184a", "25df35de", "2de5d166"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What is displayed, in a folder in which no notebook was run."""
    texts: list[str] = []

    def display(markdown: Markdown) -> None:
        texts.append(markdown.data)

    for module in (tables, verdict_collection):
        monkeypatch.setattr(module, "display", display)
    monkeypatch.chdir(tmp_path)
    return texts


def run_cells() -> None:
    cells = {cell.id: cell.source for cell in nbformat.read(PATH, as_version=4).cells}
    names = {name: getattr(lab, name) for name in dir(lab) if not name.startswith("_")}
    names["fill"] = fill
    for cell in (COLLECTS, COMPARES, COUNTS):
        exec(cells[cell], names)


def test_before_the_first_there_is_no_empty_table_and_the_guess_is_put_off(shown, capsys):
    run_cells()
    assert shown == ["There is nothing to show here yet."] * 3
    assert "Your guess is answered here once all of them have one." in capsys.readouterr().out


def test_after_the_first_the_kinds_without_a_claim_are_left_out(shown, capsys):
    data = {VERDICTS_MIME: [Verdict("C9", Standing.HOLDS, "as it should").as_data()]}
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("display_data", data)])
        ]
    )
    nbformat.write(notebook, "03_build.ipynb")
    run_cells()
    assert [text.count("C9") for text in shown] == [1, 1, 1]
    assert shown[-1].splitlines()[2:] == ["| ✓ | holds | 1 | C9 |"]
    said = capsys.readouterr().out
    assert "C10" in said
    assert "C9" not in said
