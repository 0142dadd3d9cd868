"""Solutions to the exercises of notebook 13: come back, a limit per visitor, and who is here."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

from pubsub_lib import ManagedBroker

type Connect = Callable[[int], Awaitable[AsyncIterator[tuple[int, float]]]]


# Exercise 13.1: the last number handled is all that has to survive. How a stream has ended does not
# matter, and what the board sends again is known by its number.
async def follow(connect: Connect, handle: Callable[[int, float], None]) -> None:
    last, wait_s = 0, 1
    while True:
        try:
            async for number, price in await connect(last):
                wait_s = 1
                if number > last:
                    handle(number, price)
                    last = number
        except ConnectionError:
            pass
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, 8)


# Exercise 13.2: a place is taken right before the stream, and given back however that ends.
class StreamLimit:
    def __init__(self, most: int) -> None:
        self.most = most
        self.open: Counter[str] = Counter()

    async def serve(self, address: str, stream: Callable[[], Awaitable[None]]) -> bool:
        if self.open[address] >= self.most:
            return False
        self.open[address] += 1
        try:
            await stream()
        finally:
            self.open[address] -= 1
            if not self.open[address]:
                del self.open[address]
        return True


# Exercise 13.3: each worker says all that it knows, again and again. So it does not matter who
# comes late or misses something, and who is silent is gone.
class Presence:
    def __init__(self, broker: ManagedBroker[tuple[str, list[str]]], worker: str) -> None:
        self.broker = broker
        self.worker = worker
        self.tabs: Counter[str] = Counter()
        self.others: dict[str, tuple[float, list[str]]] = {}

    async def join(self, visitor: str) -> None:
        self.tabs[visitor] += 1
        await self.tell()

    async def leave(self, visitor: str) -> None:
        self.tabs[visitor] -= 1
        await self.tell()

    def here(self) -> set[str]:
        recently_s = asyncio.get_running_loop().time() - 3
        heard = [names for heard_s, names in self.others.values() if heard_s > recently_s]
        return set(+self.tabs).union(*heard)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group, self.broker.subscribe() as inbox:
            group.create_task(self.tell_each_second(), name="tells who is here")
            async for worker, names in inbox:
                self.others[worker] = (asyncio.get_running_loop().time(), names)

    async def tell(self) -> None:
        await self.broker.publish((self.worker, list(+self.tabs)))

    async def tell_each_second(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(1)


ANSWERS = {
    "13.1": follow,
    "13.2": StreamLimit,
    "13.3": Presence,
}
