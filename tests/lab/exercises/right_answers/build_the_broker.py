"""Other right answers to the exercises of notebook 03, which its checks are not to refuse."""

import asyncio

from pubsub_lib import ChapterPubSub


class PutsInAll:
    def __init__(self, maxsize=100):
        self.maxsize = maxsize
        self.queues = []

    async def subscribe(self):
        self.queues.append(asyncio.Queue(maxsize=self.maxsize))
        return self.queues[-1]

    async def publish(self, message):
        await asyncio.gather(*(queue.put(message) for queue in self.queues))


class PutsWhereThereIsRoomFirst(PutsInAll):
    async def publish(self, message):
        full = []
        for queue in self.queues:
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                full.append(queue)
        for queue in full:
            await queue.put(message)


class _Counting(ChapterPubSub):
    def __init__(self, maxsize=100):
        super().__init__(maxsize)
        self.dropped = 0


class TimesOutABlock(_Counting):
    async def publish(self, message):
        for queue in self.queues:
            try:
                async with asyncio.timeout(1.0):
                    await queue.put(message)
            except TimeoutError:
                self.dropped += 1


class WaitsForAllTogether(_Counting):
    async def publish(self, message):
        await asyncio.gather(*(self._put(queue, message) for queue in self.queues))

    async def _put(self, queue, message):
        try:
            await asyncio.wait_for(queue.put(message), 1.0)
        except TimeoutError:
            self.dropped += 1


class _Publishing(ChapterPubSub):
    async def shutdown(self):
        for queue in self.queues:
            await queue.put(None)


class ReadsInALoopWithABreak(_Publishing):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        while True:
            message = await queue.get()
            if message is None:
                queue.task_done()  # so that join() returns after the end, too
                return
            handle(message)
            queue.task_done()


class StopsAllTogether(_Publishing):
    async def run_subscriber(self, handle):
        queue = await self.subscribe()
        async for message in self._messages(queue):
            handle(message)

    async def _messages(self, queue):
        while (message := await queue.get()) is not None:
            yield message
            queue.task_done()

    async def shutdown(self):
        async with asyncio.TaskGroup() as group:
            for queue in self.queues:
                group.create_task(queue.put(None))


class TapThatNotesAfterwards:
    def __init__(self, broker):
        self.broker = broker
        self.seen = []

    async def subscribe(self):
        return await self.broker.subscribe()

    async def publish(self, message):
        answer = await self.broker.publish(message)
        self.seen.append(message)
        return answer

    async def shutdown(self):
        return await self.broker.shutdown()


class TapThatHandsOutWhatItIsGiven:
    """Plain methods, which return what is to be awaited."""

    def __init__(self, broker):
        self.broker = broker
        self.seen = []

    def subscribe(self):
        return self.broker.subscribe()

    def publish(self, message):
        self.seen.append(message)
        return self.broker.publish(message)

    def shutdown(self):
        return self.broker.shutdown()


RIGHT_ANSWERS = [
    ("03.1", PutsInAll),
    ("03.1", PutsWhereThereIsRoomFirst),
    ("03.2", TimesOutABlock),
    ("03.2", WaitsForAllTogether),
    ("03.3", ReadsInALoopWithABreak),
    ("03.3", StopsAllTogether),
    ("03.4", TapThatNotesAfterwards),
    ("03.4", TapThatHandsOutWhatItIsGiven),
]
