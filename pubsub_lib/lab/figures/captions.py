"""The sentences under the figures, made from the numbers that are drawn.

A caption that is computed cannot go stale, and, unlike a picture, can be compared from run to run.

>>> from pubsub_lib.lab.traffic.readers import Pace, Reader
>>> from pubsub_lib.lab.traffic.recordings import Recording
>>> recording = Recording([Reader("dead", Pace.DEAD, 0.0)], bound=2)
>>> for number in range(3):
...     recording.sent(number, float(number), float(number))
...     recording.published(number, float(number))
...     recording.depth(float(number), "dead", min(number + 1, 2))
>>> recording.left_unread("dead", 2)
>>> about_queue_fill(recording)
'dead reaches the bound of 2 messages after 1 s'
>>> about_drops(recording)
'dead misses 1 of 3 messages'
"""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pubsub_lib.lab.traffic.recordings import Recording, Span

NOTHING_PUBLISHED = "nothing was published"


def about_each(named: Mapping[str, Recording], about: Callable[[Recording], str]) -> str:
    """Return one sentence for each recording, with its name."""
    return " ".join(
        (f"{name}: " if name else "") + about(recording) + "." for name, recording in named.items()
    )


def about_queue_fill(recording: Recording) -> str:
    """Say which inbox was the fullest, and when."""
    fill = recording.queue_fill()
    if fill.empty:
        return "no inbox was looked at (callbacks have none)"
    fullest = fill.sort_values("depth", ascending=False, kind="stable").iloc[0]
    name, depth, time_s = fullest["subscriber"], fullest["depth"], fullest["time_s"]
    if recording.bound and depth >= recording.bound:
        return f"{name} reaches the bound of {depth:,} messages after {time_s:.3g} s"
    return f"{name} holds {depth:,} messages at most, after {time_s:.3g} s"


def about_drops(recording: Recording) -> str:
    """Say who missed how many messages."""
    table = recording.drops()
    sent = len(recording.publishes())
    if not sent:
        return NOTHING_PUBLISHED
    missed = [
        f"{subscriber} misses {dropped:,} of {sent:,} messages"
        for subscriber, dropped in zip(table["subscriber"], table["dropped"], strict=True)
        if dropped
    ]
    return "; ".join(missed) or f"nobody misses any of the {sent:,} messages"


def about_latency(recording: Recording) -> str:
    """Say how long half, and 99 %, of the deliveries took, for each pace of reader."""
    by_pace = [
        f"{pace.value} readers: half within {milliseconds(quantile(values, 0.5))}, "
        f"99 % within {milliseconds(quantile(values, 0.99))}"
        for pace, values in recording.latencies_ms().items()
    ]
    return "; ".join(by_pace) or "nothing was received"


def about_publish_time(recording: Recording) -> str:
    """Say how long the publishes took, together and at worst."""
    durations_s = recording.publishes()["duration_s"]
    if durations_s.empty:
        return NOTHING_PUBLISHED
    return (
        f"{len(durations_s):,} publishes take {durations_s.sum():.3g} s in all, "
        f"the longest {milliseconds(durations_s.max() * 1e3)}"
    )


def about_lateness(recording: Recording) -> str:
    """Say how late the last message was sent, and how late the latest."""
    table = recording.publishes()
    if table.empty:
        return NOTHING_PUBLISHED
    late_ms = (table["sent_s"] - table["intended_s"]) * 1e3
    return (
        f"the last of {len(table):,} messages is sent {milliseconds(late_ms.iloc[-1])} late, "
        f"the latest {milliseconds(late_ms.max())}"
    )


def about_waits(recording: Recording, subscriber: str) -> str:
    """Say how long a subscriber's last message waited before the inbox, and in it."""
    waits = recording.waits(subscriber)
    if waits.empty:
        return f"{subscriber} took no message"
    last = waits.iloc[-1]
    return (
        f"the last message waits {milliseconds(last['before_s'] * 1e3)} to get into the inbox, "
        f"and {milliseconds(last['queued_s'] * 1e3)} in it"
    )


def about_spans(rows: Mapping[str, Sequence[Span]]) -> str:
    """Say for how long each one did what."""
    return "; ".join(
        f"{name}: "
        + ", ".join(
            f"{doing} for "
            + milliseconds(sum(s.end_s - s.start_s for s in spans if s.doing == doing) * 1e3)
            for doing in dict.fromkeys(span.doing for span in spans)
        )
        for name, spans in rows.items()
        if spans
    )


def quantile(values: NDArray[np.float64], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed.

    Where there are no values it is no number (`nan`), which is neither more nor less than another.
    The share is meant as it is written: 0.07 of 100 are 7, though 0.07 * 100 is a little more.

    Raises:
        ValueError: if the share is not between 0 and 1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a quantile is of a share between 0 and 1, such as 0.99, not {share:g}")
    if not len(values):
        return math.nan
    last = max(math.ceil(Fraction(str(share)) * len(values)), 1) - 1
    return float(np.partition(np.asarray(values), last)[last])


def milliseconds(value: float) -> str:
    """Return a time, given in milliseconds, with three digits and a fitting unit."""
    value = round(value, 6) + 0.0  # which makes -0.0 a 0.0
    return f"{plain(value)} ms" if value < 999.5 else f"{plain(value / 1e3)} s"


def plain(value: float) -> str:
    """Return a number with three digits, or with all that are before the point, as in 1,234."""
    return f"{value:,.0f}" if abs(value) >= 99.95 else f"{value:.3g}"
