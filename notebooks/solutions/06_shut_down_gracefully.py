"""Solutions to the exercises of notebook 06: stop in time, finish what is in hand, stop a chain."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from pubsub_lib import AsyncPubSub, ShutdownReport


# Exercise 06.1: the queues first, then the tasks, and one deadline for both.
async def stop(
    broker: AsyncPubSub[int], tasks: Sequence[asyncio.Task[None]], *, grace_s: float
) -> list[str]:
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    await broker.shutdown(timeout=grace_s)
    _, late = await asyncio.wait(tasks, timeout=max(0.0, deadline_s - now()))
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.get_name() for task in tasks if task in late]


# Exercise 06.2: the message has a task of its own, which outlives the cancellation; the reader
# waits for it a second time, and then passes the cancellation on.
async def read_whole(
    queue: asyncio.Queue[int | None], handle: Callable[[int], Awaitable[None]]
) -> None:
    async def handle_and_mark(message: int) -> None:
        await handle(message)
        queue.task_done()

    while (message := await queue.get()) is not None:
        handling = asyncio.create_task(handle_and_mark(message))
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            await handling
            raise


# Exercise 06.3: with the stream, one after another; whoever comes later has what is left.
async def stop_chain(
    brokers: Sequence[AsyncPubSub[int]], *, grace_s: float
) -> list[ShutdownReport]:
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    return [await broker.shutdown(timeout=max(0.0, deadline_s - now())) for broker in brokers]


ANSWERS = {"06.1": stop, "06.2": read_whole, "06.3": stop_chain}
