"""An event loop in a thread of its own, which says when it sleeps and what wakes it.

An event loop that has nothing to do sleeps until its next timer is due, or until somebody wakes it.
What another thread does to its queues wakes nobody. To see that without luck, one must know that
the loop is asleep, and afterwards, what has ended that sleep.

>>> import asyncio
>>> with BackgroundLoop() as background:
...     sleeping = background.start(asyncio.sleep(0.01, "a result"))
...     background.wait_until_asleep()
...     print(sleeping.result(timeout=10), background.woken_by)
a result a timer
"""

import asyncio
import concurrent.futures
import contextlib
import selectors
import threading
from collections.abc import Coroutine
from typing import Any, Self

LOOK_EVERY_S = 0.05  #: how often to look whether the loop has ended, in seconds


class BackgroundLoop:
    """Runs an event loop in a thread while its block lasts; then the tasks left are cancelled.

    Attributes:
        woken_by: what ended the sleep last waited for, "a timer" or "another thread"; `None` while
            it lasts.
    """

    def __init__(self) -> None:
        self.woken_by: str | None = None
        self._selector = _TellingSelector(self)
        self._started = concurrent.futures.Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()
        self._thread = threading.Thread(target=self._run, name="background loop", daemon=True)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop, for `asyncio.run_coroutine_threadsafe` and `call_soon_threadsafe`.

        Raises:
            RuntimeError: before the block.
        """
        if not self._started.done():
            raise RuntimeError("a background loop runs in its `with` block, and not before")
        loop, _ = self._started.result()
        return loop

    def start[T](self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the loop, as a task, and return the future of its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def wait_until_asleep(self) -> None:
        """Wait until the loop has done all it was given so far and sleeps.

        Raises:
            RuntimeError: if the loop has ended, as `SystemExit` ends one.
        """
        asked, asleep = threading.Event(), threading.Event()

        def tell() -> None:
            # Asking wakes the loop, perhaps after it has got here: that must not count as a wake.
            asked.wait()
            self._selector.tell.append(asleep)

        self.loop.call_soon_threadsafe(tell)
        asked.set()
        while not asleep.wait(LOOK_EVERY_S):
            if not self._thread.is_alive():
                raise RuntimeError("the background loop has ended: something on it raised an exit")

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result()
        return self

    def __exit__(self, *exc_info: object) -> None:
        loop, stop = self._started.result()
        with contextlib.suppress(RuntimeError):  # it has ended already
            loop.call_soon_threadsafe(stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(
            loop_factory=lambda: asyncio.SelectorEventLoop(self._selector), debug=False
        ) as runner:
            runner.run(self._wait_for_the_end())

    async def _wait_for_the_end(self) -> None:
        stop = asyncio.Event()
        self._started.set_result((asyncio.get_running_loop(), stop))
        await stop.wait()


class _TellingSelector(selectors.DefaultSelector):
    """Where an event loop sleeps; tells whoever has asked."""

    def __init__(self, background: BackgroundLoop) -> None:
        super().__init__()
        self.tell: list[threading.Event] = []
        self._background = background

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        falls_asleep = timeout is None or timeout > 0
        if falls_asleep and self.tell:
            if events := super().select(0):  # not yet: it has been woken in advance
                return events
            self._background.woken_by = None
            while self.tell:
                self.tell.pop().set()
        events = super().select(timeout)
        if falls_asleep and self._background.woken_by is None:
            self._background.woken_by = "another thread" if events else "a timer"
        return events
