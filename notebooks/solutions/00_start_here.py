"""Solutions to the exercises of notebook 00."""

import asyncio
from collections.abc import Coroutine

from pubsub_lib import Message


# Exercise 00.1: both are tasks, so both wait at the same time.
async def both[A, B](
    first: Coroutine[None, None, A], second: Coroutine[None, None, B]
) -> tuple[A, B]:
    async with asyncio.TaskGroup() as group:
        first_task = group.create_task(first)
        second_task = group.create_task(second)
    return first_task.result(), second_task.result()


# Exercise 00.2: None is what a queue gives once nothing more will come.
async def collect(queue: asyncio.Queue[Message | None]) -> list[Message]:
    messages: list[Message] = []
    while (message := await queue.get()) is not None:
        messages.append(message)
        queue.task_done()
    return messages


ANSWERS = {"00.1": both, "00.2": collect}
