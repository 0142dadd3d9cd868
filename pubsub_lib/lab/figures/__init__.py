"""Figures in one visual language, with captions computed from what is drawn.

What most notebooks draw, a run of a workload, is here by its own name; what belongs to one subject
is in the module of that subject.

>>> from pubsub_lib.lab import figures
>>> figures.queue_fill is figures.runs.queue_fill
True
>>> figures.latency.tail({"steady": [1.0] * 1000}).caption.startswith("steady: ")
True
"""

from pubsub_lib.lab.figures import (
    attendance,
    caches,
    deliveries,
    latency,
    overload,
    runs,
    stopping,
    verdicts,
)
from pubsub_lib.lab.figures.runs import (
    bars,
    cost_by_size,
    drops,
    latency_ecdf,
    latency_histogram,
    lateness,
    loop_lag,
    publish_time,
    queue_fill,
    timeline,
    waits,
)

__all__ = [
    "attendance",
    "bars",
    "caches",
    "cost_by_size",
    "deliveries",
    "drops",
    "latency",
    "latency_ecdf",
    "latency_histogram",
    "lateness",
    "loop_lag",
    "overload",
    "publish_time",
    "queue_fill",
    "runs",
    "stopping",
    "timeline",
    "verdicts",
    "waits",
]
