"""Measures everything in interleaved rounds, and compares only what was measured in one round.

A machine is faster at one time than at another. A round measures every system once, so the ratio of
two systems within it is hardly touched by that; of the ratios of all rounds the median counts.

>>> results = Results()
>>> for chapter, ours in ((2000.0, 250.0), (4000.0, 400.0), (2400.0, 300.0)):
...     results.add(Quantity.COST, 10, "chapter", chapter)
...     results.add(Quantity.COST, 10, "ours", ours)
>>> results.ratio(Quantity.COST, 10, "chapter", "ours")
Ratio(median=8.0, lower=8.0, upper=9.0)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, assert_never

import numpy as np

from . import measuring
from .systems import BOUND, LARGE_BOUND, Limit, System


class Quantity(Enum):
    """What is measured; of each, less is better."""

    COST = "processor time of a delivery (ns)"
    COST_LARGE_BOUND = "processor time of a delivery where the bound is large (ns)"
    WAKE_UP = "processor time of a delivery that wakes its reader (ns)"
    UNLOADED_P50 = "unloaded latency, p50 (µs)"
    UNLOADED_P99 = "unloaded latency, p99 (µs)"
    SATURATED_P50 = "saturated latency, p50 (µs)"
    SATURATED_P99 = "saturated latency, p99 (µs)"
    BACKLOG = "peak memory of a backlog (bytes)"
    RUN = "peak memory of a run (bytes)"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured.

    Attributes:
        rounds: how often, but for the memory, which is the same every time.
        messages: how many messages to publish to so many subscribers.
        large_bound_messages: how many messages to publish where the bound is large.
        few_subscribers: how many subscribers all else is measured with.
        unloaded_messages: how many messages to send, each when everyone waits for it.
        saturated_messages: how many messages to send as fast as can be.
        run_messages: how many messages the run has whose memory is measured.
    """

    rounds: int
    messages: dict[int, int]
    large_bound_messages: int
    few_subscribers: int
    unloaded_messages: int
    saturated_messages: int
    run_messages: int


FULL = Sizes(
    rounds=7,
    messages={1: 20_000, 10: 10_000, 100: 2_000, 1_000: 500},
    large_bound_messages=10_000,
    few_subscribers=10,
    unloaded_messages=700,
    saturated_messages=5_000,
    run_messages=2_000,
)
#: Enough to see that everything works, too little to conclude anything.
QUICK = Sizes(
    rounds=2,
    messages={1: 1_000, 10: 1_000, 100: 200},
    large_bound_messages=2_000,
    few_subscribers=10,
    unloaded_messages=100,
    saturated_messages=300,
    run_messages=300,
)


class Ratio(NamedTuple):
    """One thing divided by another, over the rounds: the median and the quartiles."""

    median: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Results:
    """What was measured: a value for each round, by quantity, number of subscribers and system."""

    values: dict[tuple[Quantity, int], dict[str, list[float]]] = field(default_factory=dict)

    def add(self, quantity: Quantity, subscribers: int, system: str, value: float) -> None:
        """Note what one system was measured to have in one round."""
        self.values.setdefault((quantity, subscribers), {}).setdefault(system, []).append(value)

    def subscribers(self, quantity: Quantity) -> list[int]:
        """Return the numbers of subscribers that a quantity was measured with."""
        return sorted(size for measured, size in self.values if measured is quantity)

    def median(self, quantity: Quantity, subscribers: int, system: str) -> float:
        """Return the median of the rounds."""
        return float(np.median(self.values[quantity, subscribers][system]))

    def ratio(self, quantity: Quantity, subscribers: int, of: str, to: str) -> Ratio:
        """Divide one system's values by another's, round by round."""
        values = self.values[quantity, subscribers]
        ratios = np.array(values[of]) / np.array(values[to])
        lower, median, upper = np.percentile(ratios, [25, 50, 75])
        return Ratio(float(median), float(lower), float(upper))

    def best(self, quantity: Quantity, subscribers: int, systems: Iterable[str]) -> str:
        """Return the one of these systems that has the least of something."""
        return min(systems, key=lambda system: self.median(quantity, subscribers, system))


def measure(
    systems: Sequence[System],
    limits: Sequence[Limit],
    sizes: Sizes,
    progress: Callable[[str], None],
) -> Results:
    """Measure everything, after making sure that every system delivers everything.

    Raises:
        measuring.Undelivered: if a system lost, doubled or reordered a message, in whatever run.
    """
    results = Results()
    everything: list[System | Limit] = [*systems, *limits]
    progress("checking that everyone delivers everything, and measuring the memory")
    for system in systems:
        _verify(system, sizes)
        for quantity, subscribers in memories(sizes):
            memory = measure_once(system, quantity, subscribers, sizes)
            results.add(quantity, subscribers, system.name, memory)
    for number in range(sizes.rounds):
        progress(f"round {number + 1} of {sizes.rounds}")
        # Each round begins with another system, lest one always comes after the same other.
        shift = number * len(everything) // sizes.rounds
        turn = [*everything[shift:], *everything[:shift]]
        for quantity, subscribers in processor_times(sizes):
            for one in turn:
                if isinstance(one, System):
                    spent_ns = measure_once(one, quantity, subscribers, sizes)
                elif quantity is Quantity.COST:
                    spent_ns = _cost_ns(one, subscribers, sizes)
                else:
                    continue
                results.add(quantity, subscribers, one.name, spent_ns)
        for one in turn:
            if isinstance(one, System):
                _measure_latency(results, one, sizes)
    return results


def processor_times(sizes: Sizes) -> list[tuple[Quantity, int]]:
    """Return what is measured in processor time, and with how many subscribers."""
    few = sizes.few_subscribers
    costs = [(Quantity.COST, subscribers) for subscribers in sizes.messages]
    return [*costs, (Quantity.COST_LARGE_BOUND, few), (Quantity.WAKE_UP, few)]


def memories(sizes: Sizes) -> list[tuple[Quantity, int]]:
    """Return what is measured in bytes, and with how many subscribers."""
    backlogs = [(Quantity.BACKLOG, subscribers) for subscribers in sizes.messages]
    return [*backlogs, (Quantity.RUN, sizes.few_subscribers)]


def measure_once(system: System, quantity: Quantity, subscribers: int, sizes: Sizes) -> float:
    """Return one value of a quantity that is measured in processor time or in bytes.

    Raises:
        measuring.Undelivered: if the system lost, doubled or reordered a message.
        ValueError: if it is a latency: those are measured together.
    """
    match quantity:
        case Quantity.COST:
            return _cost_ns(system, subscribers, sizes)
        case Quantity.COST_LARGE_BOUND:
            messages = sizes.large_bound_messages
            return measuring.cost_ns(
                system, subscribers=subscribers, messages=messages, bound=LARGE_BOUND
            )
        case Quantity.WAKE_UP:
            messages = sizes.unloaded_messages
            return measuring.wake_up_ns(system, subscribers=subscribers, messages=messages)
        case Quantity.BACKLOG:
            return _second(lambda: measuring.backlog_bytes(system, subscribers=subscribers))
        case Quantity.RUN:
            messages = sizes.run_messages
            return _second(
                lambda: measuring.run_bytes(system, subscribers=subscribers, messages=messages)
            )
        case (
            Quantity.UNLOADED_P50
            | Quantity.UNLOADED_P99
            | Quantity.SATURATED_P50
            | Quantity.SATURATED_P99
        ):
            raise ValueError(f"{quantity.value} is measured together with the other percentile")
        case _:
            assert_never(quantity)


def _cost_ns(system: System | Limit, subscribers: int, sizes: Sizes) -> float:
    messages = sizes.messages[subscribers]
    return measuring.cost_ns(system, subscribers=subscribers, messages=messages)


def _second(measure_bytes: Callable[[], int]) -> int:
    """Measure memory twice and keep the second: at first, Python makes things that it keeps."""
    measure_bytes()
    return measure_bytes()


def _verify(system: System, sizes: Sizes) -> None:
    runs = [(subscribers, BOUND) for subscribers in sizes.messages]
    for subscribers, bound in (*runs, (sizes.few_subscribers, LARGE_BOUND)):
        messages = 3 * bound // 2
        measuring.verify(system, subscribers=subscribers, messages=messages, bound=bound)


def _measure_latency(results: Results, system: System, sizes: Sizes) -> None:
    subscribers = sizes.few_subscribers
    unloaded = measuring.unloaded_latency(
        system, subscribers=subscribers, messages=sizes.unloaded_messages
    )
    saturated = measuring.saturated_latency(
        system, subscribers=subscribers, messages=sizes.saturated_messages
    )
    for quantity, value in (
        (Quantity.UNLOADED_P50, unloaded.p50),
        (Quantity.UNLOADED_P99, unloaded.p99),
        (Quantity.SATURATED_P50, saturated.p50),
        (Quantity.SATURATED_P99, saturated.p99),
    ):
        results.add(quantity, subscribers, system.name, value)
