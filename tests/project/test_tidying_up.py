"""What a process of pytest leaves behind that is cut short, as xdist's may be: nothing."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Configured, and never told that it is over.
CUT_SHORT = """
from _pytest.config import _prepareconfig

config = _prepareconfig(["-c", "pyproject.toml", "-p", "no:cacheprovider"])
config._do_configure()
"""


def test_a_process_that_is_cut_short_tidies_up_without_a_warning(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "default::ResourceWarning", "-c", CUT_SHORT],
        cwd=ROOT,
        env=os.environ | dict.fromkeys(["TMPDIR", "TEMP", "TMP"], str(tmp_path)),
        capture_output=True,
        text=True,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []
