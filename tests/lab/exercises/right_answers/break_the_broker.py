"""Other right answers to the exercises of notebook 04, which its checks are not to refuse."""

import asyncio


async def notes_the_arrival_in_a_task(new_broker):
    now = asyncio.get_running_loop().time
    broker = new_broker(maxsize=1)
    dead, healthy = await broker.subscribe(), await broker.subscribe()
    await broker.publish("fills both")
    await healthy.get()

    async def arrival():
        await healthy.get()
        return now()

    async with asyncio.TaskGroup() as group:
        arriving = group.create_task(arrival())
        published = now()
        await broker.publish("is late")
    del dead
    return arriving.result() - published


async def fills_the_dead_one_by_itself(new_broker):
    now = asyncio.get_running_loop().time
    broker = new_broker(maxsize=1)
    dead = await broker.subscribe()
    await broker.publish("fills it")
    healthy = await broker.subscribe()
    start = now()
    publishing = asyncio.ensure_future(broker.publish("is late"))
    await healthy.get()
    late = now() - start
    await publishing
    assert dead.qsize() == 1
    return late


async def loops_until_none(broker, handle):
    queue = await broker.subscribe()
    try:
        while (message := await queue.get()) is not None:
            try:
                await handle(message)
            finally:
                queue.task_done()
        queue.task_done()
    finally:
        broker.queues = [other for other in broker.queues if other is not queue]


async def leaves_by_return(broker, handle):
    queue = await broker.subscribe()
    try:
        while True:
            message = await queue.get()
            try:
                if message is None:
                    return
                await handle(message)
            finally:
                queue.task_done()
    finally:
        rest = broker.queues.copy()
        rest.remove(queue)
        broker.queues = rest


RIGHT_ANSWERS = [
    ("04.1", notes_the_arrival_in_a_task),
    ("04.1", fills_the_dead_one_by_itself),
    ("04.2", loops_until_none),
    ("04.2", leaves_by_return),
]
