"""Other right answers to the exercises of notebook 09, which its checks are not to refuse."""

import asyncio


async def waits_in_a_group(queues, message):
    async with asyncio.TaskGroup() as group:
        for queue in queues:
            if queue.full():
                group.create_task(queue.put(message))
            else:
                queue.put_nowait(message)


async def waits_for_all_of_them(queues, message):
    waiting = []
    for queue in queues:
        try:
            queue.put_nowait(message)
        except asyncio.QueueFull:
            waiting.append(asyncio.create_task(queue.put(message)))
    if waiting:
        await asyncio.wait(waiting)


def goes_on_one_by_one(slots, published, cursor):
    missed, messages = 0, []
    while cursor < published:
        if published - cursor > len(slots):
            missed += 1
        else:
            messages.append(slots[cursor % len(slots)])
        cursor += 1
    return messages, cursor, missed


def turns_the_ring(slots, published, cursor):
    if published <= len(slots):
        return slots[cursor:published], published, 0
    begin = published % len(slots)
    in_order = slots[begin:] + slots[:begin]
    oldest = published - len(slots)
    return in_order[max(0, cursor - oldest) :], published, max(0, oldest - cursor)


RIGHT_ANSWERS = [
    ("09.1", waits_in_a_group),
    ("09.1", waits_for_all_of_them),
    ("09.2", goes_on_one_by_one),
    ("09.2", turns_the_ring),
]
