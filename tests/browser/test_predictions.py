"""A prediction in a real JupyterLab: clicked, typed, revealed, saved, reloaded, after a restart."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip(
    "playwright", reason="playwright is not installed; `make test-browser` does that"
)

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from pubsub_lib.lab.lesson.form import RUN_AGAIN
from tools.open_in_browser import (
    NO_BROWSER,
    RUN_TIMEOUT_S,
    START_TIMEOUT_S,
    VIEWPORT,
    find_browser,
    lab_in_browser,
    run_all,
    wait_until_connected,
)

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
SET_UP = """\
import os
from pathlib import Path
from pubsub_lib.lab import predict
from pubsub_lib.lab.lesson.answers import ANSWERS
from pubsub_lib.lab.lesson.answers.kinds import Choice, Number
os.environ["COURSE_PROGRESS"] = str(Path("{name}.json").resolve())
ANSWERS["98.seconds"] = Number(2, "It takes {{found}}.", replies={{3: "You counted one twice."}})
ANSWERS["98.who"] = Choice("all", "All get it.", replies={{"nobody": "Nobody raised."}})"""
CELLS = [
    SET_UP,
    'seconds = predict("98.seconds", "How long do `both` take?", unit="s")',
    'print("it took 2 s")\nseconds.compare(2)\n"the last line"',
    'who = predict("98.who", "Who gets it?", choices=["nobody", "all"])',
    'who.compare("all")',
    'print("at the end")',
    """
predict("98.seconds", "Once more, how long?", unit="s")
predict("98.who", "Once more, who?", choices=["nobody", "all"])
None
""",
]
SECONDS, SECONDS_FOUND, WHO, WHO_FOUND, END, BOTH = range(1, len(CELLS))
HIDDEN = "What this cell found stays hidden until you have guessed."
BROKEN = "Error displaying widget"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(2 * (START_TIMEOUT_S + RUN_TIMEOUT_S)),
    pytest.mark.skipif(find_browser() is None, reason=NO_BROWSER),
]
# A notebook for each test, so that none meets what another has guessed.
NAMES = [f"guess{number}.ipynb" for number in range(1, 26)]
_unused = iter(NAMES)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, str, Path]]:
    folder = tmp_path_factory.mktemp("course") / "notebooks"
    folder.mkdir()
    SCREENSHOTS.mkdir(exist_ok=True)
    for name in NAMES:
        (folder / name).write_text(json.dumps(notebook(name)), encoding="utf-8")
    with lab_in_browser([folder / name for name in NAMES]) as (browser, address, _):
        yield browser, address, folder


def notebook(name: str) -> dict[str, object]:
    """A notebook whose guesses are noted in a file of its own."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "source": source.format(name=name) if number == 0 else source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(CELLS)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Opened:
    """A notebook in JupyterLab."""

    def __init__(self, page: Page, address: str, name: str) -> None:
        self.page, self.name = page, name
        self._address = f"{address}/lab/tree/notebooks/{name}"
        self.open()

    def open(self) -> None:
        self.page.goto(f"{self._address}?reset")
        wait_until_connected(self.page)

    def do(self, command: str) -> None:
        self.page.evaluate("command => window.jupyterapp.commands.execute(command)", command)

    def run_all(self) -> None:
        run_all(self.page)

    def run(self, cell: int) -> None:
        self.page.evaluate(
            "index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index; }",
            cell,
        )
        self.do("notebook:run-cell")

    def execute(self, code: str) -> None:
        """Have the kernel run something beside the cells, and do not wait for it."""
        self.page.evaluate(
            "code => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
            ".requestExecute({ code }); }",
            code,
        )

    def cell(self, number: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def output(self, cell: int) -> Locator:
        return self.cell(cell).locator(".jp-OutputArea")

    def button(self, cell: int, name: str) -> Locator:
        return self.output(cell).get_by_role("button", name=name, exact=True)

    def number(self, cell: int) -> Locator:
        return self.output(cell).get_by_role("textbox", name="Your guess, in s:")

    def restart(self) -> None:
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
        )
        wait_until_connected(self.page)

    def saved(self) -> dict[str, object]:
        """The notebook as it is in its file, once it was saved."""
        self.do("docmanager:save")
        response = self.page.request.get(
            f"{self._address.partition('/lab/')[0]}/api/contents/notebooks/{self.name}"
        )
        return dict(response.json()["content"])


@pytest.fixture
def opened(lab: tuple[Browser, str, Path]) -> Iterator[Opened]:
    page = lab[0].new_page(viewport=VIEWPORT)
    yield Opened(page, lab[1], next(_unused))
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.close()


def test_guesses_are_clicked_and_typed_and_the_results_are_shown_with_them(opened: Opened):
    for cell in (0, SECONDS, WHO):
        opened.run(cell)
    opened.number(SECONDS).fill("3")
    opened.number(SECONDS).press("Enter")
    expect(opened.output(SECONDS)).to_have_text("Your guess: 3 s.")
    opened.button(WHO, "all").click()
    expect(opened.output(WHO)).to_have_text("Your guess: all.")
    for cell in (SECONDS_FOUND, WHO_FOUND):
        opened.run(cell)
    expect(opened.output(SECONDS_FOUND)).to_contain_text("You counted one twice.")
    expect(opened.output(WHO_FOUND)).to_contain_text("Your guess: all. Right.")


@pytest.mark.parametrize("key", ["Enter", " "])
def test_a_guess_is_made_by_keyboard_alone(opened: Opened, key: str):
    opened.run(0)
    opened.run(WHO)
    opened.button(WHO, "nobody").focus()
    opened.page.keyboard.press("Tab")
    expect(opened.button(WHO, "all")).to_be_focused()
    opened.page.keyboard.press(key)
    expect(opened.output(WHO)).to_have_text("Your guess: all.")
    expect(opened.page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(CELLS))


def test_a_click_while_a_cell_runs_is_taken_when_it_is_done(opened: Opened):
    opened.run(0)
    opened.run(WHO)
    opened.button(WHO, "all").wait_for()
    opened.execute("import time; time.sleep(2)")
    opened.button(WHO, "all").click()
    expect(opened.output(WHO)).to_contain_text("your answer waits until they are done")
    expect(opened.output(WHO)).to_have_text("Your guess: all.")


def test_typing_does_not_reach_the_notebook(opened: Opened):
    opened.run(0)
    opened.run(SECONDS)
    opened.number(SECONDS).click()
    opened.page.keyboard.type("add 2")  # "a" would add a cell, and "d", twice, delete one
    expect(opened.number(SECONDS)).to_have_value("add 2")
    expect(opened.page.locator(".jp-Notebook .jp-Cell")).to_have_count(len(CELLS))
    opened.page.keyboard.press("Enter")
    expect(opened.output(SECONDS)).to_contain_text("'add 2' is no number.")


def test_after_run_all_results_are_hidden_until_a_click(opened: Opened):
    opened.run_all()
    expect(opened.output(END)).to_have_text("at the end")
    for cell in (SECONDS_FOUND, WHO_FOUND):
        expect(opened.output(cell)).to_contain_text(HIDDEN)
    for secret in ("it took 2 s", "last line", "All get it"):
        expect(opened.page.locator(".jp-OutputArea").filter(has_text=secret)).to_have_count(0)
    opened.page.screenshot(path=SCREENSHOTS / "prediction-hidden.png")
    opened.button(WHO_FOUND, "I don't know, show me").click()
    expect(opened.output(WHO_FOUND)).to_have_text("All get it.")
    expect(opened.output(WHO)).to_have_text("You asked to be shown.")
    opened.number(SECONDS).fill("2 s")
    opened.button(SECONDS, "Guess").click()
    expect(opened.output(SECONDS_FOUND)).to_contain_text("Your guess: 2 s. Right.")
    for shown in ("it took 2 s", "the last line"):
        expect(opened.output(SECONDS_FOUND)).to_contain_text(shown)
    expect(opened.output(SECONDS_FOUND)).not_to_contain_text(HIDDEN)
    opened.page.screenshot(path=SCREENSHOTS / "prediction-shown.png")


def test_what_was_guessed_and_found_outlives_saving_a_restart_and_a_reload(opened: Opened):
    opened.run_all()
    opened.button(WHO_FOUND, "nobody").click()
    expect(opened.output(WHO_FOUND)).to_contain_text("Nobody raised.")
    saved = json.dumps(opened.saved())
    assert "widget-view" not in saved
    assert "Nobody raised." in saved
    opened.restart()
    opened.open()
    expect(opened.output(WHO)).to_have_text("Your guess: nobody.")
    expect(opened.output(WHO_FOUND)).to_contain_text("Nobody raised.")
    expect(opened.output(SECONDS)).to_contain_text(RUN_AGAIN)
    expect(opened.page.locator(".jp-Notebook")).not_to_contain_text(BROKEN)


def test_after_a_restart_the_cell_is_run_again_for_a_form_that_works(opened: Opened):
    opened.run_all()
    opened.restart()
    opened.run(0)
    opened.run(WHO)
    expect(opened.button(WHO, "all")).to_have_count(1)
    opened.button(WHO, "all").click()
    expect(opened.output(WHO)).to_have_text("Your guess: all.")
    opened.run(WHO_FOUND)
    expect(opened.output(WHO_FOUND)).to_contain_text("Your guess: all. Right.")


def test_run_again_the_guess_still_counts_and_can_be_made_anew(opened: Opened):
    opened.run_all()
    opened.button(WHO, "nobody").click()
    opened.run_all()
    expect(opened.output(WHO)).to_contain_text("Your guess: nobody.")
    expect(opened.output(WHO_FOUND)).to_contain_text("Nobody raised.")
    opened.button(WHO, "all").click()
    expect(opened.output(WHO_FOUND)).to_contain_text("Your guess: all. Right.")


def test_on_a_page_loaded_anew_the_cell_is_run_again_for_a_form_that_works(opened: Opened):
    opened.run_all()
    opened.saved()
    opened.open()
    for cell in (WHO, WHO_FOUND):
        expect(opened.output(cell)).to_contain_text(RUN_AGAIN)
        opened.run(cell)
    opened.button(WHO_FOUND, "all").click()
    expect(opened.output(WHO_FOUND)).to_have_text("All get it.Your guess: all. Right.")


def test_what_was_typed_last_counts_when_the_enter_key_is_pressed(opened: Opened):
    opened.run(0)
    opened.run(SECONDS)
    number = opened.number(SECONDS)
    number.fill("3")
    number.press("Tab")
    number.click()
    opened.page.keyboard.press("End")
    opened.page.keyboard.type("1234567")
    opened.page.keyboard.press("Enter")
    expect(opened.output(SECONDS)).to_have_text("Your guess: 31,234,567 s.")


def test_the_enter_key_takes_what_was_typed_before(opened: Opened):
    opened.run(0)
    opened.run(SECONDS)
    number = opened.number(SECONDS)
    number.fill("3")
    number.press("Tab")
    number.press("Enter")
    expect(opened.output(SECONDS)).to_have_text("Your guess: 3 s.")


@pytest.mark.parametrize("how", ["a click", "a key on a button", "Enter in the field"])
def test_after_a_guess_shift_enter_runs_the_next_cell(opened: Opened, how: str):
    asked = SECONDS if how == "Enter in the field" else WHO
    opened.run(0)
    opened.run(asked)
    match how:
        case "a click":
            opened.button(WHO, "all").click()
        case "a key on a button":
            opened.button(WHO, "all").press("Enter")
        case _:
            opened.number(SECONDS).fill("3")
            opened.number(SECONDS).press("Enter")
    expect(opened.output(asked)).to_contain_text("Your guess:")
    expect(opened.cell(asked + 1)).to_be_focused()
    opened.page.keyboard.press("Shift+Enter")
    expect(opened.output(asked + 1)).to_contain_text("Your guess:")


def test_after_a_guess_beside_the_result_shift_enter_runs_the_cell_below_that(opened: Opened):
    opened.run_all()
    opened.button(WHO_FOUND, "all").click()
    expect(opened.output(WHO_FOUND)).to_contain_text("Your guess: all. Right.")
    expect(opened.cell(END)).to_be_focused()


def test_after_the_first_of_two_guesses_tab_goes_on_to_the_second(opened: Opened):
    opened.run(0)
    opened.run(BOTH)
    opened.number(BOTH).fill("3")
    opened.number(BOTH).press("Enter")
    expect(opened.output(BOTH)).to_contain_text("Your guess: 3 s.")
    expect(opened.output(BOTH).locator(":focus")).to_contain_text("Your guess: 3 s.")
    opened.page.keyboard.press("Tab")
    expect(opened.button(BOTH, "nobody")).to_be_focused()


def test_who_types_elsewhere_by_the_time_of_the_answer_is_left_there(opened: Opened):
    opened.run(0)
    opened.run(WHO)
    opened.button(WHO, "all").wait_for()
    opened.execute("import time; time.sleep(1)")
    opened.button(WHO, "all").click()
    editor = opened.cell(WHO).get_by_role("textbox")
    editor.click()
    expect(opened.output(WHO)).to_have_text("Your guess: all.")
    expect(editor).to_be_focused()


def test_a_notebook_that_is_opened_again_begins_at_its_first_cell(opened: Opened):
    opened.run(0)
    opened.run(WHO)
    opened.button(WHO, "all").click()
    expect(opened.output(WHO)).to_have_text("Your guess: all.")
    opened.saved()
    opened.open()
    expect(opened.output(WHO)).to_have_text("Your guess: all.")
    expect(opened.cell(0)).to_have_class(re.compile("jp-mod-active"))


def test_axe_finds_nothing_wrong_with_a_form(opened: Opened):
    opened.run_all()
    violations = Axe().run(opened.page, context=".jp-Cell:nth-child(4) .jp-OutputArea").response
    found = [(one["id"], one["nodes"][0]["html"]) for one in violations["violations"]]
    assert found == []
