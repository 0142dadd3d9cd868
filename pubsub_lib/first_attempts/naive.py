"""The naive publisher: a list of callbacks and a lock (notebook 01).

It is the simplest thing that works, and the yardstick for everything after it. Its publisher does
all of its subscribers' work, one callback after another, while it holds the lock.

>>> publisher = NaivePubSub()
>>> publisher.subscribe(lambda message: print("first:", message))
>>> publisher.subscribe(lambda message: print("second:", message))
>>> publisher.publish("Hello")
first: Hello
second: Hello
"""

import threading
from collections.abc import Callable


class NaivePubSub:
    """Calls every subscriber's callback, in order, in the publisher's own thread.

    Attributes:
        subscribers: the callbacks, in the order in which they subscribed.
        lock: guards `subscribers`; held by `publish` until the last callback has returned.
    """

    def __init__(self) -> None:
        self.subscribers: list[Callable[[str], None]] = []
        self.lock = threading.Lock()

    def subscribe(self, callback: Callable[[str], None]) -> None:
        """Call `callback` with every message that is published from now on.

        Raises:
            TypeError: if `callback` cannot be called.
        """
        if not callable(callback):
            raise TypeError(f"subscribe() takes a function of one message, not {callback!r}")
        with self.lock:
            self.subscribers.append(callback)

    def publish(self, message: str) -> None:
        """Call every callback with the message; return when the last one has returned.

        The lock is not re-entrant: a callback that publishes or subscribes waits for ever. An
        exception in one callback reaches the publisher, and the callbacks after it are not called.
        """
        with self.lock:
            for callback in self.subscribers:
                callback(message)
