"""Checks an answer to an exercise, and says what is wrong with it.

Each notebook's exercises have a module here, with one check for each. A check runs the learner's
code on the virtual clock, so an answer that would hang is told so, not waited for.

>>> async def my_answer(queue: object) -> list[object]:
...     raise NotImplementedError
>>> check("00.2", my_answer)
Exercise 00.2: not attempted yet.
"""

from pubsub_lib.lab.exercises import (
    build_the_broker,
    cache_invalidation,
    locks_and_callbacks,
    queues_and_backpressure,
    start_here,
)
from pubsub_lib.lab.exercises.checking import EXERCISES, Outcome, check, examine

__all__ = [
    "EXERCISES",
    "Outcome",
    "build_the_broker",
    "cache_invalidation",
    "check",
    "examine",
    "locks_and_callbacks",
    "queues_and_backpressure",
    "start_here",
]
