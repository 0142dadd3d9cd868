"""Films in a real browser, each on a page of its own, which asks for nothing elsewhere."""

from pathlib import Path

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from pubsub_lib import AsyncPubSub, ChapterPubSub, RingPubSub
from pubsub_lib.lab.real_runs.filming import film_of_day
from pubsub_lib.lab.real_runs.recorded import recorded_day
from pubsub_lib.lab.replay import film
from tests.lab.replay.programs import one_reader
from tools.open_in_browser import (
    NO_BROWSER,
    find_browser,
)

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
MESSAGES = [f"price {number}" for number in range(1, 6)]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]


async def with_a_dead_one(broker) -> None:
    dead = await broker.subscribe()
    await one_reader(broker, MESSAGES, seconds=0.3)
    assert dead.qsize(), "it never reads"


FILMS = {
    "messages": lambda: film(with_a_dead_one(AsyncPubSub(maxsize=2)), title="A dead one"),
    "ring": lambda: film(with_a_dead_one(RingPubSub(maxsize=3, timeout=0.2)), view="ring"),
    "loop": lambda: film(one_reader(AsyncPubSub(2), MESSAGES), view=["loop", "messages"]),
    "a real run": lambda: film_of_day(recorded_day("acknowledges_first"), title="Desks"),
    "two": lambda: film(
        {
            "the chapter's": with_a_dead_one(ChapterPubSub(maxsize=2)),
            "ours": with_a_dead_one(AsyncPubSub(maxsize=2)),
        }
    ),
}
each_film = pytest.mark.parametrize("name", FILMS)
each_width = pytest.mark.parametrize("width", [390, 1100])
each_theme = pytest.mark.parametrize("theme", ["light", "dark"])


class Opened:
    """A film on a page, and what the page complained of and asked for."""

    def __init__(self, browser: Browser, file: Path, **options) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())
        self.film = self.page.locator(".film")
        self.slider = self.film.get_by_role("slider")

    @property
    def position(self) -> int:
        return int(self.slider.input_value())

    @property
    def last(self) -> int:
        return int(self.slider.get_attribute("max"))


@pytest.fixture
def open_film(browser, tmp_path):
    opened = []

    def open_it(name: str, *, width: int = 1100, theme: str = "light", **options) -> Opened:
        file = tmp_path / f"{name}.html"
        head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{name}</title>'
        file.write_text(f"{head}<main><h1>A film</h1>{FILMS[name]().html}</main>", "utf-8")
        viewport = {"width": width, "height": 900}
        opened.append(Opened(browser, file, viewport=viewport, color_scheme=theme, **options))
        return opened[-1]

    yield open_it
    for one in opened:
        assert one.errors == []
        assert [url for url in one.requests if not url.startswith("file:")] == []
        one.context.close()


@each_film
def test_it_plays_to_its_end_and_stops_there(open_film, name):
    opened = open_film(name)
    opened.film.get_by_label("Speed").select_option("4")
    opened.film.get_by_role("button", name="Play").click()
    expect(opened.film.get_by_role("button", name="Pause")).to_be_visible()
    expect(opened.slider).to_have_value(str(opened.last), timeout=60_000)
    expect(opened.film.get_by_role("button", name="Play")).to_be_visible()


def test_it_is_stepped_by_buttons_and_by_the_slider(open_film):
    opened = open_film("messages")
    for _ in range(3):
        opened.film.get_by_role("button", name="Step forward").click()
    assert opened.position == 3
    opened.film.get_by_role("button", name="Step back").click()
    assert opened.position == 2
    opened.slider.fill(str(opened.last))
    assert opened.position == opened.last
    opened.film.get_by_role("button", name="First picture").click()
    assert opened.position == 0


def test_it_is_played_by_keyboard(open_film):
    opened = open_film("messages")
    opened.film.focus()
    for key, position in [("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("Home", 0)]:
        opened.page.keyboard.press(key)
        assert opened.position == position
    opened.page.keyboard.press("End")
    assert opened.position == opened.last
    opened.page.keyboard.press("Home")
    opened.page.keyboard.press(" ")
    expect(opened.film.get_by_role("button", name="Pause")).to_be_visible()
    opened.page.keyboard.press(" ")
    expect(opened.film.get_by_role("button", name="Play")).to_be_visible()


def test_every_picture_says_in_words_what_happens_and_marks_a_line(open_film):
    opened = open_film("messages")
    said = set()
    for position in range(opened.last + 1):
        opened.slider.fill(str(position))
        said.add(opened.film.locator(".now").inner_text())
    assert "0.2 s publisher publishes #3; #3 gets into reader; #3 waits for room in queue 1" in said
    assert "1.2 s queue 1 loses #3" in said
    opened.slider.fill("2")
    assert "await" in opened.film.locator(".source .at").inner_text()


def test_what_waits_and_what_is_lost_is_where_it_belongs(open_film):
    opened = open_film("messages", reduced_motion="reduce")
    opened.slider.fill(str(opened.last))
    assert opened.film.locator(".chip.lost").count() == 3
    assert "3 lost" in opened.film.locator("svg[role=img]").text_content()


@each_film
@each_width
def test_nothing_is_wider_than_its_page(open_film, name, width):
    opened = open_film(name, width=width)
    for part in (0.3, 0.6, 1.0):
        opened.slider.fill(str(int(part * opened.last)))
        overflow = opened.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0


@each_film
@each_width
@each_theme
def test_axe_finds_nothing_wrong(open_film, name, width, theme):
    opened = open_film(name, width=width, theme=theme, reduced_motion="reduce")
    opened.slider.fill(str(opened.last * 2 // 3))
    opened.film.get_by_text("Events as a table").click()
    SCREENSHOTS.mkdir(exist_ok=True)
    opened.film.screenshot(path=SCREENSHOTS / f"film-{name}-{width}-{theme}.png")
    found = Axe().run(opened.page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_the_events_are_there_as_a_table(open_film):
    opened = open_film("two")
    assert opened.film.locator("table").count() == 0
    opened.film.get_by_text("Events as a table").click()
    rows = opened.film.locator("tbody tr")
    expect(rows).to_have_count(opened.last + 1)
    assert "ours" in rows.last.inner_text() + rows.nth(1).inner_text() + rows.nth(0).inner_text()


def test_without_motion_a_message_is_at_once_where_it_belongs(open_film):
    opened = open_film("messages", reduced_motion="reduce")
    opened.slider.fill("1")
    durations = opened.film.locator(".chip").evaluate_all(
        "chips => chips.map(chip => getComputedStyle(chip).transitionDuration)"
    )
    assert set(durations) == {"0s"}


@each_theme
def test_it_takes_the_theme_of_the_page_it_is_on(open_film, theme):
    opened = open_film("messages", theme="light" if theme == "dark" else "dark")
    opened.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    ground = opened.film.evaluate("film => getComputedStyle(film).backgroundColor")
    assert ground == ("rgb(20, 24, 31)" if theme == "dark" else "rgb(255, 255, 255)")


def test_where_scripts_do_not_run_the_caption_stands_there(open_film):
    opened = open_film("messages", java_script_enabled=False)
    assert "5 messages" in opened.film.locator(".caption").inner_text()
