"""Solutions to the exercises of notebook 09."""

import asyncio


# Exercise 09.1: whoever has room gets it at once, and only for the others there are tasks.
async def fan_out(queues: list[asyncio.Queue[str]], message: str) -> None:
    full = []
    for queue in queues:
        try:
            queue.put_nowait(message)
        except asyncio.QueueFull:
            full.append(queue)
    if full:
        await asyncio.gather(*(queue.put(message) for queue in full))


# Exercise 09.2: what is older than a whole ring was overwritten; the rest is where its number says.
def read_ring[T](slots: list[T], published: int, cursor: int) -> tuple[list[T], int, int]:
    oldest = max(cursor, published - len(slots))
    messages = [slots[number % len(slots)] for number in range(oldest, published)]
    return messages, published, oldest - cursor


ANSWERS = {"09.1": fan_out, "09.2": read_ring}
