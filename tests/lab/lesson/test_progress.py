"""What a learner has solved is remembered, and never stands in the way."""

from pathlib import Path

import pytest

from pubsub_lib.lab.exercises import check, checking, show_progress
from pubsub_lib.lab.lesson.progress import (
    progress_file,
    progress_table,
    remember,
    solved,
)


@pytest.fixture
def path(tmp_path, monkeypatch) -> Path:
    path = tmp_path / "progress.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    return path


async def both(first, second):
    import asyncio

    return tuple(await asyncio.gather(first, second))


def test_nothing_is_solved_at_first(path):
    assert solved() == set()


def test_a_solved_exercise_is_remembered(path, capsys):
    check("00.1", both)
    assert solved() == {"00.1"}


def test_an_exercise_that_is_not_solved_is_not_remembered(path, capsys):
    async def unattempted(first, second):
        raise NotImplementedError

    check("00.1", unattempted)
    assert not path.exists()


def test_what_was_remembered_before_is_kept(path):
    remember("00.1")
    remember("01.2")
    remember("00.1")
    assert solved() == {"00.1", "01.2"}


@pytest.mark.parametrize("content", ["", "not JSON", '{"00.1": true}', "\x00"])
def test_a_file_that_makes_no_sense_counts_as_none(path, content):
    path.write_text(content, encoding="utf-8")
    assert solved() == set()
    remember("00.1")
    assert solved() == {"00.1"}


def test_where_nothing_can_be_written_the_check_still_answers(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "no such folder" / "progress.json"))
    check("00.1", both)
    assert "solved" in capsys.readouterr().out
    assert solved() == set()


def test_without_a_setting_it_is_kept_beside_the_notebooks(monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    assert progress_file().parent.name == "notebooks"
    assert (progress_file().parent / "00_start_here.ipynb").exists()


def test_the_table_says_what_is_open():
    assert progress_table(["00.1", "00.2"], ["00.1", "00.2"]).splitlines()[-1] == (
        "| 00 | 2 of 2 | none |"
    )


def test_a_notebook_shows_every_exercise_of_the_course(path, monkeypatch):
    shown = []
    monkeypatch.setattr(checking, "display", shown.append)
    show_progress()
    assert "| 00 | 0 of 2 | 00.1, 00.2 |" in shown[0].data
