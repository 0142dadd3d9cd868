"""Sliders for an overload: change a setting, and see at once who waits and who misses what.

In a notebook, `open_playground()` as the last line of a cell shows it. Everything can be done from
the keyboard: Tab goes from control to control, the arrow keys change the one that has the focus.
Where widgets cannot run, as in a saved notebook, a picture of the first settings stands in their
place.

>>> sliders = open_playground()
>>> sliders.overload.settings()
'100 messages per second, 1 slow subscriber of 20 ms, bound 50, never wait, then drop newest'
>>> sliders.controls["policy"].value = Overflow.DROP_OLDEST
>>> sliders.caption
'The publisher is on time. The fast subscriber gets 400 messages, at once. The slow one misses \
150 of them, and reads what is up to 500 ms old.'
>>> sliders.show(INCIDENTS[-1])
>>> sliders.controls["dead subscribers"].value
1
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any

import ipywidgets as widgets  # type: ignore[import-untyped]
from IPython.display import display

from pubsub_lib.lab.figures.captions import milliseconds
from pubsub_lib.lab.figures.overload import at_a_glance
from pubsub_lib.lab.playground.controls import NAMING, column, look, row, slider
from pubsub_lib.lab.playground.incidents import INCIDENTS, Incident
from pubsub_lib.lab.playground.overload import Overload
from pubsub_lib.overflow import Overflow

OWN_SETTINGS = "settings of your own"
# In steps of a millisecond where service times are, so that the two can be told apart. A slider
# cannot hold None.
TIMEOUTS_S = (
    *(ms / 1e3 for ms in range(51)),
    *(ms / 1e3 for ms in range(60, 210, 10)),
    *(0.3, 0.4, 0.5, 0.75, 1.0, math.inf),
)

UNITS = {"publish rate": "per second", "service time": "ms", "bound": "messages"}


class Playground:
    """The figure and what it says, and below them the controls. Made by `open_playground()`.

    The figure comes first, so that it stays in sight where the page is enlarged.

    Attributes:
        controls: the control of each setting, by its label.
        incidents: the choice among the incidents that can be shown.
        widget: all of it, for a notebook to show.
        caption: what the figure shows now, in words.
    """

    def __init__(self, incident: Incident) -> None:
        self.controls: Mapping[str, Any] = _controls()
        self.incidents = widgets.Dropdown(
            description="show",
            options=[(OWN_SETTINGS, OWN_SETTINGS), *((each.name, each) for each in INCIDENTS)],
            **look(),
        )
        self.caption = ""
        self._image = widgets.Image(format="png", layout=widgets.Layout(max_width="100%"))
        self._text = widgets.HTML()
        self._story = widgets.HTML()
        self._listening = True
        self.widget = self._arranged()
        self.show(incident)
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        self.incidents.observe(self._chosen, names="value")

    @property
    def overload(self) -> Overload:
        """The settings as they are now."""
        timeout_s = self.controls["time-out"].value
        return Overload(
            publish_rate_hz=self.controls["publish rate"].value,
            service_time_ms=self.controls["service time"].value,
            bound=self.controls["bound"].value,
            timeout_s=None if timeout_s == math.inf else timeout_s,
            overflow=self.controls["policy"].value,
            slow=self.controls["slow subscribers"].value,
            dead=self.controls["dead subscribers"].value,
        )

    @property
    def picture(self) -> bytes:
        """The figure as it is now, as a PNG file's content."""
        return bytes(self._image.value)

    def show(self, incident: Incident) -> None:
        """Set every control to what an incident needs, and draw once."""
        overload = incident.overload
        values = {
            "publish rate": overload.publish_rate_hz,
            "service time": overload.service_time_ms,
            "bound": overload.bound,
            "time-out": math.inf if overload.timeout_s is None else overload.timeout_s,
            "policy": overload.overflow,
            "slow subscribers": overload.slow,
            "dead subscribers": overload.dead,
        }
        with self._not_listening():
            for label, value in values.items():
                self.controls[label].value = value
            self.incidents.value = incident
        self._draw(incident)

    def _moved(self, change: object) -> None:
        if self._listening:
            with self._not_listening():
                self.incidents.value = OWN_SETTINGS
            self._draw(None)

    def _chosen(self, change: Mapping[str, Any]) -> None:
        if self._listening and isinstance(change["new"], Incident):
            self.show(change["new"])

    @contextmanager
    def _not_listening(self) -> Iterator[None]:
        """Let controls be set without a redraw for each."""
        self._listening = False
        try:
            yield
        finally:
            self._listening = True

    def _draw(self, incident: Incident | None) -> None:
        overload = self.overload
        recording = overload.run()
        self.caption = overload.findings(recording)
        plot = at_a_glance(recording, due=overload.messages, caption=self.caption)
        self._image.value = plot.png()
        self._text.value = f'<p role="status" style="line-height: 1.4">{escape(self.caption)}</p>'
        self._story.value = _told(incident) if incident else ""

    def _arranged(self) -> Any:
        rows = [row(control, UNITS.get(label, "")) for label, control in self.controls.items()]
        columns = widgets.HBox(
            [column(rows[:4]), column([*rows[4:], row(self.incidents)])],
            layout=widgets.Layout(flex_flow="row wrap"),
        )
        return widgets.VBox([self._image, self._text, columns, self._story])

    def _ipython_display_(self) -> None:
        """Show the widget, or its first picture to whoever cannot show that."""
        overload = self.overload
        recording = overload.run()
        still = at_a_glance(
            recording,
            due=overload.messages,
            caption=self.caption,
            heading=overload.settings(),
        )
        shown = self.widget._repr_mimebundle_()
        shown |= {"image/png": still.png(), "text/plain": self.caption}
        display(shown, metadata={"image/png": {"alt": self.caption}}, raw=True)
        display({"text/html": NAMING}, raw=True)


def open_playground(incident: Incident = INCIDENTS[0]) -> Playground:
    """Return the playground, with the settings of an incident to begin with."""
    return Playground(incident)


def _controls() -> dict[str, Any]:
    """Make a control for each setting, in the order in which Tab reaches them.

    The ranges also bound how many messages there are, and so how long a redraw takes.
    """
    controls = [
        slider("publish rate", 10, 200, step=10),
        slider("service time", 1, 200),
        slider("slow subscribers", 0, 5),
        slider("dead subscribers", 0, 3),
        slider("bound", 1, 200),
        widgets.SelectionSlider(
            description="time-out",
            options=[(_patience(timeout_s), timeout_s) for timeout_s in TIMEOUTS_S],
            continuous_update=False,
            **look(),
        ),
        widgets.Dropdown(
            description="policy",
            options=[(overflow.value, overflow) for overflow in Overflow],
            **look(),
        ),
    ]
    return {control.description: control for control in controls}


def _patience(timeout_s: float) -> str:
    return "for ever" if timeout_s == math.inf else milliseconds(timeout_s * 1e3)


def _told(incident: Incident) -> str:
    """Return the story of an incident, with a link, as HTML."""
    # In a widget JupyterLab shows a link like any other word, unless told.
    look_of_link = "color: var(--jp-content-link-color, LinkText); text-decoration: underline"
    link = (
        f'<a href="{incident.address}" target="_blank" style="{look_of_link}">Read more</a>'
        if incident.address
        else ""
    )
    return f'<p style="line-height: 1.4">{escape(incident.story)} {link}</p>'
