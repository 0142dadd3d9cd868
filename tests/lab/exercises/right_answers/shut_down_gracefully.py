"""Other right answers to the exercises of notebook 06, which its checks are not to refuse."""

import asyncio


async def waits_in_a_timeout(broker, tasks, *, grace_s):
    try:
        async with asyncio.timeout(grace_s):
            await broker.shutdown(timeout=None)
            await asyncio.wait(tasks)
    except TimeoutError:
        pass
    late = [task for task in tasks if not task.done()]
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.get_name() for task in late]


async def asks_and_waits_for_the_tasks_alone(broker, tasks, *, grace_s):
    await broker.shutdown(timeout=0)
    done, _ = await asyncio.wait(tasks, timeout=grace_s)
    names = []
    for task in tasks:
        if task not in done:
            task.cancel()
            names.append(task.get_name())
    await asyncio.wait(tasks)
    return names


async def waits_without_shielding(queue, handle):
    while (message := await queue.get()) is not None:
        handling = asyncio.create_task(handle(message))
        try:
            await asyncio.wait([handling])
        except asyncio.CancelledError:
            await handling
            queue.task_done()
            raise
        handling.result()
        queue.task_done()


async def marks_in_a_finally(queue, handle):
    while True:
        message = await queue.get()
        if message is None:
            return
        handling = asyncio.ensure_future(handle(message))
        try:
            await asyncio.shield(handling)
        finally:
            await asyncio.wait([handling])
            queue.task_done()


async def counts_down_the_grace(brokers, *, grace_s):
    loop = asyncio.get_running_loop()
    reports = []
    for broker in brokers:
        before_s = loop.time()
        reports.append(await broker.shutdown(timeout=grace_s))
        grace_s = max(0, grace_s - (loop.time() - before_s))
    return reports


async def lets_each_wait_for_the_deadline(brokers, *, grace_s):
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + grace_s
    reports = {}
    for number, broker in enumerate(brokers):
        left_s = deadline_s - loop.time()
        reports[number] = await broker.shutdown(timeout=left_s if left_s > 0 else 0)
    return list(reports.values())


RIGHT_ANSWERS = [
    ("06.1", waits_in_a_timeout),
    ("06.1", asks_and_waits_for_the_tasks_alone),
    ("06.2", waits_without_shielding),
    ("06.2", marks_in_a_finally),
    ("06.3", counts_down_the_grace),
    ("06.3", lets_each_wait_for_the_deadline),
]
