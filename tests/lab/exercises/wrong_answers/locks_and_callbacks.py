"""Plausible wrong answers to the exercises of notebook 01, and what the check says to each."""

import asyncio
import contextlib
import threading

from pubsub_lib import NaivePubSub


def stops_at_the_first(callbacks, message):
    try:
        for callback in callbacks:
            callback(message)
    except Exception as error:
        return [error]
    return []


def hides_the_errors(callbacks, message):
    for callback in callbacks:
        with contextlib.suppress(Exception):
            callback(message)
    return []


def raises_at_the_end(callbacks, message):
    failure = None
    for callback in callbacks:
        try:
            callback(message)
        except Exception as error:
            failure = error
    if failure is not None:
        raise failure
    return []


def catches_the_stop_button(callbacks, message):
    errors = []
    for callback in callbacks:
        try:
            callback(message)
        except BaseException as error:
            errors.append(error)
    return errors


class ReentrantLockPubSub(NaivePubSub):
    def __init__(self):
        super().__init__()
        self.lock = threading.RLock()


class SnapshotUnderAReentrantLock(ReentrantLockPubSub):
    def publish(self, message):
        with self.lock:
            for callback in list(self.subscribers):
                callback(message)


class ListWithoutSnapshot(NaivePubSub):
    def publish(self, message):
        with self.lock:
            subscribers = self.subscribers
        for callback in subscribers:
            callback(message)


class NoLockAtAll(NaivePubSub):
    def subscribe(self, callback):
        self.subscribers.append(callback)

    def publish(self, message):
        for callback in list(self.subscribers):
            callback(message)


def names_the_exceptions_it_knows(callbacks, message):
    errors = []
    for callback in callbacks:
        try:
            callback(message)
        except (ValueError, KeyError, OSError) as error:
            errors.append(error)
    return errors


def keeps_one_error_of_each_kind(callbacks, message):
    errors = {}
    for callback in callbacks:
        try:
            callback(message)
        except Exception as error:
            errors[type(error)] = error
    return list(errors.values())


class CopyWithoutTheLock(NaivePubSub):
    def publish(self, message):
        for callback in list(self.subscribers):
            callback(message)


class Client:
    def __init__(self):
        self.arrived = asyncio.Queue()
        self.handlers = {}

    async def run(self):
        while (arrival := await self.arrived.get()) is not None:
            subject, number = arrival
            await self.handlers[subject](number)


class TaskForEachMessage(Client):
    async def run(self):
        async with asyncio.TaskGroup() as group:
            while (arrival := await self.arrived.get()) is not None:
                subject, number = arrival
                group.create_task(self.handlers[subject](number))


class WithQueues(Client):
    async def run(self):
        self.inboxes = {subject: asyncio.Queue() for subject in self.handlers}
        tasks = [asyncio.create_task(self.handle(subject)) for subject in self.handlers]
        while (arrival := await self.arrived.get()) is not None:
            subject, number = arrival
            await self.inboxes[subject].put(number)
        await self.end(tasks)

    async def handle(self, subject):
        while (number := await self.inboxes[subject].get()) is not None:
            await self.handlers[subject](number)

    async def end(self, tasks):
        for inbox in self.inboxes.values():
            await inbox.put(None)
        await asyncio.wait(tasks)


class LeavesItsTasks(WithQueues):
    async def end(self, tasks):
        pass


class CancelsWhatIsNotHandled(WithQueues):
    async def end(self, tasks):
        for task in tasks:
            task.cancel()


class NeverEndsItsTasks(WithQueues):
    async def end(self, tasks):
        await asyncio.wait(tasks)


class LooksIntoItsQueues(WithQueues):
    async def handle(self, subject):
        inbox = self.inboxes[subject]
        while True:
            while inbox.empty():  # noqa: ASYNC110 - which is what is wrong with it
                await asyncio.sleep(0.001)
            if (number := inbox.get_nowait()) is None:
                return
            await self.handlers[subject](number)


class EndsWhenNothingHasArrived(WithQueues):
    async def run(self):
        self.inboxes = {subject: asyncio.Queue() for subject in self.handlers}
        tasks = [asyncio.create_task(self.handle(subject)) for subject in self.handlers]
        await asyncio.sleep(0)
        while not self.arrived.empty():
            subject, number = self.arrived.get_nowait()
            await self.inboxes[subject].put(number)
        await self.end(tasks)


class _Client:
    def __init__(self):
        self.arrived = asyncio.Queue()
        self.handlers = {}


class OnlyOrdersGetATask(_Client):
    async def run(self):
        queue = asyncio.Queue()

        async def work():
            while (number := await queue.get()) is not None:
                await self.handlers["orders"](number)

        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            while (arrival := await self.arrived.get()) is not None:
                subject, number = arrival
                if subject == "orders":
                    queue.put_nowait(number)
                else:
                    await self.handlers[subject](number)
            queue.put_nowait(None)


class HasABoundOfTen(_Client):
    async def run(self):
        queues = {subject: asyncio.Queue(10) for subject in self.handlers}

        async def work(subject):
            while (number := await queues[subject].get()) is not None:
                await self.handlers[subject](number)

        async with asyncio.TaskGroup() as group:
            for subject in queues:
                group.create_task(work(subject))
            while (arrival := await self.arrived.get()) is not None:
                await queues[arrival[0]].put(arrival[1])
            for queue in queues.values():
                await queue.put(None)


WRONG_ANSWERS = [
    ("01.3", stops_at_the_first, "each is to be called once"),
    ("01.3", hides_the_errors, "return the exceptions"),
    ("01.3", raises_at_the_end, "catch it"),
    ("01.3", catches_the_stop_button, "stop button"),
    ("01.3", names_the_exceptions_it_knows, "whatever Exception it is"),
    ("01.3", keeps_one_error_of_each_kind, "return the exceptions"),
    ("01.1", NaivePubSub, "with self.lock:"),
    ("01.1", ReentrantLockPubSub, "go through a copy"),
    ("01.1", SnapshotUnderAReentrantLock, "another thread cannot publish"),
    ("01.1", ListWithoutSnapshot, "go through a copy"),
    ("01.1", NoLockAtAll, "does not wait for another thread"),
    ("01.1", CopyWithoutTheLock, "take the lock for the copy"),
    ("01.2", Client, "another subject's handler"),
    ("01.2", TaskForEachMessage, "one after the other"),
    ("01.2", LeavesItsTasks, "when run() returns these are handled"),
    ("01.2", CancelsWhatIsNotHandled, "when run() returns these are handled"),
    ("01.2", NeverEndsItsTasks, "run() never returns"),
    ("01.2", LooksIntoItsQueues, "looks again and again"),
    ("01.2", EndsWhenNothingHasArrived, "the None has not come"),
    ("01.2", OnlyOrdersGetATask, "orders 2 and 4 arrive at 0 s"),
    ("01.2", HasABoundOfTen, "a queue with a bound makes whoever puts into it wait"),
]
