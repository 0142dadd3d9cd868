"""The price board's two pages in a real browser: what a visitor and the operator see."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pubsub_lib.lab.clock.background_loop import BackgroundLoop
from pubsub_lib.lab.processes.network import Network
from tests.examples.serving import Service, price_board
from tests.limits import TIME_LIMIT_S
from tools.open_in_browser import NO_BROWSER, find_browser

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
LITTLE = ["--send-buffer", "4096", "--maxsize", "20"]
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll(".scrolls")]
    .some((part) => part.scrollWidth > part.clientWidth)"""
PATIENCE_MS = 60_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]

type OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser) -> Iterator[OpenPage]:
    """Open a page; in the end it must have complained of nothing, and asked nobody else."""
    contexts, problems = [], []

    def open_it(url: str, *, width: int = 1100, theme: str = "light", **options) -> Page:
        viewport = {"width": width, "height": 900}
        context = browser.new_context(viewport=viewport, color_scheme=theme, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda asked: ours(asked.url) or problems.append(asked.url))
        page.goto(url)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert problems == []


def ours(url: str) -> bool:
    return url.startswith("http://127.0.0.1:")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with price_board("--rate", "20") as service:
        yield service


def price_of(page: Page, symbol: str):
    return page.get_by_role("row", name=symbol).get_by_role("cell").first


# --- The visitor's page ---


def test_prices_move_and_the_page_counts_them(open_page, service):
    page = open_page(service.url)
    expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
    before = price_of(page, "TEA").text_content()
    expect(price_of(page, "TEA")).not_to_have_text(before, timeout=PATIENCE_MS)
    assert int(page.locator("#read").text_content().replace(",", "")) > 8
    expect(page.locator("#behind")).to_have_text(re.compile(r"^\d+$"))


def test_what_is_published_on_the_page_is_on_the_board(open_page):
    with price_board("--rate", "0") as quiet:
        page = open_page(quiet.url)
        expect(page.get_by_text("No price yet.")).to_be_visible()
        page.get_by_label("Symbol", exact=True).fill("MACE")
        page.get_by_label("Price", exact=True).fill("12.5")
        page.get_by_role("button", name="Publish").click()
        expect(page.locator("#posted")).to_have_text(
            "Published: 1 visitors of this worker have it, 0 missed one for it."
        )
        expect(price_of(page, "MACE")).to_have_text("12.50")


def test_who_likes_can_hold_the_prices_still(open_page, service):
    page = open_page(service.url)
    expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Hold still").press("Enter")
    expect(page.get_by_role("button", name="Hold still")).to_have_attribute("aria-pressed", "true")
    prices = page.locator("tbody").inner_text()
    with page.expect_response(re.compile("/health")):  # a way to the service and back
        page.evaluate("fetch('health')")
    assert page.locator("tbody").inner_text() == prices
    page.get_by_role("button", name="Hold still").press("Space")
    expect(price_of(page, "TEA")).not_to_have_text("", timeout=PATIENCE_MS)


def test_its_own_lag_and_losses_are_shown(open_page):
    options = ["--rate", "500", "--overflow", "drop-oldest", *LITTLE]
    with price_board(*options) as service, road_to(service) as road:
        page = open_page(road.url)
        expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
        road.hold()
        while service.metrics()["dropped_total"] < 100:
            pass
        road.mend()
        expect(page.locator("#dropped")).not_to_have_text("0", timeout=PATIENCE_MS)
        expect(page.locator("#lag")).to_have_text(re.compile(r"^\d+$"))


def test_who_was_cut_off_is_told_why_when_it_is_back(open_page):
    with price_board("--rate", "500", *LITTLE) as service, road_to(service) as road:
        page = open_page(road.url)
        expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
        road.hold()
        while service.metrics()["cut_off_total"] == 0:
            pass
        road.mend()
        log = page.get_by_role("log")
        expect(log).to_contain_text(
            "You were cut off: 20 changes waited for you, which is as many as an inbox holds",
            timeout=PATIENCE_MS,
        )
        expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
        page.screenshot(path=picture("cut-off"), full_page=True)


def test_it_says_that_the_board_ends_and_comes_back_when_there_is_one_again(open_page):
    with price_board("--rate", "20") as service:
        page = open_page(service.url)
        expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
        service.process.terminate()
        assert service.ended() == 0
        expect(page.get_by_role("log")).to_contain_text("The board is being shut down.")
        expect(page.locator("#connection")).to_have_text("reconnecting")
    with price_board("--rate", "0", "--port", str(service.port)) as again:
        again.post("TEA", 99.0)
        expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
        expect(price_of(page, "TEA")).to_have_text("99.00", timeout=PATIENCE_MS)
        expect(page.get_by_role("log")).to_contain_text("You are back.")


def test_who_prefers_no_motion_sees_none(open_page, service):
    page = open_page(service.url, reduced_motion="reduce")
    row = page.locator("tbody tr.new").first
    assert row.evaluate("row => getComputedStyle(row).animationName") == "none"


# --- The operator's page ---


def test_the_operator_sees_who_is_here_and_who_lags(open_page):
    with price_board("--rate", "500", "--overflow", "drop-newest", *LITTLE) as service:
        visitor = open_page(f"{service.url}")
        expect(visitor.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
        with socket.socket() as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stuck.connect(("127.0.0.1", service.port))
            stuck.sendall(b"GET /prices?visitor=stuck HTTP/1.1\r\nHost: here\r\n\r\n")
            page = open_page(f"{service.url}operator")
            first = page.locator("tbody tr").first
            expect(first).to_contain_text("stuck", timeout=PATIENCE_MS)
            expect(first.get_by_role("meter")).to_have_attribute("aria-label", "20 of 20")
            expect(page.locator("#visitors")).to_have_text("2")
            expect(page.locator("#dropped")).not_to_have_text("0")
            page.screenshot(path=picture("operator-stuck"), full_page=True)


def test_the_operator_is_told_that_the_service_is_away(open_page):
    with price_board("--rate", "0") as service:
        page = open_page(f"{service.url}operator")
        expect(page.locator("#connection")).to_have_text("live")
    expect(page.locator("#connection")).to_have_text("reconnecting", timeout=PATIENCE_MS)


# --- Both ---


@pytest.mark.parametrize("path", ["", "operator"])
@pytest.mark.parametrize("width", [390, 1100])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_is_wider_than_its_page(
    open_page, service, path, width, theme
):
    open_page(service.url)  # somebody for the operator to see
    page = open_page(service.url + path, width=width, theme=theme, reduced_motion="reduce")
    expect(page.locator("#connection")).to_have_text("live", timeout=PATIENCE_MS)
    expect(page.locator("tbody tr").first).to_be_visible(timeout=PATIENCE_MS)
    page.screenshot(path=picture(f"{path or 'board'}-{width}-{theme}"), full_page=True)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert not page.evaluate(TOO_WIDE)


def picture(name: str) -> Path:
    SCREENSHOTS.mkdir(exist_ok=True)
    return SCREENSHOTS / f"price-board-{name}.png"


# --- A way to the service that can be held up ---


class Road:
    """A network between a browser and the service, on a loop of its own beside the browser's."""

    def __init__(self, background: BackgroundLoop, network: Network) -> None:
        self._background = background
        self._network = network
        self.url = f"{network.url}/"

    def hold(self) -> None:
        self._do(self._network.hold)

    def mend(self) -> None:
        self._do(self._network.mend)

    def _do(self, change: Callable[[], None]) -> None:
        async def changed() -> None:
            change()

        self._background.start(changed()).result(TIME_LIMIT_S)


@contextmanager
def road_to(service: Service) -> Iterator[Road]:
    network = Network(service.url.rstrip("/"))
    with BackgroundLoop() as background:
        background.start(network.__aenter__()).result(TIME_LIMIT_S)
        try:
            yield Road(background, network)
        finally:
            background.start(network.__aexit__()).result(TIME_LIMIT_S)
