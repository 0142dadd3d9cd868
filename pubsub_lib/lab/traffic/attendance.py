"""Who was there for which message, and who received it, while subscribers come and go.

A `Visit` says when a subscriber joins, and when it leaves. `run_visits` lets them come and go while
messages are published, and notes what really happened. What should have happened is simple: a
message is for those who were there when its publish began, and are still there when it has ended.

>>> from pubsub_lib import AsyncPubSub
>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> from pubsub_lib.lab.traffic.loads import open_loop
>>> attendance = run_virtual(
...     run_visits(
...         AsyncPubSub(),
...         open_loop(messages=4, rate_hz=1),
...         [Visit("stays"), Visit("comes", joins_s=0.5), Visit("goes", leaves_s=2.5)],
...     )
... )
>>> print(attendance.table())
   subscriber  number  attended
0       stays       0  received
1       stays       1  received
2       stays       2  received
3       stays       3  received
4       comes       0    absent
5       comes       1  received
6       comes       2  received
7       comes       3  received
8        goes       0  received
9        goes       1  received
10       goes       2  received
11       goes       3    absent
"""

import asyncio
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pubsub_lib.lab.clock.stopwatch import Stopwatch
from pubsub_lib.lab.traffic.data_frames import data_frame
from pubsub_lib.lab.traffic.loads import Load
from pubsub_lib.lab.traffic.workloads import Sample

if TYPE_CHECKING:
    import pandas as pd


class Attended(StrEnum):
    """What became of one message for one subscriber."""

    RECEIVED = "received"
    MISSED = "missed"  # though it was there
    TOO_EARLY = "too early"  # received, though it was published before the subscriber joined
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Visit:
    """A subscriber that comes, reads, and perhaps goes.

    Attributes:
        name: how tables and figures call it.
        joins_s: when it subscribes, in seconds after the start.
        leaves_s: when it leaves; infinity if it stays until the broker is shut down.
        service_time_s: how long it takes for one message, in seconds.

    Raises:
        ValueError: if it leaves before it joins, or if one that takes its time leaves: what it
            leaves unread could not be told from what it missed.
    """

    name: str
    joins_s: float = 0.0
    leaves_s: float = math.inf
    service_time_s: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.joins_s < self.leaves_s or self.joins_s == math.inf:
            raise ValueError(f"{self.name} has to join, at 0 s or later, before it leaves")
        if self.service_time_s and self.leaves_s < math.inf:
            raise ValueError(f"{self.name} takes its time, so it has to stay until the end")


@dataclass(frozen=True, slots=True)
class Stay:
    """When a subscriber was there, in seconds after the start.

    Attributes:
        joined_s: when it had subscribed.
        left_s: when it began to leave; infinity if it stayed until the broker was shut down.
    """

    joined_s: float
    left_s: float = math.inf


class Attendance:
    """What happened while subscribers came and went. Made by `run_visits`.

    Attributes:
        visits: the subscribers, in the order in which they were given.
        stays: when each of them was there, by name.
        publishes: when each publish began and ended, in seconds after the start.
    """

    def __init__(self, visits: Iterable[Visit]) -> None:
        self.visits = tuple(visits)
        self.stays: dict[str, Stay] = {}
        self.publishes: list[tuple[float, float]] = []
        self._received: set[tuple[str, int]] = set()

    def joined(self, subscriber: str, joined_s: float) -> None:
        """Note that a subscriber had subscribed then."""
        self.stays[subscriber] = Stay(joined_s)

    def left(self, subscriber: str, left_s: float) -> None:
        """Note that a subscriber, which had joined, began to leave then."""
        self.stays[subscriber] = replace(self.stays[subscriber], left_s=left_s)

    def received(self, subscriber: str, number: int) -> None:
        """Note that a subscriber took a message."""
        self._received.add((subscriber, number))

    def attended(self, subscriber: str, number: int) -> Attended:
        """Return what became of one message for one subscriber."""
        stay = self.stays[subscriber]
        began_s, ended_s = self.publishes[number]
        if (subscriber, number) in self._received:
            return Attended.RECEIVED if stay.joined_s <= began_s else Attended.TOO_EARLY
        was_there = stay.joined_s <= began_s and ended_s < stay.left_s
        return Attended.MISSED if was_there else Attended.ABSENT

    def table(self) -> "pd.DataFrame":
        """Return a row per subscriber and message: subscriber, number, attended."""
        return data_frame(
            (
                (visit.name, number, str(self.attended(visit.name, number)))
                for visit in self.visits
                for number in range(len(self.publishes))
            ),
            columns=["subscriber", "number", "attended"],
        )

    def count(self, attended: Attended) -> int:
        """Return how often this became of a message, over all subscribers."""
        return int((self.table()["attended"] == attended).sum())


async def leave(broker: Any, subscription: Any) -> None:
    """Take a subscription off its broker, whichever way the two have for that.

    Those of the library are closed; for others the broker needs an `unsubscribe(subscription)`.
    """
    if hasattr(subscription, "close"):
        subscription.close()
    else:
        await broker.unsubscribe(subscription)


async def run_visits(broker: Any, load: Load, visits: Iterable[Visit]) -> Attendance:
    """Publish the load while subscribers come and go, and return what happened.

    Those who are there from the start subscribe in the order in which they are given.

    Args:
        broker: a new broker, whose subscribers can `leave`.
        load: what to publish, and when it is due; a message that is due while the one before is
            still being published is published right after it.
        visits: who comes and goes; each name once.

    Raises:
        ValueError: if there are no visits, or two have the same name.
    """
    attendance = Attendance(visits)
    names = {visit.name for visit in attendance.visits}
    if not names or len(names) < len(attendance.visits):
        raise ValueError("there has to be at least one visit, and each name only once")
    clock = Stopwatch()
    async with asyncio.TaskGroup() as group:
        joined = [asyncio.Event() for _ in attendance.visits]
        for visit, event in zip(attendance.visits, joined, strict=True):
            group.create_task(_visit(broker, visit, attendance, clock, event), name=visit.name)
        await asyncio.sleep(0)  # those who are there from the start subscribe
        for number in range(load.messages):
            await clock.wait_until(load.due_s(number, now_s=clock.elapsed_s()))
            began_s = clock.elapsed_s()
            await broker.publish(Sample(number))
            attendance.publishes.append((began_s, clock.elapsed_s()))
        for event in joined:
            await event.wait()
        await broker.shutdown()
    return attendance


async def _visit(
    broker: Any, visit: Visit, attendance: Attendance, clock: Stopwatch, joined: asyncio.Event
) -> None:
    await clock.wait_until(visit.joins_s)
    subscription = await broker.subscribe()
    attendance.joined(visit.name, clock.elapsed_s())
    joined.set()
    try:
        async with asyncio.timeout_at(clock.on_the_loop_s(visit.leaves_s)):
            while (sample := await subscription.get()) is not None:
                attendance.received(visit.name, sample.number)
                await asyncio.sleep(visit.service_time_s)
                subscription.task_done()
    except TimeoutError:
        attendance.left(visit.name, clock.elapsed_s())
        await leave(broker, subscription)
