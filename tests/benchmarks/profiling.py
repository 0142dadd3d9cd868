"""Where one system's time goes: the functions that take the most of it themselves.

Profiling adds to every call, so functions that are called often look worse than they are.

>>> from .library import RING_BATCHES
>>> from .rounds import QUICK, Quantity
>>> len(profile(RING_BATCHES, Quantity.COST, QUICK, rows=3))
3
"""

import cProfile
import pstats
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from .markdown import table
from .requirements import Judged
from .rounds import Quantity, Sizes, measure_once
from .run import ProfileRow
from .systems import System

PROFILED = (Quantity.COST, Quantity.COST_LARGE_BOUND, Quantity.WAKE_UP)
RUNS = 5


def profile(system: System, quantity: Quantity, sizes: Sizes, *, rows: int = 6) -> list[ProfileRow]:
    """Return what takes the most time when a quantity is measured with few subscribers."""
    # The least of several runs, since the time of other programs counts, too.
    least: dict[str, ProfileRow] = {}
    for _ in range(RUNS):
        for row in _profile_once(system, quantity, sizes):
            known = least.get(row.where)
            if known is None or row.own_ms < known.own_ms:
                least[row.where] = row
    return sorted(least.values(), key=lambda row: row.own_ms, reverse=True)[:rows]


def _profile_once(system: System, quantity: Quantity, sizes: Sizes) -> list[ProfileRow]:
    with cProfile.Profile() as profiler:
        measure_once(system, quantity, sizes.few_subscribers, sizes)
    stats = pstats.Stats(profiler).stats  # type: ignore[attr-defined]
    calls: Counter[str] = Counter()
    own_s: Counter[str] = Counter()
    for (file, _, name), (_, count, seconds, *_) in stats.items():
        if "gc.collect" not in name:  # before each measurement, and no part of it
            calls[_where(file, name)] += count
            own_s[_where(file, name)] += seconds
    return [ProfileRow(calls[where], round(own_s[where] * 1e3, 1), where) for where in calls]


def profiles_of(
    judged: Iterable[Judged], systems: Iterable[System], sizes: Sizes
) -> dict[tuple[Quantity, str], list[ProfileRow]]:
    """Return a profile for each requirement that is missed in processor time: of what misses it
    most.
    """
    named = {system.name: system for system in systems}
    worst = {
        (one.requirement.quantity, one.worst.way): named[one.worst.way]
        for one in judged
        if one.worst and one.requirement.quantity in PROFILED
    }
    return {
        (quantity, name): profile(system, quantity, sizes)
        for (quantity, name), system in worst.items()
    }


def profile_table(rows: Sequence[ProfileRow]) -> str:
    """Return a profile as Markdown."""
    cells = [[f"{row.calls:,}", f"{row.own_ms:.1f}", row.where] for row in rows]
    return table(["calls", "own time (ms)", "where"], cells, numbers=range(2))


def _where(file: str, name: str) -> str:
    return f"`{name}`" if file == "~" else f"`{Path(file).name}`, `{name}`"
