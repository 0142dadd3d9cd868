"""Plausible wrong answers to the exercises of notebook 06, and what the check says to each."""

import asyncio
import contextlib


async def does_nothing_about_it(queue, handle):
    while (message := await queue.get()) is not None:
        await handle(message)
        queue.task_done()


async def shields_and_leaves(queue, handle):
    while (message := await queue.get()) is not None:
        await asyncio.shield(handle(message))
        queue.task_done()


async def goes_on(queue, handle):
    while (message := await queue.get()) is not None:
        handling = asyncio.create_task(handle(message))
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            await handling
        queue.task_done()


async def ends_as_if_nothing_had_been(queue, handle):
    while (message := await queue.get()) is not None:
        handling = asyncio.create_task(handle(message))
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            await handling
            queue.task_done()
            break
        queue.task_done()


async def forgets_the_last_mark(queue, handle):
    while (message := await queue.get()) is not None:
        handling = asyncio.create_task(handle(message))
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            await handling
            raise
        queue.task_done()


async def marks_nothing(queue, handle):
    while (message := await queue.get()) is not None:
        await handle(message)


async def shields_the_waiting_too(queue, handle):
    async def next_one():
        message = await queue.get()
        if message is not None:
            await handle(message)
            queue.task_done()
        return message

    while True:
        handling = asyncio.create_task(next_one())
        try:
            if await asyncio.shield(handling) is None:
                break
        except asyncio.CancelledError:
            await handling
            raise


async def leaves_the_getter_behind(queue, handle):
    while (message := await asyncio.shield(queue.get())) is not None:
        handling = asyncio.create_task(handle(message))
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            await handling
            queue.task_done()
            raise
        queue.task_done()


async def hides_errors(queue, handle):
    while (message := await queue.get()) is not None:
        handling = asyncio.create_task(handle(message))
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            await handling
            queue.task_done()
            raise
        except Exception:
            pass
        queue.task_done()


async def stops_before_it_begins(queue, handle):
    return


async def cancels_at_once(broker, tasks, *, grace_s):
    await broker.shutdown(timeout=0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return [task.get_name() for task in tasks if task.cancelled()]


async def cancels_those_that_tidy_up(broker, tasks, *, grace_s):
    await broker.shutdown(timeout=grace_s)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return [task.get_name() for task in tasks if task.cancelled()]


async def waits_for_everybody(broker, tasks, *, grace_s):
    await broker.shutdown(timeout=grace_s)
    await asyncio.wait(tasks)
    return []


async def waits_it_out(broker, tasks, *, grace_s):
    await broker.shutdown(timeout=0)
    await asyncio.sleep(grace_s)
    late = [task for task in tasks if not task.done()]
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.get_name() for task in late]


async def gives_the_grace_twice(broker, tasks, *, grace_s):
    await broker.shutdown(timeout=grace_s)
    _, late = await asyncio.wait(tasks, timeout=grace_s)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.get_name() for task in late]


async def cancels_and_leaves(broker, tasks, *, grace_s):
    await broker.shutdown(timeout=0)
    _, late = await asyncio.wait(tasks, timeout=grace_s)
    for task in late:
        task.cancel()
    return [task.get_name() for task in late]


async def forgets_the_broker(broker, tasks, *, grace_s):
    for inbox in broker.queues:
        inbox.shutdown()
    _, late = await asyncio.wait(tasks, timeout=grace_s)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.get_name() for task in late]


async def says_nothing(broker, tasks, *, grace_s):
    await broker.shutdown(timeout=0)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(grace_s):
            await asyncio.gather(*tasks)


async def all_at_once(brokers, *, grace_s):
    return await asyncio.gather(*(broker.shutdown(timeout=grace_s) for broker in brokers))


async def against_the_stream(brokers, *, grace_s):
    return [await broker.shutdown(timeout=grace_s / 3) for broker in reversed(brokers)]


async def the_whole_grace_for_each(brokers, *, grace_s):
    return [await broker.shutdown(timeout=grace_s) for broker in brokers]


async def runs_out_of_time(brokers, *, grace_s):
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + grace_s
    return [await broker.shutdown(timeout=deadline_s - loop.time()) for broker in brokers]


async def gives_up_on_the_rest(brokers, *, grace_s):
    reports = []
    async with asyncio.timeout(grace_s):
        for broker in brokers:
            reports.append(await broker.shutdown(timeout=None))
    return reports


async def stops_only_the_first(brokers, *, grace_s):
    return [await brokers[0].shutdown(timeout=grace_s)]


async def polls(queue, handle):
    while True:
        if queue.empty():
            await asyncio.sleep(0.01)
            continue
        if (message := queue.get_nowait()) is None:
            return
        handling = asyncio.create_task(handle(message))
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            await handling
            queue.task_done()
            raise
        queue.task_done()


async def stops_where_it_is_empty(queue, handle):
    while not queue.empty() and (message := await queue.get()) is not None:
        handling = asyncio.create_task(handle(message))
        try:
            await asyncio.shield(handling)
        except asyncio.CancelledError:
            await handling
            queue.task_done()
            raise
        queue.task_done()


async def takes_the_names_from_a_set(broker, tasks, *, grace_s):
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    await broker.shutdown(timeout=grace_s)
    _, late = await asyncio.wait(tasks, timeout=max(0, deadline_s - now()))
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.get_name() for task in late]


async def looks_twice_a_second(broker, tasks, *, grace_s):
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    await broker.shutdown(timeout=grace_s)
    while now() < deadline_s and not all(task.done() for task in tasks):  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    late = [task for task in tasks if not task.done()]
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.get_name() for task in late]


async def gathers_them(broker, tasks, *, grace_s):
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    await broker.shutdown(timeout=grace_s)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*tasks), max(0, deadline_s - now()))
    return [task.get_name() for task in tasks if task.cancelled()]


async def cancels_one_after_another(broker, tasks, *, grace_s):
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    await broker.shutdown(timeout=grace_s)
    _, late = await asyncio.wait(tasks, timeout=max(0, deadline_s - now()))
    for task in tasks:
        if task in late:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return [task.get_name() for task in tasks if task in late]


async def waits_for_one_after_another(broker, tasks, *, grace_s):
    now = asyncio.get_running_loop().time
    start_s = now()
    await broker.shutdown(timeout=grace_s)
    left = grace_s - (now() - start_s)
    late = []
    for task in tasks:
        _, unfinished = await asyncio.wait([task], timeout=max(0, left / len(tasks)))
        late += unfinished
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    return [task.get_name() for task in late]


async def ends_at_zero(queue, handle):
    async def handle_and_mark(message):
        await handle(message)
        queue.task_done()

    while message := await queue.get():
        task = asyncio.create_task(handle_and_mark(message))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await task
            raise


async def marks_the_none_too(queue, handle):
    while True:
        message = await queue.get()
        try:
            if message is None:
                return
            task = asyncio.create_task(handle(message))
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                await task
                raise
        finally:
            queue.task_done()


async def marks_before_handling(queue, handle):
    while (message := await queue.get()) is not None:
        task = asyncio.create_task(handle(message))
        queue.task_done()
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await task
            raise


async def raises_a_new_error(queue, handle):
    async def handle_and_mark(message):
        await handle(message)
        queue.task_done()

    while (message := await queue.get()) is not None:
        task = asyncio.create_task(handle_and_mark(message))
        try:
            await asyncio.shield(task)
        except BaseException as error:
            await asyncio.wait([task])
            raise asyncio.CancelledError from error


async def an_equal_share_for_each(brokers, *, grace_s):
    return [await broker.shutdown(timeout=grace_s / len(brokers)) for broker in brokers]


async def reports_backwards(brokers, *, grace_s):
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    reports = []
    for broker in brokers:
        reports.insert(0, await broker.shutdown(timeout=max(0.0, deadline_s - now())))
    return reports


async def sorts_the_reports(brokers, *, grace_s):
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    reports = []
    for broker in brokers:
        reports.append(await broker.shutdown(timeout=max(0.0, deadline_s - now())))
    return sorted(reports)


async def empties_the_list(brokers, *, grace_s):
    now = asyncio.get_running_loop().time
    deadline_s = now() + grace_s
    reports = []
    while brokers:
        reports.append(await brokers.pop(0).shutdown(timeout=max(0.0, deadline_s - now())))
    return reports


WRONG_ANSWERS = [
    ("06.1", cancels_at_once, "is cancelled"),
    ("06.1", cancels_those_that_tidy_up, "an hour to tidy up"),
    ("06.1", waits_for_everybody, "comes to a stop"),
    ("06.1", waits_it_out, "stop() returns after 10800.00 s"),
    ("06.1", gives_the_grace_twice, "returns after 16.5 s"),
    ("06.1", cancels_and_leaves, "has not ended yet"),
    ("06.1", forgets_the_broker, "still takes messages"),
    ("06.1", says_nothing, "you return None"),
    ("06.2", polls, "looks again and again"),
    ("06.2", stops_where_it_is_empty, "only None is the end"),
    ("06.2", does_nothing_about_it, "broken off"),
    ("06.2", shields_and_leaves, "wait for it, or nobody does"),
    ("06.2", goes_on, "has begun another"),
    ("06.2", ends_as_if_nothing_had_been, "raise the error again"),
    ("06.2", forgets_the_last_mark, "task_done() for it, too"),
    ("06.2", marks_nothing, "task_done() once for every message"),
    ("06.2", shields_the_waiting_too, "ends at once"),
    ("06.2", leaves_the_getter_behind, "still takes the next message"),
    ("06.2", hides_errors, "let it pass through"),
    ("06.2", stops_before_it_begins, "none handled"),
    ("06.3", all_at_once, "stop those first who send"),
    ("06.3", against_the_stream, "stop those first who send"),
    ("06.3", the_whole_grace_for_each, "takes 0.3 s"),
    ("06.3", runs_out_of_time, "timeout must be 0 or more"),
    ("06.3", gives_up_on_the_rest, "raises TimeoutError"),
    ("06.3", stops_only_the_first, "still takes messages"),
    ("06.1", takes_the_names_from_a_set, "have no order"),
    ("06.1", looks_twice_a_second, "and stop() returns after"),
    ("06.1", gathers_them, "asyncio.wait() raises nothing"),
    ("06.1", cancels_one_after_another, "cancel all of them, and then wait"),
    ("06.1", waits_for_one_after_another, "is taken for one that hangs"),
    ("06.2", ends_at_zero, "only None is the end"),
    ("06.2", marks_the_none_too, "and not for the `None`"),
    ("06.2", marks_before_handling, "while it is being handled"),
    ("06.2", raises_a_new_error, "nobody has cancelled it"),
    ("06.3", an_equal_share_for_each, "what is left of the grace"),
    ("06.3", reports_backwards, "in the order of the brokers"),
    ("06.3", sorts_the_reports, "in the order of the brokers"),
    ("06.3", empties_the_list, "changed the list of brokers"),
]
