"""Every notebook in a real JupyterLab and a real browser, as a learner has it.

Screenshots of all notebooks are kept in `screenshots/`, for a person to look at.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from playwright.sync_api import Browser, Page

from pubsub_lib.nats.local_server.server import why_no_server
from tools.kernels import needs_server
from tools.open_in_browser import (
    NO_BROWSER,
    RUN_TIMEOUT_S,
    START_TIMEOUT_S,
    VIEWPORT,
    find_browser,
    lab_in_browser,
    open_and_run,
)

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SCREENSHOTS = ROOT / "screenshots"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(2 * (START_TIMEOUT_S + RUN_TIMEOUT_S)),
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]


@pytest.fixture(scope="module")
def lab() -> Iterator[tuple[Browser, str]]:
    SCREENSHOTS.mkdir(exist_ok=True)
    with lab_in_browser(NOTEBOOKS) as (browser, address, _):
        yield browser, address


@pytest.fixture
def page(lab: tuple[Browser, str]) -> Iterator[Page]:
    page = lab[0].new_page(viewport=VIEWPORT)
    yield page
    page.close()


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_run_all_ends_without_an_error(notebook: Path, lab: tuple[Browser, str], page: Page):
    if needs_server(notebook) and (reason := why_no_server(of_our_own=True)):
        pytest.skip(reason)
    picture = SCREENSHOTS / f"{notebook.stem}.png"
    open_and_run(page, lab[1], f"notebooks/{notebook.name}", picture)
    assert picture.stat().st_size > 10_000
