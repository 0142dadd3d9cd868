"""A course in a folder of its own, small enough to be copied for a test, opened as a learner does.

`make lab` runs `tools/open_course.py`; both suites that look at what it starts begin here.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.open_course import ROOT, SETTINGS


def copy_of_the_course(folder: Path, *names: str) -> Path:
    """Copy the command, JupyterLab's settings and the files of these names, and return `folder`."""
    shutil.copytree(SETTINGS, folder / SETTINGS.relative_to(ROOT))
    for name in ("tools/open_course.py", *names):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return folder


@contextmanager
def opened_in_jupyterlab(course: Path, *options: str, **folders: Path) -> Iterator[str]:
    """Yield the address at which the command opens a course, as long as its server runs.

    Args:
        course: the folder of the course.
        options: those of JupyterLab, beside those that need no person.
        folders: Jupyter's own, `config` and `runtime`; where not given, the user's.
    """
    command = [sys.executable, "tools/open_course.py", "--no-browser"]
    server = subprocess.Popen(
        [*command, "--ServerApp.port=0", "--IdentityProvider.token=", *options],
        cwd=course,
        env=os.environ | {f"JUPYTER_{what.upper()}_DIR": str(folders[what]) for what in folders},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        found = (re.search(r"http://127\.0\.0\.1:\d+/lab\S*", line) for line in server.stderr)
        yield next(filter(None, found))[0]
    finally:
        server.terminate()
        server.communicate(timeout=30)
