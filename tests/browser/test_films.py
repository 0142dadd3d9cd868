"""Films in a real browser, each on a page of its own, which asks for nothing elsewhere."""

import asyncio
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


async def with_an_end_that_waits() -> None:
    queue = asyncio.Queue(maxsize=8)
    for message in [*range(8), None]:
        await queue.put(message)


async def with_an_end_that_is_there() -> None:
    queue = asyncio.Queue()
    for message in [*range(20), None]:
        await queue.put(message)


async def with_many_lost() -> None:
    broker = AsyncPubSub(maxsize=2, timeout=0)
    broker.subscribe(name="dead")
    for message in range(16):
        await broker.publish(message)


async def with_who_waits_for_no_room() -> None:
    queue = asyncio.Queue(maxsize=2)
    await queue.put("a")
    await queue.join()


async def with_orders_and_alarms() -> None:
    queue = asyncio.Queue()

    async def handle() -> None:
        while (message := await queue.get()) is not None:
            if message[0] == "order":
                await asyncio.sleep(1)

    for message in [("order", 1), ("alarm", 2), ("order", 3), ("alarm", 4), None]:
        await queue.put(message)
    await asyncio.create_task(handle(), name="client")


async def with_an_old_price() -> None:
    prices = {"gold": 1900}
    await asyncio.sleep(1)
    held = dict(prices)
    await asyncio.sleep(1)
    prices["gold"] = 1950
    await asyncio.sleep(1)
    assert held != prices


# Each for one test.
MORE_FILMS = {
    program.__name__: lambda program=program: film(program())
    for program in (
        with_an_end_that_waits,
        with_an_end_that_is_there,
        with_many_lost,
        with_who_waits_for_no_room,
    )
} | {"a deadlock in the loop": lambda: film(with_who_waits_for_no_room(), view="loop")}
MORE_FILMS |= {
    "labels": lambda: film(with_orders_and_alarms(), label=lambda one: one[0]),
    "watched": lambda: film(
        with_an_old_price(),
        view="loop",
        watch={"store": "prices['gold']", "cache": "held['gold']"},
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
        file.write_text(
            f"{head}<main><h1>A film</h1>{(FILMS | MORE_FILMS)[name]().html}</main>", "utf-8"
        )
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


def drawn_at_the_end(opened: Opened) -> tuple[list[str], str, list[str]]:
    """Return what is written in the drawing, what it is called, and its messages' classes."""
    opened.slider.fill(str(opened.last))
    svg = opened.film.locator("svg[role=img]")
    chips = svg.locator(".chip").evaluate_all("all => all.map(one => one.getAttribute('class'))")
    labels = svg.locator("text").all_text_contents()
    return labels, svg.get_attribute("aria-label"), [chip.strip() for chip in chips]


def test_how_many_more_are_in_a_full_queue_stands_beside_who_waits(open_film):
    opened = open_film("with_an_end_that_waits", width=390, reduced_motion="reduce")
    labels, name, chips = drawn_at_the_end(opened)
    assert chips.count("chip wait end") == 1
    assert f"+{8 - chips.count('chip')}" in labels
    more, waits = (
        opened.film.locator(place).bounding_box()
        for place in ("svg text.wait >> text=/^[+]/", ".chip.wait rect")
    )
    assert waits["x"] + waits["width"] <= more["x"]
    assert "8 of 8, full" in labels
    assert "queue 1: 8 of 8, full," in name


def test_the_end_is_no_message_in_any_count_of_a_queue_without_a_bound(open_film):
    labels, name, chips = drawn_at_the_end(open_film("with_an_end_that_is_there", width=390))
    assert "20 wait" in labels
    assert "queue 1: 20 wait," in name
    assert f"+{20 - chips.count('chip')}" in labels


def test_how_many_more_are_lost_is_written(open_film):
    labels, _, chips = drawn_at_the_end(open_film("with_many_lost", width=390))
    assert f"14 lost +{14 - chips.count('chip lost')}" in labels


def test_who_waits_for_something_else_than_room_waits_when_all_do(open_film):
    opened = open_film("with_who_waits_for_no_room")
    labels, *_ = drawn_at_the_end(opened)
    assert "waits" in labels
    assert "Deadlock: at 0.0 s every task waits" in opened.film.locator(".now").inner_text()
    assert "Queue.join waits for task_done()" in opened.film.locator(".errors").inner_text()


def texts_of(opened: Opened, selector: str) -> list[str]:
    return [text.strip() for text in opened.film.locator(selector).all_inner_texts()]


def pictures_of(opened: Opened, look) -> list:
    """Return what is seen in each picture."""
    seen = []
    for position in range(opened.last + 1):
        opened.slider.fill(str(position))
        seen.append(look())
    return seen


@each_width
def test_an_alarm_that_waits_behind_an_order_is_told_from_it_in_the_picture(open_film, width):
    opened = open_film("labels", width=width, reduced_motion="reduce")
    tokens = pictures_of(opened, lambda: opened.film.locator(".chip text").all_text_contents())
    assert any(set(shown) >= {"order", "alarm"} for shown in tokens)
    labels, *_ = drawn_at_the_end(opened)
    assert "longest wait: order 1 s, alarm 2 s" in labels
    # A label has room in its token.
    opened.slider.fill("5")
    for chip in opened.film.locator(".chip").all():
        around, label = chip.locator("rect").bounding_box(), chip.locator("text").bounding_box()
        assert around["x"] <= label["x"]
        assert label["x"] + label["width"] <= around["x"] + around["width"]


@each_width
def test_what_is_watched_stands_in_the_picture_and_what_is_new_of_it_is_marked(open_film, width):
    opened = open_film("watched", width=width)

    def look() -> tuple[list[str], list[str]]:
        return texts_of(opened, ".values b"), texts_of(opened, ".values .runs .name")

    seen = pictures_of(opened, look)
    assert seen[0] == (["1900", ""], ["store"])
    assert (["1900", "1900"], ["cache"]) in seen
    assert (["1950", "1900"], ["store"]) in seen
    assert seen[-1] == (["1950", "1900"], [])


def test_what_a_desk_has_taken_is_pale_at_the_server_until_it_is_acknowledged(open_film):
    opened = open_film("a real run", reduced_motion="reduce")
    for position, pale, said in [(7, 1, "1 waits, 1 unacknowledged"), (8, 0, "1 waits")]:
        opened.slider.fill(str(position))
        assert opened.film.locator(".chip.kept").count() == pale
        assert f"server: {said}" in opened.film.locator("svg[role=img] text").all_text_contents()


def test_who_is_killed_is_crossed_out(open_film):
    opened = open_film("a real run")
    killed = pictures_of(
        opened,
        lambda: (
            opened.film.locator(".cross").count(),
            " ".join(opened.film.locator("svg[role=img] text").all_text_contents()),
        ),
    )
    assert [crosses for crosses, _ in killed].count(1) == 5
    assert sum("server: killed" in texts for _, texts in killed) == 2
    assert all("killed" in texts for crosses, texts in killed if crosses)


def test_in_the_loop_the_last_step_before_a_deadlock_is_told(open_film):
    opened = open_film("a deadlock in the loop")
    opened.slider.fill(str(opened.last))
    said = opened.film.locator(".now").inner_text()
    assert "main runs until it waits for task_done() for every message of a queue" in said


def test_the_ring_has_room_on_a_phone(open_film):
    ring = open_film("ring", width=390).film.locator("svg[role=img]")
    assert ring.evaluate("svg => svg.parentElement.scrollWidth <= svg.parentElement.clientWidth")


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
