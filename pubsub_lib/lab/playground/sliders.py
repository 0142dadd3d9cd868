"""A figure that is drawn again whenever a slider is moved, and says what it shows.

Everything can be done from the keyboard. Where widgets cannot run, as in a saved notebook, a
picture of the first settings stands in their place.

>>> from matplotlib.figure import Figure
>>> from pubsub_lib.lab.figures.style import Plot
>>> def draw(values: Mapping[str, int]) -> Plot:
...     return Plot(Figure(), f"Room for {values['bound']}.")
>>> shown = FigureWithSliders({"bound": Range(1, 200, "messages", at=50)}, draw)
>>> shown.caption
'Room for 50.'
>>> shown.controls["bound"].value = 60
>>> shown.caption
'Room for 60.'
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
from IPython.display import display

from pubsub_lib.lab.figures.style import Plot
from pubsub_lib.lab.playground.controls import NAMING, column, row, slider

type Draw = Callable[[Mapping[str, int]], Plot]
"""Draws what the sliders say, by their labels."""


@dataclass(frozen=True, slots=True)
class Range:
    """What a slider can be set to.

    Attributes:
        least: its lowest value.
        most: its highest value.
        unit: what stands beside it.
        at: where it is at first.
        step: how far a press of an arrow key moves it.
    """

    least: int
    most: int
    unit: str
    at: int
    step: int = 1


class FigureWithSliders:
    """The figure and what it says, and below them the sliders.

    The figure comes first, so that it stays in sight where the page is enlarged.

    Attributes:
        controls: the slider of each setting, by its label.
        widget: all of it, for a notebook to show.
        caption: what the figure shows now, in words.
    """

    def __init__(self, ranges: Mapping[str, Range], draw: Draw) -> None:
        self.controls: Mapping[str, Any] = {
            label: slider(label, one.least, one.most, step=one.step)
            for label, one in ranges.items()
        }
        for label, one in ranges.items():
            self.controls[label].value = one.at
        self.caption = ""
        self._draw = draw
        self._image = widgets.Image(format="png", layout=widgets.Layout(max_width="100%"))
        self._text = widgets.HTML()
        rows = [row(self.controls[label], one.unit) for label, one in ranges.items()]
        self.widget = widgets.VBox([self._image, self._text, column(rows)])
        self._redraw()
        for control in self.controls.values():
            control.observe(lambda change: self._redraw(), names="value")

    @property
    def picture(self) -> bytes:
        """The figure as it is now, as a PNG file's content."""
        return bytes(self._image.value)

    def _redraw(self) -> None:
        plot = self._draw({label: control.value for label, control in self.controls.items()})
        self.caption = plot.caption
        self._image.value = plot.png()
        self._text.value = f'<p role="status" style="line-height: 1.4">{escape(self.caption)}</p>'

    def _ipython_display_(self) -> None:
        """Show the widget, or its picture to whoever cannot show that."""
        shown = self.widget._repr_mimebundle_()
        shown |= {"image/png": self.picture, "text/plain": self.caption}
        display(shown, metadata={"image/png": {"alt": self.caption}}, raw=True)
        display({"text/html": NAMING}, raw=True)
