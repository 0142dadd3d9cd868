"""A question with buttons to click, or a number to enter, as a widget in a notebook."""

import asyncio
import html
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets  # type: ignore[import-untyped]

from pubsub_lib.lab.lesson.answers.kinds import Guess
from pubsub_lib.lab.lesson.outputs import as_html
from pubsub_lib.lab.lesson.quantities import singular

SHOW_ME = "I don't know, show me"
#: What is said in a form's place where it is gone: on a page loaded anew, maybe of a new kernel.
RUN_AGAIN = "For the form, run the notebook from the top to here."
_WAITS = "While cells are running, your answer waits until they are done."
# The page sends both at once, so that this is more than it takes; nobody notices so short a time.
_A_MOMENT_S = 0.2
# A long choice takes several lines; ipywidgets would cut it off.
_STYLE = """<style>
.course-choice {white-space: normal !important; text-align: left !important; line-height: 1.4;
  padding: 4px 10px !important}
.course-note {color: var(--jp-ui-font-color2, inherit)}
</style>"""
_LONGEST_SHOWN = 40
# Thousands between commas or spaces; "0,125" is no such number.
_IN_GROUPS = re.compile(r"[+-]?[1-9]\d{0,2}(?:(?:,\d{3})+|(?:\s\d{3})+)(?:\.\d*)?")
_ANY_WIDTH = {"width": "auto", "height": "auto", "max_width": "44em"}


class Form:
    """A form that calls back, once, with the guess; with `None` for "I don't know, show me".

    Args:
        question: what is asked.
        choices: the buttons; a number is asked for if there are none.
        unit: the unit of the number.
        note: what is said below.
        answered: is called with the guess.
    """

    def __init__(
        self,
        question: str,
        *,
        choices: Sequence[str],
        unit: str,
        note: str,
        answered: Callable[[Guess | None], None],
    ) -> None:
        self._answered = answered
        self._is_open = True
        self._note = ipywidgets.HTML()
        self._say(note)
        asked = ipywidgets.HTML(f"{_STYLE}<strong>{as_html(question)}</strong>")
        answers = self._buttons(choices) if choices else [self._number(unit)]
        self._widgets = [asked, *answers, self._button(SHOW_ME, None), self._note]
        self._box = ipywidgets.VBox(self._widgets)

    @property
    def content(self) -> dict[str, Any]:
        """What is to be shown, as the content of an output."""
        return dict(self._box._repr_mimebundle_())

    def close(self) -> None:
        """Take no more answers, and forget the widgets; what is shown of them has to go before."""
        self._is_open = False
        for widget in self._widgets:
            widget.close()

    def _buttons(self, choices: Sequence[str]) -> list[ipywidgets.Widget]:
        return [self._button(choice, choice) for choice in choices]

    def _button(self, words: str, guess: Guess | None) -> ipywidgets.Widget:
        button = ipywidgets.Button(description=words.replace("`", ""), layout=_ANY_WIDTH)
        button.add_class("course-choice")
        button.on_click(lambda _: self._answer(guess))
        return button

    def _number(self, unit: str) -> ipywidgets.Widget:
        field = _NumberField(unit, entered=self._answer, refused=self._say)
        return field.widget

    def _answer(self, guess: Guess | None) -> None:
        if self._is_open:
            self._is_open = False
            self._answered(guess)

    def _say(self, note: str) -> None:
        words = html.escape(f"{note} {_WAITS}".strip(), quote=False)
        self._note.value = f'<span class="course-note">{words}</span>'


class _NumberField:
    """A field and a button beside it; the Enter key does what the button does.

    The page tells of the Enter key before it tells what was typed, if that is new. So what is known
    by then counts only if nothing else comes within a moment.
    """

    def __init__(
        self, unit: str, *, entered: Callable[[Guess], None], refused: Callable[[str], None]
    ) -> None:
        self._unit, self._entered, self._refused = unit, entered, refused
        self._field = ipywidgets.Text(
            description=f"Your guess, in {unit}:" if unit else "Your guess:",
            placeholder="a number",
            continuous_update=False,  # while somebody types the page would lag behind
            style={"description_width": "initial"},
            layout={"width": "22em"},
        )
        self._pending: asyncio.TimerHandle | None = None
        button = ipywidgets.Button(description="Guess", layout={"width": "auto"})
        self._field.on_msg(self._on_key)
        self._field.observe(self._on_change, "value")
        button.on_click(self._enter)
        self.widget = ipywidgets.HBox([self._field, button])

    def _on_key(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("event") == "submit":  # the Enter key
            loop = asyncio.get_running_loop()
            self._pending = loop.call_later(_A_MOMENT_S, self._enter)

    def _on_change(self, _: Any) -> None:
        if self._pending:
            self._enter()

    def _enter(self, _: Any = None) -> None:
        if self._pending:
            self._pending.cancel()
            self._pending = None
        number = number_in(self._field.value, self._unit)
        if number is None:
            self._refused(_not_a_number(self._field.value.strip()))
        else:
            self._entered(number)


def _not_a_number(typed: str) -> str:
    if not typed:
        return "Enter a number such as 2 or 0.5."
    shown = typed if len(typed) <= _LONGEST_SHOWN else f"{typed[:_LONGEST_SHOWN]}…"
    return f"{shown!r} is no number. Enter one such as 2 or 0.5."


def number_in(text: str, unit: str = "") -> float | None:
    """Return the number that somebody has typed; `None` if it is none.

    >>> number_in("2.5 s", "s"), number_in("0,5"), number_in("100,000"), number_in("2e3")
    (2.5, 0.5, 100000.0, 2000.0)
    >>> number_in("two")
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    units = [one for one in (unit, singular(unit)) if text.endswith(one)]
    text = text.removesuffix(units[0]).strip() if units else text
    if _IN_GROUPS.fullmatch(text):
        text = re.sub(r"[,\s]", "", text)
    elif "." not in text and text.count(",") == 1:
        text = text.replace(",", ".")
    try:
        number = float(text)
    except ValueError:
        return None
    is_too_large = math.isinf(number) and any(letter.isdigit() for letter in text)
    return None if math.isnan(number) or is_too_large else number
