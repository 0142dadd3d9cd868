"""What a learner sees first, in a JupyterLab that was started as README.md says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from playwright.sync_api import Browser, expect

from tools.open_course import FIRST, ROOT, SETTINGS
from tools.open_in_browser import (
    NO_BROWSER,
    START_TIMEOUT_S,
    VIEWPORT,
    find_browser,
    shut_down_kernel,
    wait_until_connected,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(3 * START_TIMEOUT_S),
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A small course, opened by somebody who has never started a JupyterLab."""
    course = tmp_path / "course"
    shutil.copytree(SETTINGS, course / SETTINGS.relative_to(ROOT))
    for name in ("tools/open_course.py", f"notebooks/{FIRST}"):
        (course / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, course / name)
    folders = {f"JUPYTER_{what}_DIR": str(tmp_path / what) for what in ("CONFIG", "RUNTIME")}
    options = ["--no-browser", "--ServerApp.port=0", "--IdentityProvider.token="]
    server = subprocess.Popen(
        [
            *(sys.executable, "tools/open_course.py", *options),
            "--LabApp.expose_app_in_browser=True",  # as window.jupyterapp
        ],
        cwd=course,
        env=os.environ | folders,
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


def test_it_is_the_first_notebook_and_nothing_is_asked(address: str, browser: Browser):
    page = browser.new_page(viewport=VIEWPORT)
    page.goto(address)
    wait_until_connected(page)
    expect(page.get_by_role("heading", name="Start here")).to_be_visible()
    page.evaluate("() => window.jupyterapp.restored")
    expect(page.get_by_text("Would you like")).to_have_count(0)
    expect(page.locator(".jp-toast-button, dialog:visible")).to_have_count(0)
    shut_down_kernel(page)
    page.close()
