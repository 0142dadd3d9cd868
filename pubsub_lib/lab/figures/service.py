"""A service and its visitors: what waits for each, when an alarm looks, and whom a price reaches.

>>> fills = Lags(at=[0.0, 10.0], lags=[0, 100], cut_off_at=10.0)
>>> lags({"a visitor": fills}, bound=100, x="time (s)").caption
'a visitor: 100 wait at most, and then it is cut off.'
>>> reached({"one broker": {"worker 1": [True, True], "worker 2": [False, False]}}).caption
'one broker: worker 1 2 of 2, worker 2 0 of 2.'
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pubsub_lib.lab.figures.named import require_by_name
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    BLUE,
    BOUND,
    DROP,
    EDGE,
    GROUND,
    HIGHLIGHT,
    SERIES,
    Plot,
    axes_from_zero,
    course_style,
    legend_below,
    panels_for,
)
from pubsub_lib.lab.service.watching import Lags

#: A visitor that got the price, and one that did not.
GOT: dict[str, Any] = {"facecolor": BLUE}
GOT_NOTHING: dict[str, Any] = {"facecolor": GROUND, "hatch": "////"}
#: A moment at which a monitoring system looks.
LOOK: dict[str, Any] = {
    "color": HIGHLIGHT,
    "linestyle": "none",
    "marker": "o",
    "markeredgecolor": EDGE,
    "markersize": 8,
    "clip_on": False,
}


@or_nothing
def lags(
    visitors: Mapping[str, Lags], *, bound: int, x: str, threshold: float | None = None
) -> Plot:
    """Draw how many messages wait for each visitor, the bound, and where one is cut off.

    Args:
        visitors: their lags, by name.
        bound: how many an inbox holds.
        x: what the lags are drawn over, with its unit.
        threshold: from how many on an alarm sounds, if there is one.

    Raises:
        TypeError: if it is not given lags by name.
    """
    require_by_name("lags", "lags", visitors)
    if not any(one.at for one in visitors.values()):
        raise NothingToDraw("nobody was looked at")
    with panels_for({"": None}, x=x, y="messages that wait in the inbox") as (figure, (axes,)):
        for (name, one), look in zip(visitors.items(), cycle(SERIES)):
            line = {"color": look["color"], "linestyle": look["linestyle"]}
            axes.plot([0.0, *one.at], [0, *one.lags], label=name, **line)
            if one.cut_off_at is not None:
                axes.plot(one.cut_off_at, bound, "X", color=DROP, markersize=11, clip_on=False)
                is_early = one.cut_off_at < max(one.at, default=0) / 2
                axes.annotate(
                    "cut off",
                    (one.cut_off_at, bound),
                    xytext=(10 if is_early else -10, 5),
                    textcoords="offset points",
                    ha="left" if is_early else "right",
                    color=DROP,
                )
            if one.looks:
                axes.plot(one.looks, list(map(one.at_look, one.looks)), label="a look", **LOOK)
        levels = {"bound": bound} | ({"alarm above": threshold} if threshold else {})
        for name, level in levels.items():
            axes.axhline(level, color=BOUND, linestyle="-.", linewidth=1.2)
            axes.annotate(
                f"{name} {level:g}",
                (0.5, level),
                xycoords=("axes fraction", "data"),
                xytext=(0, -4),
                textcoords="offset points",
                ha="center",
                va="top",
                color=BOUND,
            )
        axes_from_zero([axes])
        legend_below(figure, [axes])
    return Plot(figure, " ".join(_about(name, one) for name, one in visitors.items()))


def _about(name: str, one: Lags) -> str:
    end = ", and then it is cut off" if one.cut_off_at is not None else ""
    return f"{name}: {max(one.lags, default=0):,} wait at most{end}."


@or_nothing
def reached(services: Mapping[str, Mapping[str, Sequence[bool]]]) -> Plot:
    """Draw whom a price has reached: a square for each visitor, in a row for each worker.

    Args:
        services: for each service, by name, its workers, and whether each of their visitors has it.

    Raises:
        TypeError: if it is not given services by name.
    """
    require_by_name("reached", "services", services)
    rows = max((len(workers) for workers in services.values()), default=0)
    if not rows:
        raise NothingToDraw("there is no worker")
    with course_style():
        figure = Figure(figsize=(9, 0.9 + 0.4 * rows))
        panels = figure.subplots(1, len(services), squeeze=False)[0]
        for axes, (name, workers) in zip(panels, services.items(), strict=True):
            axes.set_title(name, loc="left")
            for row, has_it in enumerate(workers.values()):
                for column, got in enumerate(has_it):
                    look = GOT if got else GOT_NOTHING
                    axes.bar(column, 0.7, 0.7, row - 0.35, edgecolor=EDGE, linewidth=0.8, **look)
            axes.set_yticks(range(len(workers)), list(workers))
            axes.set_ylim(rows - 0.5, -0.5)
            axes.set_aspect("equal")
            axes.tick_params(axis="y", length=0)
            axes.set_xticks([])
            for side in axes.spines.values():
                side.set_visible(False)
        legend_below(figure, _key())
    return Plot(
        figure,
        " ".join(
            f"{name}: "
            + ", ".join(f"{worker} {sum(got)} of {len(got)}" for worker, got in workers.items())
            + "."
            for name, workers in services.items()
        ),
    )


def _key() -> dict[str, Artist]:
    return {
        "has the price": Patch(edgecolor=EDGE, **GOT),
        "has not": Patch(edgecolor=EDGE, **GOT_NOTHING),
    }
