"""Learners get copies; what they change is theirs, and what they do not follows the course."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pubsub_lib.lab.lesson.copies import RECORD, Copies, CopyState
from pubsub_lib.lab.lesson.saving import CannotSaveError

NAME = "05_full.ipynb"


def written(path: Path, source: str, *, outputs: tuple[str, ...] = ()) -> None:
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")


def source_of(path: Path) -> str:
    (cell,) = json.loads(path.read_bytes())["cells"]
    return cell["source"]


@pytest.fixture
def copies(tmp_path) -> Copies:
    """Copies of a course with one notebook, at its first version; not made yet."""
    copies = Copies(tmp_path)
    written(copies.originals / NAME, "version 1", outputs=("1",))
    return copies


def files(copies: Copies) -> set[str]:
    return {path.name for path in copies.folder.iterdir()} - {RECORD}


def test_copies_are_made_where_there_are_none(copies):
    assert copies.update() == {NAME: CopyState.MADE}
    assert source_of(copies.folder / NAME) == "version 1"


def test_learners_get_the_glossary_the_images_and_the_solutions_and_nothing_else(copies):
    given = ("glossary.md", "images/a.png", "solutions/05_full.py")
    others = ("instructors_guide.md", ".progress.json", "images/.DS_Store", "Untitled.ipynb")
    for name in (*given, *others, "solutions/__pycache__/a.pyc", ".ipynb_checkpoints/05_a.ipynb"):
        path = copies.originals / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert set(copies.update()) == {NAME, *given}


def test_a_copy_that_was_deleted_is_made_again(copies):
    copies.update()
    (copies.folder / NAME).unlink()
    assert copies.update() == {NAME: CopyState.MADE}


def test_an_update_writes_nothing_where_nothing_is_new(copies):
    copies.update()
    written(copies.folder / NAME, "version 1", outputs=("my run",))
    before = {path: (path.stat().st_ino, path.read_bytes()) for path in copies.folder.iterdir()}
    assert copies.update() == {NAME: CopyState.CURRENT}
    after = {path: (path.stat().st_ino, path.read_bytes()) for path in copies.folder.iterdir()}
    assert after == before


def test_a_copy_that_was_only_run_follows_the_course(copies):
    copies.update()
    written(copies.folder / NAME, "version 1", outputs=("my run",))
    written(copies.originals / NAME, "version 2")
    assert copies.update() == {NAME: CopyState.UPDATED}
    assert source_of(copies.folder / NAME) == "version 2"
    assert files(copies) == {NAME}


def test_new_outputs_of_the_course_leave_the_learners_outputs_alone(copies):
    copies.update()
    written(copies.folder / NAME, "version 1", outputs=("my run",))
    written(copies.originals / NAME, "version 1", outputs=("another",))
    assert copies.update() == {NAME: CopyState.CURRENT}
    assert "my run" in (copies.folder / NAME).read_text()


def test_a_changed_copy_stays_and_the_new_version_is_put_beside_it(copies):
    copies.update()
    written(copies.folder / NAME, "my own")
    assert copies.update() == {NAME: CopyState.CHANGED}
    written(copies.originals / NAME, "version 2")
    assert copies.update() == {NAME: CopyState.OFFERED}
    assert source_of(copies.folder / NAME) == "my own"
    assert source_of(copies.folder / "05_full.new.ipynb") == "version 2"


def test_a_version_is_offered_once_even_if_the_learner_deletes_it(copies):
    test_a_changed_copy_stays_and_the_new_version_is_put_beside_it(copies)
    (copies.folder / "05_full.new.ipynb").unlink()
    assert copies.update() == {NAME: CopyState.CHANGED}
    assert files(copies) == {NAME}


def test_a_newer_offer_replaces_one_that_nobody_changed(copies):
    test_a_changed_copy_stays_and_the_new_version_is_put_beside_it(copies)
    written(copies.originals / NAME, "version 3")
    assert copies.update() == {NAME: CopyState.OFFERED}
    assert source_of(copies.folder / "05_full.new.ipynb") == "version 3"
    assert files(copies) == {NAME, "05_full.new.ipynb"}


def test_an_offer_that_was_changed_is_never_overwritten(copies):
    test_a_changed_copy_stays_and_the_new_version_is_put_beside_it(copies)
    written(copies.folder / "05_full.new.ipynb", "my own, too")
    written(copies.originals / NAME, "version 3")
    assert copies.update() == {NAME: CopyState.OFFERED}
    assert source_of(copies.folder / "05_full.new.ipynb") == "my own, too"
    assert source_of(copies.folder / "05_full.new2.ipynb") == "version 3"


def test_a_copy_that_was_changed_back_follows_the_course_again(copies):
    copies.update()
    written(copies.folder / NAME, "my own")
    copies.update()
    written(copies.folder / NAME, "version 1")
    written(copies.originals / NAME, "version 2")
    assert copies.update() == {NAME: CopyState.UPDATED}


@pytest.mark.parametrize("record", [None, "", "not JSON", "[]", '{"05_full.ipynb": 3}', "\x00"])
def test_without_a_record_whatever_differs_counts_as_changed(copies, record):
    copies.update()
    path = copies.folder / RECORD
    path.unlink() if record is None else path.write_text(record)
    assert copies.record_is_damaged() == (record is not None)
    written(copies.originals / NAME, "version 2")
    assert copies.update() == {NAME: CopyState.OFFERED}
    assert source_of(copies.folder / NAME) == "version 1"
    assert not copies.record_is_damaged()
    assert copies.update() == {NAME: CopyState.CHANGED}


def test_without_a_record_an_offer_that_is_there_is_not_made_twice(copies):
    test_a_changed_copy_stays_and_the_new_version_is_put_beside_it(copies)
    (copies.folder / RECORD).unlink()
    copies.update()
    assert files(copies) == {NAME, "05_full.new.ipynb"}


def test_a_copy_that_cannot_be_read_is_left_as_it_is(copies):
    copies.update()
    (copies.folder / NAME).write_text("half a noteb")
    written(copies.originals / NAME, "version 2")
    assert copies.update() == {NAME: CopyState.UNREADABLE}
    assert (copies.folder / NAME).read_text() == "half a noteb"


def test_that_a_notebook_is_no_longer_part_of_the_course_is_said_once(copies):
    copies.update()
    (copies.originals / NAME).unlink()
    assert copies.update() == {NAME: CopyState.RETIRED}
    assert files(copies) == {NAME}
    assert copies.update() == {}


def test_an_update_that_cannot_write_loses_nothing_and_the_next_goes_on(copies):
    written(copies.originals / "06_next.ipynb", "version 1")
    copies.update()
    before = (copies.folder / RECORD).read_bytes()
    for name in (NAME, "06_next.ipynb"):
        written(copies.originals / name, "version 2")
    # Not even root can write a file where a folder is: the second copy.
    in_the_way = copies.folder / "06_next.ipynb"
    in_the_way.unlink()
    written(copies.originals / "solutions" / "06_next.py", "")
    (copies.folder / "solutions").touch()
    with pytest.raises(CannotSaveError):
        copies.update()
    assert (copies.folder / RECORD).read_bytes() == before
    (copies.folder / "solutions").unlink()
    assert copies.update()[NAME] is CopyState.CURRENT
    written(copies.originals / NAME, "version 3")
    assert copies.update()[NAME] is CopyState.UPDATED


@pytest.mark.parametrize("wanted", ["05", NAME, f"my_course/{NAME}", "05_full"])
def test_a_notebook_is_given_afresh_and_the_old_one_kept(copies, wanted):
    copies.update()
    written(copies.folder / NAME, "my own", outputs=("my run",))
    renewed = copies.renew(wanted)
    assert (renewed.notebook, renewed.kept_as) == (NAME, "05_full.old.ipynb")
    assert source_of(copies.folder / NAME) == "version 1"
    assert "my run" in (copies.folder / "05_full.old.ipynb").read_text()
    assert copies.update() == {NAME: CopyState.CURRENT}


def test_a_notebook_is_given_afresh_as_often_as_one_likes(copies):
    copies.update()
    for number in range(3):
        written(copies.folder / NAME, f"attempt {number}")
        copies.renew("05")
    kept = ("05_full.old.ipynb", "05_full.old2.ipynb", "05_full.old3.ipynb")
    assert [source_of(copies.folder / name) for name in kept] == [
        "attempt 0",
        "attempt 1",
        "attempt 2",
    ]


def test_a_notebook_given_afresh_takes_the_place_of_its_offer(copies):
    test_a_changed_copy_stays_and_the_new_version_is_put_beside_it(copies)
    copies.renew("05")
    assert files(copies) == {NAME, "05_full.old.ipynb"}
    assert source_of(copies.folder / NAME) == "version 2"


def test_an_offer_that_was_run_stays_when_the_notebook_is_given_afresh(copies):
    test_a_changed_copy_stays_and_the_new_version_is_put_beside_it(copies)
    written(copies.folder / "05_full.new.ipynb", "version 2", outputs=("my run",))
    copies.renew("05")
    assert "05_full.new.ipynb" in files(copies)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_on_a_full_disk_a_notebook_that_cannot_be_given_afresh_stays(copies):
    program = """
import resource, sys
from pathlib import Path
from pubsub_lib.lab.lesson.copies import Copies
from pubsub_lib.lab.lesson.saving import CannotSaveError
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    Copies(Path(sys.argv[1])).renew("05")
except CannotSaveError as problem:
    print(problem)
"""
    copies.update()
    written(copies.folder / NAME, "my own")
    run = subprocess.run(
        [sys.executable, "-c", program, copies.folder.parent],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Make room on the disk" in run.stdout
    assert source_of(copies.folder / NAME) == "my own"
    assert files(copies) == {NAME}


def test_before_there_is_a_copy_a_notebook_can_be_given_too(copies):
    assert copies.renew("05").kept_as is None
    assert copies.update() == {NAME: CopyState.CURRENT}


@pytest.mark.parametrize("wanted", ["", "0", "99", "glossary.md"])
def test_what_is_no_notebook_is_not_given_afresh(copies, wanted):
    written(copies.originals / "06_next.ipynb", "")
    (copies.originals / "glossary.md").touch()
    with pytest.raises(ValueError, match=r"none of the notebooks: 05_full.ipynb, 06_next.ipynb"):
        copies.renew(wanted)


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["edit", "run", "delete", "course", "update", "renew", "forget"]),
            st.integers(0, 3),
        )
    )
)
@settings(max_examples=60)
def test_whatever_happens_nothing_that_a_learner_wrote_is_lost(tmp_path_factory, steps):
    copies = Copies(tmp_path_factory.mktemp("course"))
    written(copies.originals / NAME, "version 0")
    copies.update()
    mine = copies.folder / NAME
    wrote = set()
    for step, number in steps:
        match step:
            case "edit" if mine.exists():
                wrote.discard(source_of(mine))  # the learner's own doing
                written(mine, f"mine {len(wrote)} {number}")
                wrote.add(source_of(mine))
            case "run" if mine.exists():
                written(mine, source_of(mine), outputs=("a run",))
            case "delete" if mine.exists():
                wrote.discard(source_of(mine))
                mine.unlink()
            case "course":
                written(copies.originals / NAME, f"version {number}")
            case "update":
                copies.update()
            case "renew":
                copies.renew("05")
            case "forget":
                (copies.folder / RECORD).unlink(missing_ok=True)
        kept = {source_of(path) for path in copies.folder.glob("*.ipynb")}
        assert wrote <= kept
