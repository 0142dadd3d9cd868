"""Other right answers to the exercises of notebook 02, which its checks are not to refuse."""

import asyncio


def tries_first(queue, message):
    try:
        queue.put_nowait(message)
    except asyncio.QueueFull:
        queue.get_nowait()
        queue.task_done()
        queue.put_nowait(message)
        return 1
    return 0


def makes_room_in_a_loop(queue, message):
    dropped = 0
    while queue.full():
        queue.get_nowait()
        queue.task_done()
        dropped += 1
    queue.put_nowait(message)
    return dropped


async def ends_each_worker_by_a_sentinel(messages, handle, *, workers, maxsize):
    queue, end = asyncio.Queue(maxsize), object()

    async def work():
        while (message := await queue.get()) is not end:
            await handle(message)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
        for message in messages:
            await queue.put(message)
        for _ in range(workers):
            await queue.put(end)


async def has_a_semaphore_and_no_queue(messages, handle, *, workers, maxsize):
    room = asyncio.Semaphore(workers)

    async def handle_one(message):
        try:
            await handle(message)
        finally:
            room.release()

    async with asyncio.TaskGroup() as group:
        for message in messages:
            await room.acquire()
            group.create_task(handle_one(message))


async def cancels_them_itself(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)

    async def work():
        while True:
            await handle(await queue.get())
            queue.task_done()

    async def feed():
        for message in messages:
            await queue.put(message)
        await queue.join()

    tasks = [asyncio.create_task(work()) for _ in range(workers)]
    feeding = asyncio.create_task(feed())
    try:
        done, _ = await asyncio.wait([feeding, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (feeding, *tasks):
            task.cancel()
        await asyncio.gather(feeding, *tasks, return_exceptions=True)


RIGHT_ANSWERS = [
    ("02.1", tries_first),
    ("02.1", makes_room_in_a_loop),
    ("02.2", ends_each_worker_by_a_sentinel),
    ("02.2", has_a_semaphore_and_no_queue),
    ("02.2", cancels_them_itself),
]
