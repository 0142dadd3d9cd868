"""Plausible wrong answers to the exercises of notebook 07, and what the check says to each."""

import asyncio
import gc
import weakref


class ChangesTheList:
    def __init__(self):
        self.members = []

    def join(self, member):
        self.members.append(member)

    def leave(self, member):
        self.members.remove(member)


class ReplacesItOnlyToJoin:
    def __init__(self):
        self.members = []

    def join(self, member):
        self.members = [*self.members, member]

    def leave(self, member):
        self.members.remove(member)


class CopiesForEverybody:
    def __init__(self):
        self._members = []

    @property
    def members(self):
        return list(self._members)

    def join(self, member):
        self._members.append(member)

    def leave(self, member):
        self._members.remove(member)


class ComparesByValue:
    def __init__(self):
        self.members = ()

    def join(self, member):
        self.members = (*self.members, member)

    def leave(self, member):
        self.members = tuple(other for other in self.members if other != member)


class PutsTheNewcomerFirst:
    def __init__(self):
        self.members = ()

    def join(self, member):
        self.members = (member, *self.members)

    def leave(self, member):
        self.members = tuple(other for other in self.members if other is not member)


class ObjectsToLeavingTwice:
    def __init__(self):
        self.members = ()

    def join(self, member):
        self.members = (*self.members, member)

    def leave(self, member):
        place = [id(other) for other in self.members].index(id(member))
        self.members = self.members[:place] + self.members[place + 1 :]


class RemovesAnyoneInstead:
    def __init__(self):
        self.members = ()

    def join(self, member):
        self.members = (*self.members, member)

    def leave(self, member):
        place = next((n for n, other in enumerate(self.members) if other is member), -1)
        self.members = tuple(other for n, other in enumerate(self.members) if n != place % 2)


class SharesADefault:
    def __init__(self, members=[]):  # noqa: B006 - that is the mistake
        self._all = members

    @property
    def members(self):
        return self._all[0] if self._all else ()

    def join(self, member):
        self._all[:] = [(*self.members, member)]

    def leave(self, member):
        self._all[:] = [tuple(other for other in self.members if other is not member)]


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


def take_off(broker, queue):
    broker.queues = [other for other in broker.queues if other is not queue]


class _Handle:
    def __init__(self, broker, queue):
        self.broker = broker
        self.queue = queue

    async def get(self):
        return await self.queue.get()

    def close(self):
        take_off(self.broker, self.queue)


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
        self.close = weakref.finalize(self, take_off, broker, queue)

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


WRONG_ANSWERS = [
    ("07.3", Polls, "looks again and again"),
    ("07.1", ChangesTheList, "then another one joins"),
    ("07.1", ReplacesItOnlyToJoin, "then one leaves"),
    ("07.1", CopiesForEverybody, "make the copy when somebody joins or leaves"),
    ("07.1", ComparesByValue, "equal to each other"),
    ("07.1", PutsTheNewcomerFirst, "in the order in which they came"),
    ("07.1", ObjectsToLeavingTwice, "do nothing"),
    ("07.1", RemovesAnyoneInstead, "leaving twice removes somebody else"),
    ("07.1", SharesADefault, "two rosters share"),
    ("07.2", keeps_the_messages, "weak references"),
    ("07.2", keeps_the_last_message, "`del` it"),
    ("07.2", collects_nothing, "gc.collect()"),
    ("07.2", asks_the_queues, "ask the messages"),
    ("07.2", publishes_before_the_visit, "after the visit"),
    ("07.2", says_whether_any_is_kept, "a number of messages"),
    ("07.3", NeverLeavesByItself, "its queue is still in broker.queues"),
    ("07.3", FinalizesWithItsOwnMethod, "a function that is given the broker and the queue"),
    ("07.3", IsKnownToTheBroker, "something of the broker"),
    ("07.3", ChangesTheBrokersList, "replace the broker's list"),
    ("07.3", ClosesOnlyOnce, "the second time there is nothing to do"),
    ("07.3", ClosesEverybody, "and no other"),
    ("07.3", HandsOutTheQueuesOwnGet, "is to hold the handle"),
    ("07.3", HoldsItselfInACircle, "in a circle"),
]
