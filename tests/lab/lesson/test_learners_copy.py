"""A learner's copy has no answers, leads everywhere, and is known again after a run."""

import json
import shutil
from pathlib import Path

import pytest

from pubsub_lib.lab.lesson.copies import Copies
from pubsub_lib.lab.lesson.learners_copy import NOTEBOOK_NAME, fingerprint, learners_copy
from tests.notebooks.checks import links_resolve, read

ROOT = Path(__file__).parents[3]
NAME = "05_full.ipynb"


def notebook(*cells: dict) -> bytes:
    return json.dumps({"cells": list(cells), "nbformat": 4, "nbformat_minor": 5}).encode()


def code(source: str, **parts) -> dict:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": []} | parts


def markdown(source: str | list[str]) -> dict:
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def cells_of(content: bytes) -> list[dict]:
    return json.loads(content)["cells"]


def copy_of(*cells: dict) -> list[dict]:
    return cells_of(learners_copy(NAME, notebook(*cells), left_out={"guide.md"}))


def test_a_copy_has_neither_outputs_nor_execution_counts():
    (cell,) = copy_of(code("1 + 1", outputs=[{"text": "2"}], execution_count=3))
    assert (cell["source"], cell["outputs"], cell["execution_count"]) == ("1 + 1", [], None)


def test_cells_that_only_tests_need_are_left_out():
    only_for_tests = code("assert x", metadata={"tags": ["remove-cell"]})
    assert [cell["source"] for cell in copy_of(code("x = 1"), only_for_tests)] == ["x = 1"]


@pytest.mark.parametrize(
    ("text", "in_the_copy"),
    [
        ("[a](guide.md)", "[a](../notebooks/guide.md)"),
        ("[a](guide.md#part)", "[a](../notebooks/guide.md#part)"),
        ('<a href="guide.md">a</a>', '<a href="../notebooks/guide.md">a</a>'),
        ("[a](01_next.ipynb#A-part)", "[a](01_next.ipynb#A-part)"),
        ("![a](images/a.png)", "![a](images/a.png)"),
        ("[a](../README.md)", "[a](../README.md)"),
        ("[a](https://x.org/guide.md)", "[a](https://x.org/guide.md)"),
        ("[a](#guide.md)", "[a](#guide.md)"),
        ("`guide.md`", "`guide.md`"),
    ],
)
def test_only_a_link_to_what_learners_do_not_get_leads_to_the_original(text, in_the_copy):
    assert copy_of(markdown(text))[0]["source"] == in_the_copy
    as_lines = copy_of(markdown(["First.\n", text]))[0]["source"]
    assert as_lines == ["First.\n", in_the_copy]


def test_every_link_of_every_copy_of_the_course_leads_somewhere(tmp_path):
    for folder in ("notebooks", "examples"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "README.md", tmp_path)
    copies = Copies(tmp_path)
    names = [name for name in copies.update() if NOTEBOOK_NAME.fullmatch(name)]
    assert len(names) == len(list((ROOT / "notebooks").glob("*.ipynb")))
    problems = [p for name in names for p in links_resolve(read(copies.folder / name))]
    assert problems == []
    led_on = "](../notebooks/instructors_guide.md)"
    assert any(led_on in (copies.folder / name).read_text(encoding="utf-8") for name in names)


def test_running_a_notebook_does_not_change_its_fingerprint():
    before = notebook(code("1 + 1"))
    after = notebook(code(["1 +", " 1"], outputs=[{"text": "2"}], execution_count=7))
    assert fingerprint(NAME, after) == fingerprint(NAME, before)


def test_an_empty_cell_that_shift_enter_adds_does_not_change_the_fingerprint():
    assert fingerprint(NAME, notebook(code("1"), code(""))) == fingerprint(
        NAME, notebook(code("1"))
    )


@pytest.mark.parametrize(
    "changed", [[code("2")], [markdown("1")], [code("1"), code("1")], []], ids=str
)
def test_another_source_type_or_number_of_cells_changes_the_fingerprint(changed):
    assert fingerprint(NAME, notebook(*changed)) != fingerprint(NAME, notebook(code("1")))


def test_the_fingerprint_of_another_file_is_that_of_its_bytes():
    assert fingerprint("a.md", b"a") == fingerprint("b.md", b"a") != fingerprint("a.md", b"a ")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"cells": [{}]}', b'{"cells": 3}', b"\xff"]
)
def test_what_is_no_notebook_is_refused(content):
    with pytest.raises(ValueError, match="no notebook"):
        fingerprint(NAME, content)
