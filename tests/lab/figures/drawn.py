"""What a figure shows, as text and numbers, for the tests of the figures."""

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from pubsub_lib.lab.figures.style import Plot


def texts(plot: Plot) -> list[str]:
    """What is written into the panels."""
    return [text.get_text() for axes in plot.figure.axes for text in axes.texts]


def axis_labels(plot: Plot) -> list[tuple[str, str]]:
    """The labels below and beside each panel."""
    return [(axes.get_xlabel(), axes.get_ylabel()) for axes in plot.figure.axes]


def titles(plot: Plot) -> list[str]:
    return [axes.get_title(loc="left") for axes in plot.figure.axes]


def legends(plot: Plot) -> list[list[str]]:
    """The entries of the legend of each panel that has one, and of the figure's."""
    own = [axes.get_legend() for axes in plot.figure.axes]
    return [
        [text.get_text() for text in legend.get_texts()]
        for legend in [*own, *plot.figure.legends]
        if legend is not None
    ]


def points(axes: Axes, *, line: int = 0) -> list[tuple[float, float]]:
    """The data of one of a panel's lines."""
    x, y = axes.lines[line].get_data()
    return list(zip(x, y, strict=True))


def x_ticks(axes: Axes) -> list[Text]:
    """The labels along the horizontal axis that can be seen."""
    axes.figure.draw_without_rendering()
    left, right = sorted(axes.get_xlim())
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    minor = axes.get_xticks(minor=True), axes.get_xticklabels(minor=True)
    every = [*ticks, *zip(*minor, strict=True)]
    return [text for place, text in every if left <= place <= right and text.get_text()]


def overlap(labels: list[Text]) -> bool:
    """Whether any two of the texts cover each other."""
    boxes = sorted((text.get_window_extent() for text in labels), key=lambda box: box.x0)
    return any(box.x1 > following.x0 for box, following in pairwise(boxes))


def cut_off(plot: Plot) -> list[str]:
    """The texts in the panels that the edge of the figure cuts off."""
    plot.figure.draw_without_rendering()
    width, height = plot.figure.bbox.size
    return [
        text.get_text()
        for axes in plot.figure.axes
        for text in axes.texts
        if (box := text.get_window_extent()).x0 < 0
        or box.y0 < 0
        or box.x1 > width
        or box.y1 > height
    ]


def bars_of(plot: Plot, panel: int = 0) -> list[Rectangle]:
    return [patch for patch in plot.figure.axes[panel].patches if isinstance(patch, Rectangle)]
