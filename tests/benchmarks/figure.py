"""The picture: a row for each system, the fastest at the top, a panel for each thing measured.

>>> set(LOOKS) == set(Kind)
True
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from pubsub_lib.lab.figures.style import BOUND as GREY
from pubsub_lib.lab.figures.style import (
    HIGHLIGHT,
    NEUTRAL,
    PALE_GREY,
    PUBLISHER,
    Plot,
    course_style,
)

from .library import CHAPTER
from .markdown import two_digits
from .report import by_speed
from .rounds import Quantity, Results
from .run import Run
from .systems import Kind, Limit, System

LOOKS: dict[Kind, dict[str, Any]] = {
    Kind.LIBRARY: {"marker": "o", "color": HIGHLIGHT, "markersize": 10},
    Kind.PEER: {"marker": "D", "color": NEUTRAL, "markersize": 7},
    Kind.BY_HAND: {"marker": "^", "color": "white", "markersize": 8},
    Kind.CHAPTER: {"marker": "s", "color": PUBLISHER, "markersize": 8},
    Kind.LIMIT: {"marker": "|", "color": GREY, "markersize": 12},
}
SPREAD: dict[str, Any] = {"color": GREY, "linewidth": 3}
SHOWN = 10  #: the number of subscribers that the marks are for


def draw(run: Run, systems: Sequence[System], limits: Sequence[Limit]) -> Plot:
    """Draw how every system compares with the chapter's broker, in four respects."""
    results, few = run.results, run.sizes.few_subscribers
    rows = by_speed(results, [*systems, *limits])
    with course_style():
        figure = Figure(figsize=(16, 1.6 + 0.36 * len(rows)))
        panels = figure.subplots(1, 4, sharey=True, width_ratios=[1.6, 1, 1, 1])
        speed, unloaded, saturated, memory = panels
        counts = results.subscribers(Quantity.COST)
        _draw_speeds(speed, results, rows)
        for axes, title, quantity, subscribers in (
            (unloaded, "Unloaded p99", Quantity.UNLOADED_P99, few),
            (saturated, "Saturated p99", Quantity.SATURATED_P99, few),
            (memory, "Memory of a backlog", Quantity.BACKLOG, SHOWN),
        ):
            _draw_shares(axes, results, rows, quantity, subscribers)
            axes.set_title(title, loc="left")
        speed.set_title("Speed", loc="left")
        speed.set_yticks(range(len(rows)), [row.name for row in rows])
        for label, row in zip(speed.get_yticklabels(), rows, strict=True):
            label.set_fontweight("bold" if row.kind is Kind.LIBRARY else "normal")
        speed.set_ylim(len(rows) - 0.4, -0.6)
        for kind, look in LOOKS.items():
            speed.plot([], [], label=kind.value, linestyle="none", markeredgecolor="black", **look)
        speed.plot([], [], label=f"from {min(counts):,} to {max(counts):,} subscribers", **SPREAD)
        figure.legend(loc="outside lower center", ncols=len(LOOKS) + 1, columnspacing=1.2)
    return Plot(figure, _caption(results, systems))


def _draw_speeds(axes: Axes, results: Results, rows: Sequence[System | Limit]) -> None:
    counts = results.subscribers(Quantity.COST)
    for row, system in enumerate(rows):
        ratios = {
            count: results.ratio(Quantity.COST, count, CHAPTER.name, system.name).median
            for count in counts
        }
        axes.hlines(row, min(ratios.values()), max(ratios.values()), **SPREAD)
        _dot(axes, ratios[SHOWN], row, system)
        _value(axes, ratios[SHOWN], (max(ratios.values()), row))
    _finish(axes, "times the chapter's broker's\nmore is better →")


def _draw_shares(
    axes: Axes,
    results: Results,
    rows: Sequence[System | Limit],
    quantity: Quantity,
    subscribers: int,
) -> None:
    for row, system in enumerate(rows):
        if isinstance(system, System):
            share = results.ratio(quantity, subscribers, system.name, CHAPTER.name).median
            _dot(axes, share, row, system)
            _value(axes, share, (share, row))
    _finish(axes, "times the chapter's broker's\n← less is better")


def _dot(axes: Axes, value: float, row: int, system: System | Limit) -> None:
    axes.plot(value, row, markeredgecolor="black", zorder=3, **LOOKS[system.kind])


def _value(axes: Axes, value: float, where: tuple[float, float]) -> None:
    axes.annotate(
        two_digits(value),
        where,
        xytext=(9, 0),
        textcoords="offset points",
        va="center",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
    )


def _finish(axes: Axes, label: str) -> None:
    axes.set_xscale("log")
    left, right = axes.dataLim.intervalx
    room = (right / left) ** 0.25  # for the values, which are written to the right
    axes.set_xlim(min(left / room**0.4, 0.48), right * room)
    axes.axvline(1, color=GREY, linestyle=":", linewidth=1.2, zorder=0)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if right / left < 30 else (1,)))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=PALE_GREY, zorder=0)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(label)


def _caption(results: Results, systems: Sequence[System]) -> str:
    def fastest(kind: Kind) -> str | None:
        names = [system.name for system in systems if system.kind is kind]
        return results.best(Quantity.COST, SHOWN, names) if names else None

    ours, peer = fastest(Kind.LIBRARY), fastest(Kind.PEER)
    assert ours is not None
    times = [
        f"{two_digits(results.ratio(Quantity.COST, SHOWN, other, ours).median)} times as fast as "
        f"{words}"
        for other, words in (
            (CHAPTER.name, "the chapter's broker"),
            (peer, f"the fastest other library ({peer})"),
        )
        if other
    ]
    return f"With {SHOWN} subscribers, {ours} is {' and '.join(times)}."
