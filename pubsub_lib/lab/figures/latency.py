"""The figures of notebook 08: how latencies are spread, and how sure a number is.

Unlike those in `figures`, they take plain numbers by name, since a latency may come from anywhere.

>>> tail({"steady": [1.0] * 99 + [50.0]}).caption
'steady: 90 % within 1 ms, 99 % within 1 ms, all within 50 ms.'
>>> spread({"3 runs": [5.0, 9.0, 7.0]}, quantity="p99", unit="ms").caption
'p99: 3 runs: 5 to 9 ms, half of them up to 7 ms.'
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from pubsub_lib.lab.figures.captions import milliseconds, plain, quantile
from pubsub_lib.lab.figures.style import (
    BOUND,
    NEUTRAL,
    PUBLISHER,
    SERIES,
    Plot,
    axes_from_zero,
    legend,
    logarithmic_ticks,
    panels_for,
)

type Numbers = Sequence[float] | NDArray[np.float64] | pd.Series

BINS = 40
NINES = {0.0: "0 %", 1.0: "90 %", 2.0: "99 %", 3.0: "99.9 %", 4.0: "99.99 %", 5.0: "99.999 %"}


def histogram(latencies_ms: Numbers, *, marks: Mapping[str, float]) -> Plot:
    """Draw how many messages took how long, on a logarithmic axis, with some values marked.

    Args:
        latencies_ms: how long each message took, in milliseconds; all above 0.
        marks: values to mark by a vertical line, such as the mean, by name.

    Raises:
        ValueError: if there are no latencies, or one is not above 0.
    """
    values = _numbers(latencies_ms)
    if not values.min() > 0:
        raise ValueError("a logarithmic axis has no place for a latency of 0")
    edges = np.geomspace(values.min() * 0.9, values.max() * 1.1, BINS + 1)
    with panels_for({"": None}, x="latency (ms)", y="messages") as (figure, (axes,)):
        counts, _, _ = axes.hist(values, bins=list(edges), color=NEUTRAL, edgecolor="black")
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


def ecdf(
    panels: Mapping[str, Mapping[str, Numbers]], *, unit: str = "ms", logarithmic: bool = False
) -> Plot:
    """Draw the share of messages that took at most so long, with p50 and p99 marked.

    Args:
        panels: latencies by name, for each panel by its title.
        unit: the unit of the latencies.
        logarithmic: whether each step of the axis is ten times the last; then none may be 0.

    Raises:
        ValueError: if there are no latencies.
    """
    named = {title: _by_name(lines) for title, lines in panels.items()}
    if not named:
        raise ValueError("there are no latencies to draw; pass some by name, for each panel")
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
            handles, labels = axes_of[0].get_legend_handles_labels()
            figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
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


def over_time(panels: Mapping[str, tuple[Numbers, Numbers]]) -> Plot:
    """Draw how long each message took, at the time from which that is counted.

    Args:
        panels: times in seconds and latencies in milliseconds, for each panel by its title.

    Raises:
        ValueError: if there are no latencies, or not as many times.
    """
    if not panels:
        raise ValueError("there are no latencies to draw; pass times and latencies by name")
    named = {title: (_numbers(times), _numbers(ms)) for title, (times, ms) in panels.items()}
    if any(len(times_s) != len(ms) for times_s, ms in named.values()):
        raise ValueError("over_time() needs a time for each latency")
    with panels_for(named, x="time (s)", y="latency (ms)") as (figure, axes_of):
        for axes, (times_s, latencies_ms) in zip(axes_of, named.values(), strict=True):
            axes.plot(
                times_s,
                latencies_ms,
                color=PUBLISHER,
                linestyle="none",
                marker="s",
                markersize=4,
                clip_on=False,
            )
            axes.annotate(
                _how_many_wait(latencies_ms),
                (1, 0.97),
                xycoords="axes fraction",
                ha="right",
                va="top",
            )
        axes_from_zero(axes_of)
    return Plot(
        figure,
        " ".join(
            f"{title}: {_how_many_wait(ms)}, up to {milliseconds(float(ms.max()))}."
            for title, (_, ms) in named.items()
        ),
    )


def tail(latencies_ms: Mapping[str, Numbers]) -> Plot:
    """Draw within which time 90 %, 99 %, 99.9 % and so on of the messages were handled.

    The horizontal axis gives as much room to the last tenth of the messages as to all before it, to
    the last hundredth as much again, and so on: the slow ones are what one wants to see. (The axis
    is that of HdrHistogram's plots.)

    Raises:
        ValueError: if there are no latencies.
    """
    named = _by_name(latencies_ms)
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
        axes.grid(axis="x", color="#dddddd", linewidth=0.8)
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


def against_utilisation(
    measured_ms: Mapping[str, Mapping[float, float]],
    expected_ms: Mapping[str, Callable[[float], float]],
) -> Plot:
    """Draw latency against the share of its capacity that a subscriber is used to.

    Args:
        measured_ms: latency in milliseconds by utilisation (from 0 to 1), for each name: points.
        expected_ms: what a formula says it should be, by the same name: a line.

    Raises:
        ValueError: if there is nothing to draw, or a utilisation is not between 0 and 1.
    """
    utilisations = [share for line in measured_ms.values() for share in line]
    if not utilisations or not all(0 < share < 1 for share in utilisations):
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


def spread(
    rows: Mapping[str, Numbers], *, quantity: str, unit: str, truth: float | None = None
) -> Plot:
    """Draw what several measurements of the same thing say: a dot each, and their median.

    Args:
        rows: the results, for each way of measuring by its name.
        quantity: what was measured, such as "p99".
        unit: its unit.
        truth: what it really is, where that is known.

    Raises:
        ValueError: if there are no results.
    """
    named = _by_name(rows)
    with panels_for({"": None}, x=f"{quantity} ({unit})", y="") as (figure, (axes,)):
        for row, values in enumerate(named.values()):
            axes.hlines(row, values[0], values[-1], color=BOUND, linewidth=1.5)
            axes.plot(
                values,
                np.full(len(values), row),
                "o",
                color=NEUTRAL,
                markeredgecolor="black",
                markeredgewidth=0.6,
                alpha=0.6,
            )
            median = quantile(values, 0.5)
            axes.vlines(median, row - 0.3, row + 0.3, color=PUBLISHER, linewidth=3)
            axes.annotate(
                plain(median),
                (median, row - 0.3),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
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


def _how_many_wait(latencies_ms: NDArray[np.float64]) -> str:
    waiting = int((latencies_ms > 0).sum())
    return f"{waiting:,} of {len(latencies_ms):,} {'wait' if waiting != 1 else 'waits'}"


def _numbers(values: Iterable[float]) -> NDArray[np.float64]:
    numbers = np.asarray(list(values), dtype=np.float64)
    if not len(numbers) or not np.isfinite(numbers).all():
        raise ValueError("there is nothing to draw: a figure needs numbers, all of them finite")
    return numbers


def _by_name(values: Mapping[str, Numbers]) -> dict[str, NDArray[np.float64]]:
    """Return the numbers sorted, by name."""
    if not isinstance(values, Mapping):
        raise TypeError(f"pass numbers by name, not a {type(values).__name__}")
    if not values:
        raise ValueError("there is nothing to draw: pass numbers by name")
    return {name: np.sort(_numbers(some)) for name, some in values.items()}


def _room_on_the_right(axes: Axes) -> None:
    """Let a label beside the last point be inside of the figure."""
    left, right = axes.get_xlim()
    axes.set_xlim(left, right * 1.3)
    axes.set_xticks(np.arange(0, right + 1, 20))
