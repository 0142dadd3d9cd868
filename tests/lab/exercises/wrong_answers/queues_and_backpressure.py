"""Plausible wrong answers to the exercises of notebook 02, and what the check says to each."""

import asyncio
import contextlib
import itertools


def drops_the_newest(queue, message):
    try:
        queue.put_nowait(message)
    except asyncio.QueueFull:
        return 1
    return 0


def raises_when_full(queue, message):
    queue.put_nowait(message)
    return 0


async def waits_for_room(queue, message):
    await queue.put(message)
    return 0


def forgets_to_put(queue, message):
    if not queue.full():
        return 0
    queue.get_nowait()
    queue.task_done()
    return 1


def empties_the_queue(queue, message):
    dropped = 0
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
            queue.task_done()
            dropped += 1
    queue.put_nowait(message)
    return dropped


def counts_nothing(queue, message):
    if queue.full():
        queue.get_nowait()
        queue.task_done()
    queue.put_nowait(message)


def takes_no_bound_for_a_full_queue(queue, message):
    dropped = 0
    if queue.qsize() >= queue.maxsize:
        with contextlib.suppress(asyncio.QueueEmpty):
            queue.get_nowait()
            queue.task_done()
            dropped = 1
    queue.put_nowait(message)
    return dropped


def forgets_task_done(queue, message):
    dropped = 0
    if queue.full():
        queue.get_nowait()
        dropped = 1
    queue.put_nowait(message)
    return dropped


def calls_task_done_for_the_new_one_too(queue, message):
    dropped = 0
    if queue.full():
        queue.get_nowait()
        queue.task_done()
        dropped = 1
    queue.put_nowait(message)
    if dropped:
        queue.task_done()
    return dropped


async def worker(queue, handle):
    while True:
        message = await queue.get()
        await handle(message)
        queue.task_done()


async def has_no_bound(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker(queue, handle)) for _ in range(workers)]
        for message in messages:
            await queue.put(message)
        await queue.join()
        for task in tasks:
            task.cancel()


async def starts_a_task_for_each_message(messages, handle, *, workers, maxsize):
    async with asyncio.TaskGroup() as group:
        for message in messages:
            group.create_task(handle(message))


async def starts_a_task_for_each_put(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker(queue, handle)) for _ in range(workers)]
        puts = [group.create_task(queue.put(message)) for message in messages]
        await asyncio.gather(*puts)
        await queue.join()
        for task in tasks:
            task.cancel()


async def handles_one_after_another(messages, handle, *, workers, maxsize):
    for message in messages:
        await handle(message)


async def never_stops_its_workers(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)
    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker(queue, handle))
        for message in messages:
            await queue.put(message)
        await queue.join()


async def leaves_its_workers_behind(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)
    tasks = [asyncio.create_task(worker(queue, handle)) for _ in range(workers)]
    for message in messages:
        await queue.put(message)
    await queue.join()
    assert len(tasks) == workers


async def stops_when_all_are_queued(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker(queue, handle)) for _ in range(workers)]
        for message in messages:
            await queue.put(message)
        for task in tasks:
            task.cancel()


async def forgets_to_mark(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)

    async def work():
        while True:
            await handle(await queue.get())

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(workers)]
        for message in messages:
            await queue.put(message)
        await queue.join()
        for task in tasks:
            task.cancel()


async def hides_a_failure(messages, handle, *, workers, maxsize):
    async def quiet(message):
        with contextlib.suppress(ValueError):
            await handle(message)

    queue = asyncio.Queue(maxsize)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(worker(queue, quiet)) for _ in range(workers)]
        for message in messages:
            await queue.put(message)
        await queue.join()
        for task in tasks:
            task.cancel()


async def waits_for_a_dead_worker(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)
    tasks = [asyncio.create_task(worker(queue, handle)) for _ in range(workers)]
    for message in messages:
        await queue.put(message)
    await queue.join()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def looks_again_and_again(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)

    async def work():
        while True:
            if queue.empty():
                await asyncio.sleep(0.01)
            else:
                await handle(queue.get_nowait())
                queue.task_done()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(workers)]
        for message in messages:
            await queue.put(message)
        await queue.join()
        for task in tasks:
            task.cancel()


async def looks_once_a_minute(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)

    async def work():
        while True:
            try:
                message = await asyncio.wait_for(queue.get(), timeout=60)
            except TimeoutError:
                continue
            await handle(message)
            queue.task_done()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(workers)]
        for message in messages:
            await queue.put(message)
        await queue.join()
        for task in tasks:
            task.cancel()


async def goes_home_when_the_queue_is_empty(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)

    async def work():
        while not queue.empty():
            await handle(queue.get_nowait())
            queue.task_done()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work()) for _ in range(workers)]
        for message in messages:
            await queue.put(message)
        await queue.join()
        for task in tasks:
            task.cancel()


async def takes_them_all_into_a_list(messages, handle, *, workers, maxsize):
    waiting = list(messages)

    async def work():
        while waiting:
            await handle(waiting.pop(0))

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())


async def in_batches(messages, handle, *, workers, maxsize):
    for batch in itertools.batched(messages, workers):
        await asyncio.gather(*map(handle, batch))


def knows_a_bound_of_two(queue, message):
    dropped = 0
    if queue.qsize() >= 2 and queue.maxsize:
        queue.get_nowait()
        queue.task_done()
        dropped = 1
    queue.put_nowait(message)
    return dropped


async def takes_none_for_the_end(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)

    async def work():
        while (message := await queue.get()) is not None:
            await handle(message)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
        for message in messages:
            await queue.put(message)
        for _ in range(workers):
            await queue.put(None)


async def skips_what_is_false(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)
    end = object()

    async def work():
        while (message := await queue.get()) is not end:
            if message or message == 0:
                await handle(message)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(work())
        for message in messages:
            await queue.put(message)
        for _ in range(workers):
            await queue.put(end)


async def goes_on_after_a_failure(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)
    end = object()

    async def work():
        while (message := await queue.get()) is not end:
            await handle(message)

    async def feed():
        for message in messages:
            await queue.put(message)
        for _ in range(workers):
            await queue.put(end)

    await asyncio.gather(feed(), *(work() for _ in range(workers)))


async def raises_in_the_end(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)

    async def work():
        while True:
            message = await queue.get()
            try:
                await handle(message)
            finally:
                queue.task_done()

    tasks = [asyncio.create_task(work()) for _ in range(workers)]
    for message in messages:
        await queue.put(message)
    await queue.join()
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


async def leaves_those_that_have_not_failed(messages, handle, *, workers, maxsize):
    queue = asyncio.Queue(maxsize)
    end = object()

    async def work():
        while (message := await queue.get()) is not end:
            await handle(message)

    async def feed():
        for message in messages:
            await queue.put(message)
        for _ in range(workers):
            await queue.put(end)

    tasks = [asyncio.create_task(part) for part in (feed(), *(work() for _ in range(workers)))]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in done:
        task.result()


WRONG_ANSWERS = [
    ("02.1", drops_the_newest, "the newest belong there: 2, 3"),
    ("02.1", raises_when_full, "raises QueueFull"),
    ("02.1", waits_for_room, "plain function"),
    ("02.1", forgets_to_put, "put the message in the queue"),
    ("02.1", empties_the_queue, "these are waiting: 3;"),
    ("02.1", counts_nothing, "you return None, None, None"),
    ("02.1", takes_no_bound_for_a_full_queue, "without a bound"),
    ("02.1", forgets_task_done, "call task_done() for it"),
    ("02.1", calls_task_done_for_the_new_one_too, "still waiting"),
    ("02.2", has_no_bound, "8 in all"),
    ("02.2", starts_a_task_for_each_message, "10 of 10"),
    ("02.2", starts_a_task_for_each_put, "8 in all"),
    ("02.2", handles_one_after_another, "1 of 10"),
    ("02.2", never_stops_its_workers, "never returns"),
    ("02.2", leaves_its_workers_behind, "cancel the workers"),
    ("02.2", stops_when_all_are_queued, "are handled when handle_all() returns"),
    ("02.2", forgets_to_mark, "task_done() for every message"),
    ("02.2", hides_a_failure, "keeps it to itself"),
    ("02.2", looks_again_and_again, "without looking"),
    ("02.2", looks_once_a_minute, "without looking"),
    ("02.2", goes_home_when_the_queue_is_empty, "wait for the next message"),
    ("02.2", takes_them_all_into_a_list, "8 in all"),
    ("02.2", waits_for_a_dead_worker, "own the workers in a TaskGroup"),
    ("02.2", in_batches, "does a worker that is done wait for the others?"),
    ("02.1", knows_a_bound_of_two, "in a queue of 3"),
    ("02.2", takes_none_for_the_end, "cannot be the sign that no more comes"),
    ("02.2", skips_what_is_false, "cannot be the sign that no more comes"),
    ("02.2", goes_on_after_a_failure, "of its tasks have not ended"),
    ("02.2", raises_in_the_end, "raises for every message"),
    ("02.2", leaves_those_that_have_not_failed, "of its tasks have not ended"),
]
