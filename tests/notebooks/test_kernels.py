"""Notebooks run the same for everybody: what nbval hides is shown, what users set is not seen."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools.kernels import neutral_environment

ROOT = Path(__file__).parents[2]


def save(path: Path, *sources: str) -> Path:
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def refresh(*paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "refresh.py", *paths], capture_output=True, text=True
    )


@pytest.mark.run_all
def test_cells_after_a_time_out_fail(tmp_path):
    path = save(tmp_path / "hangs.ipynb", "x = 1", "import time\ntime.sleep(60)", "1 / 0", "x")
    options = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=5", "--color=no"]
    plugins = ["-p", "conftest", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *plugins, "--rootdir", ROOT, path],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1, run.stdout
    assert re.search(r"^=+ 1 failed, 1 passed, 2 errors in ", run.stdout, re.MULTILINE), run.stdout


def test_personal_settings_are_hidden_and_come_back(monkeypatch):
    monkeypatch.setenv("PYTHONSTARTUP", "mine.py")
    monkeypatch.setenv("IPYTHONDIR", "mine")
    before = dict(os.environ)
    with neutral_environment() as scratch:
        assert "PYTHONSTARTUP" not in os.environ
        assert os.environ["IPYTHONDIR"] == str(scratch / "ipython")
    assert dict(os.environ) == before
    assert not scratch.exists()


@pytest.mark.run_all
def test_a_notebook_that_takes_more_than_its_budget_fails_after_its_last_cell(tmp_path):
    busy = "import time\nwhile time.process_time() < 2.0:\n    pass"
    path = save(tmp_path / "busy.ipynb", "x = 1", busy, "x + 0.0")
    tighten = "import conftest\nconftest.NOTEBOOK_BUDGET_S = 1\n"
    (tmp_path / "tighten.py").write_text(tighten, encoding="utf-8")
    options = ["--nbval-lax", "--nbval-current-env", "-p", "conftest", "-p", "tighten"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", path],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert re.search(r"busy\.ipynb took \d\.\d s of processor time, and may take 1 s", run.stdout)
    assert " 3 passed, 1 error in " in run.stdout


@pytest.mark.skipif(os.name == "nt", reason="there, $HOME does not say where the user's folder is")
def test_where_the_users_folder_cannot_be_written_to_drawing_warns_of_nothing(
    tmp_path, monkeypatch
):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "a file" / "home"))
    for name in ("MPLCONFIGDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with neutral_environment():
        draws = [sys.executable, "-c", "import matplotlib.pyplot"]
        assert subprocess.run(draws, capture_output=True, text=True).stderr == ""


@pytest.mark.run_all
def test_refreshing_twice_changes_nothing(tmp_path):
    source = "import sys\nfor n in range(3): print(n, flush=True); print(n, file=sys.stderr)"
    path = save(tmp_path / "prints.ipynb", source, "sys.executable")
    first = refresh(path)
    assert first.returncode == 0, first.stderr
    once = path.read_bytes()
    assert "unchanged" in refresh(path).stdout
    assert path.read_bytes() == once
    cells = nbformat.reads(once.decode(), as_version=4).cells
    assert [output.text for output in cells[0].outputs] == ["0\n1\n2\n"] * 2
    assert cells[1].outputs[0].data["text/plain"] == repr(sys.executable)
    assert [cell.execution_count for cell in cells] == [1, 2]


@pytest.mark.skipif(os.name == "nt", reason="there, a folder cannot be read in other words")
def test_what_cannot_be_refreshed_is_said_in_a_line_each(tmp_path):
    (tmp_path / "prose.md").write_text("Some text.", encoding="utf-8")
    run = refresh(tmp_path / "nowhere.ipynb", tmp_path, tmp_path / "prose.md")
    assert run.returncode == 1
    assert [line.partition("NOT written: ")[2] for line in run.stderr.splitlines() if line] == [
        "it cannot be read: No such file or directory",
        "it cannot be read: Is a directory",
        "it is no notebook",
    ]


@pytest.mark.run_all
def test_notebook_that_fails_is_left_alone(tmp_path):
    path = save(tmp_path / "raises.ipynb", "x=1", "1 / 0")
    before = path.read_bytes()
    run = refresh(path)
    assert run.returncode == 1
    assert "cell 1" in run.stderr
    assert "ZeroDivisionError: division by zero" in run.stderr
    assert path.read_bytes() == before
