"""A question with buttons to click, or a number to enter, as a widget in a notebook."""

import html
import math
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets  # type: ignore[import-untyped]

from pubsub_lib.lab.lesson.answers.kinds import Guess
from pubsub_lib.lab.lesson.outputs import as_html

SHOW_ME = "I don't know, show me"
_WAITS = "While cells are running, your answer waits until they are done."
# A long choice takes several lines; ipywidgets would cut it off.
_STYLE = """<style>
.course-choice {white-space: normal !important; text-align: left !important; line-height: 1.4;
  padding: 4px 10px !important}
.course-note {color: var(--jp-ui-font-color2, inherit)}
</style>"""
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
        show_me = self._button(SHOW_ME, None)
        self._box = ipywidgets.VBox([asked, *answers, show_me, self._note])

    @property
    def content(self) -> dict[str, Any]:
        """What is to be shown, as the content of an output."""
        return dict(self._box._repr_mimebundle_())

    def close(self, said: str = "") -> None:
        """Take no more answers.

        Args:
            said: what stands here from now on, where the form is still to be seen: a page that was
                loaded anew no longer knows which output to replace.
        """
        self._is_open = False
        self._box.children = [ipywidgets.HTML(as_html(said))] if said else []

    def _buttons(self, choices: Sequence[str]) -> list[ipywidgets.Widget]:
        return [self._button(choice, choice) for choice in choices]

    def _button(self, words: str, guess: Guess | None) -> ipywidgets.Widget:
        button = ipywidgets.Button(description=words.replace("`", ""), layout=_ANY_WIDTH)
        button.add_class("course-choice")
        button.on_click(lambda _: self._answer(guess))
        return button

    def _number(self, unit: str) -> ipywidgets.Widget:
        label = f"Your guess, in {unit}:" if unit else "Your guess:"
        field = ipywidgets.Text(
            description=label,
            placeholder="a number",
            style={"description_width": "initial"},
            layout={"width": "22em"},
        )
        enter = ipywidgets.Button(description="Guess", layout={"width": "auto"})

        def answer(_: Any = None) -> None:
            number = number_in(field.value, unit)
            if number is None:
                self._say(f"{field.value!r} is no number. Enter one such as 2 or 0.5.")
            else:
                self._answer(number)

        def on_key(_: Any, content: dict[str, Any], buffers: Any) -> None:
            if content.get("event") == "submit":  # the Enter key
                answer()

        field.on_msg(on_key)
        enter.on_click(answer)
        return ipywidgets.HBox([field, enter])

    def _answer(self, guess: Guess | None) -> None:
        if self._is_open:
            self._is_open = False
            self._answered(guess)

    def _say(self, note: str) -> None:
        words = html.escape(f"{note} {_WAITS}".strip(), quote=False)
        self._note.value = f'<span class="course-note">{words}</span>'


def number_in(text: str, unit: str = "") -> float | None:
    """Return the number that somebody has typed; `None` if it is none.

    >>> number_in("2.5 s", "s"), number_in("0,5"), number_in("100,000"), number_in("2e3")
    (2.5, 0.5, 100000.0, 2000.0)
    >>> number_in("two")
    """
    text = text.strip().removesuffix(unit).strip() if unit else text.strip()
    before, comma, after = text.rpartition(",")
    if comma and "." not in text and (len(after) != 3 or before in {"", "0", "-0"}):
        text = f"{before.replace(',', '')}.{after}"
    try:
        number = float(text.replace(",", "").replace(" ", ""))
    except ValueError:
        return None
    return None if math.isnan(number) else number
