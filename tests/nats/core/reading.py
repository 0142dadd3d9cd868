"""How the tests of core NATS read."""

import asyncio

from pubsub_lib.nats import NatsPubSub
from tests.nats.observing import LIMIT_S


async def read(inbox, count: int) -> list:
    async with asyncio.timeout(LIMIT_S):
        messages = []
        while len(messages) < count:
            messages.append(await inbox.get())
            inbox.task_done()
        return messages


async def let_come_in(broker: NatsPubSub, *others: NatsPubSub) -> None:
    """Return when what was published before has come in here."""
    for each in (*others, broker):
        await each.flush()


async def iterate(inbox) -> None:
    async for _ in inbox:
        pass


async def iterate_batches(inbox) -> None:
    async for _ in inbox.batches():
        pass


# Each way to wait for a message.
READERS = [lambda inbox: inbox.get(), iterate, iterate_batches]
