"""The command that opens the course: what it makes, what it says, and that git never minds."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from pubsub_lib.lab.lesson.copies import CopyState
from tests.small_courses import copy_of_the_course, opened_in_jupyterlab
from tools.open_course import (
    SETTINGS,
    SETTINGS_FILES,
    explained,
    find_a_home,
    leave_settings_for_others,
)

ROOT = Path(__file__).resolve().parents[2]
NOTIFICATIONS = "@jupyterlab/apputils-extension:notification"
FIRST, LAST = "00_start_here.ipynb", "13_put_it_to_work.ipynb"

type Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A small course of its own: two notebooks, and what the command needs."""
    notebooks = (f"notebooks/{FIRST}", f"notebooks/{LAST}")
    return copy_of_the_course(tmp_path / "course", *notebooks, ".gitignore")


def run(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/open_course.py", *arguments]
    return subprocess.run(command, cwd=course, capture_output=True, text=True, timeout=60)


def change(notebook: Path, source: str) -> None:
    content = json.loads(notebook.read_bytes())
    content["cells"][0]["source"] = source
    notebook.write_text(json.dumps(content), encoding="utf-8")


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody without settings."""
    who = [
        f"{role}_{what}" for role in ("GIT_AUTHOR", "GIT_COMMITTER") for what in ("NAME", "EMAIL")
    ]
    environment = os.environ | dict.fromkeys(who, "learner") | {"GIT_CONFIG_GLOBAL": os.devnull}
    finished = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git on this machine")
def test_git_status_stays_clean_and_git_pull_works_after_any_amount_of_work(course, tmp_path):
    git(course, "init", "-q", "-b", "main")
    git(course, "add", ".")
    git(course, "commit", "-qm", "the course")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(course), str(clone))
    mine = clone / "my_course"
    assert run(clone, "--copies-only").returncode == 0
    change(mine / FIRST, "my own words")
    for name in ("Untitled.ipynb", ".progress.json", ".ipynb_checkpoints/00.ipynb", "data.csv"):
        (mine / name).parent.mkdir(exist_ok=True)
        (mine / name).touch()
    assert git(clone, "status", "--porcelain") == ""

    for name in (FIRST, LAST):
        change(course / "notebooks" / name, "a new version")
    git(course, "commit", "-qam", "a new version")
    git(clone, "pull", "-q", "--ff-only")
    said = run(clone, "--copies-only").stdout
    assert f"Brought up to date, since the course has changed them and you had not: {LAST}." in said
    assert f"The course has a new version of what you have changed: {FIRST}." in said
    assert "my own words" in (mine / FIRST).read_text()
    assert "a new version" in (mine / "00_start_here.new.ipynb").read_text()
    assert git(clone, "status", "--porcelain") == ""


def test_the_first_time_it_says_whose_the_copies_are_and_then_nothing(course):
    first, second = run(course, "--copies-only"), run(course, "--copies-only")
    assert first.stdout.startswith("my_course/ is yours: a copy of every notebook")
    assert (first.stderr, second.stdout, second.stderr) == ("", "", "")


def test_what_was_solved_in_the_originals_is_brought_along(course):
    (course / "notebooks" / ".progress.json").write_text('["00.1"]')
    run(course, "--copies-only")
    assert json.loads((course / "my_course" / ".progress.json").read_text()) == {"solved": ["00.1"]}


def test_a_notebook_is_given_afresh_and_yours_kept(course):
    run(course, "--copies-only")
    change(course / "my_course" / FIRST, "my own words")
    finished = run(course, "--afresh", "00")
    assert finished.stdout.startswith(
        f"{FIRST} is there afresh; yours is kept beside it as 00_start_here.old.ipynb."
    )
    assert "my own words" in (course / "my_course" / "00_start_here.old.ipynb").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--afresh", "99"), "'99' is none of the notebooks: 00_start_here.ipynb, 13_put_it"),
        (("--afresh", "00", "--no-browser"), "unknown: --no-browser"),
        (("--copies-only", "--afresh", "00"), "not allowed with argument"),
    ],
)
def test_what_makes_no_sense_is_refused(course, arguments, message):
    finished = run(course, *arguments)
    assert finished.returncode != 0
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr


def test_where_the_copies_cannot_be_made_it_says_what_to_do(course):
    # Not even root can make a folder where a file is.
    (course / "my_course").touch()
    finished = run(course)
    assert finished.returncode == 1
    assert re.search(r"could not be written: .*copy the whole course to one", finished.stderr)
    assert "Traceback" not in finished.stderr


def test_a_damaged_record_is_reported_and_every_copy_stays(course):
    run(course, "--copies-only")
    change(course / "my_course" / FIRST, "my own words")
    (course / "my_course" / ".copies.json").write_text("{")
    finished = run(course, "--copies-only")
    assert "The record of what you were given cannot be read" in finished.stdout
    assert "my own words" in (course / "my_course" / FIRST).read_text()


@pytest.mark.parametrize("state", CopyState)
def test_every_state_of_a_copy_is_explained_or_nothing_new(state):
    said = explained({FIRST: state, LAST: CopyState.CURRENT})
    nothing_new = {CopyState.CURRENT, CopyState.CHANGED}
    assert (FIRST in said) == (state not in nothing_new)
    if state in {CopyState.OFFERED, CopyState.UNREADABLE}:
        assert "make afresh NOTEBOOK=00 " in said
        assert "--afresh 00)" in said


def test_where_the_users_folder_cannot_be_written_to_there_is_another_for_a_while(
    tmp_path, monkeypatch
):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "a file" / "home"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    find_a_home()
    home = Path(os.environ["HOME"])
    assert home.parent == tmp_path
    assert home.is_dir()


@pytest.mark.parametrize("sign", ["pyvenv.cfg", "conda-meta/history"])
def test_an_environment_gets_the_settings_for_what_is_started_without_this_command(tmp_path, sign):
    (tmp_path / sign).parent.mkdir(exist_ok=True)
    (tmp_path / sign).touch()
    leave_settings_for_others(tmp_path)
    left = tmp_path / "etc" / "jupyter"
    (left / "jupyter_config.py").write_text("an older version")
    leave_settings_for_others(tmp_path)
    for name in SETTINGS_FILES:
        assert (left / name).read_bytes() == (SETTINGS / name).read_bytes()


def test_the_python_of_a_whole_machine_gets_no_settings(tmp_path):
    leave_settings_for_others(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.run_all
def test_the_kernel_that_nbconvert_starts_in_an_environment_warns_of_nothing(tmp_path):
    (tmp_path / "pyvenv.cfg").touch()
    leave_settings_for_others(tmp_path)
    notebook = tmp_path / "short.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]), notebook)
    finished = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--execute", "--to=markdown", notebook],
        env=os.environ | {"JUPYTER_CONFIG_PATH": str(tmp_path / "etc" / "jupyter")},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    assert "WARNING" not in finished.stderr


@pytest.mark.skipif(os.name == "nt", reason="there, no process can interrupt one alone")
def test_a_start_that_is_interrupted_while_it_imports_ends_without_a_traceback(course):
    slow_to_import = "print('importing', flush=True)\nimport time\ntime.sleep(60)\n"
    (course / "tools" / "pubsub_lib.py").write_text(slow_to_import, encoding="utf-8")
    opening = subprocess.Popen(
        [sys.executable, "tools/open_course.py"],
        cwd=course,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert opening.stdout is not None
    assert opening.stdout.readline() == "importing\n"
    opening.send_signal(signal.SIGINT)
    _, said = opening.communicate(timeout=60)
    assert (opening.returncode, said) == (-signal.SIGINT, "")


@pytest.mark.skipif(os.name == "nt", reason="there, no process can interrupt one alone")
def test_an_interrupted_start_ends_without_a_traceback(course):
    command = [sys.executable, "tools/open_course.py", "--no-browser"]
    opening = subprocess.Popen(
        command, cwd=course, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert opening.stdout is not None
    assert opening.stdout.readline().startswith("my_course/ is yours")
    opening.send_signal(signal.SIGINT)
    _, said = opening.communicate(timeout=60)
    assert (opening.returncode, said) == (-signal.SIGINT, "")


def test_jupyterlab_opens_the_copy_and_asks_nothing_about_news(course):
    with opened_in_jupyterlab(course, runtime=course / "runtime") as page:
        assert page.endswith(f"/lab/tree/my_course/{FIRST}")
        address = page.partition("/lab")[0]
        assert '"news": {"disabled": true}' in fetch(page)
        settings = json.loads(fetch(f"{address}/lab/api/settings/{NOTIFICATIONS}"))
        assert settings["schema"]["properties"]["fetchNews"]["default"] == "false"
        copy = json.loads(fetch(f"{address}/api/contents/my_course/{FIRST}"))
        assert copy["writable"]
        assert not any(cell.get("outputs") for cell in copy["content"]["cells"])


def fetch(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return answer.read().decode()
