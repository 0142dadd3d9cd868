"""What the notebooks measure with; no broker imports it. A room for each kind of thing:

- `clock`: a clock that jumps, and what real clocks say; `processes`: programs beside a notebook.
- `traffic`: publishers and readers, and recordings of what became of their messages.
- `lesson`: predictions, tables, verdicts, progress; `promises`: what brokers promise, as data.
- `figures`: pictures with captions computed from what they show.
- `playground`, `exercises`: what a learner does by hand.

A room may import those above it in this list, and none below. What learners type can be had from
here in one line, and is loaded when it is first asked for:

>>> from pubsub_lib.lab import open_loop, predict, run_virtual
>>> open_loop(messages=3, rate_hz=10).intended_s
[0.0, 0.1, 0.2]
"""

from importlib import import_module
from typing import Any

_MODULE_OF = {
    "Attended": "traffic.attendance",
    "BackgroundLoop": "clock.background_loop",
    "CLAIMS": "lesson.verdicts",
    "Deadlock": "clock.virtual_time",
    "FRAMES": "traffic.leaks",
    "Fault": "lesson.faults",
    "Handle": "traffic.stopping",
    "HandlePrice": "traffic.price_feed",
    "Kind": "promises",
    "Load": "traffic.workloads",
    "LoopLag": "clock.loop_lag",
    "Network": "processes.network",
    "NewBroker": "lesson.experiments",
    "Price": "traffic.price_feed",
    "Program": "processes.programs",
    "Reader": "traffic.recordings",
    "Recording": "traffic.recordings",
    "Served": "traffic.price_feed",
    "Service": "traffic.stopping",
    "Sightings": "traffic.sightings",
    "Span": "traffic.recordings",
    "Stage": "promises",
    "Standing": "lesson.verdicts",
    "Store": "traffic.caching",
    "Trait": "promises",
    "Verdict": "lesson.verdicts",
    "Visit": "traffic.attendance",
    "bursts": "traffic.workloads",
    "check": "exercises",
    "closed_loop": "traffic.workloads",
    "collect_verdicts": "lesson.verdict_collection",
    "compare": "lesson.experiments",
    "count_timers": "clock.timers",
    "dead_reader": "traffic.workloads",
    "delivery_costs": "traffic.costs",
    "fast_reader": "traffic.workloads",
    "held_by": "traffic.leaks",
    "interrupt_when_ready": "processes.interrupting",
    "keeps": "promises",
    "leave": "traffic.attendance",
    "markdown_table": "lesson.tables",
    "no_garbage_collection": "traffic.leaks",
    "observe": "traffic.stopping",
    "open_loop": "traffic.workloads",
    "open_playground": "playground.playground",
    "outcome": "lesson.experiments",
    "predict": "lesson.predictions",
    "promise_table": "promises",
    "quantile": "figures.captions",
    "random_arrivals": "traffic.random_traffic",
    "random_times": "traffic.random_traffic",
    "read_on_schedule": "traffic.caching",
    "response_times": "traffic.responses",
    "run_callbacks": "traffic.workloads",
    "run_in_a_child_process": "processes.child_process",
    "run_virtual": "clock.virtual_time",
    "run_visits": "traffic.attendance",
    "run_workload": "traffic.workloads",
    "server_or_stop": "processes.servers",
    "show_faults": "lesson.faults",
    "show_findings": "lesson.verdict_collection",
    "show_progress": "exercises",
    "show_source": "lesson.sources",
    "show_table": "lesson.tables",
    "show_verdicts": "lesson.verdicts",
    "slow_link": "traffic.caching",
    "slow_reader": "traffic.workloads",
    "source_of": "lesson.sources",
    "standings": "lesson.verdict_collection",
    "type_check": "processes.type_checking",
    "unsettled": "lesson.verdict_collection",
    "where_memory_grew": "traffic.leaks",
    "which_promises": "promises",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
