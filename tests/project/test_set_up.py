"""Setting the course up: which Python is chosen, and what is said where none will do.

The interpreters here are small shell scripts that answer as an interpreter would; the machine's own
are out of sight. Nothing is downloaded, and no environment is made.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="tools/set_up.sh and the Makefile need a POSIX shell"
)

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    "awk",
    "cat",
    "cmp",
    "cut",
    "date",
    "dirname",
    "grep",
    "head",
    "mkdir",
    "rm",
    "sed",
    "tail",
)


class Machine:
    """A computer without Python, until some is installed; its folders have spaces in their names.

    Attributes:
        path: the folder that is searched for commands.
        home: the user's folder.
        project: a copy of what the scripts work on.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "on the path"
        self.home = folder / "my home"
        self.project = folder / "the project"
        for made in (self.path, self.home, self.project / "tools"):
            made.mkdir(parents=True)
        for command in COMMANDS:
            found = shutil.which(command)
            assert found, command
            (self.path / command).symlink_to(found)
        for script in ("set_up.sh", "test_another_python.sh"):
            shutil.copy(ROOT / "tools" / script, self.project / "tools" / script)
        for file in ("requirements.txt", "pyproject.toml"):
            (self.project / file).write_text(f"{file}\n")

    def script(self, place: Path, *lines: str) -> Path:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        place.chmod(0o755)
        return place

    def install(self, place: Path | str, version: str, lacks: str = "") -> Path:
        """Put an interpreter there, or on the path if it is only a name. It can make nothing.

        It answers the two questions that the scripts ask, and runs anything else without a word.
        """
        place = self.path / place
        return self.script(
            place,
            'case "$1 $2" in',
            f"    *problems*) echo '{version}|{lacks}|{place}' ;;",
            f"    *'version_info[:2]'*) echo {version.rpartition('.')[0]} ;;",
            "    -m*) exit 1 ;;",
            "esac",
        )

    def run(
        self, *command: Path | str, folder: Path | None = None, **environment: object
    ) -> subprocess.CompletedProcess[str]:
        given = {"PATH": self.path, "HOME": self.home, "PYTHON_FOLDERS": "", **environment}
        return subprocess.run(
            [str(part) for part in command],
            cwd=folder or self.project,
            env={name: str(value) for name, value in given.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def set_up(self, *options: str, **settings: object) -> subprocess.CompletedProcess[str]:
        return self.run(self.project / "tools" / "set_up.sh", *options, **settings)

    def found(self, *options: str, **settings: object) -> str:
        """Return the interpreter that is found."""
        finished = self.set_up("--find", *options, **settings)
        assert (finished.returncode, finished.stderr) == (0, "")
        return finished.stdout.removesuffix("\n")

    def complaint(self, *options: str, **settings: object) -> str:
        """Return what is said when none is found."""
        finished = self.set_up("--find", *options, **settings)
        assert (finished.returncode, finished.stdout) == (1, "")
        return finished.stderr


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# Which interpreter is chosen.


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        (["3.12", "3.13", "3.14"], "3.13"),
        (["3.12", "3.14"], "3.12"),
        (["3.11", "3.14", "3.15"], "3.14"),
    ],
)
def test_3_13_is_preferred_to_3_12_and_3_12_to_3_14(machine, installed, chosen):
    for series in installed:
        machine.install(f"python{series}", f"{series}.1")
    assert machine.found() == str(machine.path / f"python{chosen}")


def test_only_the_versions_that_are_asked_for_are_looked_for(machine):
    machine.install("python3.13", "3.13.1")
    expected = machine.install("python3.12", "3.12.1")
    assert machine.found("--versions", "3.12") == str(expected)


@pytest.mark.parametrize("name", ["python3", "python"])
def test_an_interpreter_whose_name_tells_no_version_is_asked_for_it(machine, name):
    expected = machine.install(name, "3.14.0")
    assert machine.found() == str(expected)


def test_python3_is_asked_before_python(machine):
    machine.install("python", "3.13.1")
    expected = machine.install("python3", "3.12.1")
    assert machine.found() == str(expected)


def test_a_name_that_tells_the_wrong_version_is_not_believed(machine):
    machine.install("python3.13", "3.11.0")
    expected = machine.install("python3.12", "3.12.0")
    assert machine.found() == str(expected)


@pytest.mark.parametrize(
    "place",
    [
        ".pyenv/versions/3.13.0/bin/python",
        ".local/share/uv/python/cpython-3.13.2-linux-x86_64-gnu/bin/python3",
        ".local/bin/python3.13",
        "miniconda3/bin/python3.13",
        "miniforge3/envs/course/bin/python3.13",
        "anaconda3/bin/python3.13",
    ],
)
def test_it_is_found_where_tools_put_it_and_preferred_to_an_older_one_on_the_path(machine, place):
    machine.install("python3.12", "3.12.1")
    expected = machine.install(machine.home / place, "3.13.2")
    assert machine.found() == str(expected)


def test_pyenv_may_be_elsewhere(machine, tmp_path):
    expected = machine.install(
        tmp_path / "pyenv" / "versions" / "3.13.0" / "bin" / "python", "3.13.0"
    )
    assert machine.found(PYENV_ROOT=tmp_path / "pyenv") == str(expected)


def test_it_is_found_in_a_folder_of_the_system_that_is_not_on_the_path(machine, tmp_path):
    expected = machine.install(tmp_path / "opt" / "python3.13", "3.13.1")
    assert machine.found(PYTHON_FOLDERS=f"/nonexistent {tmp_path}/opt") == str(expected)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("uv", "python find --system --no-python-downloads 3.13"), ("py", "-3.13 -c *")],
)
def test_a_tool_that_knows_where_it_is_is_asked(machine, tmp_path, tool, arguments):
    expected = machine.install(tmp_path / "hidden" / "python", "3.13.1")
    pattern = arguments.replace(" ", r"\ ")
    machine.script(
        machine.path / tool, f"case $* in {pattern}) echo '{expected}' ;; *) exit 1 ;; esac"
    )
    assert machine.found() == str(expected)


def test_what_is_printed_is_where_the_interpreter_says_it_is(machine):
    machine.script(machine.path / "python3.13", "echo '3.13.1||/opt/real/python3.13'")
    assert machine.found() == "/opt/real/python3.13"


def test_it_works_from_any_folder(machine, tmp_path):
    expected = machine.install("python3.13", "3.13.1")
    assert machine.found(folder=tmp_path) == str(expected)


def test_it_works_without_a_home(machine):
    expected = machine.install("python3.13", "3.13.1")
    assert machine.found(HOME=None) == str(expected)


def test_finding_changes_nothing(machine):
    machine.install("python3.13", "3.13.1")
    before = sorted(machine.project.rglob("*"))
    machine.found()
    assert sorted(machine.project.rglob("*")) == before


def test_the_interpreter_that_runs_this_test_is_recognised(machine):
    series = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = machine.found("--versions", series, PYTHON=sys.executable)
    assert base == sys._base_executable


# Shims: commands that lead to no interpreter, or to another one.


def shim(machine: Machine, name: str) -> Path:
    """What pyenv puts on the path for a version that is installed but not chosen."""
    return machine.script(
        machine.path / name, f"echo 'pyenv: {name}: command not found' >&2", "exit 127"
    )


def test_a_shim_that_leads_nowhere_is_passed_over(machine):
    shim(machine, "python3.13")
    expected = machine.install("python3.12", "3.12.1")
    assert machine.found() == str(expected)


def test_the_interpreter_behind_a_shim_is_found(machine):
    shim(machine, "python3.13")
    expected = machine.install(machine.home / ".pyenv/versions/3.13.0/bin/python", "3.13.0")
    assert machine.found() == str(expected)


def test_a_shim_is_named_as_one_that_does_not_run(machine):
    place = shim(machine, "python3.13")
    assert f"    {place} does not run\n" in machine.complaint()


def test_what_answers_something_else_does_not_run(machine):
    place = machine.script(
        machine.path / "python3", "echo 'Python was not found; install it from the store.'"
    )
    assert f"    {place} does not run\n" in machine.complaint()


# What will not do, and why.


@pytest.mark.parametrize(
    ("version", "lacks", "why"),
    [
        ("2.7.18", "", "is Python 2.7.18"),
        ("3.11.9", "", "is Python 3.11.9"),
        ("3.15.0", "", "is Python 3.15.0"),
        ("3.13.1", "is free-threaded", "is Python 3.13.1, but it is free-threaded"),
        ("3.13.1", "is not CPython", "is Python 3.13.1, but it is not CPython"),
        ("3.12.3", "lacks ssl", "is Python 3.12.3, but it lacks ssl"),
        (
            "3.12.3",
            "lacks ensurepip",
            "is Python 3.12.3, but it lacks ensurepip "
            "(Debian, Ubuntu: sudo apt install python3.12-venv)",
        ),
    ],
)
def test_what_will_not_do_is_named_with_the_reason(machine, version, lacks, why):
    place = machine.install("python3", version, lacks)
    assert f"These will not:\n\n    {place} {why}\n\nWays to get one:\n" in machine.complaint()


def test_all_that_will_not_do_are_named_once(machine):
    machine.install("python3.13", "3.13.1", "is free-threaded")
    machine.install("python3", "3.9.18")
    machine.install("python", "3.9.18")
    # It is asked for each version in turn, and has the same answer every time.
    machine.script(machine.path / "uv", f"echo '{machine.path}/python3'")
    named = re.findall(r"^    (\S.*) is Python (\S+)", machine.complaint(), re.MULTILINE)
    assert named == [
        (str(machine.path / "python3.13"), "3.13.1,"),
        (str(machine.path / "python3"), "3.9.18"),
        (str(machine.path / "python"), "3.9.18"),
    ]


def test_an_interpreter_that_lacks_something_does_not_end_the_search(machine):
    machine.install("python3.13", "3.13.1", "lacks venv and lacks ensurepip")
    expected = machine.install("python3.14", "3.14.0")
    assert machine.found() == str(expected)


# Nothing is found.


def test_without_any_python_the_versions_that_would_do_are_named(machine):
    assert machine.complaint().startswith(
        "No suitable Python was found. Python 3.13, 3.12 or 3.14 would do.\n\nWays to get one:\n"
    )


def test_without_any_python_nothing_is_said_about_others(machine):
    assert "These will not" not in machine.complaint()


@pytest.mark.parametrize(
    "way",
    [
        "https://www.python.org/downloads/",
        "brew install python@3.13",
        "sudo apt install python3 python3-venv",
        "uv python install 3.13",
        "pyenv install 3.13",
        "conda create --name python3.13 python=3.13",
        "PYTHON=/path/to/python3.13 make lab",
    ],
)
def test_without_any_python_the_ways_to_get_one_are_named(machine, way):
    assert way in machine.complaint()


def test_the_ways_name_the_version_that_is_asked_for(machine):
    complaint = machine.complaint("--versions", "3.12")
    assert "Python 3.12 would do." in complaint
    assert "uv python install 3.12\n" in complaint
    assert "3.13" not in complaint


# PYTHON=


def test_the_interpreter_that_PYTHON_names_is_preferred_to_all_others(machine, tmp_path):  # noqa: N802
    machine.install("python3.13", "3.13.1")
    expected = machine.install(tmp_path / "mine" / "python", "3.14.0")
    assert machine.found(PYTHON=expected) == str(expected)


def test_PYTHON_may_name_a_command(machine):  # noqa: N802
    machine.install("python3.13", "3.13.1")
    expected = machine.install("python3.14", "3.14.0")
    assert machine.found(PYTHON="python3.14") == str(expected)


def test_an_empty_PYTHON_names_none(machine):  # noqa: N802
    expected = machine.install("python3.13", "3.13.1")
    assert machine.found(PYTHON="") == str(expected)


@pytest.mark.parametrize(
    ("version", "lacks", "why"),
    [
        ("3.9.18", "", "it is Python 3.9.18"),
        ("3.13.1", "is free-threaded", "it is Python 3.13.1, but it is free-threaded"),
    ],
)
def test_a_PYTHON_that_will_not_do_is_refused_though_another_would(  # noqa: N802
    machine, version, lacks, why
):
    machine.install("python3.13", "3.13.1")
    mine = machine.install("mine", version, lacks)
    assert machine.complaint(PYTHON=mine) == (
        f"PYTHON={mine} will not do: {why}. Python 3.13, 3.12 or 3.14 would do.\n"
    )


def test_a_PYTHON_that_does_not_exist_is_refused(machine):  # noqa: N802
    machine.install("python3.13", "3.13.1")
    assert machine.complaint(PYTHON="/nonexistent/python") == (
        "PYTHON=/nonexistent/python will not do: it does not exist. "
        "Python 3.13, 3.12 or 3.14 would do.\n"
    )


def test_a_PYTHON_that_does_not_run_is_refused(machine):  # noqa: N802
    mine = shim(machine, "mine")
    assert f"PYTHON={mine} will not do: it does not run." in machine.complaint(PYTHON=mine)


# Options.


def test_an_unknown_option_is_refused(machine):
    finished = machine.set_up("--fnid")
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr == "set_up.sh: unknown option --fnid\n"


@pytest.mark.parametrize("option", ["--folder", "--versions"])
def test_an_option_without_its_value_is_refused(machine, option):
    finished = machine.set_up(option)
    assert finished.returncode == 2
    assert finished.stderr == f"set_up.sh: {option} needs a value\n"


# The environment, as far as it goes without making one.


def environment_of(machine: Machine, made_in: Path) -> Path:
    """An environment that is as it should be, if it was made in this project."""
    machine.install(machine.project / ".venv" / "bin" / "python", "3.13.1")
    made_for = [str(made_in), "requirements.txt", "pyproject.toml", ""]
    stamp = machine.project / ".venv" / "made-for.txt"
    stamp.write_text("\n".join(made_for))
    return stamp


def test_an_environment_that_is_as_it_should_be_is_left_alone(machine):
    stamp = environment_of(machine, machine.project.resolve())
    finished = machine.set_up()
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert stamp.exists()


@pytest.mark.parametrize("file", ["requirements.txt", "pyproject.toml"])
def test_a_missing_file_is_named_and_how_to_get_it_back(machine, file):
    machine.install("python3.13", "3.13.1")
    (machine.project / file).unlink()
    finished = machine.set_up()
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr == f"{file} is missing. Get it back with: git checkout {file}\n"
    assert not (machine.project / ".venv").exists()


def test_an_environment_from_another_folder_is_made_again(machine, tmp_path):
    environment_of(machine, made_in=tmp_path / "elsewhere")
    machine.install("python3.13", "3.13.1")
    assert machine.set_up().stdout.startswith(
        ".venv has to be made again: it was made in another folder.\n"
        f"1/4 Making .venv with Python 3.13.1, {machine.path / 'python3.13'}\n"
    )


def test_an_environment_whose_python_is_gone_is_made_again(machine):
    environment_of(machine, machine.project.resolve())
    (machine.project / ".venv" / "bin" / "python").unlink()
    machine.install("python3.13", "3.13.1")
    assert machine.set_up().stdout.startswith(
        ".venv has to be made again: its Python does not run.\n1/4 Making .venv"
    )


def test_an_environment_that_was_never_finished_is_made_again(machine):
    environment_of(machine, Path("unfinished"))
    machine.install("python3.13", "3.13.1")
    assert machine.set_up().stdout.startswith(
        ".venv has to be made again: an earlier set-up was interrupted.\n1/4 Making .venv"
    )


def test_what_is_left_of_an_environment_whose_removal_was_interrupted_is_not_kept(
    machine, tmp_path
):
    stamp = environment_of(machine, made_in=tmp_path / "elsewhere")
    machine.install("python3.13", "3.13.1")
    remove = (machine.path / "rm").resolve()
    (machine.path / "rm").unlink()
    # It has come as far as the stamp.
    interrupted = f"case $1 in -rf) {remove} '{stamp}'; exit 130 ;; *) exec {remove} \"$@\" ;; esac"
    machine.script(machine.path / "rm", interrupted)
    machine.set_up()
    assert machine.set_up().stdout.startswith(".venv has to be made again: its Python does not run")


@pytest.mark.parametrize("python", ["", "/nonexistent/python"])
def test_an_environment_is_kept_while_there_is_nothing_to_make_another_with(machine, python):
    stamp = environment_of(machine, Path("unfinished"))
    assert machine.set_up(PYTHON=python).returncode == 1
    assert stamp.exists()


def test_an_interpreter_that_makes_no_environment_is_named(machine):
    place = machine.install("python3.13", "3.13.1")
    finished = machine.set_up()
    assert finished.returncode == 1
    assert finished.stderr == f"{place} could not make .venv.\n"


@pytest.mark.parametrize(
    ("works", "said"),
    [("*--offline*", ""), ("*sync*", ""), ("*'pip -qq install'*", "    uv could not; trying pip")],
)
def test_the_packages_are_taken_from_where_they_can_be_had(machine, works, said):
    environment_of(machine, machine.project.resolve())
    (machine.project / "requirements.txt").write_text("uv==1.0 \\\n    --hash=sha256:0\n")
    machine.script(
        machine.project / ".venv" / "bin" / "python",
        'case "$*" in',
        "    *problems*) echo '3.13.1||python' ;;",
        f"    {works}) ;;",
        "    *sync*) exit 1 ;;",
        "esac",
    )
    finished = machine.set_up()
    assert (finished.returncode, finished.stderr) == (0, "")
    told = finished.stdout.splitlines()
    assert [line for line in told if line.startswith(" ")] == ([told[3]] if said else [])
    assert said in finished.stdout
    assert told[-1].startswith("Ready after ")


def no_place(folder: str, place: str | Path) -> str:
    return (
        f"{folder} has to be made or brought up to date, but {place} is not there, or cannot be "
        "written to.\n\nCopy the course to a folder of your own; your notebooks need one, too. "
        "To run the tests where it is,\nname another place for the environment each time:\n\n    "
        "make test VENV=/path/to/a/folder/.venv\n"
    )


def test_a_place_for_it_that_is_not_there_is_named_and_what_to_do(machine):
    machine.install("python3.13", "3.13.1")
    finished = machine.set_up("--folder", "elsewhere/.venv")
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr == no_place("elsewhere/.venv", "elsewhere")


@pytest.mark.skipif(os.name != "nt" and os.geteuid() == 0, reason="root may write everywhere")
def test_a_project_that_cannot_be_written_to_is_named_and_what_to_do(machine):
    machine.install("python3.13", "3.13.1")
    machine.project.chmod(0o555)
    finished = machine.set_up()
    machine.project.chmod(0o755)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr == no_place(".venv", machine.project.resolve())


# The tests on another Python.


def on_another_python(
    machine: Machine, own: str, **settings: object
) -> subprocess.CompletedProcess[str]:
    """Run the script where .venv has this Python, with a make that only says what it was told."""
    machine.install(machine.project / ".venv" / "bin" / "python", f"{own}.1")
    make = machine.script(machine.path / "make-for-the-test", 'for a; do echo "make: $a"; done')
    script = machine.project / "tools" / "test_another_python.sh"
    return machine.run(script, MAKE=make.name, **settings)


@pytest.mark.parametrize(
    ("own", "others", "remedy"), [("3.13", "3.12", "3.12"), ("3.12", "3.13 or 3.14", "3.13")]
)
def test_where_no_other_python_is_found_it_says_what_it_skips(machine, own, others, remedy):
    finished = on_another_python(machine, own)
    assert (finished.returncode, finished.stderr) == (0, "")
    assert finished.stdout == (
        f"SKIPPED: the tests on another Python. None was found that is {others}.\n"
        f"To have them run, install one, for instance with: uv python install {remedy}\n"
    )


@pytest.mark.parametrize(("own", "other"), [("3.13", "3.12"), ("3.14", "3.12"), ("3.12", "3.13")])
def test_the_tests_run_on_another_python_in_an_environment_of_its_own(machine, own, other):
    machine.install(f"python{own}", f"{own}.1")
    place = machine.install(f"python{other}", f"{other}.1")
    finished = on_another_python(machine, own)
    assert finished.stdout.splitlines() == [
        f"The same tests on Python {other}, in .venv-{other}:",
        "make: test",
        f"make: VENV=.venv-{other}",
        f"make: PYTHON={place}",
    ]


def test_the_python_that_PYTHON_names_for_venv_is_not_taken_for_another(machine):  # noqa: N802
    own = machine.install("python3.13", "3.13.1")
    machine.install("python3.12", "3.12.1")
    finished = on_another_python(machine, "3.13", PYTHON=own)
    assert finished.stdout.startswith("The same tests on Python 3.12,")


# The Makefile.


@pytest.fixture
def make() -> Iterator:
    """Run make as a user would, not as a part of the `make test` that runs this test."""
    if shutil.which("make") is None:
        pytest.skip("there is no make on this machine")
    inherited = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "VENV", "ARGS", "PYTHON"}
    environment = {name: value for name, value in os.environ.items() if name not in inherited}

    def run(*arguments: str, **settings: str) -> str:
        finished = subprocess.run(
            ["make", *arguments],
            cwd=ROOT,
            env=environment | settings,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return finished.stdout

    return run


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("lab", "tools/open_course.py --no-browser --port 9999"),
        ("lab-originals", "tools/open_course.py --originals --no-browser --port 9999"),
    ],
)
def test_make_lab_passes_options_to_jupyterlab(make, target, command):
    *_, last = make("-n", target, "ARGS=--no-browser --port 9999").splitlines()
    assert last == f".venv/bin/python {command}"


def test_make_afresh_names_the_notebook(make):
    *_, command = make("-n", "afresh", "NOTEBOOK=05").splitlines()
    assert command == '.venv/bin/python tools/open_course.py --afresh "05"'


def test_make_demo_passes_options_to_the_price_board(make):
    *_, command = make("-n", "demo", "ARGS=--workers 2").splitlines()
    assert command == ".venv/bin/python -m examples.price_board --open --workers 2"


def test_make_test_passes_options_to_pytest(make):
    *_, command = make("-n", "test", "ARGS=-k ring").splitlines()
    assert command.startswith(".venv/bin/python -m pytest ")
    assert command.endswith(" -k ring")


@pytest.mark.parametrize(
    "target", ["lab", "lab-originals", "afresh", "demo", "test", "check", "refresh", "lock"]
)
def test_every_target_that_needs_the_environment_sets_it_up_first(make, target):
    first, *_ = make("-n", target, "VENV=elsewhere").splitlines()
    assert first == "tools/set_up.sh --folder elsewhere"


@pytest.mark.parametrize("target", ["refresh", "lock", "packages", "site", "test-browser"])
def test_what_writes_into_the_clone_says_so_where_it_cannot_be_written_to(make, target):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        make("-n", target, "WRITABLE=no")
    assert refused.value.stdout == ""
    assert f"make {target} writes to it: copy the course to a folder" in refused.value.stderr


def test_what_writes_nothing_runs_in_a_clone_that_cannot_be_written_to(make):
    assert "pytest" in make("-n", "test", "WRITABLE=no")


def test_make_lock_chooses_versions_for_every_group_of_pyproject(make):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chosen = re.findall(r"--extra (\S+)", make("-n", "lock"))
    assert set(chosen) == set(project["optional-dependencies"])


def test_make_alone_explains_every_target_and_does_nothing(make):
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    explained = re.findall(r"^make (\S+)", make(), re.MULTILINE)
    assert sorted(explained) == sorted(set(targets[1].split()) - {"help", "set-up"})
