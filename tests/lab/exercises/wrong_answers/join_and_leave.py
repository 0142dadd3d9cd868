"""Plausible wrong answers to the exercises of notebook 07, and what the check says to each."""

import asyncio
import contextlib
import gc
import weakref


async def keeps_the_messages(new_broker, visit, new_message):
    broker = new_broker()
    await visit(broker)
    messages = [new_message() for _ in range(10)]
    for message in messages:
        await broker.publish(message)
    watched = [weakref.ref(message) for message in messages]
    gc.collect()
    return sum(reference() is not None for reference in watched)


async def keeps_the_last_message(new_broker, visit, new_message):
    broker = new_broker()
    await visit(broker)
    watched = []
    for _ in range(10):
        message = new_message()
        watched.append(weakref.ref(message))
        await broker.publish(message)
    await asyncio.sleep(0)
    gc.collect()
    return sum(reference() is not None for reference in watched)


async def collects_nothing(new_broker, visit, new_message):
    broker = new_broker()
    await visit(broker)
    watched = weakref.WeakSet()
    for _ in range(10):
        message = new_message()
        watched.add(message)
        await broker.publish(message)
    del message
    await asyncio.sleep(0)
    return len(watched)


async def asks_the_queues(new_broker, visit, new_message):
    broker = new_broker()
    await visit(broker)
    for _ in range(10):
        await broker.publish(new_message())
    return sum(queue.qsize() for queue in broker.queues)


async def publishes_before_the_visit(new_broker, visit, new_message):
    broker = new_broker()
    watched = weakref.WeakSet()
    for _ in range(10):
        message = new_message()
        watched.add(message)
        await broker.publish(message)
    del message
    await visit(broker)
    gc.collect()
    return len(watched)


async def says_whether_any_is_kept(new_broker, visit, new_message):
    return await collects_nothing(new_broker, visit, new_message) > 0


class _Handle:
    def __init__(self, broker, queue):
        self.broker = broker
        self.queue = queue

    async def get(self):
        return await self.queue.get()

    def close(self):
        _take_off(self.broker, self.queue)


class NeverLeavesByItself(_Handle):
    pass


class FinalizesWithItsOwnMethod(_Handle):
    def __init__(self, broker, queue):
        super().__init__(broker, queue)
        weakref.finalize(self, self.close)


class IsKnownToTheBroker(_Handle):
    def __init__(self, broker, queue):
        super().__init__(broker, queue)
        queue.handle = self

    def __del__(self):
        self.close()


class ChangesTheBrokersList(_Handle):
    def __del__(self):
        self.close()

    def close(self):
        if self.queue in self.broker.queues:
            self.broker.queues.remove(self.queue)


class ClosesOnlyOnce(_Handle):
    def close(self):
        self.broker.queues = list(self.broker.queues)
        self.broker.queues.remove(self.queue)


class ClosesEverybody(_Handle):
    def close(self):
        self.broker.queues = []


class HandsOutTheQueuesOwnGet(_Handle):
    def __init__(self, broker, queue):
        self.queue = queue
        self.close = weakref.finalize(self, _take_off, broker, queue)

    def get(self):
        return self.queue.get()


class HoldsItselfInACircle(_Handle):
    def __init__(self, broker, queue):
        super().__init__(broker, queue)
        self.leave = self.close

    def __del__(self):
        self.close()


class Polls:
    def __init__(self, broker, queue):
        self.queue = queue
        self.closing = weakref.finalize(self, _take_off, broker, queue)

    async def get(self):
        while self.queue.empty():  # noqa: ASYNC110 - the mistake
            await asyncio.sleep(0.01)
        return self.queue.get_nowait()

    def close(self):
        self.closing()


def _take_off(broker, queue):
    broker.queues = [other for other in broker.queues if other is not queue]


class _Relay:
    def __init__(self):
        self.phones = {}

    def join(self, name):
        self.phones[name] = asyncio.Queue(maxsize=1)
        return self.phones[name]

    def leave(self, name):
        del self.phones[name]


class IsLeftAsItWas(_Relay):
    async def publish(self, score):
        for queue in self.phones.values():
            await queue.put(score)


class HidesTheError(_Relay):
    async def publish(self, score):
        with contextlib.suppress(RuntimeError):
            for queue in self.phones.values():
                await queue.put(score)


class StartsAgain(_Relay):
    async def publish(self, score):
        while True:
            try:
                for queue in self.phones.values():
                    await queue.put(score)
            except RuntimeError:
                continue
            return


class LooksEachNameUp(_Relay):
    async def publish(self, score):
        for name in list(self.phones):
            await self.phones[name].put(score)


class WaitsForWhoHasLeft(_Relay):
    async def publish(self, score):
        for queue in list(self.phones.values()):
            await queue.put(score)


class WaitsForNobody(_Relay):
    async def publish(self, score):
        for queue in list(self.phones.values()):
            if not queue.full():
                queue.put_nowait(score)


class KeepsAList:
    def __init__(self):
        self.names, self.queues = [], []

    def join(self, name):
        self.names.append(name)
        self.queues.append(asyncio.Queue(maxsize=1))
        return self.queues[-1]

    def leave(self, name):
        place = self.names.index(name)
        del self.names[place], self.queues[place]

    async def publish(self, score):
        for queue in self.queues:
            await queue.put(score)


class LeavesNobodyOff(_Relay):
    def leave(self, name):
        while not self.phones[name].empty():
            self.phones[name].get_nowait()

    async def publish(self, score):
        for queue in list(self.phones.values()):
            await queue.put(score)


class _Leaving:
    def __init__(self, broker, queue):
        self._queue = queue
        self._broker = broker
        self._leave = weakref.finalize(self, _take_off, broker, queue)

    async def get(self):
        return await self._queue.get()

    def close(self):
        self._leave()


class LooksUpWhoIsThere(_Relay):
    async def publish(self, score):
        for name in list(self.phones):
            if name in self.phones:
                await self.phones[name].put(score)


class RemembersNames(_Relay):
    def __init__(self):
        super().__init__()
        self.gone = set()

    def leave(self, name):
        super().leave(name)
        self.gone.add(name)

    async def publish(self, score):
        for name, queue in list(self.phones.items()):
            if name not in self.gone:
                await queue.put(score)


class LeavesASecondPublishBehind(_Relay):
    def leave(self, name):
        queue = self.phones.pop(name)
        while not queue.empty():
            queue.get_nowait()

    async def publish(self, score):
        for name, queue in list(self.phones.items()):
            if name in self.phones:
                await queue.put(score)


class MarksWhoHasLeft(_Relay):
    """As one that calls `shutdown(immediate=True)` of the queue, which Python 3.13 has."""

    def leave(self, name):
        queue = self.phones[name]
        queue.gone = True
        while not queue.empty():
            queue.get_nowait()

    async def publish(self, score):
        for queue in list(self.phones.values()):
            if not hasattr(queue, "gone"):
                await queue.put(score)
                if hasattr(queue, "gone"):
                    queue.get_nowait()


class RemembersTheQueuesOfThoseWhoLeft(_Relay):
    def __init__(self):
        super().__init__()
        self.gone = set()

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


class TriesEveryFiveSeconds(_Relay):
    async def publish(self, score):
        for name, queue in list(self.phones.items()):
            while self.phones.get(name) is queue:
                try:
                    await asyncio.wait_for(queue.put(score), 5)
                    break
                except TimeoutError:
                    pass


class ClosesInPlace(_Leaving):
    def close(self):
        if self._queue in self._broker.queues:
            self._broker.queues.remove(self._queue)
        self._leave.detach()


class RemembersItsPlace(_Leaving):
    def __init__(self, broker, queue):
        self._queue = queue
        self._broker = broker
        place = broker.queues.index(queue)

        def leave():
            broker.queues = broker.queues[:place] + broker.queues[place + 1 :]

        self._leave = weakref.finalize(self, leave)


WAITING = set()


class KeepsItselfUntilAMessageComes(_Leaving):
    async def get(self):
        WAITING.add(self)
        message = await self._queue.get()
        WAITING.discard(self)
        return message


class HidesACancellation(_Leaving):
    async def get(self):
        try:
            return await self._queue.get()
        except asyncio.CancelledError:
            return None


WRONG_ANSWERS = [
    ("07.3", Polls, "looks again and again"),
    ("07.1", keeps_the_messages, "weak references"),
    ("07.1", keeps_the_last_message, "`del` it"),
    ("07.1", collects_nothing, "gc.collect()"),
    ("07.1", asks_the_queues, "ask the messages"),
    ("07.1", publishes_before_the_visit, "after the visit"),
    ("07.1", says_whether_any_is_kept, "a number of messages"),
    ("07.2", IsLeftAsItWas, "ends with RuntimeError"),
    ("07.2", HidesTheError, "that no error is seen does not mend it"),
    ("07.2", StartsAgain, "and the publish waits for ever"),
    ("07.2", LooksEachNameUp, "ends with KeyError"),
    ("07.2", WaitsForWhoHasLeft, "and the publish waits for ever"),
    ("07.2", WaitsForNobody, "it is to wait for room"),
    ("07.2", KeepsAList, "one of those who stay misses"),
    ("07.2", LeavesNobodyOff, "still gets what is published later"),
    ("07.3", NeverLeavesByItself, "its queue is still in broker.queues"),
    ("07.3", FinalizesWithItsOwnMethod, "a function that is given the broker and the queue"),
    ("07.3", IsKnownToTheBroker, "something of the broker"),
    ("07.3", ChangesTheBrokersList, "replace the broker's list"),
    ("07.3", ClosesOnlyOnce, "the second time there is nothing to do"),
    ("07.3", ClosesEverybody, "and no other"),
    ("07.3", HandsOutTheQueuesOwnGet, "is to hold the handle"),
    ("07.3", HoldsItselfInACircle, "in a circle"),
    ("07.2", LooksUpWhoIsThere, "had begun before it came"),
    ("07.2", RemembersNames, "misses the next score"),
    ("07.2", LeavesASecondPublishBehind, "the second has none"),
    ("07.2", MarksWhoHasLeft, "the relay still keeps it"),
    ("07.2", RemembersTheQueuesOfThoseWhoLeft, "the relay still keeps it"),
    ("07.2", TriesEveryFiveSeconds, "looks for some again and again"),
    ("07.3", ClosesInPlace, "a handle is closed while a publish waits"),
    ("07.3", RemembersItsPlace, "places in the list change"),
    ("07.3", KeepsItselfUntilAMessageComes, "was cancelled, nobody holds the handle"),
    ("07.3", HidesACancellation, "get() hides that"),
]
