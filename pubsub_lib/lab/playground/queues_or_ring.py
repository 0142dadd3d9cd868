"""Sliders for what queues and a ring hold at worst, and for how often their readers are woken.

Nothing is measured here: these are the numbers that notebook 09 has counted, at any size.

>>> shown = open_queues_or_ring()
>>> shown.caption.partition(". ")[0]
'With 100 subscribers and a bound of 100, queues hold up to 10,000 references, and a ring up to \
200 and 100 cursors'
>>> shown.controls["subscribers"].value = 1
>>> shown.caption.partition(". ")[0]
'With 1 subscriber and a bound of 100, queues hold up to 100 references, and a ring up to 200 and \
1 cursor'
"""

import math
from collections.abc import Mapping

from pubsub_lib.lab.figures.comparisons import bars
from pubsub_lib.lab.figures.style import Plot
from pubsub_lib.lab.playground.sliders import FigureWithSliders, Range

MESSAGES = 1_000


def open_queues_or_ring() -> FigureWithSliders:
    """Return what queues and a ring hold at worst, and the sliders that change it."""
    return FigureWithSliders(
        {
            "subscribers": Range(1, 1_000, "", at=100),
            "bound": Range(1, 1_000, "messages", at=100),
            "batch": Range(1, 1_000, "messages in a burst", at=10),
        },
        _draw,
    )


def held_at_worst(subscribers: int, bound: int) -> dict[str, int]:
    """Return how many references queues hold, and a ring, and how many cursors the ring has."""
    return {"queues": subscribers * bound, "a ring": 2 * bound, "its cursors": subscribers}


def wake_ups(batch: int, bound: int) -> int:
    """Return how often a reader is woken for a thousand messages: once for each batch.

    A batch is what waits, so the bound is the most that it can be.
    """
    return math.ceil(MESSAGES / min(batch, bound))


def _draw(values: Mapping[str, int]) -> Plot:
    subscribers, bound, batch = values["subscribers"], values["bound"], values["batch"]
    held, woken = held_at_worst(subscribers, bound), wake_ups(batch, bound)
    return bars(held, quantity="held at worst", unit="references, or cursors").with_caption(
        f"With {_counted(subscribers, 'subscriber')} and a bound of {bound:,}, queues hold up to "
        f"{_counted(held['queues'], 'reference')}, and a ring up to {held['a ring']:,} and "
        f"{_counted(subscribers, 'cursor')}. In bursts of {min(batch, bound):,}, {MESSAGES:,} "
        f"messages wake each reader {_counted(woken, 'time')}, {woken * subscribers:,} in all."
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
