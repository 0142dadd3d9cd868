"""How long the deliveries of a run took, for each pace of reader.

What took no time at all has a place of its own, a 0 that no logarithmic axis has.

>>> from pubsub_lib.lab.traffic.readers import fast_reader
>>> from pubsub_lib.lab.traffic.recordings import Recording
>>> recording = Recording([fast_reader()], bound=2)
>>> recording.sent(0, intended_s=0.0, started_s=0.0)
>>> recording.received(0, "fast", 0.002)
>>> latency_ecdf(recording).caption
'fast readers: half within 2 ms, 99 % within 2 ms.'
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pubsub_lib.lab.figures.captions import about_each, about_latency, milliseconds, quantile
from pubsub_lib.lab.figures.named import Recordings, named_recordings
from pubsub_lib.lab.figures.nothing import or_nothing
from pubsub_lib.lab.figures.style import (
    COLOURS,
    LINES,
    MARKERS,
    Plot,
    legend,
    logarithmic_ticks,
    panels_for,
)
from pubsub_lib.lab.traffic.readers import Pace


@or_nothing
def latency_histogram(recordings: Recordings) -> Plot:
    """Draw how many deliveries took how long, on a logarithmic axis, for each pace of reader.

    All panels have the same bins. What took no time at all has a bin of its own, at a 0 of its own.
    """
    named = named_recordings(recordings)
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


@or_nothing
def latency_ecdf(recordings: Recordings) -> Plot:
    """Draw the share of deliveries that took at most so long, with p50 and p99 marked.

    An ECDF (empirical cumulative distribution function) shows every percentile at once, and has no
    bins to choose. What took no time at all is drawn at a 0 of its own.
    """
    named = named_recordings(recordings)
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


def _logarithmic_edges(
    latencies: Sequence[Mapping[Pace, NDArray[np.float64]]],
) -> tuple[NDArray[np.float64], float]:
    """Return the edges of all panels' bins, and where 0 is drawn: 0.0 if there is none."""
    every = [values for one in latencies for values in one.values()]
    values = np.concatenate([*every, np.empty(0)])
    positive = values[values > 0]
    if not len(positive):
        return np.array([0.001, 0.002]), 0.001
    if len(positive) == len(values):
        return np.geomspace(positive.min() * 0.9, positive.max() * 1.1, 50), 0.0
    zero = 10.0 ** math.floor(math.log10(positive.min() / 2))  # has a tick, and is well apart
    return np.geomspace(zero, positive.max() * 1.1, 50), zero
