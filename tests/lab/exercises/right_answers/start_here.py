"""Other right answers to the exercises of notebook 00, which its checks are not to refuse."""

import asyncio


async def gathers(first, second):
    return tuple(await asyncio.gather(first, second))


async def awaits_two_tasks(first, second):
    tasks = asyncio.create_task(first), asyncio.create_task(second)
    return await tasks[0], await tasks[1]


async def leaves_by_break(queue):
    messages = []
    while True:
        message = await queue.get()
        if message is None:
            break
        messages.append(message)
        queue.task_done()
    return messages


async def marks_them_as_it_counts(queue):
    messages = []
    async for message in _until_none(queue):
        messages.append(message)
    return messages


async def _until_none(queue):
    while (message := await queue.get()) is not None:
        queue.task_done()
        yield message


RIGHT_ANSWERS = [
    ("00.1", gathers),
    ("00.1", awaits_two_tasks),
    ("00.2", leaves_by_break),
    ("00.2", marks_them_as_it_counts),
]
