"""Solutions to the exercises of notebook 02."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable


# Exercise 02.1: nobody will handle what is thrown away, so this says task_done() in their place.
def put_newest[T](queue: asyncio.Queue[T], message: T) -> int:
    dropped = 0
    if queue.full():
        queue.get_nowait()
        queue.task_done()
        dropped = 1
    queue.put_nowait(message)
    return dropped


# Exercise 02.2: put() waits while the queue is full, so the messages are read at the workers' pace.
async def handle_all[T](
    messages: Iterable[T], handle: Callable[[T], Awaitable[None]], *, workers: int, maxsize: int
) -> None:
    queue = asyncio.Queue[T](maxsize)

    async def work() -> None:
        while True:
            message = await queue.get()
            await handle(message)
            queue.task_done()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(workers)]
        for message in messages:
            await queue.put(message)
        await queue.join()
        for task in tasks:
            task.cancel()


ANSWERS = {"02.1": put_newest, "02.2": handle_all}
