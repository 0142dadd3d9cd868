"""The tables, in Markdown that reads well in a terminal, too.

>>> rows = [["aio-broadcast", "13"], ["the ring", "9.6"]]
>>> print(table(["system", "times"], rows, numbers=range(1, 2)))
| system        | times |
| ------------- | ----: |
| aio-broadcast |    13 |
| the ring      |   9.6 |
"""

import os
import platform
from collections.abc import Sequence

from .requirements import MANY, judge, requirements
from .rounds import Quantity, Results, Sizes
from .systems import BOUND, CHAPTER, Kind, Limit, System

LATENCIES = (
    Quantity.WAKE_UP,
    Quantity.UNLOADED_P50,
    Quantity.UNLOADED_P99,
    Quantity.SATURATED_P50,
    Quantity.SATURATED_P99,
)


def report(
    results: Results,
    systems: Sequence[System],
    limits: Sequence[Limit],
    sizes: Sizes,
    versions: dict[str, str],
) -> str:
    """Return everything that was found, as Markdown."""
    ordered = by_speed(results, [*systems, *limits])
    with_loop = [system for system in ordered if isinstance(system, System)]
    parts = [
        _conditions(sizes, versions),
        "**Speed**: how many times as fast as the chapter's broker, per delivery, with so many "
        "subscribers (more is better).",
        _speed(results, ordered),
        _absolute(results, Quantity.COST, "ns a delivery"),
        f"**Latency** with {sizes.latency_subscribers} subscribers, as a share of the chapter's "
        "broker's (less is better).",
        _latency(results, with_loop, sizes.latency_subscribers),
        _latency_absolute(results, sizes.latency_subscribers),
        f"**Peak memory**, as a share of the chapter's broker's (less is better): with {BOUND} "
        f"messages unread by each of so many subscribers, and of a run of {sizes.run_messages:,} "
        f"messages to {sizes.latency_subscribers} subscribers that read them.",
        _memory(results, with_loop, sizes),
        _absolute(results, Quantity.BACKLOG, "bytes"),
        *_requirements(results, systems),
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


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: range) -> str:
    """Lay out a table, whose columns `numbers` are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if number in numbers else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width - 1) + ":" if number in numbers else "-" * width
        for number, width in enumerate(widths)
    ]
    return "\n".join([line(head), line(rule), *map(line, rows)])


def two_digits(value: float) -> str:
    """Write a ratio with two significant digits.

    >>> [two_digits(value) for value in (123.4, 12.34, 1.234, 0.1234, 0.01234)]
    ['123', '12', '1.2', '0.12', '0.012']
    """
    return f"{value:,.0f}" if value >= 10 else f"{value:#.2g}"


def _conditions(sizes: Sizes, versions: dict[str, str]) -> str:
    peers = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} on "
        f"{platform.machine()}, {os.cpu_count()} cores; medians of {sizes.rounds} interleaved "
        f"rounds; {peers or 'no peer is installed'}."
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
            _share(results, Quantity.RUN, sizes.latency_subscribers, system),
        ]
        for system in systems
    ]
    head = ["system", "bound", *(f"{count:,}" for count in counts), "run"]
    return table(head, rows, numbers=range(2, len(head)))


def _requirements(results: Results, systems: Sequence[System]) -> list[str]:
    judged = [judge(requirement, results) for requirement in requirements(systems)]
    counts = [count for count in results.subscribers(Quantity.COST) if count >= MANY]
    rows = []
    for judgements in judged:
        for judgement in judgements:
            measured = judgement.measured
            rows.append(
                [
                    judgement.wanted if judgement is judgements[0] else "",
                    judgement.way,
                    *(f"{measured[count]:.3g}" if count in measured else "" for count in counts),
                    " / ".join(judgement.rivals),
                    judgement.met,
                ]
            )
    met = [[judgement.met.startswith("yes") for judgement in one] for one in judged]
    head = ["wanted", "of", *(f"{count:,}" for count in counts), "compared with", "met"]
    return [
        f"**The requirements**: of {len(met)}, {sum(map(all, met))} are met, and "
        f"{sum(map(any, met)) - sum(map(all, met))} in some ways of reading and not in others.",
        table(head, rows, numbers=range(2, 2 + len(counts))),
    ]


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
