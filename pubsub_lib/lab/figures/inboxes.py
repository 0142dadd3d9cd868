"""What waits in the inboxes of a run, and what becomes of each subscriber's messages.

>>> from pubsub_lib.lab.traffic.readers import dead_reader
>>> from pubsub_lib.lab.traffic.recordings import Recording
>>> recording = Recording([dead_reader()], bound=2)
>>> for number in range(3):
...     recording.sent(number, float(number), float(number))
...     recording.published(number, float(number) + 0.5)
...     recording.depth(float(number), "dead", min(number + 1, 2))
>>> recording.left_unread("dead", 2)
>>> queue_fill(recording).caption
'dead reaches the bound of 2 messages after 1 s.'
>>> drops(recording).caption
'dead misses 1 of 3 messages.'
"""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from pubsub_lib.lab.figures.captions import about_drops, about_each, about_queue_fill
from pubsub_lib.lab.figures.named import Recordings, named_recordings
from pubsub_lib.lab.figures.nothing import or_nothing
from pubsub_lib.lab.figures.style import (
    BOUND,
    COLOURS,
    DROP,
    GROUND,
    Plot,
    axes_from_zero,
    legend,
    line_of,
    panels_for,
)
from pubsub_lib.lab.traffic.readers import Pace, Reader
from pubsub_lib.lab.traffic.recordings import Recording

LINES_HIGH = 200  # how many lines of this thickness fit above each other in a panel


@or_nothing
def queue_fill(recordings: Recordings) -> Plot:
    """Draw how many messages wait in each inbox over time, and the bound."""
    named = named_recordings(recordings)
    caption = about_each(named, about_queue_fill)
    fullest = max(recording.queue_fill()["depth"].max() or 0 for recording in named.values())
    with panels_for(named, x="time (s)", y="messages waiting in the inbox") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            draw_queue_fill(axes, recording, least=fullest / LINES_HIGH)
            if len(named) > 1:  # the labels of short times are long, and would touch
                axes.xaxis.set_major_locator(MaxNLocator(4))
        axes_from_zero(panels)
        legend(panels)
    return Plot(figure, caption)


def draw_queue_fill(axes: Axes, recording: Recording, *, least: float = 0.0) -> None:
    """Draw into a panel how many messages wait in each inbox over time, and the bound.

    Args:
        axes: the panel.
        recording: the run.
        least: by how many messages an inbox changes at least before a line follows. One that went
            up and down within its own width would be dashed so closely that it looked solid.
    """
    fill = recording.queue_fill()
    for reader, label in readers_once(recording):
        one = fill[fill["subscriber"] == reader.name]
        times_s = np.concatenate([[0.0], one["time_s"]])
        depths = np.concatenate([[0], one["depth"]])
        drawn = _noticed(depths, least)
        axes.step(times_s[drawn], depths[drawn], where="post", label=label, **line_of(reader))
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


def _noticed(depths: NDArray[np.float64], least: float) -> list[int]:
    """Return which depths differ enough from the last one of them; the last of all is one, too."""
    noticed = [0]
    for index, depth in enumerate(depths):
        if abs(depth - depths[noticed[-1]]) >= least:
            noticed.append(index)
    return sorted({*noticed, len(depths) - 1})


@or_nothing
def drops(recordings: Recordings) -> Plot:
    """Draw how many messages each subscriber received, left unread, and missed."""
    named = named_recordings(recordings)
    caption = about_each(named, about_drops)
    longest = max(1, *(len(recording.publishes()) for recording in named.values()))
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
                    axes.barh(name, unread, left=received, color=GROUND, edgecolor=colour)
                    axes.annotate(
                        f" {unread:,} never read",
                        (received, name),
                        va="center",
                        fontsize=9,
                        bbox={"facecolor": GROUND, "edgecolor": "none", "pad": 1},
                    )
                if dropped:
                    kept = received + unread
                    axes.barh(name, dropped, left=kept, color=GROUND, edgecolor=DROP, hatch="///")
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


def readers_once(recording: Recording) -> Iterator[tuple[Reader, str | None]]:
    """Yield each reader, with a legend entry for the first of its pace."""
    for pace in Pace:
        readers = [reader for reader in recording.readers if reader.pace is pace]
        for reader in readers:
            label = pace.value if len(readers) == 1 else f"{pace.value} ({len(readers)} of them)"
            yield reader, label if reader is readers[0] else None
