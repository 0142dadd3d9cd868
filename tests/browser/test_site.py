"""The reading site in a real browser: each kind of page, every link, and the live page.

`make test-browser` builds the site first. Nothing here may ask another host for anything.
"""

import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tools.open_in_browser import NO_BROWSER, find_browser
from tools.reading_site.course import NOTEBOOKS

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "site" / "html"
SCREENSHOTS = ROOT / "screenshots"
ALL_ARE_KEPT = re.compile(r"\b(\d+) of \1 promises are kept\.")
MOST_BYTES = 2_000_000
#: Of each kind of page, one; of notebooks, one with films, figures, predictions and tables.
KINDS = {
    "landing": "index.html",
    "notebook": "notebooks/03_build_the_broker.html",
    "glossary": "notebooks/glossary.html",
    "solutions": "notebooks/solutions/03_build_the_broker.html",
    "guide": "notebooks/instructors_guide.html",
    "which broker": "notebooks/which_broker.html",
    "price board": "price_board.html",
    "reference": "reference/pubsub_lib.html",
    "architecture": "architecture.html",
    "changelog": "changelog.html",
    "live": "live.html",
    "search": "search.html?q=backpressure",
    "index of names": "genindex.html",
}
# As wide as A4 is between its margins, where nothing scrolls.
PAPER_PX = 718
CUT_OFF = """
() => [...document.querySelectorAll("article :is(table, pre)")]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 ||
    one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((one) => one.textContent.trim().slice(0, 60))
"""
# What must not stick out of the window; code and wide tables scroll by themselves.
TOO_WIDE = """
() => [...document.querySelectorAll("article :is(p, h1, h2, .film, .film .run, form, img)")]
  .filter((one) => !one.closest("table, .explanation"))
  .filter((one) => one.getBoundingClientRect().right >
    1 + Math.min(innerWidth, one.closest(".film")?.getBoundingClientRect().right ?? Infinity))
  .map((one) => one.outerHTML.slice(0, 100))
"""
# The theme lets the keyboard reach what can be scrolled, a moment after a resize.
REACHABLE = """
() => [...document.querySelectorAll("pre, .pst-scrollable-table-container")]
  .every((one) => one.scrollWidth <= one.clientWidth || one.tabIndex === 0)
"""
PROGRAMS = ["dead_subscriber", "policies", "ring", "your_own_broker"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
    pytest.mark.skipif(not SITE.exists(), reason="the site is not built; `make site` does that"),
]


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    handler = functools.partial(_Handler, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Opened:
    """A page of the site, with what it complained of, asked for, and weighed."""

    def __init__(self, browser: Browser, address: str, path: str, **options) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.elsewhere: list[str] = []
        self.bytes = 0
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.problems.append(said.text) if said.type == "error" else None,
        )
        self.page.on("request", lambda request: self._asks(request.url, address))
        self.page.on("response", self._weighs)
        self.page.goto(address + path)

    def _asks(self, url: str, address: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            self.elsewhere.append(url)

    def _weighs(self, response) -> None:
        self.bytes += int(response.headers.get("content-length", 0))


@pytest.fixture
def opened(browser, address) -> Iterator:
    pages: list[Opened] = []

    def open_page(path: str, **options) -> Opened:
        pages.append(Opened(browser, address, path, **options))
        return pages[-1]

    yield open_page
    for one in pages:
        one.context.close()


def folded_parts_opened(page: Page) -> None:
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


# --- Every page ---


class _Links(HTMLParser):
    """What a page links to or shows, and the anchors that it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        given = {name: value for name, value in attributes if value}
        self.targets += [given[name] for name in ("href", "src") if name in given]
        self.anchors |= {given[name] for name in ("id", "name") if name in given}


@functools.cache
def links_of(path: Path) -> _Links:
    return _Links(path.read_text(encoding="utf-8"))


def test_every_link_leads_to_something_that_is_there() -> None:
    broken, looked_at = [], 0
    for path in (path for path in SITE.rglob("*.html") if "_static" not in path.parts):
        here = path.relative_to(SITE).as_posix()
        for target in links_of(path).targets:
            if re.match(r"[a-z]+:", target):
                continue
            looked_at += 1
            url, anchor = urldefrag(urljoin(f"/{here}", target))
            place = SITE / unquote(url).lstrip("/").partition("?")[0]
            of_a_page = place.suffix == ".html" and anchor
            if not place.is_file() or (
                of_a_page and unquote(anchor) not in links_of(place).anchors
            ):
                broken.append(f"{here}: {target}")
    assert looked_at > 3000
    assert broken == []


def test_the_repository_is_named_nowhere_but_where_the_setting_has_it() -> None:
    from tools.reading_site.course import repository

    addresses = {
        found
        for path in SITE.rglob("*.html")
        for found in re.findall(
            r"https://github\.com/[\w-]+/pubsub-course", path.read_text("utf-8")
        )
    }
    assert addresses <= {repository()}


def test_every_notebook_has_a_page_and_a_copy_to_download_without_results() -> None:
    for path in NOTEBOOKS:
        assert (SITE / "notebooks" / f"{path.stem}.html").is_file()
        copy = json.loads((SITE / "downloads" / path.name).read_text(encoding="utf-8"))
        assert not any(cell.get("outputs") for cell in copy["cells"])


def test_cells_that_only_the_tests_need_are_left_out() -> None:
    for path in NOTEBOOKS:
        page = (SITE / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
        assert "tag_remove-cell" not in page


def test_every_figure_has_its_caption_as_its_alternative_text() -> None:
    alternatives = [
        alternative
        for path in (SITE / "notebooks").glob("*.html")
        for alternative in re.findall(
            r'<img alt="([^"]*)"[^>]*_images/[0-9a-f]{64}\.png', path.read_text("utf-8")
        )
    ]
    assert len(alternatives) > 40
    assert [one for one in alternatives if len(one) < 20 or "_images" in one] == []


# --- Each kind of page ---


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_no_other_host_and_weighs_little(opened, kind) -> None:
    page = opened(KINDS[kind])
    page.page.wait_for_load_state("networkidle")
    assert page.elsewhere == []
    assert page.problems == []
    assert 0 < page.bytes < MOST_BYTES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_notebook_weighs_little_with_everything_unfolded(opened, path) -> None:
    one = opened(f"notebooks/{path.stem}.html")
    folded_parts_opened(one.page)
    one.page.evaluate("scrollTo(0, document.body.scrollHeight)")
    one.page.wait_for_load_state("networkidle")
    assert one.elsewhere == []
    assert one.problems == []
    assert one.bytes < MOST_BYTES


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_fits_its_window_and_axe_finds_nothing(opened, kind, theme) -> None:
    page = opened(KINDS[kind], color_scheme=theme, reduced_motion="reduce").page
    SCREENSHOTS.mkdir(exist_ok=True)
    for width in (1300, 390):
        page.set_viewport_size({"width": width, "height": 900})
        name = f"site_{kind.replace(' ', '_')}_{theme}_{width}.png"
        page.screenshot(path=SCREENSHOTS / name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TOO_WIDE) == []
        folded_parts_opened(page)
        page.wait_for_function(REACHABLE)
        result = Axe().run(page)
        assert not result.response["violations"], result.generate_report()


NEVER_PARTED = """() => [...document.querySelectorAll("article *")]
    .filter(element => element.offsetHeight > 400 && !element.matches("img, .film, .film *")
        && getComputedStyle(element).breakInside.startsWith("avoid"))
    .map(element => element.className || element.tagName)"""
"""What would leave the rest of a page of paper empty, though it can go on on the next."""


@pytest.mark.parametrize("kind", ["landing", "notebook", "reference", "solutions", "which broker"])
def test_a_page_can_be_printed(opened, kind) -> None:
    page = opened(KINDS[kind]).page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_PX, "height": 1000})
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(NEVER_PARTED) == []
    for for_the_screen in (".bd-sidebar-primary", "#jb-print-toc"):
        expect(page.locator(for_the_screen).first).to_be_hidden()
    expect(page.locator("h1:visible")).to_have_count(1)
    SCREENSHOTS.mkdir(exist_ok=True)
    path = SCREENSHOTS / f"site_{kind}.pdf"
    page.pdf(path=path)
    assert path.read_bytes().startswith(b"%PDF")


# --- What a page does ---


def test_the_search_finds_the_section_that_explains_a_word(opened) -> None:
    page = opened(KINDS["search"]).page
    found = page.locator("#search-results li a")
    expect(found.first).to_be_visible()
    assert any("02_queues" in link.get_attribute("href") for link in found.all())


def test_the_theme_can_be_changed_and_stays(opened) -> None:
    page = opened("index.html", color_scheme="light").page
    page.get_by_role("button", name="Color mode").click()
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_the_first_page_has_a_film_that_plays_by_itself(opened) -> None:
    page = opened("index.html").page
    now = page.locator("#opening-film .now")
    page.locator("#opening-film .film").scroll_into_view_if_needed()
    before = now.text_content()
    expect(now).not_to_have_text(before)


def test_the_film_stands_still_for_who_wants_no_motion(opened) -> None:
    page = opened("index.html", reduced_motion="reduce").page
    expect(page.locator("#opening-film button.play")).to_have_attribute("aria-label", "Play")


@pytest.mark.parametrize("how", ["hover", "focus"])
def test_a_term_is_explained_on_hover_and_on_focus(opened, how) -> None:
    page = opened("notebooks/02_queues_and_backpressure.html").page
    term = page.locator("a[data-explained]", has_text="backpressure").first
    getattr(term, how)()
    explanation = page.locator("#explanation")
    expect(explanation).to_be_visible()
    expect(explanation).to_contain_text("tells its senders to slow down")
    assert term.get_attribute("aria-describedby") == "explanation"
    page.keyboard.press("Escape")
    expect(explanation).to_be_hidden()


# --- Guesses ---

SECRET = "In the fullest queue 100 messages wait."


def test_a_result_is_folded_until_there_is_a_guess(opened) -> None:
    page = opened("notebooks/03_build_the_broker.html").page
    result = page.get_by_text(SECRET)
    expect(result).to_be_hidden()
    form = page.locator("form.guess[data-prediction='03-fullest']")
    form.get_by_role("textbox").fill("100")
    form.get_by_role("button").click()
    expect(form).to_contain_text("Your guess: 100 messages. That is right.")
    expect(result).to_be_visible()


def test_a_wrong_guess_is_told_its_mistake_and_what_is_no_number_is_asked_again(opened) -> None:
    page = opened("notebooks/03_build_the_broker.html").page
    form = page.locator("form.guess[data-prediction='03-three_dead']")
    form.get_by_role("textbox").fill("many")
    form.get_by_role("button").click()
    expect(form).to_contain_text("is no number")
    reply = json.loads(form.get_attribute("data-answer"))["replies"][0]
    form.get_by_role("textbox").fill(str(reply[0]))
    form.get_by_role("button").click()
    expect(form).to_contain_text(reply[1].split("`")[0].strip())


def test_what_sums_up_stays_folded_until_everything_is_guessed(opened) -> None:
    page = opened("notebooks/03_build_the_broker.html").page
    verdicts = page.get_by_text("10 of 10 subscribers read every message")
    expect(verdicts).to_be_hidden()
    for form in page.locator("form.guess").all():
        if form.locator(".choices").count():
            form.locator(".choices button").first.click()
        else:
            form.get_by_role("textbox").fill("1")
            form.get_by_role("button").click()
    expect(verdicts).to_be_visible()


# --- The live page ---


def run(page: Page) -> None:
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#status")).to_have_text("Done.", timeout=60_000)


def test_python_is_loaded_only_when_it_is_asked_for_and_then_works_without_a_network(
    opened,
) -> None:
    one = opened("live.html")
    assert one.bytes < MOST_BYTES
    expect(one.page.locator("#status")).to_contain_text(re.compile(r"\b1\d MB"))
    run(one.page)
    one.context.set_offline(True)
    for name in PROGRAMS:
        one.page.select_option("#program", name)
        run(one.page)
        if name == "your_own_broker":
            expect(one.page.locator("#printed")).to_contain_text("promises are kept.")
            expect(one.page.locator("#printed")).not_to_contain_text(ALL_ARE_KEPT)
        else:
            expect(one.page.locator("#shown .film .caption")).to_contain_text("a film of")
    one.page.locator("#source").fill(
        one.page.locator("#source").input_value().replace("self.queues[:1]", "self.queues")
    )
    run(one.page)
    expect(one.page.locator("#printed")).to_contain_text(ALL_ARE_KEPT)
    assert one.elsewhere == []
    assert one.problems == []


def test_a_mistake_is_shown_with_its_line_and_an_endless_loop_can_be_stopped(opened) -> None:
    page = opened("live.html").page
    page.locator("#source").fill("first = 1\nfirst / 0")
    run(page)
    expect(page.locator("#printed")).to_contain_text("ZeroDivisionError")
    expect(page.locator("#printed")).to_contain_text("line 2")
    page.locator("#source").fill("while True:\n    pass")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#status")).to_have_text("Running …")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped.")
    page.locator("#source").fill("print('again')")
    run(page)
    expect(page.locator("#printed")).to_have_text("again\n")
