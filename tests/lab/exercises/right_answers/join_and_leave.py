"""Other right answers to the exercises of notebook 07, which its checks are not to refuse."""

import asyncio
import gc
import weakref


async def watches_a_weak_set(new_broker, visit, new_message):
    broker, watched = new_broker(), weakref.WeakSet()
    await visit(broker)

    async def publish():
        message = new_message()
        watched.add(message)
        await broker.publish(message)

    for _ in range(10):
        await publish()
    await asyncio.sleep(1)
    gc.collect()
    return len(watched)


async def counts_those_that_go(new_broker, visit, new_message):
    broker, gone = new_broker(), []
    await visit(broker)
    messages = [new_message() for _ in range(10)]
    for number, message in enumerate(messages):
        weakref.finalize(message, gone.append, number).atexit = False
    while messages:
        await broker.publish(messages.pop(0))
    del message
    await asyncio.sleep(0)
    gc.collect()
    return 10 - len(gone)


class _Relay:
    def __init__(self):
        self.phones = {}

    def join(self, name):
        self.phones[name] = asyncio.Queue(maxsize=1)
        return self.phones[name]


class WaitsForRoomOrForWhoLeaves(_Relay):
    """Each queue has an event beside it, which is set when its phone leaves."""

    def __init__(self):
        super().__init__()
        self.left = {}

    def join(self, name):
        queue = super().join(name)
        self.left[queue] = asyncio.Event()
        return queue

    def leave(self, name):
        self.left.pop(self.phones.pop(name)).set()

    async def publish(self, score):
        for queue in list(self.phones.values()):
            if queue not in self.left:
                continue
            putting = asyncio.ensure_future(queue.put(score))
            leaving = asyncio.ensure_future(self.left[queue].wait())
            await asyncio.wait([putting, leaving], return_when=asyncio.FIRST_COMPLETED)
            putting.cancel()
            leaving.cancel()


class LetsGoOfWhoLeft(_Relay):
    def leave(self, name):
        queue = self.phones.pop(name)
        queue.gone = True
        while queue.qsize():
            queue.get_nowait()

    async def publish(self, score):
        for queue in tuple(self.phones.values()):
            if not getattr(queue, "gone", False):
                await queue.put(score)
            if getattr(queue, "gone", False) and queue.qsize():
                queue.get_nowait()


class RemembersWeaklyWhoLeft(_Relay):
    def __init__(self):
        super().__init__()
        self.gone = weakref.WeakSet()

    def leave(self, name):
        queue = self.phones.pop(name)
        self.gone.add(queue)
        while not queue.empty():
            queue.get_nowait()

    async def publish(self, score):
        for queue in list(self.phones.values()):
            if queue not in self.gone:
                await queue.put(score)
                if queue in self.gone:
                    queue.get_nowait()


def _take_off(broker, queue):
    broker.queues = [other for other in broker.queues if other is not queue]


class LeavesWhenDeleted:
    def __init__(self, broker, queue):
        self.broker, self.queue = broker, queue

    async def get(self):
        message = await self.queue.get()
        return message if self is not None else None

    def close(self):
        _take_off(self.broker, self.queue)

    def __del__(self):
        self.close()


class AsksTheLoopToClose:
    def __init__(self, broker, queue):
        self.broker, self.queue = broker, queue
        self.loop = asyncio.get_running_loop()

    async def get(self):
        return await self.queue.get()

    def close(self):
        _take_off(self.broker, self.queue)

    def __del__(self):
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(_take_off, self.broker, self.queue)


RIGHT_ANSWERS = [
    ("07.1", watches_a_weak_set),
    ("07.1", counts_those_that_go),
    ("07.2", WaitsForRoomOrForWhoLeaves),
    ("07.2", LetsGoOfWhoLeft),
    ("07.2", RemembersWeaklyWhoLeft),
    ("07.3", LeavesWhenDeleted),
    ("07.3", AsksTheLoopToClose),
]
