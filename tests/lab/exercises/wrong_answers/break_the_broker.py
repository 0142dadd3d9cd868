"""Plausible wrong answers to the exercises of notebook 04, and what the check says to each."""

import asyncio


def now():
    return asyncio.get_running_loop().time()


async def measures_the_publish(new_broker):
    broker = new_broker(maxsize=1)
    await broker.subscribe()
    healthy = await broker.subscribe()
    await broker.publish(1)
    await healthy.get()
    start = now()
    await broker.publish(2)
    return now() - start


async def reads_after_the_publish(new_broker):
    broker = new_broker(maxsize=1)
    await broker.subscribe()
    healthy = await broker.subscribe()
    await broker.publish(1)
    await healthy.get()
    start = now()
    await broker.publish(2)
    await healthy.get()
    return now() - start


async def leaves_room(new_broker):
    broker = new_broker(maxsize=1)
    await broker.subscribe()
    healthy = await broker.subscribe()
    start = now()
    publishing = asyncio.create_task(broker.publish(1))
    await healthy.get()
    arrived = now()
    await publishing
    return arrived - start


async def puts_the_healthy_one_first(new_broker):
    broker = new_broker(maxsize=1)
    healthy = await broker.subscribe()
    await broker.subscribe()
    await broker.publish(1)
    await healthy.get()
    start = now()
    publishing = asyncio.create_task(broker.publish(2))
    await healthy.get()
    arrived = now()
    await publishing
    return arrived - start


async def says_it_in_words(new_broker):
    return f"{await leaves_room(new_broker)} s"


async def forgets_the_sentinel(broker, handle):
    queue = await broker.subscribe()
    try:
        while (message := await queue.get()) is not None:
            try:
                await handle(message)
            finally:
                queue.task_done()
    finally:
        broker.queues = [other for other in broker.queues if other is not queue]


async def marks_only_what_went_well(broker, handle):
    queue = await broker.subscribe()
    try:
        while (message := await queue.get()) is not None:
            await handle(message)
            queue.task_done()
        queue.task_done()
    finally:
        broker.queues = [other for other in broker.queues if other is not queue]


async def catches_exceptions_only(broker, handle):
    queue = await broker.subscribe()
    while (message := await queue.get()) is not None:
        try:
            await handle(message)
        except Exception:
            queue.task_done()
            broker.queues = [other for other in broker.queues if other is not queue]
            raise
        queue.task_done()
    queue.task_done()
    broker.queues = [other for other in broker.queues if other is not queue]


async def hides_the_error(broker, handle):
    queue = await broker.subscribe()
    while (message := await queue.get()) is not None:
        try:
            await handle(message)
        except OSError as error:
            print(error)
        finally:
            queue.task_done()
    queue.task_done()
    broker.queues.remove(queue)


async def marks_what_it_never_got(broker, handle):
    queue = await broker.subscribe()
    try:
        message = 0
        while message is not None:
            try:
                message = await queue.get()
                if message is not None:
                    await handle(message)
            finally:
                queue.task_done()
    finally:
        broker.queues = [other for other in broker.queues if other is not queue]


async def stays_on_the_list(broker, handle):
    queue = await broker.subscribe()
    message = 0
    while message is not None:
        message = await queue.get()
        try:
            if message is not None:
                await handle(message)
        finally:
            queue.task_done()


async def changes_the_list(broker, handle):
    queue = await broker.subscribe()
    try:
        message = 0
        while message is not None:
            message = await queue.get()
            try:
                if message is not None:
                    await handle(message)
            finally:
                queue.task_done()
    finally:
        broker.queues.remove(queue)


async def publishes_and_then_reads_at_once(new_broker):
    broker = new_broker(maxsize=2)
    await broker.subscribe()
    healthy = await broker.subscribe()
    start = now()
    await broker.publish(1)
    healthy.get_nowait()
    return now() - start


async def looks_every_now_and_then(broker, handle):
    queue = await broker.subscribe()
    try:
        message = 0
        while message is not None:
            while queue.empty():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            message = queue.get_nowait()
            try:
                if message is not None:
                    await handle(message)
            finally:
                queue.task_done()
    finally:
        broker.queues = [other for other in broker.queues if other is not queue]


async def handles_only_what_is_there(broker, handle):
    queue = await broker.subscribe()
    try:
        while not queue.empty():
            message = queue.get_nowait()
            try:
                if message is not None:
                    await handle(message)
            finally:
                queue.task_done()
    finally:
        broker.queues = [other for other in broker.queues if other is not queue]


async def takes_all_off_the_list(broker, handle):
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
        broker.queues = []


async def shields_what_is_in_hand(broker, handle):
    queue = await broker.subscribe()
    try:
        while True:
            message = await queue.get()
            try:
                if message is None:
                    break
                await asyncio.shield(handle(message))
            finally:
                queue.task_done()
    finally:
        broker.queues = [other for other in broker.queues if other is not queue]


async def clears_the_list(broker, handle):
    queue = await broker.subscribe()
    try:
        while True:
            message = await queue.get()
            try:
                if message is None:
                    break
                await handle(message)
            finally:
                queue.task_done()
    finally:
        broker.queues = []


async def looks_now_and_then(new_broker):
    now = asyncio.get_running_loop().time
    broker = new_broker(maxsize=1)
    _dead, healthy = await broker.subscribe(), await broker.subscribe()
    await broker.publish(1)
    await healthy.get()
    start = now()
    publishing = asyncio.create_task(broker.publish(2))
    await asyncio.sleep(0)
    while healthy.empty():  # noqa: ASYNC110 - the mistake
        await asyncio.sleep(0.01)
    late = now() - start
    await publishing
    return late


WRONG_ANSWERS = [
    ("04.1", looks_now_and_then, "2.54 s late by your measure"),
    ("04.1", measures_the_publish, "not when publish() returns"),
    ("04.1", reads_after_the_publish, "not when publish() returns"),
    ("04.1", leaves_room, "queue is to be full"),
    ("04.1", puts_the_healthy_one_first, "behind it"),
    ("04.1", says_it_in_words, "a number of seconds"),
    ("04.1", publishes_and_then_reads_at_once, "queue is to be full"),
    ("04.2", looks_every_now_and_then, "waits until there is one"),
    ("04.2", handles_only_what_is_there, "and then wait for messages"),
    ("04.2", forgets_the_sentinel, "mark the None"),
    ("04.2", marks_only_what_went_well, "in a finally"),
    ("04.2", catches_exceptions_only, "is no Exception"),
    ("04.2", hides_the_error, "let it through"),
    ("04.2", marks_what_it_never_got, "only what get() has returned"),
    ("04.2", stays_on_the_list, "stays in broker.queues"),
    ("04.2", changes_the_list, "give the broker a new one"),
    ("04.2", takes_all_off_the_list, "take off its own queue alone"),
    ("04.2", shields_what_is_in_hand, "handle() goes on without it"),
    ("04.2", clears_the_list, "takes others off"),
]
