"""Runs functions that handle messages, each with a subscription of its own.

Whoever writes a subscriber as a loop has to think of subscribing in time, of errors, and of ending.
A `HandlerGroup` does: a handler that raises is counted and reported, and goes on with its next
message; the other handlers do not notice. So is one that was too slow for a ring. One that is cut
off for being too slow, or whose filter raises, is reported, and ends. All of them run in one
`TaskGroup`, so none is left behind. Where messages can come again, as over JetStream, one that a
handler raised on does, later.

A handler takes its messages one after another, which keeps their order. One that mostly waits, as
for a database, may be given several at a time: `add(handle, concurrency=10)`.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def ada(message: str) -> None:
...     print("ada reads", message)
>>> async def bob(message: str) -> None:
...     raise ValueError("a bug")
>>> async def main() -> None:
...     broker = AsyncPubSub[str]()
...     async with HandlerGroup(broker, report=print) as handlers:
...         handlers.add(ada)
...         bobs = handlers.add(bob)
...         await broker.publish("Hello")
...         await broker.shutdown()
...     print(bobs.handled, bobs.failed)
>>> asyncio.run(main())
ada reads Hello
Failure(handler='bob', message='Hello', error=ValueError('a bug'))
0 1
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import CoroutineType, TracebackType
from typing import NoReturn, Self

from pubsub_lib.arguments import (
    answers_at_once,
    checked_whole_number,
    described_and_closed,
    is_coroutine_function,
    refuse_to_copy,
)
from pubsub_lib.errors import Lagged, shown
from pubsub_lib.interfaces import ManagedBroker, ManagedSubscription, RedeliveringSubscription

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure[T]:
    """What is reported when a handler raises, or cannot be given a message.

    Attributes:
        handler: its name.
        message: what it was given; `None` if it could not be given one.
        error: what it raised; `Lagged` if it has missed messages of a ring. Or what ends it:
            `Disconnected` if it was too slow and is cut off, or what its filter raised.
    """

    handler: str
    message: T | None
    error: Exception


def log_failure(failure: Failure[object]) -> None:
    """Report a failure as an error in the log of `pubsub_lib.handlers`, with its traceback."""
    message = shown(failure.message)  # a log loses what it cannot show, and the failure with it
    logger.error("handler %s failed on %s", failure.handler, message, exc_info=failure.error)


class Handler[T]:
    """One function that handles messages, and how it fares. Made by `HandlerGroup.add`.

    Attributes:
        name: what reports call it.
        subscription: where its messages come from; closing it ends the handler.
        handled: how many messages it has handled without an error.
        failed: how many failures were reported of it.
    """

    def __init__(self, name: str, subscription: ManagedSubscription[T]) -> None:
        self.name = name
        self.subscription = subscription
        self.handled = 0
        self.failed = 0


class HandlerGroup[T]:
    """Runs handlers under one TaskGroup; its block ends when every handler has ended.

    A handler ends when the broker is shut down, or its subscription closed. If the block raises, or
    is cancelled, all handlers are cancelled.

    Args:
        broker: where the handlers subscribe.
        report: called with each `Failure`; if it is not given, failures are logged. What it raises
            itself stops all handlers.
        stop_all: whether one failure is to stop all handlers; the block then raises it, in an
            `ExceptionGroup`.

    Raises:
        TypeError: if `report` is no function, or a coroutine function.
    """

    def __init__(
        self,
        broker: ManagedBroker[T],
        *,
        report: Callable[[Failure[T]], object] = log_failure,
        stop_all: bool = False,
    ) -> None:
        if not answers_at_once(report):
            raise TypeError(f"report is a function of one Failure, called at once, not {report!r}")
        self._broker = broker
        self._report = report
        self._stop_all = stop_all
        self._tasks = asyncio.TaskGroup()

    def add(
        self,
        handle: Callable[[T], Awaitable[object]],
        *,
        name: str = "",
        where: Callable[[T], object] | None = None,
        concurrency: int = 1,
    ) -> Handler[T]:
        """Subscribe, and call `handle` with each message that comes from now on.

        Args:
            handle: a coroutine function of one message.
            name: what reports call it; the function's own name, if none is given.
            where: says whether a message is wanted.
            concurrency: how many messages it may handle at a time. With 1, each is handled before
                the next is begun. With more they are begun in order, but may end in any. Each
                counts as done, or is acknowledged, when it has been handled, whatever the others
                do; a shutdown waits for all.

        Raises:
            TypeError: if `handle` is no coroutine function, or `concurrency` no whole number.
            ValueError: if `concurrency` is under 1.
            PubSubClosed: if the broker was shut down.
            RuntimeError: if the group's block is not running.
        """
        if not is_coroutine_function(handle):
            raise TypeError(
                f"a handler is a coroutine function of one message, as `async def` makes them, "
                f"not {handle!r}"
            )
        concurrency = checked_whole_number("concurrency", concurrency, unit="messages", least=1)
        name = name or getattr(handle, "__name__", type(handle).__name__)
        subscription = self._broker.subscribe(name=name, where=where)
        handler = Handler(name, subscription)
        tasks: set[asyncio.Task[None]] = set()

        def ended(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            if not tasks:
                subscription.close()

        for _ in range(concurrency):
            running = self._take_and_handle(handler, handle)
            try:
                tasks.add(self._tasks.create_task(running, name=f"handler {name}"))
            except RuntimeError:
                running.close()
                subscription.close()
                raise RuntimeError(
                    "handlers are added inside `async with HandlerGroup(...)`, before it ends"
                ) from None
        for task in tuple(tasks):  # not inside the task, which may be cancelled before it starts
            task.add_done_callback(ended)
        return handler

    async def _take_and_handle(
        self, handler: Handler[T], handle: Callable[[T], Awaitable[object]]
    ) -> None:
        messages = aiter(handler.subscription)
        while True:
            try:
                message = await anext(messages)
            except StopAsyncIteration:
                return
            except Lagged as error:
                self._fail(handler, None, error)
                continue
            except Exception as error:
                self._fail(handler, None, error)
                return
            try:
                await _uncancelled(handle(message))
            except BaseException as error:
                if isinstance(handler.subscription, RedeliveringSubscription):
                    handler.subscription.task_failed(error)
                if not isinstance(error, Exception):
                    raise
                self._fail(handler, message, error)
            else:
                handler.handled += 1

    def _fail(self, handler: Handler[T], message: T | None, error: Exception) -> None:
        handler.failed += 1
        answer = self._report(Failure(handler.name, message, error))
        if isinstance(answer, CoroutineType):
            raise TypeError(
                "report is a function of one Failure, called at once, not one that returns "
                f"{described_and_closed(answer)}"
            )
        if self._stop_all:
            raise error

    def __reduce__(self) -> NoReturn:
        refuse_to_copy(type(self), "since its tasks are here; hand on this one, or create another")

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._tasks.__aexit__(kind, error, traceback)


async def _uncancelled(handling: Awaitable[object]) -> None:
    """Wait for a handler; that something which it awaits was cancelled is an error like others.

    Else it would end the handler, and nobody would know.
    """
    try:
        await handling
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError("something that the handler awaits was cancelled") from error
