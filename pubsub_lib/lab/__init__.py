"""What the notebooks measure with; no broker imports it. A room for each kind of thing:

- `clock`: a clock that jumps, and an event loop that says when it sleeps.
- `processes`: programs beside a notebook, a network between them, and time limits.
- `costs`: processor time, memory, timers, and how late the event loop is.
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
    "FRAMES": "costs.leaks",
    "Fault": "lesson.faults",
    "Handle": "traffic.stopping",
    "HandlePrice": "traffic.price_feed",
    "Kind": "promises",
    "Load": "traffic.loads",
    "LoopLag": "costs.loop_lag",
    "Network": "processes.network",
    "NewBroker": "lesson.experiments",
    "Price": "traffic.price_feed",
    "Program": "processes.programs",
    "Reader": "traffic.readers",
    "Recording": "traffic.recordings",
    "Served": "traffic.price_feed",
    "Service": "traffic.stopping",
    "Sightings": "traffic.sightings",
    "Span": "traffic.recordings",
    "Stage": "promises",
    "Standing": "lesson.verdicts",
    "Store": "traffic.cached_reads",
    "Trait": "promises",
    "Verdict": "lesson.verdicts",
    "Visit": "traffic.attendance",
    "bursts": "traffic.loads",
    "check": "exercises",
    "closed_loop": "traffic.loads",
    "collect_verdicts": "lesson.verdict_collection",
    "compare": "lesson.experiments",
    "count_timers": "costs.timers",
    "dead_reader": "traffic.readers",
    "delivery_costs": "costs.processor_time",
    "fast_reader": "traffic.readers",
    "held_by": "costs.leaks",
    "interrupt_when_ready": "processes.interrupting",
    "keeps": "promises",
    "leave": "traffic.attendance",
    "no_garbage_collection": "costs.leaks",
    "observe": "traffic.stopping",
    "open_loop": "traffic.loads",
    "open_playground": "playground.playground",
    "outcome": "lesson.experiments",
    "predict": "lesson.predictions",
    "promise_table": "promises",
    "quantile": "figures.captions",
    "random_arrivals": "traffic.loads",
    "random_times": "traffic.loads",
    "read_on_schedule": "traffic.cached_reads",
    "response_times": "traffic.responses",
    "run_callbacks": "traffic.callbacks",
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
    "slow_link": "traffic.cached_reads",
    "slow_reader": "traffic.readers",
    "source_of": "lesson.sources",
    "standings": "lesson.verdict_collection",
    "type_check": "processes.type_checking",
    "unsettled": "lesson.verdict_collection",
    "where_memory_grew": "costs.leaks",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
