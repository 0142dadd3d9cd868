"""Measures a learner's own broker beside the library's, and knows what others were measured at.

>>> from pubsub_lib.lab.own_broker.given import given_state
>>> sorted(times_as_fast(given_state("10")))
['AsyncPubSub', 'RingPubSub', 'yours']
"""

import asyncio
from pathlib import Path
from typing import Any

from pubsub_lib.first_attempts.chapter import ChapterPubSub
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.in_process.ring_broker import RingPubSub
from pubsub_lib.lab.costs.processor_time import delivery_costs
from pubsub_lib.lab.own_broker.beside import YOURS
from pubsub_lib.lab.own_broker.loading import CannotLoadError, load, place_in

SUBSCRIBERS = 10

STORED = {
    "aio-broadcast": 13.0,
    "anyio streams, nowait first": 11.0,
    "multisubscriber-queue": 5.5,
    "broadcaster": 3.9,
    "litestar channels": 3.6,
}
"""How many times as fast as the chapter's broker others were, with 10 subscribers, in two digits.

From the last saved run of the project's benchmark, which has more of each.
"""


def times_as_fast(path: Path) -> dict[str, float] | str:
    """Measure the broker in a file, and the library's two, with 10 subscribers.

    Each reads with `get()` and `task_done()`, as the chapter does.

    Args:
        path: the learner's file.

    Returns:
        How many times as fast as the chapter's broker each is, by name; or, in plain words, why
        that of the file could not be measured: "" where it is not begun.
    """
    try:
        own = load(path)
        costs = asyncio.run(_costs({YOURS: own}))
    except CannotLoadError as error:
        return str(error)
    except NotImplementedError:
        return ""
    except Exception as error:
        while isinstance(error, ExceptionGroup):  # of the readers
            error = error.exceptions[0]
        return f"it broke off with {type(error).__name__}: {error}{place_in(path, error)}"
    return costs


def without_yours(_path: Path) -> dict[str, float]:
    """Return how many times as fast as the chapter's broker the library's two are."""
    return asyncio.run(_costs({}))


async def _costs(others: dict[str, Any]) -> dict[str, float]:
    brokers = {"chapter": ChapterPubSub, "AsyncPubSub": AsyncPubSub, "RingPubSub": RingPubSub}
    measured = await delivery_costs(
        brokers | others, subscribers=[SUBSCRIBERS], deliveries=5_000, rounds=5
    )
    costs = {name: by_size[SUBSCRIBERS] for name, by_size in measured.items()}
    chapter = costs.pop("chapter")
    return {name: chapter / cost for name, cost in costs.items()}
