"""One function per kind of figure, in one visual language, with captions computed from the data.

A fast, a slow and a dead subscriber keep their colour, line and marker through the whole course
(the colours are Okabe and Ito's, which colour-blind readers can tell apart). Each function takes
one recording, or several by name, which are drawn side by side on shared axes, and returns a
`Plot`: in a notebook it shows the figure and, under it, a sentence that says what to see. The
sentence is made from the numbers drawn, so it cannot go stale, and the notebooks' tests compare it.

>>> from pubsub_lib.lab.traffic.readers import Pace, Reader
>>> from pubsub_lib.lab.traffic.recordings import Recording
>>> recording = Recording([Reader("dead", Pace.DEAD, 0.0)], bound=2)
>>> for number in range(3):
...     recording.sent(number, float(number), float(number))
...     recording.published(number, float(number))
...     recording.depth(float(number), "dead", min(number + 1, 2))
>>> recording.left_unread("dead", 2)
>>> queue_fill(recording).caption
'dead reaches the bound of 2 messages after 1 s.'
>>> drops(recording).caption
'dead misses 1 of 3 messages.'
>>> timeline({"A": [Span(0, 1, "waiting"), Span(1, 3, "publishing")]}).caption
'A: waiting for 1 s, publishing for 2 s.'
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pubsub_lib.lab.figures.captions import (
    about_drops,
    about_each,
    about_latency,
    about_lateness,
    about_publish_time,
    about_queue_fill,
    about_spans,
    about_waits,
    milliseconds,
    plain,
    quantile,
)
from pubsub_lib.lab.figures.style import (
    AREAS,
    BOUND,
    COLOURS,
    DROP,
    HIGHLIGHT,
    LINES,
    MARKERS,
    NEUTRAL,
    PUBLISHER,
    SERIES,
    STYLE,
    WAITING,
    Plot,
    axes_from_zero,
    legend,
    line_of,
    logarithmic_ticks,
    panels_for,
)
from pubsub_lib.lab.traffic.readers import Pace, Reader
from pubsub_lib.lab.traffic.recordings import Recording, Span

type Recordings = Recording | Mapping[str, Recording]


def queue_fill(recordings: Recordings) -> Plot:
    """Draw how many messages wait in each inbox over time, and the bound."""
    named = _named(recordings)
    caption = about_each(named, about_queue_fill)
    with panels_for(named, x="time (s)", y="messages waiting in the inbox") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            draw_queue_fill(axes, recording)
            if len(named) > 1:  # the labels of short times are long, and would touch
                axes.xaxis.set_major_locator(MaxNLocator(4))
        axes_from_zero(panels)
        legend(panels)
    return Plot(figure, caption)


def draw_queue_fill(axes: Axes, recording: Recording) -> None:
    """Draw into a panel how many messages wait in each inbox over time, and the bound."""
    fill = recording.queue_fill()
    for reader, label in readers_once(recording):
        one = fill[fill["subscriber"] == reader.name]
        times_s = np.concatenate([[0.0], one["time_s"]])
        depths = np.concatenate([[0], one["depth"]])
        axes.step(times_s, depths, where="post", label=label, **line_of(reader))
    if recording.bound:
        axes.axhline(recording.bound, color=BOUND, linestyle="-.", linewidth=1.2)
        axes.annotate(
            f"bound: {recording.bound}",
            (1, recording.bound),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="right",
            color=BOUND,
        )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def drops(recordings: Recordings) -> Plot:
    """Draw how many messages each subscriber received, left unread, and missed."""
    named = _named(recordings)
    caption = about_each(named, about_drops)
    longest = max(len(recording.publishes()) for recording in named.values())
    with panels_for(named, x="messages", y="") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            table = recording.drops().iloc[::-1]
            pace_of = {reader.name: reader.pace for reader in recording.readers}
            total = len(recording.publishes())
            for name, received, unread, dropped in zip(
                *(table[column] for column in table.columns), strict=True
            ):
                colour = COLOURS[pace_of[name]]
                axes.barh(name, received, color=colour)
                if unread:
                    axes.barh(name, unread, left=received, color="white", edgecolor=colour)
                    axes.annotate(
                        f" {unread:,} never read",
                        (received, name),
                        va="center",
                        fontsize=9,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
                    )
                if dropped:
                    kept = received + unread
                    axes.barh(name, dropped, left=kept, color="white", edgecolor=DROP, hatch="///")
                axes.annotate(
                    f" {dropped:,} dropped" if dropped else " none dropped",
                    (total, name),
                    va="center",
                    color=DROP if dropped else BOUND,
                )
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.set_xlim(0, longest * (1.3 if len(named) == 1 else 1.6))
            axes.tick_params(axis="y", length=0)
        figure.set_figheight(1.4 + 0.38 * max(len(r.readers) for r in named.values()))
    return Plot(figure, caption)


def latency_histogram(recordings: Recordings) -> Plot:
    """Draw how many deliveries took how long, on a logarithmic axis, for each pace of reader.

    All panels have the same bins. What took no time at all has a bin of its own, at a 0 of its own.
    """
    named = _named(recordings)
    latencies = [recording.latencies_ms() for recording in named.values()]
    edges, zero = _logarithmic_edges(latencies)
    with panels_for(named, x="latency (ms)", y="deliveries") as (figure, panels):
        for axes, one in zip(panels, latencies, strict=True):
            for pace, values in one.items():
                axes.hist(
                    np.maximum(values, edges[0]),
                    bins=list(edges),
                    histtype="stepfilled",
                    facecolor=COLOURS[pace] + "55",
                    edgecolor=COLOURS[pace],
                    linestyle=LINES[pace],
                    linewidth=1.8,
                    label=pace.value,
                )
            axes.set_xscale("log")
        logarithmic_ticks(panels, zero=zero)
        legend(panels)
    return Plot(figure, about_each(named, about_latency))


def latency_ecdf(recordings: Recordings) -> Plot:
    """Draw the share of deliveries that took at most so long, with p50 and p99 marked.

    An ECDF (empirical cumulative distribution function) shows every percentile at once, and has no
    bins to choose. What took no time at all is drawn at a 0 of its own.
    """
    named = _named(recordings)
    latencies = [recording.latencies_ms() for recording in named.values()]
    edges, zero = _logarithmic_edges(latencies)
    with panels_for(named, x="latency (ms)", y="share of deliveries") as (figure, panels):
        for axes, one in zip(panels, latencies, strict=True):
            for pace, values in one.items():
                shown = np.maximum(values, edges[0])
                axes.ecdf(
                    shown,
                    color=COLOURS[pace],
                    linestyle=LINES[pace],
                    label=pace.value,
                )
                for share, name in ((0.5, "p50"), (0.99, "p99")):
                    value = quantile(shown, share)
                    axes.plot(value, share, MARKERS[pace], color=COLOURS[pace], clip_on=False)
                    axes.annotate(
                        f"{name}: {milliseconds(value if value > zero else 0.0)}",
                        (value, share),
                        xytext=(8, -13) if pace is Pace.FAST else (-8, 4),
                        ha="left" if pace is Pace.FAST else "right",
                        textcoords="offset points",
                        fontsize=10,
                    )
            axes.set_xscale("log")
            axes.margins(x=0.15)
            axes.set_ylim(0, 1.02)
        logarithmic_ticks(panels, zero=zero)
        legend(panels)
    return Plot(figure, about_each(named, about_latency))


def publish_time(recordings: Recordings) -> Plot:
    """Draw how long each publish took, at the time it began."""
    named = _named(recordings)
    caption = about_each(named, about_publish_time)
    with panels_for(named, x="time (s)", y="publish takes (ms)") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            table = recording.publishes()
            axes.plot(
                table["sent_s"],
                table["duration_s"] * 1e3,
                color=PUBLISHER,
                linestyle="none",
                marker="s",
                markersize=4,
                clip_on=False,
            )
        axes_from_zero(panels)
    return Plot(figure, caption)


def lateness(recordings: Recordings) -> Plot:
    """Draw how much later than it was due each message was sent, at the time it was due."""
    named = _named(recordings)
    caption = about_each(named, about_lateness)
    with panels_for(named, x="due (s)", y="sent late by (ms)") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            table = recording.publishes()
            late_ms = (table["sent_s"] - table["intended_s"]) * 1e3
            axes.plot(
                table["intended_s"],
                late_ms,
                color=PUBLISHER,
                linestyle="none",
                marker="s",
                markersize=4,
                clip_on=False,
            )
            axes.annotate(
                f"the last: {milliseconds(late_ms.iloc[-1])}",
                (table["intended_s"].iloc[-1], late_ms.iloc[-1]),
                xytext=(0, 8),
                textcoords="offset points",
                ha="right",
            )
        axes_from_zero(panels)
    return Plot(figure, caption)


def waits(recordings: Recordings, *, subscriber: str) -> Plot:
    """Draw how long each message waited for one subscriber: in the inbox, and before it.

    The two are stacked, so the upper edge is the latency. What waits before the inbox is hatched:
    it is held by the publisher, or by whoever feeds it.

    Raises:
        ValueError: if the subscriber took no message.
    """
    named = _named(recordings)
    caption = about_each(named, lambda recording: about_waits(recording, subscriber))
    with panels_for(named, x="due (s)", y="waits (s)") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            table = recording.waits(subscriber)
            due_s, queued_s = table["intended_s"], table["queued_s"]
            latency_s = table["before_s"] + queued_s
            axes.fill_between(due_s, 0, queued_s, label="in the queue", **AREAS[0])
            axes.fill_between(due_s, queued_s, latency_s, label="before the queue", **WAITING)
            axes.plot(due_s, latency_s, color=PUBLISHER, linewidth=1.5, clip_on=False)
            axes.annotate(
                f"the last: {milliseconds(latency_s.iloc[-1] * 1e3)}",
                (due_s.iloc[-1], latency_s.iloc[-1]),
                xytext=(0, 8),
                textcoords="offset points",
                ha="right",
            )
        axes_from_zero(panels)
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return Plot(figure, caption)


def timeline(rows: Mapping[str, Sequence[Span]]) -> Plot:
    """Draw who did what when: a row for each name, a bar for each span of time.

    Waiting is hatched, and all else filled. A bar that is long enough says what was done; what fits
    into none of its bars is explained below the rows.

    Raises:
        ValueError: if there are no spans, or one ends before it begins.
        TypeError: if it is not given spans by name.
    """
    _require_by_name("timeline", "spans of time", rows)
    spans = [span for row in rows.values() for span in row]
    if not spans or not all(-math.inf < s.start_s <= s.end_s < math.inf for s in spans):
        raise ValueError("timeline() needs spans of time, and none may end before it begins")
    doings = dict.fromkeys(span.doing for span in spans)
    areas = cycle(AREAS)
    looks = {doing: WAITING if doing.startswith("wait") else next(areas) for doing in doings}
    start_s, end_s = min(s.start_s for s in spans), max(s.end_s for s in spans)
    characters = 90 / ((end_s - start_s) or 1.0)  # that fit into a second of the axis
    written = {s.doing for s in spans if len(s.doing) + 2 < (s.end_s - s.start_s) * characters}
    with panels_for({"": None}, x="time (s)", y="") as (figure, (axes,)):
        for row, one in enumerate(rows.values()):
            for span in one:
                width_s = span.end_s - span.start_s
                axes.barh(row, width_s, 0.6, span.start_s, linewidth=0.8, **looks[span.doing])
                if len(span.doing) + 2 < width_s * characters:
                    axes.annotate(
                        span.doing,
                        (span.start_s + width_s / 2, row),
                        ha="center",
                        va="center",
                        fontsize=10,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
                    )
        handles = [Patch(label=doing, **looks[doing]) for doing in doings if doing not in written]
        if handles:
            figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(start_s, end_s + 0.02 * (end_s - start_s))
        axes.tick_params(axis="y", length=0)
        figure.set_figheight(1.2 + 0.45 * len(rows))
    return Plot(figure, about_spans(rows) + ".")


def loop_lag(tables: Mapping[str, pd.DataFrame]) -> Plot:
    """Draw how late each heartbeat of the event loop came (see `LoopLag`), a panel a table.

    Raises:
        ValueError: if there is no table, or one without a heartbeat.
        TypeError: if it is not given tables by name.
    """
    _require_by_name("loop_lag", "tables of LoopLag", tables)
    if not tables or any(table.empty for table in tables.values()):
        raise ValueError("loop_lag() needs tables, each with a heartbeat or more")
    with panels_for(tables, x="time (s)", y="loop lag (ms)") as (figure, panels):
        for axes, table in zip(panels, tables.values(), strict=True):
            axes.vlines(table["time_s"], 0, table["lag_s"] * 1e3, color=PUBLISHER, linewidth=1.5)
            axes.annotate(
                f"at worst {milliseconds(table['lag_s'].max() * 1e3)}",
                (1, 0.97),
                xycoords="axes fraction",
                ha="right",
                va="top",
            )
        axes_from_zero(panels)
    worst = {name: table["lag_s"].max() * 1e3 for name, table in tables.items()}
    return Plot(
        figure,
        "; ".join(f"{name}: at worst {milliseconds(lag)} late" for name, lag in worst.items())
        + ".",
    )


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
        ValueError: if there are no values, one is negative or not finite, or `highlight` has a name
            that is not among them.
        TypeError: if it is not given values by name.
    """
    _require_by_name("bars", "values", values)
    if not all(0 <= value < math.inf for value in values.values()):
        raise ValueError("a bar has a length: its value is 0 or more, and finite")
    if not values or not set(highlight) <= set(values):
        raise ValueError("bars() needs values, and highlights only names that are among them")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(8, 0.9 + 0.45 * len(values)))
        axes = figure.subplots()
        names = list(values)[::-1]
        lengths = [values[name] for name in names]
        colours = [HIGHLIGHT if name in highlight else NEUTRAL for name in names]
        axes.barh(names, lengths, color=colours, edgecolor="black", linewidth=0.8)
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


def cost_by_size(
    costs: Mapping[str, Mapping[int, float]], *, size: str, unit: str, quantity: str = "cost"
) -> Plot:
    """Draw what something costs the more there is of something else, a line for each name.

    Both axes are logarithmic: a cost in proportion to the size is a straight line that rises by a
    factor of ten where the size does, and a cost that does not depend on it is level.

    Args:
        costs: the cost by size, for each name.
        size: what there is more and more of, such as "subscribers".
        unit: the unit of the costs.
        quantity: what they are, where "cost" does not say it, such as "memory".

    Raises:
        ValueError: if there is nothing to draw, or a cost or a size is not positive and finite.
        TypeError: if it is not given costs by name.
    """
    _require_by_name("cost_by_size", "costs by size", costs)
    numbers = [number for line in costs.values() for point in line.items() for number in point]
    if not all(costs.values()) or not numbers or not all(0 < n < math.inf for n in numbers):
        raise ValueError("cost_by_size() needs positive costs by size, for one name or more")
    with panels_for({"": None}, x=size, y=f"{quantity} ({unit})") as (figure, (axes,)):
        for (name, line), look in zip(costs.items(), cycle(SERIES)):
            axes.plot(*zip(*sorted(line.items()), strict=True), label=name, **look)
            last = max(line)
            axes.annotate(
                f"{name}: {plain(line[last])} {unit}",
                (last, line[last]),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                color=look["color"],
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks(sorted({point for line in costs.values() for point in line}))
        axes.minorticks_off()
        axes.margins(y=0.2)
        axes.grid(color="#dddddd", linewidth=0.8)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value:,g}")
    return Plot(
        figure,
        "; ".join(
            f"{name}: {plain(line[min(line)])} {unit} at {min(line):,} {size}, "
            f"{plain(line[max(line)])} {unit} at {max(line):,}"
            for name, line in costs.items()
        )
        + ".",
    )


def _named(recordings: Recordings) -> Mapping[str, Recording]:
    named = {"": recordings} if isinstance(recordings, Recording) else recordings
    if not isinstance(named, Mapping) or not all(isinstance(r, Recording) for r in named.values()):
        raise TypeError(
            "a figure draws a recording, as awaiting run_workload() returns it, or several by "
            f"name, not {recordings!r}"
        )
    if not named:
        raise ValueError("there is no recording to draw; pass one, or several by name")
    return named


def _require_by_name(function: str, what: str, things: object) -> None:
    if not isinstance(things, Mapping):
        raise TypeError(f"{function}() draws {what} by name, not a {type(things).__name__}")


def readers_once(recording: Recording) -> Iterator[tuple[Reader, str | None]]:
    """Yield each reader, with a legend entry for the first of its pace."""
    for pace in Pace:
        readers = [reader for reader in recording.readers if reader.pace is pace]
        for reader in readers:
            label = pace.value if len(readers) == 1 else f"{pace.value} ({len(readers)} of them)"
            yield reader, label if reader is readers[0] else None


def _logarithmic_edges(
    latencies: Sequence[Mapping[Pace, NDArray[np.float64]]],
) -> tuple[NDArray[np.float64], float]:
    """Return the edges of all panels' bins, and where 0 is drawn: 0.0 if there is none."""
    values = np.concatenate([values for one in latencies for values in one.values()])
    positive = values[values > 0]
    if not len(positive):
        return np.array([0.001, 0.002]), 0.001
    if len(positive) == len(values):
        return np.geomspace(positive.min() * 0.9, positive.max() * 1.1, 50), 0.0
    zero = 10.0 ** math.floor(math.log10(positive.min() / 2))  # has a tick, and is well apart
    return np.geomspace(zero, positive.max() * 1.1, 50), zero
