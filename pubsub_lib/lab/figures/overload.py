"""Figures of an overload: what waits, how old it is when it is read, and what is missed.

A fast, a slow and a dead subscriber look as they do in `figures`. What a subscriber missed is
hatched and counted beside the bar, so colour is not the only cue.

>>> from pubsub_lib import AsyncPubSub
>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> from pubsub_lib.lab.traffic.loads import open_loop
>>> from pubsub_lib.lab.traffic.readers import slow_reader
>>> from pubsub_lib.lab.traffic.workloads import run_workload
>>> recording = run_virtual(
...     run_workload(
...         AsyncPubSub(maxsize=5, timeout=0),
...         open_loop(messages=100, rate_hz=100),
...         [slow_reader(service_time_s=0.02)],
...     )
... )
>>> side_by_side({"drop newest": recording}).caption
'drop newest: slow misses 45 of 100 messages, and reads what is up to 100 ms old.'
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import fill as fill_text
from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from pubsub_lib.lab.figures.captions import milliseconds
from pubsub_lib.lab.figures.inboxes import draw_queue_fill, readers_once
from pubsub_lib.lab.figures.nothing import NothingToDraw, or_nothing
from pubsub_lib.lab.figures.style import (
    BOUND,
    COLOURS,
    DROP,
    GROUND,
    Plot,
    axes_from_zero,
    course_style,
    line_of,
)
from pubsub_lib.lab.traffic.recordings import Recording

MISSED: dict[str, Any] = {"facecolor": GROUND, "edgecolor": DROP, "hatch": "////"}
UNREAD: dict[str, Any] = {"facecolor": GROUND}
LEAST_ROWS = 4  # bars of two subscribers alone would be as thick as a panel


@or_nothing
def side_by_side(recordings: Mapping[str, Recording]) -> Plot:
    """Draw a column of two panels for each run, on axes that the panels of a row share.

    Above: how old each message is when it is read. Below: what becomes of the messages.
    """
    if not recordings:
        raise NothingToDraw("pass a recording or more, by name")
    runs = list(recordings.values())
    most_readers = max(len(recording.readers) for recording in runs)
    with _figure(1.2 + 2.2 * len(runs), 4.2 + 0.4 * most_readers) as figure:
        rows = figure.subplots(
            2, len(runs), squeeze=False, sharey="row", height_ratios=[1.3, 0.3 * most_readers]
        )
        _margins(figure, left=0.8, bottom=0.95, right=0.1, top=0.35, wspace=0.1, hspace=0.5)
        for (name, recording), (ages, fates) in zip(recordings.items(), rows.T, strict=True):
            ages.set_title(name, loc="left")
            draw_ages(ages, recording)
            ages.set_xlabel("time (s)")
            draw_fates(fates, recording)
            fates.set_xlabel("messages")
        _over_time([rows[0].tolist()])
        rows[0, 0].set_ylabel("age when read (s)")
        for axes in rows[:, 1:].flat:
            axes.tick_params(axis="y", labelleft=False)
        _explain(figure, runs)
    return Plot(figure, " ".join(_about(name, recording) for name, recording in recordings.items()))


def at_a_glance(recording: Recording, *, due: int, caption: str, heading: str = "") -> Plot:
    """Draw one run in a row of panels: what waits, how old it is when read, and what is missed.

    Args:
        recording: the run.
        due: how many messages were to be sent.
        caption: what the figure shows.
        heading: what was run; if given, it is written above the panels, and the caption below.
    """
    written = 0.4 if heading else 0.0  # inches for each of the two
    with _figure(10.0, 3.5 + 2 * written) as figure:
        fill, ages, fates = figure.subplots(1, 3, width_ratios=[1, 1, 1.1])
        margins = {"left": 0.65, "right": 0.1, "bottom": 1.0 + written, "top": 0.35 + written}
        _margins(figure, **margins, wspace=0.32, hspace=0.0)
        if heading:
            figure.text(0.01, 0.98, heading, va="top", fontsize=11)
            figure.text(0.01, 0.02, fill_text(caption, 140), va="bottom", style="italic")
        fill.set_title("messages waiting in the inbox", loc="left")
        draw_fill(fill, recording)
        ages.set_title("age when read (s)", loc="left")
        draw_ages(ages, recording)
        _over_time([[fill], [ages]])
        for axes in (fill, ages):
            axes.set_xlabel("time (s)")
        fates.set_title(f"what becomes of {due} messages", loc="left")
        draw_fates(fates, recording, due=due)
        fates.set_ylim(max(len(recording.readers), LEAST_ROWS) - 0.5, -0.5)
        not_sent = due - len(recording.publishes())
        fates.set_xlabel(f"messages; {not_sent} not sent" if not_sent else "messages")
        _explain(figure, [recording], bottom=written)
    return Plot(figure, caption)


def draw_fill(axes: Axes, recording: Recording) -> None:
    """Draw into a panel what waits in the inboxes over time, and when somebody is disconnected."""
    draw_queue_fill(axes, recording)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
    fill = recording.queue_fill()
    for time_s in sorted(set(recording.disconnections.values())):
        depth = fill[fill["time_s"] <= time_s]["depth"].max()
        axes.plot(time_s, depth, color=DROP, marker="X", markersize=9, linestyle="none")
        axes.annotate(
            "disconnected",
            (time_s, depth),
            xytext=(9, -12),
            textcoords="offset points",
            color=DROP,
        )


def draw_ages(axes: Axes, recording: Recording) -> None:
    """Draw into a panel how old each message was when it was read, at the time it was read."""
    table = recording.deliveries()
    for reader, _ in readers_once(recording):
        one = table[table["subscriber"] == reader.name]
        axes.plot(one["received_s"], one["latency_s"], clip_on=False, **line_of(reader))


def draw_fates(axes: Axes, recording: Recording, *, due: int = 0) -> None:
    """Draw into a panel how many messages each subscriber read, has unread, and missed.

    Args:
        axes: the panel.
        recording: the run.
        due: how many messages were to be sent; 0 if all of them were.
    """
    sent = len(recording.publishes())
    table = recording.drops()
    fates = zip(table["received"], table["unread"], table["dropped"], strict=True)
    for reader, (read, unread, missed) in zip(recording.readers, fates, strict=True):
        colour = COLOURS[reader.pace]
        axes.barh(reader.name, read, color=colour)
        if unread:
            axes.barh(reader.name, unread, left=read, edgecolor=colour, **UNREAD)
        if missed:
            axes.barh(reader.name, missed, left=read + unread, **MISSED)
            axes.annotate(f" {missed}", (max(due, sent), reader.name), va="center", color=DROP)
    axes.set_ylim(len(recording.readers) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_locator(MaxNLocator(3))
    if due > sent:
        axes.axvline(due, color=BOUND, linestyle="-.", linewidth=1.2)
    axes.set_xlim(0, max(due, sent) * 1.3)


@contextmanager
def _figure(width: float, height: float) -> Iterator[Figure]:
    """Make a figure in the style of the course whose margins are set by hand.

    Matplotlib's own way of fitting panels and labels takes as long as all else that is drawn.
    """
    with course_style({"figure.constrained_layout.use": False, "font.size": 10}):
        yield Figure(figsize=(width, height))


def _margins(
    figure: Figure,
    *,
    left: float,
    bottom: float,
    right: float,
    top: float,
    wspace: float,
    hspace: float,
) -> None:
    """Leave margins of so many inches, and space between panels as a share of their size."""
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left / width, bottom / height, 1 - right / width, 1 - top / height, wspace, hspace
    )


def _over_time(rows: Sequence[Sequence[Axes]]) -> None:
    """Let each row of panels begin at 0 and show all of its data, over the same time."""
    for row in rows:
        axes_from_zero(row)
    panels = [axes for row in rows for axes in row]
    end_s = max(0.0, *(axes.dataLim.x1 for axes in panels)) or 1.0  # 0 if nobody has read
    for axes in panels:
        axes.set_xlim(0, end_s * 1.02 or 1.0)
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))


def _explain(figure: Figure, recordings: Sequence[Recording], *, bottom: float = 0.0) -> None:
    """Explain lines and bars once, below the panels, so many inches above the lower edge."""
    lines = {
        reader.pace: Line2D([], [], label=label, **line_of(reader))
        for recording in recordings
        for reader, label in readers_once(recording)
        if label
    }
    fates = pd.concat([recording.drops() for recording in recordings])
    handles: list[Artist] = list(lines.values())
    if fates["unread"].any():
        handles.append(Patch(label="unread", edgecolor=BOUND, **UNREAD))
    if fates["dropped"].any():
        handles.append(Patch(label="missed", **MISSED))
    place = (0.5, bottom / figure.get_figheight())
    figure.legend(handles=handles, loc="lower center", bbox_to_anchor=place, ncols=len(handles))


def _about(name: str, recording: Recording) -> str:
    """Say what each subscriber misses, and how old it is what it reads."""
    sent = len(recording.publishes())
    missed = recording.drops().set_index("subscriber")["dropped"]
    oldest_s = recording.deliveries().groupby("subscriber")["latency_s"].max()
    sentences = []
    for reader in recording.readers:
        sentence = f"{reader.name} misses {missed[reader.name] or 'none'} of {sent} messages"
        if reader.name in oldest_s:
            oldest = milliseconds(oldest_s[reader.name] * 1e3)
            sentence += f", and reads what is up to {oldest} old"
        sentences.append(sentence)
    return f"{name}: {'; '.join(sentences)}."
