"""A film in a notebook of a real JupyterLab, which has keys of its own."""

import json

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from tools.open_in_browser import (
    NO_BROWSER,
    RUN_TIMEOUT_S,
    START_TIMEOUT_S,
    VIEWPORT,
    find_browser,
    lab_in_browser,
    open_and_run,
)

SOURCE = """\
import asyncio
from pubsub_lib.lab import film

async def main():
    queue = asyncio.Queue(1)
    reader = asyncio.create_task(queue.get(), name="reader")
    await queue.put("hello")
    await reader

film(main())
"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(2 * (START_TIMEOUT_S + RUN_TIMEOUT_S)),
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]


def test_it_is_played_by_keyboard_and_no_key_reaches_the_notebook(tmp_path):
    cell = {"cell_type": "code", "id": "film", "source": SOURCE, "metadata": {}}
    cell |= {"outputs": [], "execution_count": None}
    notebook = tmp_path / "notebooks" / "film.ipynb"
    notebook.parent.mkdir()
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(content))
    with lab_in_browser([notebook]) as (browser, address, _):
        page = browser.new_page(viewport=VIEWPORT)
        open_and_run(page, address, "notebooks/film.ipynb", None, keep_kernel=True)
        film = page.locator(".film")
        film.get_by_role("slider").wait_for()
        assert "await queue.put" in film.locator(".source").inner_text()
        film.focus()
        for key in ("ArrowRight", "ArrowRight", "a", "d", "d"):  # "a" would add a cell
            page.keyboard.press(key)
        assert film.get_by_role("slider").input_value() == "2"
        assert page.locator(".jp-Notebook .jp-Cell").count() == 1
        page.close()
