# A queue is full, and the publisher will not wait any longer. Who loses what?
import asyncio

from pubsub_lib import AsyncPubSub, Disconnected, Overflow
from pubsub_lib.lab.replay import film


async def read_slowly(inbox):
    try:
        async for _ in inbox:
            await asyncio.sleep(1)
    except Disconnected:
        print("The slow reader was cut off, and knows it.")


async def main(overflow):
    broker = AsyncPubSub(maxsize=2, timeout=0.1, overflow=overflow)
    async with asyncio.TaskGroup() as group, broker:
        group.create_task(read_slowly(broker.subscribe()), name="slow reader")
        for number in range(1, 8):
            await broker.publish(number)
            await asyncio.sleep(0.3)


# Change it: DROP_NEWEST, DROP_OLDEST, DISCONNECT or RAISE; one policy, or several side by side.
policies = [Overflow.DROP_NEWEST, Overflow.DROP_OLDEST]
film({policy.name: main(policy) for policy in policies}, title="A full queue")
