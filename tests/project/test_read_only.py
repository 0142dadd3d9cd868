"""The tests pass in a clone that cannot be written to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REMEMBERING = """
from hypothesis import given
from hypothesis.strategies import integers

@given(integers())
def test_something(number):
    assert isinstance(number, int)
"""


@pytest.mark.run_all
def test_nothing_that_the_tests_would_like_to_remember_makes_them_fail(tmp_path: Path) -> None:
    # Not even root can make a folder below a file.
    (tmp_path / "file").touch()
    nowhere = tmp_path / "file" / "folder"
    module = tmp_path / "test_remembering.py"
    module.write_text(REMEMBERING, encoding="utf-8")
    options = ["-c", ROOT / "pyproject.toml", "-o", f"cache_dir={nowhere}"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, module],
        cwd=ROOT,
        env=os.environ | {"HYPOTHESIS_STORAGE_DIRECTORY": str(nowhere)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " 1 passed in " in run.stdout
