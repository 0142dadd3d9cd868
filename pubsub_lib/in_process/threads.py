"""Publishing from other threads: bounded, and with an end, whatever becomes of the event loop.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def main() -> None:
...     async with AsyncPubSub[str]() as broker, broker.subscribe() as inbox:
...         await asyncio.to_thread(lambda: broker.publish_threadsafe("Hello").result())
...         print(await inbox.get())
...         inbox.task_done()
>>> asyncio.run(main())
Hello
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, InvalidStateError
from typing import Any

from pubsub_lib.errors import PubSubClosed, PubSubFull
from pubsub_lib.in_process.event_loop import HomeLoop, running_loop
from pubsub_lib.reports import Delivery

MOST_WAITING = 10_000  #: publishes of other threads that may wait for one broker's event loop
LOOK_EVERY_S = 0.05  #: how often to look whether the event loop has ended, in seconds


class ThreadPublishing:
    """The publishes of other threads that a broker has not yet answered.

    Args:
        home: the broker's event loop.
    """

    def __init__(self, home: HomeLoop) -> None:
        self._home = home
        self._futures: set[Future[Delivery]] = set()
        self._counting = threading.Lock()  # held from the look at the limit until one more counts
        self._watching = threading.Lock()  # held by the thread that watches the loop

    def start(self, publish: Callable[[], Coroutine[Any, Any, Delivery]]) -> "Future[Delivery]":
        """Let the event loop publish, and return what tells another thread what became of it.

        Raises:
            PubSubClosed: if the event loop has ended.
            PubSubFull: if too many wait for the event loop already.
            RuntimeError: if there is no event loop yet, or this is its own thread.
        """
        loop, owner = self._home.loop, self._home.owner
        if loop is None:
            raise RuntimeError(
                f"this {owner} has no event loop yet; subscribe to it, or publish, on its event "
                "loop first"
            )
        if loop is running_loop():
            raise RuntimeError(
                "this is the broker's own thread, which must not wait: await publish()"
            )
        future: Future[Delivery] = Future()
        with self._counting:
            if len(self._futures) >= MOST_WAITING:
                raise PubSubFull(
                    Delivery(0),
                    f"{MOST_WAITING:,} messages of other threads wait for the event loop of this "
                    f"{owner} already; wait for result() before publishing more",
                )
            self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        try:
            self._watch(loop)  # first, as there may be no thread for it: then nothing is published
            loop.call_soon_threadsafe(self._start, publish, future)
        except RuntimeError:
            future.cancel()
            if not loop.is_closed():
                raise
            raise _ended() from None
        return future

    def _start(
        self, publish: Callable[[], Coroutine[Any, Any, Delivery]], future: "Future[Delivery]"
    ) -> None:
        if future.cancelled():
            return
        # Begun at once, so that an event loop which ends leaves none that was not begun.
        task = asyncio.Task(publish(), loop=asyncio.get_running_loop(), eager_start=True)
        if task.done():
            _answer(future, task)
            return
        # If the loop ends before it does, the thread is told so, and that is enough.
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        task.add_done_callback(lambda task: _answer(future, task))
        future.add_done_callback(lambda future: self._withdraw(future, task))

    def _withdraw(self, future: "Future[Delivery]", task: "asyncio.Task[Delivery]") -> None:
        if future.cancelled() and self._home.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and the task with it
                self._home.loop.call_soon_threadsafe(task.cancel)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have a thread look after the futures, as nobody is told when an event loop closes."""
        if self._watching.acquire(blocking=False):
            try:
                threading.Thread(target=self._look, args=[loop], daemon=True).start()
            except RuntimeError:
                self._watching.release()
                raise

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._futures and not loop.is_closed():
            time.sleep(LOOK_EVERY_S)
        self._watching.release()
        if loop.is_closed():
            for future in list(self._futures):
                _settle(future, _ended())
        elif self._futures:  # of somebody who came while this thread was leaving
            self._watch(loop)


def _answer(future: "Future[Delivery]", task: "asyncio.Task[Delivery]") -> None:
    if task.cancelled():
        _settle(future, _ended())  # with all tasks; a future that is cancelled is done already
    elif (error := task.exception()) is not None:
        _settle(future, error)
    else:
        with contextlib.suppress(InvalidStateError):  # it was cancelled too late
            future.set_result(task.result())


def _settle(future: "Future[Delivery]", error: BaseException) -> None:
    with contextlib.suppress(InvalidStateError):
        future.set_exception(error)


def _ended() -> PubSubClosed:
    return PubSubClosed("the event loop of this broker has ended")
