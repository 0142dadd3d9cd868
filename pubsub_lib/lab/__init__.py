"""What the notebooks measure with; no broker imports it. A room for each kind of thing:

- `lines`: how wide text is that is printed.
- `clock`: a clock that jumps, and an event loop that says when it sleeps.
- `processes`: programs beside a notebook, a network between them, and time limits.
- `costs`: processor time, memory, timers, and how late the event loop is.
- `traffic`: publishers and readers, and recordings of what became of their messages.
- `service`: a web service as a process of its own, and its visitors.
- `lesson`: predictions, tables, verdicts, progress; `promises`: what brokers promise, as data;
  `replay`: films of a run.
- `figures`: pictures with captions computed from what they show.
- `own_broker`: tries a learner's own broker, searches for what breaks it, and films that.
- `real_runs`: what processes tell that run against a real server, filmed and recorded.
- `playground`, `exercises`: what a learner does by hand.

A room may import those above it in this list, and none below. What learners type can be had from
here in one line, and is loaded when it is first asked for:

>>> from pubsub_lib.lab import open_loop, predict, run_virtual
>>> open_loop(messages=3, rate_hz=10).intended_s
[0.0, 0.1, 0.2]
"""

from importlib import import_module
from typing import Any

# Which names come from which module, as learners type them.
_NAMES_IN = {
    "clock.background_loop": ("BackgroundLoop",),
    "clock.virtual_time": ("Deadlock", "run_virtual"),
    "costs.leaks": ("FRAMES", "held_by", "no_garbage_collection", "where_memory_grew"),
    "costs.loop_lag": ("LoopLag",),
    "costs.processor_time": ("delivery_costs",),
    "costs.timers": ("count_timers",),
    "exercises": ("check", "hint", "show_progress"),
    "figures.captions": ("quantile",),
    "lesson.claims": ("holds",),
    "lesson.experiments": ("NewBroker", "outcome", "run_experiments"),
    "lesson.faults": ("Fault", "show_faults"),
    "lesson.predictions": ("predict",),
    "lesson.recall": ("recall",),
    "lesson.sources": ("show_source", "source_of"),
    "lesson.tables": ("show_table",),
    "lesson.values": ("at",),
    "lesson.verdict_collection": (
        "collect_verdicts",
        "show_findings",
        "show_not_run_yet",
        "standings",
        "unsettled",
    ),
    "lesson.verdicts": ("Standing", "Verdict", "show_verdicts"),
    "own_broker.commands": (
        "break_my_broker",
        "check_my_broker",
        "measure_my_broker",
        "start_my_broker_at",
    ),
    "playground.bound": ("open_bound",),
    "playground.busy_subscriber": ("open_busy_subscriber",),
    "playground.deadline": ("open_deadline",),
    "playground.outage": ("Outage",),
    "playground.outage_sliders": ("open_outage",),
    "playground.playground": ("open_playground",),
    "playground.queues_or_ring": ("open_queues_or_ring",),
    "processes.child_process": ("run_in_a_child_process",),
    "processes.interrupting": ("interrupt_when_ready",),
    "processes.network": ("Network",),
    "processes.programs": ("Program",),
    "processes.servers": ("server_or_stop",),
    "processes.type_checking": ("type_check",),
    "promises": ("Kind", "Stage", "Trait", "keeps"),
    "real_runs.commands": ("film_a_day",),
    "real_runs.restarts": ("recorded_restarts",),
    "replay": ("film",),
    "service.browser": ("Browser",),
    "service.price_board": ("PriceBoard",),
    "service.visitors": ("Visitor", "affordable", "opened", "until_all_end"),
    "service.watching": (
        "Lags",
        "measure_load",
        "wait_for_a_price",
        "wait_for_signs_of_life",
        "watch_until_one_is_cut_off",
    ),
    "traffic.attendance": ("Attended", "Visit", "leave", "run_visits"),
    "traffic.cached_reads": ("Store", "read_on_schedule", "slow_link"),
    "traffic.callbacks": ("run_callbacks",),
    "traffic.loads": (
        "Load",
        "bursts",
        "closed_loop",
        "open_loop",
        "random_arrivals",
        "random_times",
    ),
    "traffic.price_feed": ("HandlePrice", "Price", "Served"),
    "traffic.queueing": ("expected_response_s", "responses_s"),
    "traffic.readers": ("Reader", "dead_reader", "fast_reader", "slow_reader"),
    "traffic.recordings": ("Recording", "Span"),
    "traffic.responses": ("response_times",),
    "traffic.sightings": ("Sightings",),
    "traffic.stopping": ("Handle", "Service", "observe", "run_service"),
    "traffic.workloads": ("run_workload",),
}
_MODULE_OF = {name: module for module, names in _NAMES_IN.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f"{__name__}.{_MODULE_OF[name]}")
    except ModuleNotFoundError as missing:
        missing.add_note('pubsub_lib.lab needs more: python -m pip install "pubsub-lib[course]"')
        raise
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULE_OF})
