"""In no picture of any film that a notebook has does a label touch another or leave its drawing."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)


from pubsub_lib.lab.replay.player import PLAYER_BEGINS, PLAYER_ENDS, player
from tools.open_in_browser import NO_BROWSER, find_browser

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
PLAYER = re.compile(f"{PLAYER_BEGINS}.*?{PLAYER_ENDS}", re.DOTALL)
IDENTITY = re.compile(r'id="(film-\w+)"')
PHONE, WIDE = 390, 1100
NARROWER_THAN_A_PHONE = 260  # as in a JupyterLab beside its files

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]

# Labels that touch labels or messages, or are cut off, and buttons that are not where they were in
# the first picture: each with the picture where it was last so.
LOOK = """() => {
  const film = document.querySelector(".film"), slider = film.querySelector("input[type=range]");
  const found = new Map(), overlap = (low, high, other, otherHigh) =>
    Math.min(high, otherHigh) - Math.max(low, other);
  const touch = (a, b, least) => overlap(a.left, a.right, b.left, b.right) > least
    && overlap(a.top, a.bottom, b.top, b.bottom) > least;
  const top = () => film.querySelector(".controls").getBoundingClientRect().top;
  let atFirst = null;
  for (let picture = 0; slider && picture <= Number(slider.max); picture++) {
    slider.value = picture;
    slider.oninput();
    if (Math.abs(top() - (atFirst ??= top())) > 0.5) found.set("the buttons move", picture);
    for (const svg of film.querySelectorAll(".run svg[role=img]")) {
      const panel = svg.getBoundingClientRect();
      const labels = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim());
      const drawn = [
        ...labels.filter((text) => !text.closest(".chip")),
        ...svg.querySelectorAll(".chip rect"),
      ].map((one) => [one.textContent || "a message", one.getBoundingClientRect()]);
      drawn.forEach(([name, place], number) => {
        if (place.left < panel.left - 1 || place.right > panel.right + 1
            || place.top < panel.top - 1 || place.bottom > panel.bottom + 1)
          found.set(`${name} is cut off`, picture);
        if (name === "a message") return;
        for (const [other, itsPlace] of drawn.slice(number + 1))
          if (touch(place, itsPlace, 4)) found.set(`${name} | ${other}`, picture);
      });
    }
  }
  return [...found].map(([what, picture]) => `picture ${picture + 1}: ${what}`);
}"""


def films_in(notebook: Path) -> list[str]:
    """The HTML of each saved film, with the player as it is now."""
    return [
        PLAYER.sub(lambda _, html=html: player(IDENTITY.search(html)[1]), html)
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]
        for output in cell.get("outputs", [])
        if '<div class="film"' in (html := "".join(output.get("data", {}).get("text/html", "")))
    ]


@pytest.mark.parametrize("width", [NARROWER_THAN_A_PHONE, PHONE, WIDE])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_no_label_touches_another_or_is_cut_off(browser, tmp_path, notebook, width):
    viewport = {"width": width, "height": 900}
    page = browser.new_page(viewport=viewport, reduced_motion="reduce")
    for html in films_in(notebook):
        file = tmp_path / "film.html"
        file.write_text(f'<!doctype html><meta charset="utf-8">{html}', "utf-8")
        page.goto(file.as_uri())
        assert page.evaluate(LOOK) == []
    page.close()


def test_every_notebook_has_a_film():
    assert [notebook.name for notebook in NOTEBOOKS if not films_in(notebook)] == []
