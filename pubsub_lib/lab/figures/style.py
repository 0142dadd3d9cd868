"""The visual language of the course: one colour, line and marker for each kind of subscriber.

The colours are Okabe and Ito's, which colour-blind readers can tell apart ("Color Universal
Design", 2008); lines and markers differ too, so that colour is never the only cue.

>>> COLOURS[Pace.SLOW] == ORANGE, LINES[Pace.SLOW], MARKERS[Pace.SLOW]
(True, '--', '^')
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import matplotlib as mpl
from IPython.display import Markdown, display
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from pubsub_lib.lab.lesson.verdicts import Standing
from pubsub_lib.lab.traffic.readers import Pace, Reader

# The palette. A figure says what a thing is, by a name below; which colour that has is said here.
BLACK, WHITE = "#000000", "#FFFFFF"
DARK_GREY, GREY, LIGHT_GREY, PALE_GREY = "#555555", "#999999", "#CCCCCC", "#DDDDDD"
ORANGE, SKY_BLUE, GREEN = "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
BROWN = "#7F5700"  # their orange, darkened, so that it can be read as text

PUBLISHER = BLACK
DROP = VERMILION
BOUND = DARK_GREY
NEUTRAL = SKY_BLUE
HIGHLIGHT = ORANGE
EDGE = BLACK
GROUND = WHITE
COLOURS = {Pace.FAST: GREEN, Pace.SLOW: ORANGE, Pace.DEAD: PURPLE}
LINES = {Pace.FAST: "-", Pace.SLOW: "--", Pace.DEAD: ":"}
MARKERS = {Pace.FAST: "o", Pace.SLOW: "^", Pace.DEAD: "X"}
# For lines that stand for no subscriber, such as the costs of several brokers.
SERIES: tuple[dict[str, Any], ...] = (
    {"color": BLUE, "marker": "D", "linestyle": "-"},
    {"color": BLACK, "marker": "s", "linestyle": "--"},
    {"color": VERMILION, "marker": "v", "linestyle": "-."},
    {"color": DARK_GREY, "marker": "P", "linestyle": ":"},
    {"color": BROWN, "marker": "d", "linestyle": (0, (5, 1, 1, 1, 1, 1))},
)
# For what a publisher did, a dot a message.
PUBLISHES: dict[str, Any] = {
    "color": PUBLISHER,
    "linestyle": "none",
    "marker": "s",
    "markersize": 4,
    "clip_on": False,
}
# For areas that stand for what somebody does. Waiting is the one that is not filled.
WAITING: dict[str, Any] = {"facecolor": WHITE, "edgecolor": GREY, "hatch": "///"}
AREAS: tuple[dict[str, Any], ...] = (
    {"facecolor": SKY_BLUE, "edgecolor": EDGE},
    {"facecolor": ORANGE, "edgecolor": EDGE, "hatch": "..."},
    {"facecolor": LIGHT_GREY, "edgecolor": EDGE, "hatch": "xxx"},
)
# For the time in which an event loop stands still.
STALL: dict[str, Any] = {"facecolor": VERMILION, "edgecolor": EDGE, "linewidth": 0.8}
# For how the claims stand.
STANDINGS: dict[Standing, dict[str, Any]] = {
    Standing.HOLDS: {"facecolor": GREEN},
    Standing.CONDITIONAL: {"facecolor": SKY_BLUE, "hatch": "///"},
    Standing.IMPRECISE: {"facecolor": ORANGE, "hatch": "..."},
    Standing.WRONG: {"facecolor": VERMILION, "hatch": "xxx"},
}
GRID: dict[str, Any] = {"color": PALE_GREY, "linewidth": 0.8}

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


class Thousands(ScalarFormatter):
    """Writes the numbers along an axis as everywhere else in the course: 10,000.

    >>> axis = Figure().subplots().xaxis
    >>> axis.set_major_formatter(Thousands())
    >>> axis.get_major_formatter().format_ticks([0, 2_500, 10_000])
    ['0', '2,500', '10,000']
    """

    def __call__(self, value: float, position: int | None = None) -> str:
        """Return what stands at a tick."""
        text = super().__call__(value, position)
        return re.sub(r"^\D*\d{4,}", lambda whole: _grouped(whole[0]), text)


def _grouped(number: str) -> str:
    """Return a whole number, perhaps below 0, with a comma after its thousands."""
    return re.sub(r"\B(?=(\d{3})+$)", ",", number)


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
        for axes in self.figure.axes:
            for axis in (axes.xaxis, axes.yaxis):
                if type(axis.get_major_formatter()) is ScalarFormatter:
                    axis.set_major_formatter(Thousands())
        with course_style():
            self.figure.savefig(buffer, format="png", metadata={"Software": None})
        return buffer.getvalue()

    def _ipython_display_(self) -> None:
        display(
            {"image/png": self.png(), "text/plain": self.caption},
            metadata={"image/png": {"alt": self.caption}},
            raw=True,
        )
        display(Markdown(f"*{self.caption}*"))


@contextmanager
def course_style(changes: Any = MappingProxyType({})) -> Iterator[None]:
    """Draw in the course's style, from Matplotlib's own defaults, whatever the user has set.

    Args:
        changes: a mapping of those of Matplotlib's settings that are others in this figure.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**STYLE, **changes})
        yield


@contextmanager
def panels_for(
    names: Mapping[str, object], *, x: str, y: str
) -> Iterator[tuple[Figure, list[Axes]]]:
    """Make one panel for each name, side by side on shared axes."""
    with course_style():
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
    entries = _explained_in(panels)
    if len(entries) > 1 or len(panels) == 1:
        fullest = max(panels, key=lambda axes: len(axes.get_legend_handles_labels()[0]))
        fullest.legend(list(entries.values()), list(entries), loc="best")


def legend_below(
    figure: Figure,
    entries: Sequence[Axes] | Mapping[str, Artist],
    *,
    columns: int | None = None,
    **options: Any,
) -> None:
    """Explain what is drawn once, below the panels; nothing, if there is nothing to explain.

    Args:
        figure: what to explain.
        entries: the panels whose labels are explained, or what is explained by its label.
        columns: how many entries stand side by side; all of them, if it is not given.
        options: what else Matplotlib's legend takes.
    """
    explained = entries if isinstance(entries, Mapping) else _explained_in(entries)
    if explained:
        figure.legend(
            list(explained.values()),
            list(explained),
            loc="outside lower center",
            ncols=columns or len(explained),
            **options,
        )


def _explained_in(panels: Sequence[Axes]) -> dict[str, Artist]:
    return {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }


def note_in_the_corner(axes: Axes, text: str) -> None:
    """Write into the upper right corner of a panel."""
    axes.annotate(text, (1, 0.97), xycoords="axes fraction", ha="right", va="top")


def label_the_last(axes: Axes, x: float, y: float, text: str) -> None:
    """Write above the last point of a line, to its left."""
    axes.annotate(text, (x, y), xytext=(0, 8), textcoords="offset points", ha="right")


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
