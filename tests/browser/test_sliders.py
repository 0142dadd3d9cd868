"""The sliders of every notebook, moved by keyboard in a real JupyterLab."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from playwright.sync_api import Browser, Locator, Page, expect

from pubsub_lib.lab.playground.controls import NAMING
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
    shut_down_kernel,
)

ROOT = Path(__file__).resolve().parents[2]
WIDE_PX = 200

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(2 * (START_TIMEOUT_S + RUN_TIMEOUT_S)),
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]


def saved_captions(notebook: Path) -> list[str]:
    """What is shown of each figure with sliders where widgets cannot run."""
    outputs = [
        output.get("data", {})
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]
        for output in cell.get("outputs", [])
    ]
    return [
        "".join(figure["text/plain"])
        for figure, naming in pairwise(outputs)
        if "".join(naming.get("text/html", "")) == NAMING and "image/png" in figure
    ]


WITH_SLIDERS = [
    notebook
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb"))
    if saved_captions(notebook)
]


@pytest.fixture(scope="module")
def lab() -> Iterator[tuple[Browser, str]]:
    with lab_in_browser(WITH_SLIDERS) as (browser, address, _):
        yield browser, address


@pytest.fixture
def page(lab: tuple[Browser, str]) -> Iterator[Page]:
    page = lab[0].new_page(viewport=VIEWPORT)
    yield page
    page.close()


# The first question that can be answered so, which may be gone a moment later: one that is asked
# twice is answered once.
SHOW_ME = """() => [...document.querySelectorAll("button")]
  .find((button) => button.textContent.trim() === "I don't know, show me") ?? null"""


def show_all_that_waits_for_a_guess(page: Page) -> None:
    """Ask every question to be answered, since sliders may wait for one of them, too."""
    while button := page.evaluate_handle(SHOW_ME).as_element():
        button.evaluate("button => button.click()")
        button.wait_for_element_state("hidden")


# What a figure with sliders shows: its picture, and what that shows in words.
SHOWN = """figure => figure.querySelector("img.widget-image").src
  + figure.querySelector("[role=status]").textContent"""


def move(page: Page, figure: Locator, slider: Locator) -> None:
    """Press a key until the figure is another; the other key, where a slider is at its end.

    How long that takes is measured in `tests/benchmarks/playground.py`.
    """
    before = figure.evaluate(SHOWN)
    at_its_end = slider.get_attribute("aria-valuenow") == slider.get_attribute("aria-valuemax")
    slider.press("ArrowLeft" if at_its_end else "ArrowRight")
    page.wait_for_function(
        f"([figure, before]) => ({SHOWN})(figure) !== before",
        arg=[figure.element_handle(), before],
        timeout=10_000,
    )


# How wide the part of each slider is that is moved, and whether a name of one is cut off.
LAID_OUT = """figure => [
  [...figure.querySelectorAll(".noUi-target")].map((slider) => slider.clientWidth),
  [...figure.querySelectorAll(".widget-label")].some((name) => name.scrollWidth > name.clientWidth),
]"""


def test_the_notebooks_with_sliders_are_those_that_promise_some():
    assert [notebook.name[:2] for notebook in WITH_SLIDERS] == ["02", "05", "06", "08", "09", "11"]


@pytest.mark.parametrize("notebook", WITH_SLIDERS, ids=lambda notebook: notebook.stem)
def test_each_slider_has_a_name_and_redraws_when_a_key_is_pressed(
    notebook: Path, lab: tuple[Browser, str], page: Page
):
    if needs_server(notebook) and (reason := why_no_server(of_our_own=True)):
        pytest.skip(reason)
    open_and_run(page, lab[1], f"notebooks/{notebook.name}", None, keep_kernel=True)
    show_all_that_waits_for_a_guess(page)
    figures = page.locator(".jp-OutputArea .widget-vbox:has(> img.widget-image)")
    captions = saved_captions(notebook)
    expect(figures).to_have_count(len(captions))
    for number, caption in enumerate(captions):
        figure = figures.nth(number)
        assert figure.get_by_role("status").inner_text() == caption, "what is saved is true"
        sliders = figure.get_by_role("slider")
        names = [slider.get_attribute("aria-label") for slider in sliders.all()]
        widths_px, is_cut_off = figure.evaluate(LAID_OUT)
        assert min(widths_px) > WIDE_PX, widths_px
        assert not is_cut_off
        assert all(names)
        assert len(set(names)) == len(names)
        for slider in sliders.all():
            move(page, figure, slider)
        assert figure.get_by_role("status").inner_text() != caption
    shut_down_kernel(page)
