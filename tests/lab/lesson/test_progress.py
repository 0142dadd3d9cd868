"""What a learner has solved is remembered, and never stands in the way."""

import json
from pathlib import Path

import pytest

from pubsub_lib.lab.exercises import check, overview, show_progress
from pubsub_lib.lab.lesson.progress import (
    bring_along,
    progress_file,
    remember,
    solved,
)
from pubsub_lib.lab.lesson.saving import CannotSaveError


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
    (tmp_path / "a file").touch()
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "a file" / "progress.json"))
    check("00.1", both)
    said = capsys.readouterr().out
    assert "Exercise 00.1: solved" in said
    assert "That you have solved 00.1 will be forgotten." in said
    assert solved() == set()


def test_without_a_setting_it_is_kept_beside_the_learners_copies(monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS", raising=False)
    assert progress_file().parent.name == "my_course"
    assert (progress_file().parents[1] / "notebooks" / "00_start_here.ipynb").exists()


def test_a_file_that_is_only_a_list_as_it_used_to_be_is_read(path):
    path.write_text('["00.1"]', encoding="utf-8")
    assert solved() == {"00.1"}
    remember("00.2")
    assert json.loads(path.read_text(encoding="utf-8")) == {"solved": ["00.1", "00.2"]}


def test_what_else_the_file_holds_is_kept(path):
    path.write_text('{"solved": ["00.1"], "guesses": {"a": 3}}', encoding="utf-8")
    remember("00.2")
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content == {"solved": ["00.1", "00.2"], "guesses": {"a": 3}}


def test_what_was_noted_where_the_file_used_to_be_is_taken_over_once(path, tmp_path):
    old = tmp_path / "old.json"
    old.write_text('["00.1"]', encoding="utf-8")
    remember("00.2")
    bring_along(old, path)
    bring_along(old, path)
    assert solved() == {"00.1", "00.2"}
    assert not old.exists()


def test_what_cannot_be_taken_over_stays_where_it_is(tmp_path):
    old = tmp_path / "old.json"
    old.write_text('["00.1"]', encoding="utf-8")
    with pytest.raises(CannotSaveError):
        bring_along(old, old / "progress.json")
    assert solved(path=old) == {"00.1"}


def test_a_notebook_shows_every_exercise_of_the_course(path, monkeypatch):
    shown = []
    monkeypatch.setattr(overview, "show_table", lambda head, rows: shown.extend(rows))
    remember("01.1", path=path)
    for number in ("00.1", "00.2"):
        remember(number, path=path)
    show_progress()
    assert shown[0] == ["00", "2 of 2", "none"]
    assert shown[1] == ["01", "1 of 3", "01.2, 01.3"]
