"""Numbers side by side: one for each name, or a line of them for each name.

>>> bars({"a lock": 2.0, "a queue": 5.0}, quantity="CPU time", unit="ms").caption
'CPU time: most for a queue, 5 ms; least for a lock, 2 ms.'
>>> cost_by_size({"a list": {1: 2.0, 10: 20.0}}, size="subscribers", unit="µs").caption
'a list: 2 µs at 1 subscribers, 20 µs at 10.'
"""

import math
from collections.abc import Mapping, Sequence
from itertools import cycle
from types import MappingProxyType

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pubsub_lib.lab.figures.captions import plain
from pubsub_lib.lab.figures.named import require_by_name
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    EDGE,
    GRID,
    HIGHLIGHT,
    NEUTRAL,
    SERIES,
    Plot,
    course_style,
    panels_for,
)

LINE_HEIGHT = 16  # of what is written at the end of a line, in points
NO_NOTES: Mapping[str, str] = MappingProxyType({})


@or_nothing
def bars(
    values: Mapping[str, float], *, quantity: str, unit: str, highlight: Sequence[str] = ()
) -> Plot:
    """Draw one bar per name, its value written at its end.

    Args:
        values: what to draw, by name.
        quantity: what the values are, such as "CPU time".
        unit: their unit.
        highlight: the names whose bars stand out.

    Raises:
        ValueError: if a value is negative or not finite, or `highlight` has a name that is not
            among them.
        TypeError: if it is not given values by name.
    """
    require_by_name("bars", "values", values)
    if not all(0 <= value < math.inf for value in values.values()):
        raise ValueError("a bar has a length: its value is 0 or more, and finite")
    if not values:
        raise NothingToDraw("there are no values")
    if not set(highlight) <= set(values):
        raise ValueError("bars() highlights only names that are among the values")
    with course_style():
        figure = Figure(figsize=(8, 0.9 + 0.45 * len(values)))
        axes = figure.subplots()
        names = list(values)[::-1]
        lengths = [values[name] for name in names]
        colours = [HIGHLIGHT if name in highlight else NEUTRAL for name in names]
        axes.barh(names, lengths, color=colours, edgecolor=EDGE, linewidth=0.8)
        for position, length in enumerate(lengths):
            axes.annotate(f" {plain(length)}", (length, position), va="center")
        axes.set_xlim(0, max(max(lengths), 1e-12) * 1.15)
        axes.set_xlabel(f"{quantity} ({unit})")
        axes.tick_params(axis="y", length=0)
    largest = max(values, key=lambda name: values[name])
    smallest = min(values, key=lambda name: values[name])
    return Plot(
        figure,
        f"{quantity}: most for {largest}, {plain(values[largest])} {unit}; "
        f"least for {smallest}, {plain(values[smallest])} {unit}.",
    )


@or_nothing
def cost_by_size(
    costs: Mapping[str, Mapping[int, float]],
    *,
    size: str,
    unit: str,
    quantity: str = "cost",
    notes: Mapping[str, str] = NO_NOTES,
) -> Plot:
    """Draw what something costs the more there is of something else, a line for each name.

    Both axes are logarithmic: a cost in proportion to the size is a straight line that rises by a
    factor of ten where the size does, and a cost that does not depend on it is level.

    Args:
        costs: the cost by size, for each name.
        size: what there is more and more of, such as "subscribers".
        unit: the unit of the costs.
        quantity: what they are, where "cost" does not say it, such as "memory".
        notes: what to write below a name at the end of its line, for some of the names.

    Raises:
        ValueError: if a cost or a size is not positive and finite, or a note has no line.
        TypeError: if it is not given costs by name.
    """
    require_by_name("cost_by_size", "costs by size", costs)
    numbers = [number for line in costs.values() for point in line.items() for number in point]
    if not all(costs.values()) or not numbers:
        raise NothingToDraw("there are no costs")
    if not all(0 < n < math.inf for n in numbers):
        raise ValueError("cost_by_size() needs costs and sizes that are positive and finite")
    if strangers := notes.keys() - costs.keys():
        raise ValueError(f"there is no line for the notes on {', '.join(sorted(strangers))}")
    with panels_for({"": None}, x=size, y=f"{quantity} ({unit})") as (figure, (axes,)):
        for (name, line), look in zip(costs.items(), cycle(SERIES)):
            axes.plot(*zip(*sorted(line.items()), strict=True), label=name, **look)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(sorted({point for line in costs.values() for point in line}))
        axes.minorticks_off()
        axes.margins(y=0.2)
        axes.grid(**GRID)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:,g}")
        _name_at_their_ends(axes, costs, unit, notes)
    return Plot(
        figure,
        "; ".join(
            f"{name}: {plain(line[min(line)])} {unit} at {min(line):,} {size}, "
            f"{plain(line[max(line)])} {unit} at {max(line):,}"
            for name, line in costs.items()
        )
        + ".",
    )


def _name_at_their_ends(
    axes: Axes, costs: Mapping[str, Mapping[int, float]], unit: str, notes: Mapping[str, str]
) -> None:
    """Write each line's name, last value and note where it ends, but none over another."""
    scale, top = 72 / axes.figure.dpi, -math.inf  # of the last name written, in points
    ends = [(line[max(line)], max(line), name) for name, line in costs.items()]
    colours = {str(line.get_label()): line.get_color() for line in axes.lines}
    for cost, size, name in sorted(ends):
        end = float(axes.transData.transform((size, cost))[1]) * scale
        written = [f"{name}: {plain(cost)} {unit}"]
        if name in notes:
            written.append(notes[name])
        middle = max(end, top + len(written) * LINE_HEIGHT / 2)
        top = middle + len(written) * LINE_HEIGHT / 2
        axes.annotate(
            "\n".join(written),
            (size, cost),
            xytext=(8, middle - end),
            textcoords="offset points",
            va="center",
            color=colours[name],
        )
