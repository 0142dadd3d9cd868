"""Right answers to the exercises of notebook 13 that go another way than the solutions."""

import asyncio
from collections import Counter


async def remembers_all_that_it_has_seen(connect, handle):
    seen, tries = set(), 0
    while True:
        try:
            stream = await connect(max(seen, default=0))
            while True:
                number, price = await anext(stream)
                tries = 0
                if number not in seen:
                    seen.add(number)
                    handle(number, price)
        except (ConnectionError, StopAsyncIteration):
            await asyncio.sleep(min(2**tries, 8))
            tries += 1


class KeepsAListOfStreams:
    __slots__ = ("most", "streams")

    def __init__(self, most):
        self.most = most
        self.streams = {}

    async def serve(self, address, stream):
        streams = self.streams.setdefault(address, [])
        if len(streams) >= self.most:
            return False
        this = object()
        streams.append(this)
        try:
            await stream()
            return True
        finally:
            streams.remove(this)
            if not streams:
                del self.streams[address]


class AsksWhenItBegins:
    """Tells changes, all that it knows to who asks, and gives signs of life without names."""

    def __init__(self, broker, worker):
        self.broker, self.worker = broker, worker
        self.tabs, self.others, self.heard = Counter(), {}, {}

    async def join(self, visitor):
        self.tabs[visitor] += 1
        await self.broker.publish((self.worker, "change", (visitor, 1)))

    async def leave(self, visitor):
        self.tabs[visitor] -= 1
        await self.broker.publish((self.worker, "change", (visitor, -1)))

    def here(self):
        recently = asyncio.get_running_loop().time() - 3
        alive = [tabs for worker, tabs in self.others.items() if self.heard[worker] > recently]
        return set(+self.tabs).union(*(+tabs for tabs in alive))

    async def run(self):
        await asyncio.gather(self.read(), self.give_signs_of_life())

    async def give_signs_of_life(self):
        await self.broker.publish((self.worker, "asks", None))
        while True:
            await self.broker.publish((self.worker, "is alive", None))
            await asyncio.sleep(0.1)

    async def read(self):
        async with self.broker.subscribe() as inbox:
            async for worker, what, value in inbox:
                if worker == self.worker:
                    continue
                self.heard[worker] = asyncio.get_running_loop().time()
                tabs = self.others.setdefault(worker, Counter())
                if what == "asks":
                    await self.broker.publish((self.worker, "all", self.tabs))
                elif what == "all":
                    self.others[worker] = value
                elif what == "change":
                    visitor, change = value
                    tabs[visitor] += change


RIGHT_ANSWERS = [
    ("13.1", remembers_all_that_it_has_seen),
    ("13.2", KeepsAListOfStreams),
    ("13.3", AsksWhenItBegins),
]
