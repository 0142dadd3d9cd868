"""The browser that these tests open pages of their own in; others run notebooks in a JupyterLab."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    # Here, because `make test` collects this folder without playwright.
    from playwright.sync_api import sync_playwright

    from tools.open_in_browser import BROWSER_ARGUMENTS, find_browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_ARGUMENTS)
        yield browser
        browser.close()
