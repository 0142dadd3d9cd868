"""Says in words what a waiting task waits for: the evidence in a `Deadlock`.

>>> import asyncio
>>> async def main() -> str:
...     reader = asyncio.create_task(asyncio.Queue().get(), name="reader")
...     await asyncio.sleep(0)
...     text = describe_waiting_tasks([reader])
...     reader.cancel()
...     return text
>>> asyncio.run(main())
'- reader: Queue.get waits for a message in an empty queue'
"""

import asyncio
import math
import re
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.in_process.ring_broker import RingPubSub
from pubsub_lib.in_process.subscriber import SubscriberState
from pubsub_lib.in_process.subscription import BaseSubscription, BatchIterator, MessageIterator
from pubsub_lib.lab.lines import in_lines

_REASONS: dict[tuple[type, str], str] = {
    (asyncio.Queue, "get"): "a message in an empty queue",
    (asyncio.Queue, "put"): "room in a full queue of {0.maxsize}",
    (asyncio.Queue, "join"): "task_done() for every message of a queue",
    (asyncio.Lock, "acquire"): "a lock that nobody releases",
    (asyncio.Event, "wait"): "an event that nobody sets",
    (asyncio.Semaphore, "acquire"): "a semaphore that nobody releases",
    (asyncio.Condition, "wait"): "a condition that nobody notifies",
    (asyncio.Barrier, "wait"): "others to reach a barrier",
    (asyncio.TaskGroup, "__aexit__"): "the tasks of its group",
    (AsyncPubSub, "publish"): "room in a full inbox of {0.maxsize}",
    (AsyncPubSub, "publish_many"): "room in a full inbox of {0.maxsize}",
    (RingPubSub, "publish"): "the slowest subscriber of a ring of {0.maxsize}",
    (RingPubSub, "publish_many"): "the slowest subscriber of a ring of {0.maxsize}",
    (BaseSubscription, "get"): "a message",
    (BaseSubscription, "join"): "task_done() for every message of a subscription",
    (MessageIterator, "__anext__"): "a message",
    (BatchIterator, "__anext__"): "a message",
    (SubscriberState, "drained"): "a subscriber to handle its messages",
}

_OF_GATHER = asyncio.tasks._GatheringFuture  # type: ignore[attr-defined]  # no public name


def describe_waiting_tasks(tasks: Iterable[asyncio.Task[Any]]) -> str:
    """Return an item for each task, by name: where it stands and what it waits for."""
    by_name = sorted(tasks, key=lambda task: _numbers_by_size(task.get_name()))
    return in_lines("\n".join(f"- {task.get_name()}: {_describe(task)}" for task in by_name))


def _numbers_by_size(name: str) -> list[tuple[str, int]]:
    """Return a key that puts "reader 2" before "reader 10"."""
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D*)(\d*)", name)]


def _describe(task: asyncio.Task[Any]) -> str:
    frames = list(frames_of(task))
    for depth, frame in enumerate(frames, start=1):
        if reason := _reason(frame):
            return f"{_path(frames[:depth])} waits for {reason}"
    return f"{_path(frames)} waits for {_awaited(task)}"


def reason_to_wait(task: asyncio.Task[Any]) -> str:
    """Return what a task waits for, without the way there: "a message in an empty queue".

    While a program runs nobody knows what it waits for in vain.
    """
    reason = next(filter(None, map(_reason, frames_of(task))), None) or _awaited(task)
    return reason.partition(" that nobody ")[0]


def frames_of(task: asyncio.Task[Any]) -> Iterator[FrameType]:
    """Yield the frames of the coroutines that await each other in a task, the outermost first."""
    awaited: Any = task.get_coro()
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        yield frame
        awaited = awaited.cr_await


def _path(frames: Iterable[FrameType]) -> str:
    names = [frame.f_code.co_qualname.rpartition("<locals>.")[2] for frame in frames]
    return " > ".join(name for name in names if not name.startswith("_")) or "it"


def _reason(frame: FrameType) -> str | None:
    if frame.f_code is asyncio.sleep.__code__:
        return _time_of(frame.f_locals.get("h"))
    owner = frame.f_locals.get("self")
    if isinstance(owner, asyncio.Queue) and frame.f_code.co_name == "get" and not owner.empty():
        return f"somebody to wake it, beside a queue that holds {owner.qsize()}"
    for (kind, method), reason in _REASONS.items():
        if isinstance(owner, kind) and frame.f_code.co_name == method:
            return reason.format(owner)
    return None


def _time_of(timer: asyncio.TimerHandle | None) -> str | None:
    if timer is None or timer.when() == math.inf:
        return None
    return f"{round(timer.when(), 9)} s on the clock"


def _awaited(task: asyncio.Task[Any]) -> str:
    # Only asyncio knows the future a task waits for; no public call tells it before Python 3.14.
    future = getattr(task, "_fut_waiter", None)
    if isinstance(future, asyncio.Task):
        return f"the task {future.get_name()!r}"
    if isinstance(future, _OF_GATHER):
        return "the tasks that it gathers"
    return "a future that nobody completes"
