"""Ten wrong brokers, two right ones, and one workload: does a film alone say what is wrong?

Ada is quick and Ben slow, Cy joins later, and Dee leaves after three messages.
"""

import asyncio
import contextlib
from collections.abc import Iterable


class Waits:
    """Right: who has room gets a message at once, and who has none is waited for, 0.2 s."""

    def __init__(self) -> None:
        self.members: list[asyncio.Queue] = []

    async def subscribe(self) -> asyncio.Queue:
        queue = asyncio.Queue(2)
        self.members = [*self.members, queue]
        return queue

    async def unsubscribe(self, queue: asyncio.Queue) -> None:
        self.members = [one for one in self.members if one is not queue]

    async def publish(self, message) -> int:
        return await self.offer_all(self.members, message)

    async def offer_all(self, queues: Iterable[asyncio.Queue], message) -> int:
        in_turn = sorted(queues, key=asyncio.Queue.full)
        return sum([await self.offer(queue, message) for queue in in_turn])

    async def offer(self, queue: asyncio.Queue, message) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await queue.put(message)
            return True
        return False

    async def shutdown(self) -> None:
        members, self.members = self.members, []
        for queue in members:
            await queue.put(None)


class DropsTheNewest(Waits):
    """Right, too."""

    async def publish(self, message) -> int:
        return await self.offer_all([one for one in self.members if not one.full()], message)


class DropsTheOldest(Waits):
    async def publish(self, message) -> int:
        for queue in self.members:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(message)
        return len(self.members)


class DeliversTwice(Waits):
    async def publish(self, message) -> int:
        got = await super().publish(message)
        if message == "message 3":
            await self.offer(self.members[0], message)
        return got


class ChangesTheOrder(Waits):
    def __init__(self) -> None:
        super().__init__()
        self.workers: set[asyncio.Task] = set()

    async def publish(self, message) -> int:
        for number, queue in enumerate(self.members):
            late_s = 0.15 if number == 0 and message in ("message 1", "message 5") else 0
            self.workers.add(asyncio.create_task(self.deliver(queue, message, late_s)))
        return len(self.members)

    async def deliver(self, queue: asyncio.Queue, message, late_s: float) -> None:
        await asyncio.sleep(late_s)
        await self.offer(queue, message)

    async def shutdown(self) -> None:
        await asyncio.gather(*self.workers)
        await super().shutdown()


class IsBlockedByTheSlowest(Waits):
    async def publish(self, message) -> int:
        for queue in reversed(self.members):
            await queue.put(message)
        return len(self.members)


class ForgetsWhoJoinsLater(Waits):
    known: tuple[asyncio.Queue, ...] = ()

    async def publish(self, message) -> int:
        self.known = self.known or tuple(self.members)
        return await self.offer_all([one for one in self.known if one in self.members], message)


class WakesOnlyTheFirst(Waits):
    async def publish(self, message) -> int:
        got = [queue for queue in self.members if not queue.full()]
        for queue in got:
            if queue is self.members[0]:
                queue.put_nowait(message)
            else:
                queue._put(message)
        return len(got)


class LosesTheEnd(Waits):
    async def shutdown(self) -> None:
        members, self.members = self.members, []
        for queue in members:
            with contextlib.suppress(asyncio.QueueFull):
                queue.put_nowait(None)


class KeepsWhoHasLeft(Waits):
    async def unsubscribe(self, queue: asyncio.Queue) -> None:
        pass


class CountsWhatIsDropped(Waits):
    async def publish(self, message) -> int:
        await super().publish(message)
        return len(self.members)


class HoldsItsLock(Waits):
    def __init__(self) -> None:
        super().__init__()
        self.lock = asyncio.Lock()
        self.empty = asyncio.Event()

    async def unsubscribe(self, queue: asyncio.Queue) -> None:
        async with self.lock:
            await super().unsubscribe(queue)
            if not self.members:
                self.empty.set()

    async def shutdown(self) -> None:
        async with self.lock:
            for queue in self.members:
                await queue.put(None)
            await self.empty.wait()


async def ordinary_day(broker: Waits) -> None:
    """Have eight messages published to four subscribers."""

    async def read(*, pace_s: float = 0.01, joins_s: float = 0, leaves_after: int = 100) -> None:
        await asyncio.sleep(joins_s)
        queue = await broker.subscribe()
        while leaves_after and (await queue.get()) is not None:
            leaves_after -= 1
            await asyncio.sleep(pace_s)
        await broker.unsubscribe(queue)

    async def publish() -> None:
        await asyncio.sleep(0.05)
        for number in range(1, 9):
            await broker.publish(f"message {number}")
            await asyncio.sleep(0.1)
        await broker.shutdown()

    async with asyncio.TaskGroup() as group:
        group.create_task(read(), name="Ada")
        group.create_task(read(pace_s=0.45), name="Ben")
        group.create_task(read(joins_s=0.3), name="Cy")
        group.create_task(read(leaves_after=3), name="Dee")
        group.create_task(publish(), name="publisher")
