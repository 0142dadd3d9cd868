"""A change is made in a copy of the run, which goes on as if nothing had been."""

import os
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from .changes import Change
from .making_changes import make_changes

# A process without a fork runs everything anew, on a machine that may be busy.
pytestmark = [pytest.mark.run_all, pytest.mark.timeout(180)]


def notebook(folder: Path, **cells: str) -> Path:
    """A notebook whose cells have these ids."""
    code = [new_code_cell(source, id=name) for name, source in cells.items()]
    path = folder / "04_now.ipynb"
    nbformat.write(new_notebook(cells=code), path)
    return path


def test_the_changed_cell_and_those_that_are_named_run(tmp_path):
    path = notebook(tmp_path, first="x = 1\nx", second="print(x)", third="print(x + 1)")
    change = Change(cell="first", replace=("x = 1", "x = 5"), run=["third"], expect=["6"])
    (found,) = make_changes(path, [change])
    assert (found.shown.split(), found.error) == (["Out[1]:", "5", "6"], "")


def test_a_change_leaves_no_trace_in_what_comes_after_it(tmp_path):
    path = notebook(tmp_path, first="seen = []", second="seen += ['a']\nprint(seen)")
    changes = [
        Change(cell="second", replace=("'a'", letter), expect=[letter]) for letter in ("'b'", "'c'")
    ]
    found = make_changes(path, changes)
    assert [one.shown.strip() for one in found] == ["['b']", "['c']"]


def test_the_exception_that_ends_a_change_is_named(tmp_path):
    path = notebook(tmp_path, first="print('before')\nx = 1 / 1")
    (found,) = make_changes(path, [Change(cell="first", replace=("/ 1", "/ 0"), expect=[])])
    assert found.error == "ZeroDivisionError: division by zero"
    assert found.shown.startswith("before")


def test_a_cell_may_await_and_its_event_loop_goes_on(tmp_path):
    later = "await asyncio.sleep(0.01)\nprint(1, *done)"
    path = notebook(
        tmp_path,
        first="import asyncio\ndone = []\nasync def one():\n    done.append('one')",
        second="task = asyncio.create_task(one())",
        third=later,
    )
    changes = [
        Change(cell="second", replace=("one()", "asyncio.sleep(0)"), run=["third"], expect=[]),
        Change(cell="third", replace=("print(1", "print(2"), expect=[]),
    ]
    assert [found.shown.strip() for found in make_changes(path, changes)] == ["1", "2 one"]


def test_where_there_are_threads_a_new_process_makes_the_change(tmp_path):
    path = notebook(
        tmp_path,
        first="from threading import Event, Thread\nThread(target=Event().wait).start()",
        second="import threading\nx = 2\nprint(threading.active_count(), x, Thread.__name__)",
    )
    change = Change(cell="second", replace=("x = 2", "x = 3"), expect=[])
    (found,) = make_changes(path, [change])
    assert (found.shown.strip(), found.error) == ("2 3 Thread", "")


def test_a_notebook_that_fails_unchanged_is_an_error_of_its_own(tmp_path):
    path = notebook(tmp_path, first="one = 1 / 0", second="x = 1\nprint(one)")
    with pytest.raises(RuntimeError, match="cell 'first', unchanged, ends in ZeroDivisionError"):
        make_changes(path, [Change(cell="second", replace=("1", "2"), expect=[])])


def test_only_the_cells_that_a_changed_one_builds_on_run(tmp_path):
    path = notebook(
        tmp_path,
        before="seen = []",
        needed="def note(what):\n    seen.append(what)",
        skipped="other = 1 / 0",
        filled="note('a')\nseen.append('b')",
        changed="print(1, seen)",
    )
    change = Change(cell="changed", replace=("1", "2"), expect=[])
    (found,) = make_changes(path, [change])
    assert (found.shown.strip(), found.error) == ("2 ['a', 'b']", "")


def test_what_a_program_prints_is_no_answer(tmp_path):
    path = notebook(tmp_path, first="import os\nx = os.write(1, b'noise')")
    (found,) = make_changes(path, [Change(cell="first", replace=("noise", "none"), expect=[])])
    assert found.error == ""


def test_what_is_to_be_replaced_has_to_be_there_once():
    change = Change(cell="a", replace=[("x", "y"), ("1", "2")], expect=[])
    assert change.made_in("x = 1") == "y = 2"
    with pytest.raises(ValueError, match="'x' stands 2 times in cell 'a', not once"):
        change.made_in("x = x + 1")


def test_this_process_is_left_alone(tmp_path):
    before = os.getcwd()
    make_changes(notebook(tmp_path, first="x = 1"), [])
    assert os.getcwd() == before
