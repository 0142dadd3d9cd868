# A ring keeps each message once, however many readers there are. What happens to a slow one?
import asyncio

from pubsub_lib import Lagged, RingPubSub
from pubsub_lib.lab.replay import film


async def read(subscription, takes_s):
    while True:
        try:
            await subscription.get()
        except Lagged as lagged:
            print(lagged)
            continue
        await asyncio.sleep(takes_s)
        subscription.task_done()


async def main():
    broker = RingPubSub(maxsize=4, timeout=0.5)
    readers = [
        asyncio.create_task(read(await broker.subscribe(), takes_s), name=name)
        for name, takes_s in (("quick", 0.0), ("slow", 1.0))
    ]
    for number in range(1, 11):
        await broker.publish(number)
        await asyncio.sleep(0.2)
    for reader in readers:
        reader.cancel()


# Change it: a larger ring, a longer time-out, a quicker "slow".
film(main(), title="A ring", view=["ring"])
