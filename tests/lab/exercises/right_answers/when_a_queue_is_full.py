"""Other right answers to the exercises of notebook 05, which its checks are not to refuse."""

import asyncio
from collections import OrderedDict

from pubsub_lib import Overflow


def uses_all_the_memory(data):
    return {
        "prices": {"maxsize": 1, "timeout": 0.0, "overflow": Overflow.DROP_OLDEST},
        "orders": {"maxsize": 100, "timeout": 5.0, "overflow": Overflow.RAISE},
        "log lines": {"maxsize": 100, "timeout": 0, "overflow": Overflow.DROP_NEWEST},
        "live view": {"maxsize": 1, "timeout": 0.2, "overflow": Overflow.DISCONNECT},
    }[data]


def waits_for_half_a_burst(data):
    match data:
        case "prices":
            return {"timeout": 0, "overflow": Overflow.DROP_OLDEST, "maxsize": 1}
        case "orders":
            return {"maxsize": 15, "timeout": 0.5, "overflow": Overflow.RAISE}
        case "log lines":
            return {"maxsize": 60, "timeout": 0, "overflow": Overflow.DROP_NEWEST}
        case _:
            return {"maxsize": 100, "timeout": 0.05, "overflow": Overflow.DISCONNECT}


class TriesAndCatches:
    def __init__(self, queue):
        self.queue = queue
        self.missing = 0

    def write(self, line):
        try:
            if self.missing:
                self.queue.put_nowait(self.missing)
                self.missing = 0
            self.queue.put_nowait(line)
        except asyncio.QueueFull:
            self.missing += 1


class AsksForTheRoomThatIsLeft:
    def __init__(self, queue):
        self.queue = queue
        self.missing = 0

    def write(self, line):
        room = self.queue.maxsize - self.queue.qsize()
        if room and self.missing:
            self.queue.put_nowait(self.missing)
            self.missing, room = 0, room - 1
        if room:
            self.queue.put_nowait(line)
        else:
            self.missing += 1


class NotifiesUnderACondition:
    def __init__(self):
        self.values = OrderedDict()
        self.waiting = []

    def put(self, key, value):
        self.values[key] = value
        for future in self.waiting:
            if not future.done():
                future.set_result(None)
                break

    async def get(self):
        while not self.values:
            future = asyncio.get_running_loop().create_future()
            self.waiting.append(future)
            try:
                await future
            finally:
                self.waiting.remove(future)
        return self.values.popitem(last=False)


class QueuesEachKeyOnce:
    def __init__(self):
        self.values = {}
        self.keys = asyncio.Queue()

    def put(self, key, value):
        if key not in self.values:
            self.keys.put_nowait(key)
        self.values[key] = value

    async def get(self):
        key = await self.keys.get()
        return key, self.values.pop(key)


RIGHT_ANSWERS = [
    ("05.1", uses_all_the_memory),
    ("05.1", waits_for_half_a_burst),
    ("05.2", TriesAndCatches),
    ("05.2", AsksForTheRoomThatIsLeft),
    ("05.3", NotifiesUnderACondition),
    ("05.3", QueuesEachKeyOnce),
]
