"""Sliders for an outage: how long is the server away, and how busy is the desk?

In a notebook, `open_outage()` as the last line of a cell shows it. As in the playground everything
can be done from the keyboard, and where widgets cannot run a picture of the first settings stands
in their place.

>>> sliders = open_outage()
>>> sliders.outage.settings()
'the server is away for 10 s, the desk is 50 % busy'
>>> sliders.controls["away"].value = 20
>>> sliders.caption
'Over core NATS 40 prices never arrive, and none is late. Kept, all arrive: the oldest 19.8 s \
late, and the desk is up to date 19.8 s after the server is back.'
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
from IPython.display import display

from pubsub_lib.lab.figures.outages import age_after_outage
from pubsub_lib.lab.figures.style import Plot
from pubsub_lib.lab.playground.controls import NAMING, slider
from pubsub_lib.lab.playground.outage import Outage

UNITS = {"away": "s", "busy": "% of its time"}


class OutageSliders:
    """The figure and what it says, and below them the sliders. Made by `open_outage()`.

    Attributes:
        controls: the slider of each setting, by its label.
        widget: all of it, for a notebook to show.
        caption: what the figure shows now, in words.
    """

    def __init__(self, outage: Outage) -> None:
        self.controls: Mapping[str, Any] = {
            "away": slider("away", 1, 60),
            "busy": slider("busy", 10, 90, step=5),
        }
        self.controls["away"].value = outage.away_s
        self.controls["busy"].value = outage.busy * 100
        self.caption = ""
        self._image = widgets.Image(format="png", layout=widgets.Layout(max_width="100%"))
        self._text = widgets.HTML()
        rows = [
            widgets.HBox([control, widgets.Label(UNITS[label])])
            for label, control in self.controls.items()
        ]
        self.widget = widgets.VBox([self._image, self._text, *rows])
        self._draw()
        for control in self.controls.values():
            control.observe(lambda change: self._draw(), names="value")

    @property
    def outage(self) -> Outage:
        """The settings as they are now."""
        return Outage(
            away_s=float(self.controls["away"].value), busy=self.controls["busy"].value / 100
        )

    @property
    def picture(self) -> bytes:
        """The figure as it is now, as a PNG file's content."""
        return bytes(self._image.value)

    def _plot(self, heading: str = "") -> Plot:
        outage = self.outage
        seen = outage.run()
        plot = age_after_outage(
            seen.core, seen.kept, outage=seen.outage, missed=seen.missed, heading=heading
        )
        return plot.with_caption(outage.findings(seen))

    def _draw(self) -> None:
        plot = self._plot()
        self.caption = plot.caption
        self._image.value = plot.png()
        self._text.value = f'<p role="status" style="line-height: 1.4">{escape(self.caption)}</p>'

    def _ipython_display_(self) -> None:
        """Show the widget, or its first picture to whoever cannot show that."""
        shown = self.widget._repr_mimebundle_()
        still = self._plot(self.outage.settings())
        shown |= {"image/png": still.png(), "text/plain": self.caption}
        display(shown, metadata={"image/png": {"alt": self.caption}}, raw=True)
        display({"text/html": NAMING}, raw=True)


def open_outage(outage: Outage = Outage()) -> OutageSliders:  # noqa: B008  # it is frozen
    """Return the sliders, with the settings to begin with."""
    return OutageSliders(outage)
