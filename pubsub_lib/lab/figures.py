"""One function per kind of figure, in one visual language, with captions computed from the data.

A fast, a slow and a dead subscriber keep their colour, line and marker through the whole course
(the colours are Okabe and Ito's, which colour-blind readers can tell apart). Each function takes
one recording, or several by name, which are drawn side by side on shared axes, and returns a
`Plot`: in a notebook it shows the figure and, under it, a sentence that says what to see. The
sentence is made from the numbers drawn, so it cannot go stale, and the notebooks' tests compare it.

>>> from pubsub_lib.lab.recordings import Pace, Reader, Recording
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

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pubsub_lib.lab.captions import (
    about_drops,
    about_each,
    about_latency,
    about_lateness,
    about_publish_time,
    about_queue_fill,
    about_spans,
    milliseconds,
    quantile,
)
from pubsub_lib.lab.recordings import Pace, Reader, Recording, Span
from pubsub_lib.lab.style import (
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
    panels_for,
    plain_logarithmic_ticks,
)

type Recordings = Recording | Mapping[str, Recording]


def queue_fill(recordings: Recordings) -> Plot:
    """Draw how many messages wait in each inbox over time, and the bound."""
    named = _named(recordings)
    with panels_for(named, x="time (s)", y="messages waiting in the inbox") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            fill = recording.queue_fill()
            for reader, label in _readers_once(recording):
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
            if len(named) > 1:  # the labels of short times are long, and would touch
                axes.xaxis.set_major_locator(MaxNLocator(4))
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes_from_zero(panels)
        legend(panels)
    return Plot(figure, about_each(named, about_queue_fill))


def drops(recordings: Recordings) -> Plot:
    """Draw how many messages each subscriber received, left unread, and missed."""
    named = _named(recordings)
    with panels_for(named, x="messages", y="") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            table = recording.drops().iloc[::-1]
            pace_of = {reader.name: reader.pace for reader in recording.readers}
            total = max(1, len(recording.publishes()))
            for row, (name, received, unread, dropped) in enumerate(
                zip(*(table[column] for column in table.columns), strict=True)
            ):
                colour = COLOURS[pace_of[name]]
                axes.barh(name, received, color=colour)
                if unread:
                    axes.barh(name, unread, left=received, color="white", edgecolor=colour)
                    axes.annotate(
                        f" {unread:,} never read", (received, row), va="center", fontsize=9
                    )
                if dropped:
                    kept = received + unread
                    axes.barh(name, dropped, left=kept, color="white", edgecolor=DROP, hatch="///")
                axes.annotate(
                    f" {dropped:,} dropped" if dropped else " none dropped",
                    (total, row),
                    va="center",
                    color=DROP if dropped else BOUND,
                )
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.set_xlim(0, total * (1.3 if len(named) == 1 else 1.6))
            axes.tick_params(axis="y", length=0)
        figure.set_figheight(1.4 + 0.38 * max(len(r.readers) for r in named.values()))
    return Plot(figure, about_each(named, about_drops))


def latency_histogram(recordings: Recordings) -> Plot:
    """Draw how many deliveries took how long, on a logarithmic axis, for each pace of reader."""
    named = _named(recordings)
    with panels_for(named, x="latency (ms)", y="deliveries") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            latencies = recording.latencies_ms()
            edges = _logarithmic_edges(latencies)
            for pace, values in latencies.items():
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
            plain_logarithmic_ticks(axes)
        legend(panels)
    return Plot(figure, about_each(named, about_latency))


def latency_ecdf(recordings: Recordings) -> Plot:
    """Draw the share of deliveries that took at most so long, with p50 and p99 marked.

    An ECDF (empirical cumulative distribution function) shows every percentile at once, and has no
    bins to choose.
    """
    named = _named(recordings)
    with panels_for(named, x="latency (ms)", y="share of deliveries") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            latencies = recording.latencies_ms()
            floor = _logarithmic_edges(latencies)[0]
            for pace, values in latencies.items():
                shown = np.maximum(values, floor)
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
                        f"{name}: {milliseconds(value if value > floor else 0.0)}",
                        (value, share),
                        xytext=(8, -13) if pace is Pace.FAST else (-8, 4),
                        ha="left" if pace is Pace.FAST else "right",
                        textcoords="offset points",
                        fontsize=10,
                    )
            axes.set_xscale("log")
            axes.margins(x=0.15)
            axes.set_ylim(0, 1.02)
            plain_logarithmic_ticks(axes)
        legend(panels)
    return Plot(figure, about_each(named, about_latency))


def publish_time(recordings: Recordings) -> Plot:
    """Draw how long each publish took, at the time it began."""
    named = _named(recordings)
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
    return Plot(figure, about_each(named, about_publish_time))


def lateness(recordings: Recordings) -> Plot:
    """Draw how much later than it was due each message was sent, at the time it was due."""
    named = _named(recordings)
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
    return Plot(figure, about_each(named, about_lateness))


def timeline(rows: Mapping[str, Sequence[Span]]) -> Plot:
    """Draw who did what when: a row for each name, a bar for each span of time.

    Waiting is hatched, and all else filled. A bar that is long enough says what was done; what fits
    into none of its bars is explained below the rows.

    Raises:
        ValueError: if there are no spans, or one ends before it begins.
    """
    spans = [span for row in rows.values() for span in row]
    if not spans or any(span.end_s < span.start_s for span in spans):
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
    """Draw how late each heartbeat of the event loop came (see `LoopLag`), a panel a table."""
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
        ValueError: if there are no values, or `highlight` has a name that is not among them.
    """
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
            axes.annotate(f" {length:,.3g}", (length, position), va="center")
        axes.set_xlim(0, max(max(lengths), 1e-12) * 1.15)
        axes.set_xlabel(f"{quantity} ({unit})")
        axes.tick_params(axis="y", length=0)
    largest = max(values, key=lambda name: values[name])
    smallest = min(values, key=lambda name: values[name])
    return Plot(
        figure,
        f"{quantity}: most for {largest}, {values[largest]:,.3g} {unit}; "
        f"least for {smallest}, {values[smallest]:,.3g} {unit}.",
    )


def cost_by_size(costs: Mapping[str, Mapping[int, float]], *, size: str, unit: str) -> Plot:
    """Draw what something costs the more there is of something else, a line for each name.

    Both axes are logarithmic: a cost in proportion to the size is a straight line that rises by a
    factor of ten where the size does, and a cost that does not depend on it is level.

    Args:
        costs: the cost by size, for each name.
        size: what there is more and more of, such as "subscribers".
        unit: the unit of the costs.

    Raises:
        ValueError: if there is nothing to draw, or a cost that is not positive.
    """
    if not costs or not all(line and min(line.values()) > 0 for line in costs.values()):
        raise ValueError("cost_by_size() needs positive costs by size, for one name or more")
    with panels_for({"": None}, x=size, y=f"cost ({unit})") as (figure, (axes,)):
        for (name, line), look in zip(costs.items(), cycle(SERIES)):
            axes.plot(list(line), list(line.values()), label=name, **look)
            last = max(line)
            axes.annotate(
                f"{name}: {_plain(line[last])} {unit}",
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
            f"{name}: {_plain(line[min(line)])} {unit} at {min(line):,} {size}, "
            f"{_plain(line[max(line)])} {unit} at {max(line):,}"
            for name, line in costs.items()
        )
        + ".",
    )


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _named(recordings: Recordings) -> dict[str, Recording]:
    named = {"": recordings} if isinstance(recordings, Recording) else dict(recordings)
    if not named:
        raise ValueError("there is no recording to draw; pass one, or several by name")
    if not all(isinstance(recording, Recording) for recording in named.values()):
        raise TypeError("a figure draws recordings, as returned by run_workload()")
    return named


def _readers_once(recording: Recording) -> Iterator[tuple[Reader, str | None]]:
    """Yield each reader, with a legend entry for the first of its pace."""
    for pace in Pace:
        readers = [reader for reader in recording.readers if reader.pace is pace]
        for reader in readers:
            label = pace.value if len(readers) == 1 else f"{pace.value} ({len(readers)} of them)"
            yield reader, label if reader is readers[0] else None


def _logarithmic_edges(latencies: Mapping[Pace, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the bins' edges; what took no time at all goes into the first."""
    values = np.concatenate(list(latencies.values()))
    positive = values[values > 0]
    if not len(positive):
        return np.array([0.001, 0.002])
    return np.geomspace(positive.min() * 0.9, positive.max() * 1.1, 50)
