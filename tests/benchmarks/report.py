"""What was found, as tables.

>>> from .library import CHAPTER
>>> bound_of(CHAPTER)
'100'
"""

from collections.abc import Sequence

from .by_hand import FLOOR
from .library import CHAPTER
from .markdown import table, two_digits
from .peers import AIO_BROADCAST
from .requirements import judge_all
from .rounds import Quantity, Results, Sizes
from .run import Run
from .systems import BOUND, LARGE_BOUND, Kind, Limit, System
from .verdicts import requirements_table, shortfalls

LATENCIES = (
    Quantity.WAKE_UP,
    Quantity.UNLOADED_P50,
    Quantity.UNLOADED_P99,
    Quantity.SATURATED_P50,
    Quantity.SATURATED_P99,
)


def report(run: Run, systems: Sequence[System], limits: Sequence[Limit]) -> str:
    """Return everything that was found, as Markdown."""
    results, sizes = run.results, run.sizes
    few = sizes.few_subscribers
    ordered = by_speed(results, [*systems, *limits])
    with_loop = [system for system in ordered if isinstance(system, System)]
    judged = judge_all(results, systems)
    parts = [
        _conditions(run),
        "**Speed**: how many times as fast as the chapter's broker, per delivery, with so many "
        "subscribers (more is better).",
        _speed(results, ordered),
        _absolute(results, Quantity.COST, "ns a delivery"),
        f"**Two bounds**, of {BOUND:,} and of {LARGE_BOUND:,} messages, with {few} subscribers: "
        "nanoseconds of processor time a delivery; this as a multiple of what the floor takes "
        f"(less is better); and how many times as fast as {AIO_BROADCAST.name} (more is better).",
        _two_bounds(results, with_loop, few),
        f"**Latency** with {few} subscribers, as a share of the chapter's broker's (less is "
        "better).",
        _latency(results, with_loop, few),
        _latency_absolute(results, few),
        f"**Peak memory**, as a share of the chapter's broker's (less is better): with {BOUND} "
        f"messages unread by each of so many subscribers, and of a run of {sizes.run_messages:,} "
        f"messages to {few} subscribers that read them.",
        _memory(results, with_loop, sizes),
        _absolute(results, Quantity.BACKLOG, "bytes"),
        requirements_table(judged, results),
        shortfalls(judged, run.profiles),
    ]
    return "\n\n".join(parts)


def by_speed(results: Results, systems: Sequence[System | Limit]) -> list[System | Limit]:
    """Return the systems, the fastest with 10 subscribers first."""
    return sorted(systems, key=lambda system: results.median(Quantity.COST, 10, system.name))


def bound_of(system: System | Limit) -> str:
    """Return what bounds a system's queues, for a table."""
    if system.kind is Kind.LIMIT:
        return "no event loop"
    return str(BOUND) if isinstance(system, System) and system.bounded else "unbounded"


def _conditions(run: Run) -> str:
    peers = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return (
        f"{run.machine}; medians of {run.sizes.rounds} interleaved rounds, in {run.seconds:.0f} s; "
        f"{peers or 'no peer is installed'}."
    )


def _speed(results: Results, systems: Sequence[System | Limit]) -> str:
    counts = results.subscribers(Quantity.COST)
    rows = [
        [
            system.name,
            bound_of(system),
            *(
                two_digits(results.ratio(Quantity.COST, count, CHAPTER.name, system.name).median)
                for count in counts
            ),
        ]
        for system in systems
    ]
    head = ["system", "bound", *(f"{count:,}" for count in counts)]
    return table(head, rows, numbers=range(2, len(head)))


def _two_bounds(results: Results, systems: Sequence[System], subscribers: int) -> str:
    rows = []
    for system in systems:
        row = [system.name]
        for quantity in (Quantity.COST, Quantity.COST_LARGE_BOUND):
            known = results.values[quantity, subscribers]
            of_floor, times = (
                two_digits(results.ratio(quantity, subscribers, of, to).median)
                if {of, to} <= known.keys()
                else ""
                for of, to in ((system.name, FLOOR.name), (AIO_BROADCAST.name, system.name))
            )
            cost_ns = two_digits(results.median(quantity, subscribers, system.name))
            row += [cost_ns, of_floor, times]
        rows.append(row)
    head = ["system"]
    for bound in (BOUND, LARGE_BOUND):
        head += [f"{bound:,}: ns", "of the floor", f"times {AIO_BROADCAST.name}"]
    return table(head, rows, numbers=range(1, len(head)))


def _latency(results: Results, systems: Sequence[System], subscribers: int) -> str:
    head = ["system", "bound", "wake-up", "unloaded p50", "p99", "saturated p50", "p99"]
    rows = [
        [
            system.name,
            bound_of(system),
            *(_share(results, quantity, subscribers, system) for quantity in LATENCIES),
        ]
        for system in systems
    ]
    return table(head, rows, numbers=range(2, len(head)))


def _memory(results: Results, systems: Sequence[System], sizes: Sizes) -> str:
    counts = results.subscribers(Quantity.BACKLOG)
    rows = [
        [
            system.name,
            bound_of(system),
            *(_share(results, Quantity.BACKLOG, count, system) for count in counts),
            _share(results, Quantity.RUN, sizes.few_subscribers, system),
        ]
        for system in systems
    ]
    head = ["system", "bound", *(f"{count:,}" for count in counts), "run"]
    return table(head, rows, numbers=range(2, len(head)))


def _share(results: Results, quantity: Quantity, subscribers: int, system: System) -> str:
    return two_digits(results.ratio(quantity, subscribers, system.name, CHAPTER.name).median)


def _absolute(results: Results, quantity: Quantity, unit: str) -> str:
    values = ", ".join(
        f"{results.median(quantity, count, CHAPTER.name):,.0f}"
        for count in results.subscribers(quantity)
    )
    return f"The chapter's broker, on this machine: {values} {unit}."


def _latency_absolute(results: Results, subscribers: int) -> str:
    wake_up_ns, *latencies_us = (
        f"{results.median(quantity, subscribers, CHAPTER.name):,.0f}" for quantity in LATENCIES
    )
    return f"The chapter's broker, on this machine: {wake_up_ns} ns, {', '.join(latencies_us)} µs."
