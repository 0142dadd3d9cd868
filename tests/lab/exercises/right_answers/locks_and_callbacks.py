"""Other right answers to the exercises of notebook 01, which its checks are not to refuse."""

import asyncio
import threading
from collections import defaultdict


class ReplacesTheList:
    def __init__(self):
        self.subscribers = ()
        self.lock = threading.Lock()

    def subscribe(self, callback):
        with self.lock:
            self.subscribers = (*self.subscribers, callback)

    def publish(self, message):
        for callback in self.subscribers:
            callback(message)


class CopiesUnderAnRLock:
    def __init__(self):
        self.subscribers = []
        self.lock = threading.RLock()

    def subscribe(self, callback):
        with self.lock:
            self.subscribers.append(callback)

    def publish(self, message):
        with self.lock:
            snapshot = self.subscribers[:]
        for callback in snapshot:
            callback(message)


class _Client:
    def __init__(self):
        self.arrived = asyncio.Queue()
        self.handlers = {}


class LocksEachSubject(_Client):
    """A task for each message; a lock of asyncio lets those that wait in as they came."""

    async def run(self):
        locks = defaultdict(asyncio.Lock)

        async def handle(subject, number):
            async with locks[subject]:
                await self.handlers[subject](number)

        async with asyncio.TaskGroup() as group:
            while (arrival := await self.arrived.get()) is not None:
                group.create_task(handle(*arrival))


class StartsEachSubjectWhenItComes(_Client):
    async def run(self):
        inboxes = {}

        async def handle(subject):
            while (number := await inboxes[subject].get()) is not None:
                await self.handlers[subject](number)

        async with asyncio.TaskGroup() as group:
            while (arrival := await self.arrived.get()) is not None:
                subject, number = arrival
                if subject not in inboxes:
                    inboxes[subject] = asyncio.Queue()
                    group.create_task(handle(subject))
                inboxes[subject].put_nowait(number)
            for inbox in inboxes.values():
                inbox.put_nowait(None)


def one_at_a_time(callbacks, message):
    return [error for callback in callbacks if (error := _error_of(callback, message))]


def _error_of(callback, message):
    try:
        callback(message)
    except Exception as error:
        return error
    return None


def lets_the_stop_button_through(callbacks, message):
    errors = []
    for callback in callbacks:
        try:
            callback(message)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            errors.append(error)
    return errors


RIGHT_ANSWERS = [
    ("01.1", ReplacesTheList),
    ("01.1", CopiesUnderAnRLock),
    ("01.2", LocksEachSubject),
    ("01.2", StartsEachSubjectWhenItComes),
    ("01.3", one_at_a_time),
    ("01.3", lets_the_stop_button_through),
]
