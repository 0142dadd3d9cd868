"""What a publisher goes through: how long it is held up, how late it is, and where messages wait.

>>> from pubsub_lib.lab.traffic.readers import dead_reader
>>> from pubsub_lib.lab.traffic.recordings import Recording
>>> recording = Recording([dead_reader()], bound=2)
>>> for number in range(3):
...     recording.sent(number, float(number), float(number))
...     recording.published(number, float(number) + 0.5)
>>> publish_time(recording).caption
'3 publishes take 1.5 s in all, the longest 500 ms.'
"""

from pubsub_lib.lab.figures.captions import (
    about_each,
    about_lateness,
    about_publish_time,
    about_waits,
    milliseconds,
)
from pubsub_lib.lab.figures.named import Recordings, named_recordings
from pubsub_lib.lab.figures.nothing import or_nothing
from pubsub_lib.lab.figures.style import (
    AREAS,
    PUBLISHER,
    PUBLISHES,
    WAITING,
    Plot,
    axes_from_zero,
    label_the_last,
    legend_below,
    panels_for,
)

LEAST_S = 1e-9  # a shorter wait is what rounding has left


@or_nothing
def publish_time(recordings: Recordings) -> Plot:
    """Draw how long each publish took, at the time it began: in s, if the longest took 1 s."""
    named = named_recordings(recordings)
    caption = about_each(named, about_publish_time)
    tables = [recording.publishes() for recording in named.values()]
    in_seconds = any((table["duration_s"] >= 1).any() for table in tables)
    unit, per_second = ("s", 1) if in_seconds else ("ms", 1e3)
    with panels_for(named, x="time (s)", y=f"publish takes ({unit})") as (figure, panels):
        for axes, table in zip(panels, tables, strict=True):
            axes.plot(table["sent_s"], table["duration_s"] * per_second, **PUBLISHES)
        axes_from_zero(panels)
    return Plot(figure, caption)


@or_nothing
def lateness(recordings: Recordings) -> Plot:
    """Draw how much later than it was due each message was sent, at the time it was due."""
    named = named_recordings(recordings)
    caption = about_each(named, about_lateness)
    with panels_for(named, x="due (s)", y="sent late by (ms)") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            table = recording.publishes()
            late_ms = (table["sent_s"] - table["intended_s"]) * 1e3
            axes.plot(
                table["intended_s"],
                late_ms,
                **PUBLISHES,
            )
            if not table.empty:
                text = f"the last: {milliseconds(late_ms.iloc[-1])}"
                label_the_last(axes, table["intended_s"].iloc[-1], late_ms.iloc[-1], text)
        axes_from_zero(panels)
    return Plot(figure, caption)


@or_nothing
def waits(recordings: Recordings, *, subscriber: str) -> Plot:
    """Draw how long each message waited for one subscriber: in the inbox, and before it.

    The two are stacked, so the upper edge is the latency. What waits before the inbox is hatched:
    it is held by the publisher, or by whoever feeds it.
    """
    named = named_recordings(recordings)
    caption = about_each(named, lambda recording: about_waits(recording, subscriber))
    with panels_for(named, x="due (s)", y="waits (s)") as (figure, panels):
        for axes, recording in zip(panels, named.values(), strict=True):
            table = recording.waits(subscriber)
            if table.empty:
                continue
            due_s, queued_s = table["intended_s"], table["queued_s"]
            latency_s = table["before_s"] + queued_s
            for lower, upper, label, look in (
                (0 * queued_s, queued_s, "in the inbox", AREAS[0]),
                (queued_s, latency_s, "before the inbox", WAITING),
            ):
                if (upper - lower).max() > LEAST_S:
                    axes.fill_between(due_s, lower, upper, label=label, **look)
            axes.plot(due_s, latency_s, color=PUBLISHER, linewidth=1.5, clip_on=False)
            text = f"the last: {milliseconds(latency_s.iloc[-1] * 1e3)}"
            label_the_last(axes, due_s.iloc[-1], latency_s.iloc[-1], text)
        axes_from_zero(panels)
        legend_below(figure, panels)
    return Plot(figure, caption)
