"""Solutions to the exercises of notebook 01."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable


# Exercise 01.1: the lock guards the list, and nothing else; the callbacks run without it.
class ReentrantPubSub:
    def __init__(self) -> None:
        self.subscribers: list[Callable[[str], None]] = []
        self.lock = threading.Lock()

    def subscribe(self, callback: Callable[[str], None]) -> None:
        with self.lock:
            self.subscribers.append(callback)

    def publish(self, message: str) -> None:
        with self.lock:
            snapshot = list(self.subscribers)
        for callback in snapshot:
            callback(message)


class Client:
    """As the notebook has it."""

    def __init__(self) -> None:
        self.arrived = asyncio.Queue[tuple[str, int] | None]()
        self.handlers: dict[str, Callable[[int], Awaitable[None]]] = {}


# Exercise 01.2: who reads what arrives only sorts it; each subject has a queue and a task.
class MendedClient(Client):
    async def run(self) -> None:
        inboxes = {subject: asyncio.Queue[int | None]() for subject in self.handlers}

        async def handle(subject: str) -> None:
            while (number := await inboxes[subject].get()) is not None:
                await self.handlers[subject](number)

        async with asyncio.TaskGroup() as group:
            for subject in inboxes:
                group.create_task(handle(subject), name=subject)
            while (arrival := await self.arrived.get()) is not None:
                subject, number = arrival
                await inboxes[subject].put(number)
            for inbox in inboxes.values():
                await inbox.put(None)


# Exercise 01.3: Exception, not BaseException, so that the stop button (KeyboardInterrupt) works.
def call_all(callbacks: Iterable[Callable[[str], None]], message: str) -> list[Exception]:
    errors: list[Exception] = []
    for callback in callbacks:
        try:
            callback(message)
        except Exception as error:
            errors.append(error)
    return errors


ANSWERS = {"01.1": ReentrantPubSub, "01.2": MendedClient, "01.3": call_all}
