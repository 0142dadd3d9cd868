"""How far a measured number can be believed: beside a formula, beside the truth, beside each other.

>>> spread({"3 runs": [5.0, 9.0, 7.0]}, quantity="p99", unit="ms").caption
'p99: 3 runs: 5 to 9 ms, half of them up to 7 ms.'
>>> against_utilisation({"steady": {0.5: 20.0}}, {"steady": lambda share: 10 / (1 - share)}).caption
'steady: 20 ms at 50%, 20 ms at 50%.'
"""

from collections.abc import Callable, Mapping
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes

from pubsub_lib.lab.figures.captions import milliseconds, plain, quantile
from pubsub_lib.lab.figures.named import Numbers, sorted_by_name
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import BOUND, EDGE, NEUTRAL, PUBLISHER, SERIES, Plot, panels_for


@or_nothing
def against_utilisation(
    measured_ms: Mapping[str, Mapping[float, float]],
    expected_ms: Mapping[str, Callable[[float], float]],
) -> Plot:
    """Draw latency against the share of its capacity that a subscriber is used to.

    Args:
        measured_ms: latency in milliseconds by utilisation (from 0 to 1), for each name: points.
        expected_ms: what a formula says it should be, by the same name: a line.

    Raises:
        ValueError: if a utilisation is not between 0 and 1.
    """
    utilisations = [share for line in measured_ms.values() for share in line]
    if not utilisations:
        raise NothingToDraw("there are no latencies")
    if not all(0 < share < 1 for share in utilisations):
        raise ValueError("against_utilisation() needs latencies at utilisations between 0 and 1")
    fine = np.linspace(0.0, max(utilisations), 200)
    with panels_for({"": None}, x="utilisation (%)", y="latency (ms)") as (figure, (axes,)):
        highest = max(value for line in measured_ms.values() for value in line.values())
        for (name, points), look in zip(measured_ms.items(), cycle(SERIES)):
            line = {"color": look["color"], "linestyle": look["linestyle"]}
            expected = expected_ms.get(name)
            if expected is not None:
                axes.plot(fine * 100, [expected(share) for share in fine], **line)
            axes.plot(
                [share * 100 for share in points],
                list(points.values()),
                look["marker"],
                color=look["color"],
                clip_on=False,
            )
            last = max(points)
            axes.annotate(
                f"{name}: {milliseconds(points[last])}",
                (last * 100, points[last]),
                xytext=(8, 0 if points[last] > highest / 20 else 6),
                textcoords="offset points",
                va="center",
                color=look["color"],
            )
        axes.set_xlim(0, 100)
        axes.set_ylim(bottom=0)
        _room_on_the_right(axes)
    return Plot(
        figure,
        "; ".join(
            f"{name}: {milliseconds(points[min(points)])} at {min(points):.0%}, "
            f"{milliseconds(points[max(points)])} at {max(points):.0%}"
            for name, points in measured_ms.items()
        )
        + ".",
    )


@or_nothing
def spread(
    rows: Mapping[str, Numbers], *, quantity: str, unit: str, truth: float | None = None
) -> Plot:
    """Draw what several measurements of the same thing say: a dot each, and their median.

    Args:
        rows: the results, for each way of measuring by its name.
        quantity: what was measured, such as "p99".
        unit: its unit.
        truth: what it really is, where that is known.
    """
    named = sorted_by_name(rows)
    with panels_for({"": None}, x=f"{quantity} ({unit})", y="") as (figure, (axes,)):
        for row, values in enumerate(named.values()):
            axes.hlines(row, values[0], values[-1], color=BOUND, linewidth=1.5)
            axes.plot(
                values,
                np.full(len(values), row),
                "o",
                color=NEUTRAL,
                markeredgecolor=EDGE,
                markeredgewidth=0.6,
                alpha=0.6,
            )
            median = quantile(values, 0.5)
            axes.vlines(median, row - 0.3, row + 0.3, color=PUBLISHER, linewidth=3)
            axes.annotate(
                plain(median) if row else f"median {plain(median)}",  # named once, on top
                (median, row - 0.3),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                bbox={"facecolor": axes.get_facecolor(), "edgecolor": "none", "pad": 1},
            )
        if truth is not None:
            axes.axvline(truth, color=SERIES[2]["color"], linestyle="--", zorder=0)
            axes.annotate(
                f"true: {plain(truth)} {unit}",
                (truth, -0.72),
                xytext=(6, 0),
                textcoords="offset points",
                va="center",
                color=SERIES[2]["color"],
            )
        axes.set_yticks(range(len(named)), list(named))
        axes.set_ylim(len(named) - 0.5, -0.9)
        axes.set_xlim(left=0)
        axes.tick_params(axis="y", length=0)
        figure.set_figheight(1.4 + 0.65 * len(named))
    return Plot(
        figure,
        f"{quantity}: "
        + "; ".join(
            f"{name}: {plain(values[0])} to {plain(values[-1])} {unit}, half of them up to "
            f"{plain(quantile(values, 0.5))} {unit}"
            for name, values in named.items()
        )
        + ".",
    )


def _room_on_the_right(axes: Axes) -> None:
    """Let a label beside the last point be inside of the figure."""
    left, right = axes.get_xlim()
    axes.set_xlim(left, right * 1.3)
    axes.set_xticks(np.arange(0, right + 1, 20))
