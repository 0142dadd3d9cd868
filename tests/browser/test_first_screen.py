"""What a learner sees first, in a JupyterLab that was started as README.md says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from playwright.sync_api import Browser, expect

from tests.small_courses import copy_of_the_course, opened_in_jupyterlab
from tools.open_course import FIRST
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
    course = copy_of_the_course(tmp_path / "course", f"notebooks/{FIRST}")
    inside = "--LabApp.expose_app_in_browser=True"  # as window.jupyterapp
    folders = {what: tmp_path / what for what in ("config", "runtime")}
    with opened_in_jupyterlab(course, inside, **folders) as address:
        yield address


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
