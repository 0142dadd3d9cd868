"""One command says who of a class has solved what, and what is often guessed wrong."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pubsub_lib.lab.exercises import EXERCISES
from pubsub_lib.lab.lesson import progress
from tools import read_class


class Run(NamedTuple):
    """How the command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of a class of three, where two guess alike, and one worked before guesses were noted."""
    for name, guess, missed in [("anna", 3, False), ("ben", 3, True)]:
        file = tmp_path / name / "my_course" / progress.FILE
        file.parent.mkdir(parents=True)
        progress.remember("00.1", path=file)
        progress.note_guess("02.fifth_in", guess, is_right=False, path=file)
        progress.note_guess("02.idle_cost", "about as much", is_right=name == "ben", path=file)
        answer = progress.Recalled("02", is_right=not missed)
        progress.note_recalled("02.recall.join", answer, path=file)
    (tmp_path / "carl").mkdir()
    (tmp_path / "carl" / progress.FILE).write_text('["00.1", "00.2"]', encoding="utf-8")
    return tmp_path


@pytest.fixture
def read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path], Run]:
    """Runs the command, and returns its status and what it printed."""

    def run(folder: Path) -> Run:
        monkeypatch.setattr(sys, "argv", ["read_class", str(folder)])
        returncode = read_class.main()
        return Run(returncode, *capsys.readouterr())

    return run


def test_it_says_who_has_solved_what(read, folder):
    run = read(folder)
    assert run.returncode == 0, run.stderr
    head, _, anna, ben, carl, *_ = run.stdout.splitlines()
    assert head.startswith("| solved | 00 | 01 |")
    assert [row.split(" | ")[0] for row in (anna, ben, carl)] == ["| anna", "| ben", "| carl"]
    there_are = sum(number.startswith("00.") for number in EXERCISES)
    assert anna.split(" | ")[1] == f"1/{there_are}"
    assert carl.split(" | ")[1] == f"2/{there_are}"


def test_it_says_what_is_often_guessed_wrong_and_what_was_missed(read, folder):
    said = read(folder).stdout
    assert "| 02.fifth_in | 2 of 2 | 0 | 3 (2 times) |" in said
    assert "| 02.idle_cost | 1 of 2 | 0 | about as much (1 time) |" in said
    assert said.index("02.fifth_in") < said.index("02.idle_cost")
    assert "| 02.recall.join | 1 |" in said


def test_who_asked_to_be_shown_made_no_wrong_guess(read, folder):
    file = folder / "carl" / progress.FILE
    progress.note_guess("02.fifth_in", None, is_right=False, path=file)
    assert "| 02.fifth_in | 2 of 3 | 1 | 3 (2 times) |" in read(folder).stdout


def test_what_cannot_be_read_is_named_and_left_out(read, folder):
    for name, content in [("dora", "no JSON"), ("emil", "7"), ("fay", None)]:
        (folder / name / "my_course").mkdir(parents=True)
        if content:
            (folder / name / "my_course" / progress.FILE).write_text(content, encoding="utf-8")
    (folder / "a file.txt").touch()
    run = read(folder)
    assert run.returncode == 0
    complaints = run.stderr.splitlines()
    assert [line.partition(":")[0] for line in complaints] == ["dora", "emil", "fay"]
    assert "makes no sense" in complaints[0]
    assert "it holds a int" in complaints[1]
    assert "there is no .progress.json" in complaints[2]
    assert "| carl |" in run.stdout


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_a_class_is_an_error_with_a_remedy(read, tmp_path, make):
    place = tmp_path / "class"
    if make:
        place.mkdir()
    run = read(place)
    assert run.returncode == 1
    assert run.stdout == ""
    assert ("is nobody's my_course" if make else "make class FOLDER=") in run.stderr


def test_odd_entries_of_a_file_count_as_none(read, folder):
    odd = {"solved": "00.1", "guesses": {"02.fifth_in": [3], "x": {"guess": [], "is_right": 1}}}
    (folder / "carl" / progress.FILE).write_text(json.dumps(odd), encoding="utf-8")
    run = read(folder)
    assert run.returncode == 0, run.stderr
    assert "| 02.fifth_in | 2 of 2 |" in run.stdout
