"""How long each message takes until it has been handled, not only received (notebook 08).

`run_workload` stops the clock when a subscriber has a message. Here one subscriber takes a given
time for each, and the clock stops when it has handled it: waiting and service together, which is
also called the response time.

>>> from pubsub_lib.lab.clock.virtual_time import run_virtual
>>> from pubsub_lib.lab.traffic.loads import open_loop
>>> load = open_loop(messages=3, rate_hz=100)
>>> table = run_virtual(response_times(load, [0.025, 0.0, 0.0]))
>>> table["response_s"].round(6).tolist()
[0.025, 0.015, 0.005]
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.stopwatch import Stopwatch
from pubsub_lib.lab.traffic.data_frames import data_frame
from pubsub_lib.lab.traffic.loads import Load

if TYPE_CHECKING:
    import pandas as pd


async def response_times(load: Load, service_times_s: Sequence[float]) -> "pd.DataFrame":
    """Publish a load on schedule to one subscriber, and return how long each message took.

    The inbox has room for all of the load, so the publisher is never held up.

    Args:
        load: when to send, made by `open_loop`, `bursts` or `random_arrivals`.
        service_times_s: how long the subscriber takes for each message, in seconds.

    Returns:
        A row per message: number, due_s, handled_s (from the start), response_s (from when it was
        due until it was handled).

    Raises:
        ValueError: if the load has no schedule, or there is not one service time for each message.
    """
    if not load.intended_s:
        raise ValueError("a closed loop has no schedule; use open_loop() or random_arrivals()")
    if len(service_times_s) != load.messages:
        raise ValueError(
            f"{load.messages:,} messages need as many service times, not {len(service_times_s):,}"
        )
    clock = Stopwatch()
    rows: list[tuple[int, float, float, float]] = []

    async def handle(inbox: Inbox[int]) -> None:
        async for number in inbox:
            if service_times_s[number]:
                await asyncio.sleep(service_times_s[number])
            due_s, handled_s = load.intended_s[number], clock.elapsed_s()
            rows.append((number, due_s, handled_s, handled_s - due_s))

    async with asyncio.TaskGroup() as group, AsyncPubSub[int](load.messages) as broker:
        group.create_task(handle(broker.subscribe()), name="subscriber")
        for number, due_s in enumerate(load.intended_s):
            await clock.wait_until(due_s)
            await broker.publish(number)
        await broker.shutdown(timeout=None)
    return data_frame(rows, columns=["number", "due_s", "handled_s", "response_s"])
