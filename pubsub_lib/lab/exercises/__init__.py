"""Checks an answer to an exercise, and says what is wrong with it.

Each notebook's exercises have a module here, with one check for each. A check runs the learner's
code on the virtual clock, so an answer that would hang is told so, not waited for.

>>> async def my_answer(queue: object) -> list[object]:
...     raise NotImplementedError
>>> check("00.2", my_answer)
Exercise 00.2: not attempted yet.
"""

from pubsub_lib.lab.exercises import (
    beyond_one_process,
    break_the_broker,
    build_the_broker,
    cache_invalidation,
    cost_and_scale,
    join_and_leave,
    locks_and_callbacks,
    measure_latency,
    queues_and_backpressure,
    shut_down_gracefully,
    start_here,
    verdicts,
    when_a_queue_is_full,
)
from pubsub_lib.lab.exercises.checking import EXERCISES, Outcome, check, examine, show_progress

__all__ = [
    "EXERCISES",
    "Outcome",
    "beyond_one_process",
    "break_the_broker",
    "build_the_broker",
    "cache_invalidation",
    "check",
    "cost_and_scale",
    "examine",
    "join_and_leave",
    "locks_and_callbacks",
    "measure_latency",
    "queues_and_backpressure",
    "show_progress",
    "shut_down_gracefully",
    "start_here",
    "verdicts",
    "when_a_queue_is_full",
]
