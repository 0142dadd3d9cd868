"""The visual language of the course: one colour, line and marker for each kind of subscriber.

The colours are Okabe and Ito's, which colour-blind readers can tell apart ("Color Universal
Design", 2008); lines and markers differ too, so that colour is never the only cue.

>>> COLOURS[Pace.SLOW], LINES[Pace.SLOW], MARKERS[Pace.SLOW]
('#E69F00', '--', '^')
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import matplotlib as mpl
from IPython.display import Markdown, display
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from pubsub_lib.lab.traffic.readers import Pace, Reader

PUBLISHER = "#000000"
DROP = "#D55E00"
BOUND = "#555555"
NEUTRAL = "#56B4E9"
HIGHLIGHT = "#E69F00"
COLOURS = {Pace.FAST: "#009E73", Pace.SLOW: "#E69F00", Pace.DEAD: "#CC79A7"}
LINES = {Pace.FAST: "-", Pace.SLOW: "--", Pace.DEAD: ":"}
MARKERS = {Pace.FAST: "o", Pace.SLOW: "^", Pace.DEAD: "X"}
# For lines that stand for no subscriber, such as the costs of several brokers.
SERIES: tuple[dict[str, Any], ...] = (
    {"color": "#0072B2", "marker": "D", "linestyle": "-"},
    {"color": "#000000", "marker": "s", "linestyle": "--"},
    {"color": "#D55E00", "marker": "v", "linestyle": "-."},
    {"color": "#555555", "marker": "P", "linestyle": ":"},
)
# For areas that stand for what somebody does. Waiting is the one that is not filled.
WAITING: dict[str, Any] = {"facecolor": "#FFFFFF", "edgecolor": "#999999", "hatch": "///"}
AREAS: tuple[dict[str, Any], ...] = (
    {"facecolor": "#56B4E9", "edgecolor": "#000000"},
    {"facecolor": "#E69F00", "edgecolor": "#000000", "hatch": "..."},
    {"facecolor": "#CCCCCC", "edgecolor": "#000000", "hatch": "xxx"},
)

STYLE: Any = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.dpi": 110,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "path.simplify_threshold": 1.0,  # steps smaller than a pixel would fill the gaps of dashes
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure and the sentence that says what to see in it.

    Attributes:
        figure: the Matplotlib figure.
        caption: what it shows, computed from the data.
    """

    figure: Figure
    caption: str

    def with_caption(self, caption: str) -> "Plot":
        """Return the same figure with another sentence, for what only the notebook knows."""
        return replace(self, caption=caption)

    def png(self) -> bytes:
        """Return the figure as a PNG file's content."""
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    def _ipython_display_(self) -> None:
        display({"image/png": self.png(), "text/plain": self.caption}, raw=True)
        display(Markdown(f"*{self.caption}*"))


@contextmanager
def panels_for(
    names: Mapping[str, object], *, x: str, y: str
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Make one panel for each name, side by side on shared axes."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8 if len(names) < 3 else 10, 3.6))
        panels = list(figure.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)[0])
        for axes, name in zip(panels, names, strict=True):
            axes.set_title(name, loc="left")
            axes.set_xlabel(x)
        panels[0].set_ylabel(y)
        yield figure, panels


def line_of(reader: Reader) -> dict[str, Any]:
    """Return the colour and dash of a reader's line."""
    return {"color": COLOURS[reader.pace], "linestyle": LINES[reader.pace]}


def axes_from_zero(panels: Sequence[Axes]) -> None:
    """Let the shared axes begin at 0 and hold every panel's data, with room above for labels."""
    for axes in panels:
        right = max(panel.dataLim.x1 for panel in panels)
        top = max(panel.dataLim.y1 for panel in panels)
        axes.set_xlim(0, right * 1.05 if right > 0 else 1)
        axes.set_ylim(0, top * 1.15 if top > 0 else 1)


def legend(panels: Sequence[Axes]) -> None:
    """Explain the lines of all panels once, in the panel that has the most of them."""
    entries = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if len(entries) > 1 or len(panels) == 1:
        fullest = max(panels, key=lambda axes: len(axes.get_legend_handles_labels()[0]))
        fullest.legend(list(entries.values()), list(entries), loc="best")


def logarithmic_ticks(panels: Sequence[Axes], *, zero: float) -> None:
    """Write 0.1, 1, 10 along the shared axis, not powers of ten, and 0 at the place kept for it.

    Args:
        panels: whose axes to label.
        zero: where 0 is drawn, which has no place of its own on a logarithmic axis; 0.0 if nowhere.
    """

    def label(value: float, _: float) -> str:
        if value > zero * 1.01:
            return f"{value:g}"
        return "0" if value > zero * 0.99 else ""

    left, right = panels[0].get_xlim()
    for axes in panels:
        if right < 100 * left:  # powers of ten alone would be too few
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(label)
        axes.xaxis.set_minor_formatter(NullFormatter())
