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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .by_hand import DEQUES, FLOOR
from .library import (
    CHAPTER,
    QUEUES_BATCHES,
    QUEUES_EACH,
    QUEUES_GET,
    QUEUES_MANY,
    QUEUES_MANY_EACH,
    RING_BATCHES,
    RING_EACH,
    RING_MANY,
    RING_MANY_EACH,
)
from .peers import AIO_BROADCAST
from .rounds import Quantity, Ratio, Results
from .systems import LARGE_BOUND, Kind, System

MANY = 10  #: the number of subscribers that the requirements begin at
RING = [system.name for system in (RING_BATCHES, RING_EACH)]
QUEUES = [system.name for system in (QUEUES_BATCHES, QUEUES_EACH, QUEUES_GET)]


@dataclass(frozen=True, slots=True)
class Requirement:
    """Something that the library is meant to achieve.

    Attributes:
        wanted: in words.
        quantity: what it is about.
        ways: the systems that have to meet it.
        rivals: the systems of which the best is what they are compared with.
        holds: whether a ratio meets it.
        why: what it is that costs so much, for where it is not met; without a number, since those
            are measured.
        rival_over_way: whether the ratio is the rival's value over the library's (how many times
            better the library is), or the library's over the rival's (what share of it it takes).
    """

    wanted: str
    quantity: Quantity
    ways: Sequence[str]
    rivals: Sequence[str]
    holds: Callable[[float], bool]
    why: str = ""
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

    @property
    def is_met(self) -> bool:
        """Whether what was measured is enough."""
        return self.met.startswith("yes")


@dataclass(frozen=True, slots=True)
class Judged:
    """A requirement, and what was measured of it for each way of reading."""

    requirement: Requirement
    judgements: Sequence[Judgement]

    @property
    def missed(self) -> list[Judgement]:
        """The ways that were measured and do not meet it."""
        return [one for one in self.judgements if one.measured and not one.is_met]

    @property
    def worst(self) -> Judgement | None:
        """The one that misses it most, if one does."""
        if self.requirement.rival_over_way:
            return min(self.missed, key=lambda one: min(one.measured.values()), default=None)
        return max(self.missed, key=lambda one: max(one.measured.values()), default=None)


def _at_least(least: float) -> Callable[[float], bool]:
    return lambda times: times >= least


def _at_most(most: float) -> Callable[[float], bool]:
    return lambda share: share <= most


def requirements(systems: Iterable[System]) -> list[Requirement]:
    """Return what is wanted, which compares the library with those of these systems."""
    peers = [system for system in systems if system.kind is Kind.PEER]
    names = [peer.name for peer in peers]
    bounded = [peer.name for peer in peers if peer.bounded]
    return [
        Requirement(
            "at least 4 times as fast as the fastest peer",
            Quantity.COST,
            [RING_BATCHES.name],
            names,
            _at_least(4),
            "A message costs a call of `publish`, however many subscribers there are, and each "
            "subscriber a wake-up for each batch. The fewer subscribers there are, the fewer share "
            "that call.",
        ),
        Requirement(
            "at most 1.3 times the cost of bare deques",
            Quantity.COST,
            [RING_BATCHES.name],
            [DEQUES.name],
            _at_most(1.3),
            "Deques pay neither for a call of `publish` for each message nor for waking anybody.",
            rival_over_way=False,
        ),
        *_against_the_floor(),
        Requirement(
            "at least 1.15 times as fast as the fastest peer",
            Quantity.COST,
            [RING_EACH.name],
            names,
            _at_least(1.15),
            "What both mostly pay for is `async for` itself, which makes a coroutine for each "
            "message.",
        ),
        *_with_a_large_bound(),
        *_however_it_is_read(),
        Requirement(
            "at least 6.5 times as fast as the chapter's broker",
            Quantity.COST,
            QUEUES,
            [CHAPTER.name],
            _at_least(6.5),
            "Message by message, each subscriber's queue is filled, looked at and emptied for each "
            "message, and a coroutine is made for it.",
        ),
        Requirement(
            "faster than the fastest peer that bounds its queues",
            Quantity.COST,
            QUEUES,
            bounded,
            lambda times: times > 1,
            "Here anyio's streams are read with `receive_nowait()` first, which is a plain call, "
            "where `async for` and `get()` make a coroutine for each message and note that it was "
            "handled. In the way that anyio's documentation has it, its streams are many times as "
            "slow.",
        ),
        *(
            Requirement(
                f"{what} no more than 10 % over the best peer's",
                quantity,
                [*RING, *QUEUES],
                names,
                _at_most(1.1),
                why,
                rival_over_way=False,
            )
            for what, quantity, why in (
                (
                    "wake-up",
                    Quantity.WAKE_UP,
                    "Most of it is the event loop's own work, which is the same for all. What "
                    "aio-broadcast does besides is to set one event for all of its readers; the "
                    "library finds each subscriber's reader, wakes no more than one, and can "
                    "cancel one without the others.",
                ),
                (
                    "unloaded p99",
                    Quantity.UNLOADED_P99,
                    "The last of all readers waits for the others to be woken, so it is made of "
                    "wake-ups, and of what the machine adds. It varies from run to run, and with "
                    "it which peer is the best; the wake-up does not.",
                ),
            )
        ),
        Requirement(
            "at most a third of the memory of AsyncPubSub's queues",
            Quantity.BACKLOG,
            [RING_BATCHES.name],
            [QUEUES_EACH.name],
            _at_most(1 / 3),
            "A subscriber of the ring takes a cursor, its end and a weak reference, whatever it "
            "reads, and with few subscribers the broker's own objects count, too.",
            rival_over_way=False,
        ),
    ]


def _against_the_floor() -> Iterator[Requirement]:
    for way, most, why in (
        (
            RING_MANY,
            1.7,
            "The floor serves one publisher, and readers that stay until the end. The ring besides "
            "checks what it is given, makes a report, counts what was handled, and lets any reader "
            "leave, be cancelled or fall behind without the others.",
        ),
        (
            QUEUES_MANY,
            2.5,
            "The floor has one list for all. Here each subscriber has an inbox of its own, into "
            "which the messages are copied, and a place in its line for the publish that waits.",
        ),
    ):
        yield Requirement(
            f"at most {most} times the cost of the floor",
            Quantity.COST,
            [way.name],
            [FLOOR.name],
            _at_most(most),
            why,
            rival_over_way=False,
        )


def _with_a_large_bound() -> Iterator[Requirement]:
    for way, least in ((RING_MANY, 20), (QUEUES_MANY, 10)):
        yield Requirement(
            f"bound of {LARGE_BOUND:,}: at least {least} times as fast as {AIO_BROADCAST.name}",
            Quantity.COST_LARGE_BOUND,
            [way.name],
            [AIO_BROADCAST.name],
            _at_least(least),
            "What is left of a delivery is its share of a wake-up, and of storing the message.",
        )


def _however_it_is_read() -> Iterator[Requirement]:
    for way, rival in ((RING_MANY_EACH, RING_EACH), (QUEUES_MANY_EACH, QUEUES_EACH)):
        yield Requirement(
            "publish_many no dearer than publish, read message by message",
            Quantity.COST,
            [way.name],
            [rival.name],
            _at_most(1),
            "Each reader takes its messages one by one in either way, which is most of the cost.",
            rival_over_way=False,
        )


def judge_all(results: Results, systems: Iterable[System]) -> list[Judged]:
    """Judge every requirement."""
    return [Judged(one, judge(one, results)) for one in requirements(systems)]


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
