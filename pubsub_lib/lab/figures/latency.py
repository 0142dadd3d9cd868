"""How latencies are spread, wherever they come from: these figures take plain numbers.

Those of a recording's deliveries are in `delivery_latency`.

>>> tail({"steady": [1.0] * 99 + [50.0]}).caption
'steady: 90 % within 1 ms, 99 % within 1 ms, all within 50 ms.'
"""

import math
from collections.abc import Mapping
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from pubsub_lib.lab.figures.captions import milliseconds, plain, quantile
from pubsub_lib.lab.figures.named import Numbers, finite_numbers, sorted_by_name
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    EDGE,
    GRID,
    NEUTRAL,
    PUBLISHES,
    SERIES,
    Plot,
    axes_from_zero,
    legend,
    legend_below,
    logarithmic_ticks,
    note_in_the_corner,
    panels_for,
)

BINS = 40
NINES = {0.0: "0 %", 1.0: "90 %", 2.0: "99 %", 3.0: "99.9 %", 4.0: "99.99 %", 5.0: "99.999 %"}


@or_nothing
def histogram(latencies_ms: Numbers, *, marks: Mapping[str, float]) -> Plot:
    """Draw how many messages took how long, on a logarithmic axis, with some values marked.

    Args:
        latencies_ms: how long each message took, in milliseconds; all above 0.
        marks: values to mark by a vertical line, such as the mean, by name.

    Raises:
        ValueError: if one is not above 0.
    """
    values = finite_numbers(latencies_ms)
    if not values.min() > 0:
        raise ValueError("a logarithmic axis has no place for a latency of 0")
    edges = np.geomspace(values.min() * 0.9, values.max() * 1.1, BINS + 1)
    with panels_for({"": None}, x="latency (ms)", y="messages") as (figure, (axes,)):
        counts, _, _ = axes.hist(values, bins=list(edges), color=NEUTRAL, edgecolor=EDGE)
        highest = float(np.max(counts))
        for row, ((name, value), look) in enumerate(zip(marks.items(), cycle(SERIES))):
            height = highest * (1.28 - 0.12 * row)
            axes.vlines(value, 0, height, color=look["color"], linestyle=look["linestyle"])
            axes.annotate(
                f"{name}: {milliseconds(value)}",
                (value, height),
                xytext=(5, -2),
                textcoords="offset points",
                va="top",
                color=look["color"],
            )
        axes.set_ylim(0, highest * 1.35)
        axes.set_xscale("log")
        axes.margins(x=0.12)
        logarithmic_ticks([axes], zero=0.0)
    told = ", ".join(f"{name} {milliseconds(value)}" for name, value in marks.items())
    return Plot(figure, f"{len(values):,} messages: {told}.")


@or_nothing
def ecdf(
    panels: Mapping[str, Mapping[str, Numbers]], *, unit: str = "ms", logarithmic: bool = False
) -> Plot:
    """Draw the share of messages that took at most so long, with p50 and p99 marked.

    Args:
        panels: latencies by name, for each panel by its title.
        unit: the unit of the latencies.
        logarithmic: whether each step of the axis is ten times the last; then none may be 0.
    """
    named = {title: sorted_by_name(lines) for title, lines in panels.items()}
    if not named:
        raise NothingToDraw("there are no latencies")
    every = np.concatenate([values for lines in named.values() for values in lines.values()])
    if logarithmic and not every.min() > 0:
        raise ValueError("a logarithmic axis has no place for a latency of 0")
    right = float(every.max()) * 1.15 or 1.0
    with panels_for(named, x=f"latency ({unit})", y="share of messages") as (figure, axes_of):
        for axes, lines in zip(axes_of, named.values(), strict=True):
            for (name, values), look in zip(lines.items(), cycle(SERIES)):
                line = {"color": look["color"], "linestyle": look["linestyle"]}
                shares = np.arange(len(values) + 1) / len(values)
                steps = np.concatenate([values[:1], values, [right]])
                axes.step(steps, [*shares, 1.0], where="post", label=name, **line)
                for share, label in ((0.5, "p50"), (0.99, "p99")):
                    value = quantile(values, share)
                    axes.plot(value, share, look["marker"], color=look["color"], clip_on=False)
                    if len(lines) == 1:
                        axes.annotate(
                            f"{label}: {plain(value)} {unit}",
                            (value, share),
                            xytext=(9, -14),
                            textcoords="offset points",
                        )
            axes.set_ylim(0, 1.03)
            if logarithmic:
                axes.set_xscale("log")
            else:
                axes.set_xlim(0, right)
        if logarithmic:
            logarithmic_ticks(axes_of, zero=0.0)
        if any(len(lines) > 1 for lines in named.values()):
            legend_below(figure, axes_of)
    return Plot(
        figure,
        " ".join(
            (f"{title}: " if title else "")
            + "; ".join(
                f"{name}: half within {plain(quantile(values, 0.5))} {unit}, "
                f"99 % within {plain(quantile(values, 0.99))} {unit}"
                for name, values in lines.items()
            )
            + "."
            for title, lines in named.items()
        ),
    )


@or_nothing
def over_time(panels: Mapping[str, tuple[Numbers, Numbers]]) -> Plot:
    """Draw how long each message took, at the time from which that is counted.

    Args:
        panels: times in seconds and latencies in milliseconds, for each panel by its title.

    Raises:
        ValueError: if there are not as many times as latencies.
    """
    if not panels:
        raise NothingToDraw("there are no latencies")
    named = {
        title: (finite_numbers(times), finite_numbers(ms)) for title, (times, ms) in panels.items()
    }
    if any(len(times_s) != len(ms) for times_s, ms in named.values()):
        raise ValueError("over_time() needs a time for each latency")
    with panels_for(named, x="time (s)", y="latency (ms)") as (figure, axes_of):
        for axes, (times_s, latencies_ms) in zip(axes_of, named.values(), strict=True):
            axes.plot(times_s, latencies_ms, **PUBLISHES)
            note_in_the_corner(axes, _how_many_wait(latencies_ms))
        axes_from_zero(axes_of)
    return Plot(
        figure,
        " ".join(
            f"{title}: {_how_many_wait(ms)}, up to {milliseconds(float(ms.max()))}."
            for title, (_, ms) in named.items()
        ),
    )


@or_nothing
def tail(latencies_ms: Mapping[str, Numbers]) -> Plot:
    """Draw within which time 90 %, 99 %, 99.9 % and so on of the messages were handled.

    The horizontal axis gives as much room to the last tenth of the messages as to all before it, to
    the last hundredth as much again, and so on: the slow ones are what one wants to see. (The axis
    is that of HdrHistogram's plots.)
    """
    named = sorted_by_name(latencies_ms)
    most = max(len(values) for values in named.values())
    right = math.log10(most) + 0.3
    with panels_for({"": None}, x="share of messages", y="handled within (ms)") as (
        figure,
        (axes,),
    ):
        for (name, values), look in zip(named.items(), cycle(SERIES)):
            before = np.arange(len(values)) / len(values)
            nines = -np.log10(1 - before)
            axes.step(
                [*nines, right],
                [*values, values[-1]],
                where="post",
                label=name,
                color=look["color"],
                linestyle=look["linestyle"],
            )
            for share in (0.9, 0.99, 0.999):
                if share < 1 - 1 / most:
                    axes.plot(
                        -math.log10(1 - share),
                        quantile(values, share),
                        look["marker"],
                        color=look["color"],
                        clip_on=False,
                    )
        axes.set_xlim(0, right)
        axes.set_ylim(bottom=0)
        shown = [place for place in NINES if place < right]
        axes.set_xticks(shown, [NINES[place] for place in shown])
        axes.grid(axis="x", **GRID)
        legend([axes])
    return Plot(
        figure,
        "; ".join(
            f"{name}: 90 % within {milliseconds(quantile(values, 0.9))}, "
            f"99 % within {milliseconds(quantile(values, 0.99))}, "
            f"all within {milliseconds(float(values[-1]))}"
            for name, values in named.items()
        )
        + ".",
    )


def _how_many_wait(latencies_ms: NDArray[np.float64]) -> str:
    waiting = int((latencies_ms > 0).sum())
    return f"{waiting:,} of {len(latencies_ms):,} {'wait' if waiting != 1 else 'waits'}"
