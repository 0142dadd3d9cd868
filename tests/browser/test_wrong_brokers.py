"""What is wrong with a broker is seen in its film, without its source and without its name."""

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from pathlib import Path

from playwright.sync_api import Browser

from pubsub_lib.lab.replay import film
from tests.lab.replay import wrong_brokers
from tools.open_in_browser import NO_BROWSER, find_browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]

# What is drawn, and what is said, at each picture; the source is not looked at.
LOOK = """() => {
  const film = document.querySelector(".film"), slider = film.querySelector("input[type=range]");
  const now = film.querySelector(".now"), seen = [];
  for (slider.value = 0; ; slider.value = Number(slider.value) + 1) {
    slider.oninput();
    const drawn = [...film.querySelectorAll(".run text, .errors p")];
    seen.push([now.textContent, drawn.map((one) => one.textContent)]);
    if (slider.value === slider.max) return seen;
  }
}"""


@pytest.fixture
def watch(browser: Browser, tmp_path: Path):
    def watch_it(broker: str) -> tuple[str, list[list[str]]]:
        """Return what is said in all pictures, and what is written in each of them."""
        made = film(wrong_brokers.ordinary_day(getattr(wrong_brokers, broker)()))
        file = tmp_path / "film.html"
        file.write_text(f'<!doctype html><meta charset="utf-8">{made.html}', "utf-8")
        page = browser.new_page(reduced_motion="reduce")
        page.goto(file.as_uri())
        seen = page.evaluate(LOOK)
        page.close()
        return "\n".join(said for said, _ in seen), [texts for _, texts in seen]

    return watch_it


@pytest.mark.parametrize(
    ("broker", "said", "mark"),
    [
        ("DropsTheOldest", "Ben loses #2", "1 lost"),
        ("DeliversTwice", "Ada takes #3 again", "#3 again"),
        ("ChangesTheOrder", "Ada takes #1 after #2", "#1 after #2"),
        ("IsBlockedByTheSlowest", "0.5 s #4 gets into Ada, Ben", "waits"),
        ("ForgetsWhoJoinsLater", "Cy has not got #4", "5 lost"),
        ("WakesOnlyTheFirst", "Ben sleeps: a message is there, and nobody wakes it", "sleeps"),
        ("LosesTheEnd", "Ben loses the end", "3 lost"),
        ("KeepsWhoHasLeft", "#4 gets into Ada, Dee", "1 left behind"),
        ("CountsWhatIsDropped", "publish() returns 3, and 2 got #5", "says 3, 2 got #7"),
        ("HoldsItsLock", "Ben takes the end", "Lock.acquire waits for a lock that nobody releases"),
    ],
)
def test_what_is_wrong_is_said_and_marked(watch, broker, said, mark):
    sentences, pictures = watch(broker)
    assert said in sentences
    assert any(mark in " ".join(text.split()) for texts in pictures for text in texts)


def test_a_wrong_count_stays_in_the_picture_to_the_end(watch):
    _, pictures = watch("CountsWhatIsDropped")
    assert "says 3, 2 got #7" in pictures[-1]


@pytest.mark.parametrize("broker", ["Waits", "DropsTheNewest"])
def test_nothing_is_marked_where_nothing_is_wrong(watch, broker):
    sentences, pictures = watch(broker)
    for word in (" again", " after #", "left behind", "sleeps", "says ", "Deadlock", "loses"):
        assert word not in sentences
        assert not any(word in text for texts in pictures for text in texts)
