"""Plausible wrong answers to the exercises of notebook 00, and what the check says to each."""

import asyncio


async def one_after_the_other(first, second):
    return await first, await second


async def as_a_list(first, second):
    return await asyncio.gather(first, second)


async def whichever_comes_first(first, second):
    done = [await coming for coming in asyncio.as_completed([second, first])]
    return done[1], done[0]


async def the_tasks_themselves(first, second):
    async with asyncio.TaskGroup() as group:
        return group.create_task(first), group.create_task(second)


async def the_coroutines_themselves(first, second):
    return first, second


async def asks_inside_the_block(first, second):
    async with asyncio.TaskGroup() as group:
        first_task = group.create_task(first)
        second_task = group.create_task(second)
        return first_task.result(), second_task.result()


async def keeps_the_none(queue):
    messages = []
    while True:
        messages.append(await queue.get())
        if messages[-1] is None:
            return messages
        queue.task_done()


async def marks_the_none(queue):
    messages = []
    while True:
        message = await queue.get()
        queue.task_done()
        if message is None:
            return messages
        messages.append(message)


async def never_marks(queue):
    messages = []
    while (message := await queue.get()) is not None:
        messages.append(message)
    return messages


async def never_stops(queue):
    while True:
        await queue.get()
        queue.task_done()
        await asyncio.Event().wait()


async def until_it_is_empty(queue):
    messages = []
    while not queue.empty():
        messages.append(await queue.get())
        queue.task_done()
    return messages


async def waits_for_the_first_and_then_until_it_is_empty(queue):
    messages = [await queue.get()]
    queue.task_done()
    while not queue.empty():
        messages.append(await queue.get())
        queue.task_done()
    return messages


async def looks_now_and_then(queue):
    messages = []
    while True:
        while queue.empty():  # noqa: ASYNC110 - which is what is wrong with it
            await asyncio.sleep(0.01)
        if (message := queue.get_nowait()) is None:
            return messages
        messages.append(message)
        queue.task_done()


async def looks_all_the_time(queue):
    messages = []
    while True:
        while queue.empty():  # noqa: ASYNC110 - which is what is wrong with it
            await asyncio.sleep(0)
        if (message := queue.get_nowait()) is None:
            return messages
        messages.append(message)
        queue.task_done()


async def tries_now_and_then(queue):
    messages = []
    while True:
        try:
            message = queue.get_nowait()
        except asyncio.QueueEmpty:
            await asyncio.sleep(0.01)
            continue
        if message is None:
            return messages
        messages.append(message)
        queue.task_done()


async def looks_without_a_pause(queue):
    messages = []
    while True:
        if queue.empty():
            continue
        if (message := queue.get_nowait()) is None:
            return messages
        messages.append(message)
        queue.task_done()


async def gives_up_after_a_while(queue):
    messages = []
    try:
        while True:
            messages.append(await asyncio.wait_for(queue.get(), timeout=0.9))
            queue.task_done()
    except TimeoutError:
        return messages


async def returns_the_first(queue):
    message = await queue.get()
    queue.task_done()
    return message


async def keeps_each_text_once(queue):
    messages = []
    while (message := await queue.get()) is not None:
        if message not in messages:
            messages.append(message)
        queue.task_done()
    return messages


async def trusts_that_the_second_takes_longer(first, second):
    first_task, second_task = asyncio.create_task(first), asyncio.create_task(second)
    result = await second_task
    return first_task.result(), result


async def takes_them_as_they_come(first, second):
    results = []
    for result in asyncio.as_completed([first, second]):
        results.append(await result)
    return tuple(results)


async def sleeps_for_two_seconds(first, second):
    first_task, second_task = asyncio.create_task(first), asyncio.create_task(second)
    await asyncio.sleep(2)
    return await first_task, await second_task


async def looks_whether_they_are_done(first, second):
    first_task, second_task = asyncio.create_task(first), asyncio.create_task(second)
    while not (first_task.done() and second_task.done()):  # noqa: ASYNC110 - the mistake
        await asyncio.sleep(0.1)
    return first_task.result(), second_task.result()


async def has_a_time_out_of_ten_seconds(first, second):
    return tuple(await asyncio.wait_for(asyncio.gather(first, second), 10))


async def stops_after_five_quiet_seconds(queue):
    messages = []
    try:
        while (message := await asyncio.wait_for(queue.get(), 5)) is not None:
            messages.append(message)
            queue.task_done()
    except TimeoutError:
        pass
    return messages


async def looks_once_a_minute(queue):
    messages = []
    while True:
        try:
            message = await asyncio.wait_for(queue.get(), 60)
        except TimeoutError:
            continue
        if message is None:
            return messages
        messages.append(message)
        queue.task_done()


WRONG_ANSWERS = [
    ("00.1", one_after_the_other, "took 3 s"),
    ("00.1", as_a_list, "return a pair"),
    ("00.1", whichever_comes_first, "in the order of the arguments"),
    ("00.1", the_tasks_themselves, "task.result()"),
    ("00.1", the_coroutines_themselves, "neither has run"),
    ("00.1", asks_inside_the_block, "after the `async with` block"),
    ("00.2", keeps_the_none, "do not keep it"),
    ("00.2", marks_the_none, "not for the `None`"),
    ("00.2", never_marks, "task_done()"),
    ("00.2", never_stops, "comes to a stop"),
    ("00.2", until_it_is_empty, "there is more to come"),
    ("00.2", waits_for_the_first_and_then_until_it_is_empty, "there is more to come"),
    ("00.2", looks_now_and_then, "looks again and again"),
    ("00.2", looks_all_the_time, "looks again and again"),
    ("00.2", tries_now_and_then, "looks again and again"),
    ("00.2", looks_without_a_pause, "waits for nothing, so nobody else can run"),
    ("00.2", gives_up_after_a_while, "there is more to come"),
    ("00.2", returns_the_first, "there is more to come"),
    ("00.2", keeps_each_text_once, "you return [0, 1, 2, 3]"),
    ("00.1", trusts_that_the_second_takes_longer, "before there is one"),
    ("00.1", takes_them_as_they_come, "in the order of the arguments"),
    ("00.1", sleeps_for_two_seconds, "0.25 s took 2 s"),
    ("00.1", looks_whether_they_are_done, "whether they are done"),
    ("00.1", has_a_time_out_of_ten_seconds, "an hour"),
    ("00.2", stops_after_five_quiet_seconds, "before the queue has given `None`"),
    ("00.2", looks_once_a_minute, "looks again and again"),
]
