"""Figures in one visual language, with captions computed from what is drawn.

A fast, a slow and a dead subscriber keep their colour, line and marker through the whole course;
all of that is said in `style`. A figure takes one recording, or several things by name, which are
drawn side by side on shared axes, and returns a `Plot`: in a notebook it shows the figure and,
under it, a sentence that says what to see. The sentence is made from the numbers drawn, so it
cannot go stale, and the notebooks' tests compare it.

What many notebooks draw is here by its own name; what belongs to one subject is in the module of
that subject.

>>> from pubsub_lib.lab import figures
>>> figures.queue_fill is figures.inboxes.queue_fill
True
>>> figures.latency.tail({"steady": [1.0] * 1000}).caption.startswith("steady: ")
True
"""

from pubsub_lib.lab.figures import (
    attendance,
    caches,
    deliveries,
    estimates,
    latency,
    outages,
    overload,
    service,
    stopping,
    verdicts,
)
from pubsub_lib.lab.figures.comparisons import bars, cost_by_size
from pubsub_lib.lab.figures.delivery_latency import latency_ecdf, latency_histogram
from pubsub_lib.lab.figures.inboxes import drops, queue_fill
from pubsub_lib.lab.figures.publishing import lateness, publish_time, waits
from pubsub_lib.lab.figures.timelines import loop_lag, timeline

__all__ = [
    "attendance",
    "bars",
    "caches",
    "cost_by_size",
    "deliveries",
    "drops",
    "estimates",
    "latency",
    "latency_ecdf",
    "latency_histogram",
    "lateness",
    "loop_lag",
    "outages",
    "overload",
    "publish_time",
    "queue_fill",
    "service",
    "stopping",
    "timeline",
    "verdicts",
    "waits",
]
