"""Plausible wrong answers to the exercises of notebook 09, and what the check says to each."""

import asyncio
import contextlib


async def a_task_for_each(queues, message):
    await asyncio.gather(*(queue.put(message) for queue in queues))


async def one_after_another(queues, message):
    for queue in queues:
        await queue.put(message)


async def the_full_ones_one_after_another(queues, message):
    full = []
    for queue in queues:
        try:
            queue.put_nowait(message)
        except asyncio.QueueFull:
            full.append(queue)
    for queue in full:
        await queue.put(message)


async def waits_as_soon_as_one_is_full(queues, message):
    for queue in queues:
        if queue.full():
            await queue.put(message)
        else:
            queue.put_nowait(message)


async def hopes_for_room(queues, message):
    for queue in queues:
        queue.put_nowait(message)


async def drops_it_where_there_is_no_room(queues, message):
    for queue in queues:
        if not queue.full():
            queue.put_nowait(message)


async def does_not_wait(queues, message):
    does_not_wait.tasks = [
        asyncio.create_task(queue.put(message)) for queue in queues if queue.full()
    ]
    for queue in queues:
        if not queue.full():
            queue.put_nowait(message)


def no_modulo(slots, published, cursor):
    return slots[cursor:published], published, 0


def hides_the_gap(slots, published, cursor):
    oldest = max(cursor, published - len(slots))
    return [slots[n % len(slots)] for n in range(oldest, published)], published, 0


def knows_no_gap(slots, published, cursor):
    return [slots[n % len(slots)] for n in range(cursor, published)], published, 0


def a_cursor_within_the_slots(slots, published, cursor):
    oldest = max(cursor, published - len(slots))
    messages = [slots[n % len(slots)] for n in range(oldest, published)]
    return messages, published % len(slots), oldest - cursor


def one_too_few(slots, published, cursor):
    oldest = max(cursor, published - len(slots) + 1)
    return [slots[n % len(slots)] for n in range(oldest, published)], published, oldest - cursor


def the_slots_as_they_lie(slots, published, cursor):
    missed = max(0, published - len(slots) - cursor)
    unread = min(published - cursor, len(slots))
    return slots[:unread], published, missed


def empties_the_slots(slots, published, cursor):
    oldest = max(cursor, published - len(slots))
    messages = []
    for number in range(oldest, published):
        messages.append(slots[number % len(slots)])
        slots[number % len(slots)] = None
    return messages, published, oldest - cursor


def only_the_messages(slots, published, cursor):
    return [slots[n % len(slots)] for n in range(max(cursor, published - len(slots)), published)]


async def starts_tasks_for_all_if_one_is_full(queues, message):
    if any(queue.full() for queue in queues):
        await asyncio.gather(*(queue.put(message) for queue in queues))
    else:
        for queue in queues:
            queue.put_nowait(message)


async def looks_for_room(queues, message):
    left = list(queues)
    while left:
        for queue in list(left):
            if not queue.full():
                queue.put_nowait(message)
                left.remove(queue)
        if left:
            await asyncio.sleep(0.5)


async def looks_for_room_each_millisecond(queues, message):
    left = list(queues)
    while left:
        for queue in list(left):
            if not queue.full():
                queue.put_nowait(message)
                left.remove(queue)
        if left:
            await asyncio.sleep(0.001)


async def takes_them_off_the_list(queues, message):
    for queue in list(queues):
        if not queue.full():
            queue.put_nowait(message)
            queues.remove(queue)
    if queues:
        await asyncio.gather(*(queue.put(message) for queue in queues))


async def gives_up_after_five_seconds(queues, message):
    full = []
    for queue in queues:
        try:
            queue.put_nowait(message)
        except asyncio.QueueFull:
            full.append(queue)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*(queue.put(message) for queue in full)), 5)


def skips_what_is_false(slots, published, cursor):
    oldest = max(cursor, published - len(slots))
    return (
        [
            slots[number % len(slots)]
            for number in range(oldest, published)
            if slots[number % len(slots)]
        ],
        published,
        oldest - cursor,
    )


WRONG_ANSWERS = [
    ("09.1", a_task_for_each, "you have started 3 tasks"),
    ("09.1", one_after_another, "the third one gets the message after 60.0371 s, not 0"),
    (
        "09.1",
        the_full_ones_one_after_another,
        "the second one gets the message after 60.0371 s, not 1.0371",
    ),
    ("09.1", waits_as_soon_as_one_is_full, "let nobody wait for another queue"),
    ("09.1", hopes_for_room, "raises QueueFull"),
    ("09.1", drops_it_where_there_is_no_room, "the second one never gets the message"),
    ("09.1", does_not_wait, "you return after 0 s, not 60.0371"),
    ("09.2", no_modulo, "message number n is in slot n % 4"),
    ("09.2", hides_the_gap, "message 1 was overwritten"),
    ("09.2", knows_no_gap, "message 1 was overwritten"),
    ("09.2", a_cursor_within_the_slots, "slots [4, 5, 2, 3], 6 published"),
    ("09.2", one_too_few, "the whole ring is unread"),
    ("09.2", the_slots_as_they_lie, "not ([4, 5, 2], 6, 0)"),
    ("09.2", empties_the_slots, "you have changed the slots"),
    ("09.2", only_the_messages, "return three things"),
    ("09.1", starts_tasks_for_all_if_one_is_full, "only those that are full need one"),
    ("09.1", looks_for_room, "gets the message after 1.5 s"),
    ("09.1", looks_for_room_each_millisecond, "looks for room again and again"),
    ("09.1", takes_them_off_the_list, "changed the list of queues"),
    ("09.1", gives_up_after_five_seconds, "the first one never gets the message"),
    ("09.2", skips_what_is_false, "a message may be anything"),
]
