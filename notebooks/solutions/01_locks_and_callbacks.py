"""Solutions to the exercises of notebook 01."""

import threading
from collections.abc import Callable, Iterable


# Exercise 01.1: Exception, not BaseException, so that the stop button (KeyboardInterrupt) works.
def call_all(callbacks: Iterable[Callable[[str], None]], message: str) -> list[Exception]:
    errors: list[Exception] = []
    for callback in callbacks:
        try:
            callback(message)
        except Exception as error:
            errors.append(error)
    return errors


# Exercise 01.2: the lock guards the list, and nothing else; the callbacks run without it.
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


ANSWERS = {"01.1": call_all, "01.2": ReentrantPubSub}
