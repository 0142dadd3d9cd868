"""What the programs share: the time, turns of the event loop, and readers.

>>> async def main() -> list[int]:
...     queue = asyncio.Queue[int]()
...     reader = start(queue.get())
...     await queue.put(1)
...     await let_all_run()
...     return [await reader, *unread(queue)]
>>> asyncio.run(main())
[1]
"""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any

from pubsub_lib.lab.promises.trial import Trial


def now() -> float:
    """Return the time of the event loop, in seconds; on the virtual clock it begins at 0.0."""
    return asyncio.get_running_loop().time()


def start[T](coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a task."""
    return asyncio.create_task(coroutine)


async def let_all_run() -> None:
    """Let every task go on until it waits, at this instant."""
    for _ in range(20):
        await asyncio.sleep(0)


def unread(subscription: Any) -> list[Any]:
    """Take all that waits."""
    return [subscription.get_nowait() for _ in range(subscription.qsize())]


async def read_all(subscription: Any, seconds: float = 0.0) -> list[Any]:
    """Read until the end, taking so long for each message and marking it as done."""
    messages = []
    while (message := await subscription.get()) is not None:
        if seconds:
            await asyncio.sleep(seconds)
        messages.append(message)
        subscription.task_done()
    return messages


async def publish_all(
    broker: Any, trial: Trial, messages: Iterable[Any], readers: int = 1
) -> list[list[Any]]:
    """Publish to that many readers, shut down, and return what each of them read."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(read_all(await broker.subscribe()), name=f"subscriber {number}")
            for number in range(1, readers + 1)
        ]
        for message in messages:
            await broker.publish(message)
        await trial.shutdown(broker)
    return [task.result() for task in tasks]


def record_timers() -> list[asyncio.TimerHandle]:
    """Return a list that every timer set from now on is added to."""
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    set_timer = loop.call_at

    def call_at(*args: Any, **options: Any) -> asyncio.TimerHandle:
        timers.append(set_timer(*args, **options))
        return timers[-1]

    setattr(loop, "call_at", call_at)  # noqa: B010  for type checkers, a method is no attribute
    return timers
