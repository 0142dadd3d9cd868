"""Sliders for a bound: how many messages come at once, and for how many is there room?

A burst comes every second, four in all, for a subscriber that handles 100 messages per second.

>>> shown = open_bound()
>>> shown.caption
'50 at once, room for 10: each burst holds the publisher up for 0.39 s, and the latest message is \
read 0.49 s after it was due.'
>>> shown.controls["bound"].value = 49
>>> shown.caption
'50 at once, room for 49: each burst holds the publisher up for 0 s, and the latest message is \
read 0.49 s after it was due.'
"""

from collections.abc import Mapping

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.figures.inboxes import queue_fill
from pubsub_lib.lab.figures.style import Plot
from pubsub_lib.lab.playground.sliders import FigureWithSliders, Range
from pubsub_lib.lab.traffic.loads import bursts
from pubsub_lib.lab.traffic.readers import slow_reader
from pubsub_lib.lab.traffic.workloads import Sample, run_workload

BURSTS = 4


def open_bound() -> FigureWithSliders:
    """Return a figure of how full an inbox is over time, and the sliders for burst and bound."""
    return FigureWithSliders(
        {
            "burst": Range(10, 150, "messages", at=50, step=10),
            "bound": Range(1, 150, "messages", at=10),
        },
        _draw,
    )


def _draw(values: Mapping[str, int]) -> Plot:
    size, bound = values["burst"], values["bound"]
    load = bursts(messages=BURSTS * size, size=size, every_s=1.0)
    broker = AsyncPubSub[Sample](bound, timeout=None)
    recording = run_virtual(run_workload(broker, load, [slow_reader(service_time_s=0.01)]))
    held_up_s = recording.publishes()["duration_s"].sum() / BURSTS
    latest_s = recording.deliveries()["latency_s"].max()
    return queue_fill(recording).with_caption(
        f"{size} at once, room for {bound}: each burst holds the publisher up for "
        f"{round(held_up_s, 6):.3g} s, and the latest message is read {latest_s:.3g} s after it "
        "was due."
    )
