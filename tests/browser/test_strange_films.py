"""Films of programs that nobody drew for: what is long, wide or many stays where it belongs."""

import asyncio

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from pubsub_lib.lab.replay import film
from tools.open_in_browser import NO_BROWSER, find_browser

PHONE, WIDE = 390, 1100

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]

# Runs in the page: shows each picture in turn, and returns what it finds in them.
IN_EACH_PICTURE = """() => {
  const slider = document.querySelector(".film input[type=range]"), found = [];
  for (let picture = 0; picture <= Number(slider.max); picture++) {
    slider.value = picture;
    slider.oninput();
    found.push(LOOK());
  }
  return found;
}"""
LINES = """() => [...document.querySelectorAll(".film .source span")]
  .map((line) => line.offsetHeight)"""
TAGS = """() => [...document.querySelectorAll(".film .source u")].map((tag) =>
  tag.closest(".source").getBoundingClientRect().right - tag.getBoundingClientRect().right)"""
TOKENS = """() => [...document.querySelectorAll(".film .chip")].map((token) =>
  token.querySelector("rect").getBoundingClientRect().width
  - token.querySelector("text").getBoundingClientRect().width)"""
IN_QUEUE = """() => [...document.querySelectorAll(".film .chip:not(.lost):not(.wait)")].length"""
WAITING = """() => [...document.querySelectorAll(".film .chip.wait")].map((token) =>
  token.getBoundingClientRect().left
  - document.querySelector(".box").getBoundingClientRect().right)"""


async def read(queue: asyncio.Queue, messages: int, seconds: float) -> None:
    for _ in range(messages):
        await queue.get()
        await asyncio.sleep(seconds)


async def put_all(*messages: str, maxsize: int = 0) -> None:
    queue = asyncio.Queue[str](maxsize)
    names = ("a reader", "another reader", "a third")
    readers = [asyncio.create_task(read(queue, len(messages), 1), name=name) for name in names]
    await asyncio.gather(*(queue.put(message) for message in messages))
    await asyncio.sleep(2)
    for reader in readers:
        reader.cancel()


@pytest.fixture
def seen_in(browser, tmp_path):
    """Return what a script finds in each picture of a film."""
    pages = []

    def look(made, width: int, script: str) -> list:
        page = browser.new_page(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        pages.append(page)
        file = tmp_path / "film.html"
        file.write_text(f'<!doctype html><meta charset="utf-8">{made.html}', "utf-8")
        page.goto(file.as_uri())
        return page.evaluate(IN_EACH_PICTURE.replace("LOOK", f"({script})"))

    yield look
    for page in pages:
        page.close()


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_whoever_stands_at_a_line_does_not_make_it_wrap_anew(seen_in, width):
    first, *others = seen_in(film(put_all("a", "b", "c", "d"), view="loop"), width, LINES)
    assert all(lines == first for lines in others)


def test_the_tags_of_a_line_stand_at_its_end_also_where_there_are_many(seen_in):
    pictures = seen_in(film(put_all("a", "b", "c", "d"), view="loop"), PHONE, TAGS)
    assert any(len(tags) > 3 for tags in pictures)
    assert all(0 <= min(tags) < 30 for tags in pictures if tags)


@pytest.mark.parametrize("width", [PHONE, WIDE])
@pytest.mark.parametrize("label", ["WWWWWWWW", "CANCELED", "三百六十五", "😀" * 8])
def test_a_label_of_wide_letters_stays_in_its_token(seen_in, width, label):
    made = film(put_all("a", "b"), label=lambda _: label)
    assert min(min(rooms) for rooms in seen_in(made, width, TOKENS) if rooms) > 0


def test_a_phone_shows_three_messages_of_a_queue_with_labels(seen_in):
    made = film(put_all(*["alarm"] * 6), label=str)
    assert max(seen_in(made, PHONE, IN_QUEUE)) >= 3


@pytest.mark.parametrize("width", [PHONE, WIDE])
def test_however_many_wait_they_do_not_stand_on_those_who_send(seen_in, width):
    made = film(put_all(*"abcdefghijklmnopqrst", maxsize=1))
    waiting = [places for places in seen_in(made, width, WAITING) if places]
    assert waiting
    assert min(min(places) for places in waiting) >= 0
