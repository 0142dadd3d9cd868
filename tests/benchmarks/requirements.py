"""What the library is meant to achieve, and whether it was measured to.

The median of the rounds decides; where the middle half of the rounds lies on both sides of what is
wanted, the table says that it is close. What holds for several ways of reading is judged for each.

>>> faster = Requirement("faster than B", Quantity.COST, ["A"], ["B"], lambda times: times > 1)
>>> results = Results()
>>> for cost in (50.0, 40.0):
...     results.add(Quantity.COST, 10, "A", cost)
...     results.add(Quantity.COST, 10, "B", 100.0)
>>> judge(faster, results)
[Judgement(wanted='faster than B', way='A', measured={10: 2.25}, rivals=['B'], met='yes')]
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .rounds import Quantity, Ratio, Results
from .systems import (
    CHAPTER,
    DEQUES,
    QUEUES_BATCHES,
    QUEUES_EACH,
    QUEUES_GET,
    RING_BATCHES,
    RING_EACH,
    Kind,
    System,
)

MANY = 10  #: the number of subscribers that the requirements begin at
RING = [RING_BATCHES.name, RING_EACH.name]
QUEUES = [QUEUES_BATCHES.name, QUEUES_EACH.name, QUEUES_GET.name]


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that the library is meant to achieve.

    Attributes:
        wanted: in words.
        quantity: what it is about.
        ways: the systems that have to meet it.
        rivals: the systems of which the best is what they are compared with.
        holds: whether a ratio meets it.
        rival_over_way: whether the ratio is the rival's value over the library's (how many times
            better the library is), or the library's over the rival's (what share of it it takes).
    """

    wanted: str
    quantity: Quantity
    ways: Sequence[str]
    rivals: Sequence[str]
    holds: Callable[[float], bool]
    rival_over_way: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was measured of one requirement, for one way of reading.

    Attributes:
        wanted: the requirement, in words.
        way: the system that has to meet it.
        measured: the ratio, by number of subscribers; empty if it could not be measured.
        rivals: what was compared with.
        met: "yes" or "no", with a remark if the rounds differ in it; or "not measured".
    """

    wanted: str
    way: str
    measured: Mapping[int, float]
    rivals: Sequence[str]
    met: str


def requirements(systems: Iterable[System]) -> list[Requirement]:
    """Return the seven requirements, which compare the library with those of these systems."""
    peers = [system for system in systems if system.kind is Kind.PEER]
    names = [peer.name for peer in peers]
    bounded = [peer.name for peer in peers if peer.bounded]
    return [
        Requirement(
            "at least 4 times as fast as the fastest peer",
            Quantity.COST,
            RING[:1],
            names,
            lambda times: times >= 4,
        ),
        Requirement(
            "at most 1.3 times the cost of bare deques",
            Quantity.COST,
            RING[:1],
            [DEQUES.name],
            lambda share: share <= 1.3,
            rival_over_way=False,
        ),
        Requirement(
            "faster than the fastest peer",
            Quantity.COST,
            RING[1:],
            names,
            lambda times: times > 1,
        ),
        Requirement(
            "at least 6.5 times as fast as the chapter's broker",
            Quantity.COST,
            QUEUES,
            [CHAPTER.name],
            lambda times: times >= 6.5,
        ),
        Requirement(
            "faster than the fastest peer that bounds its queues",
            Quantity.COST,
            QUEUES,
            bounded,
            lambda times: times > 1,
        ),
        Requirement(
            "unloaded p99 no worse than the best peer's",
            Quantity.UNLOADED_P99,
            [*RING, *QUEUES],
            names,
            lambda share: share <= 1,
            rival_over_way=False,
        ),
        Requirement(
            "at most a third of the memory of AsyncPubSub's queues",
            Quantity.BACKLOG,
            RING[:1],
            QUEUES[1:2],
            lambda share: share <= 1 / 3,
            rival_over_way=False,
        ),
    ]


def judge(requirement: Requirement, results: Results) -> list[Judgement]:
    """Say what was measured, for each way, and whether it is enough."""
    quantity = requirement.quantity
    sizes = [size for size in results.subscribers(quantity) if size >= MANY]
    known = set.intersection(*(set(results.values[quantity, size]) for size in sizes))
    rivals = [rival for rival in requirement.rivals if rival in known]
    judgements = []
    for way in requirement.ways:
        if way not in known or not rivals:
            judgements.append(Judgement(requirement.wanted, way, {}, [], "not measured"))
            continue
        best = {size: results.best(quantity, size, rivals) for size in sizes}
        ratios = {size: _ratio(requirement, results, size, way, best[size]) for size in sizes}
        judgements.append(
            Judgement(
                requirement.wanted,
                way,
                {size: ratio.median for size, ratio in ratios.items()},
                list(dict.fromkeys(best.values())),
                _verdict(ratios.values(), requirement.holds),
            )
        )
    return judgements


def _ratio(requirement: Requirement, results: Results, size: int, way: str, rival: str) -> Ratio:
    of, to = (rival, way) if requirement.rival_over_way else (way, rival)
    return results.ratio(requirement.quantity, size, of, to)


def _verdict(ratios: Iterable[Ratio], holds: Callable[[float], bool]) -> str:
    met = all(holds(ratio.median) for ratio in ratios)
    close = any(holds(ratio.lower) != holds(ratio.upper) for ratio in ratios)
    return ("yes" if met else "no") + close * " (close)"
