"""Exercise 06.2: a reader that handles no message by halves.

>>> from pubsub_lib.lab.exercises import examine
>>> async def let_go_of_it(queue, handle):
...     while (message := await queue.get()) is not None:
...         await handle(message)
...         queue.task_done()
>>> examine("06.2", let_go_of_it).explanation
'the message in hand is broken off when the reader is cancelled; let it be finished first'
"""

import asyncio
from collections.abc import Awaitable, Callable

from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.lab.exercises.shut_down_gracefully.services import SERVICE_TIME_S, broker_with, now

type Read = Callable[[Inbox[int], Callable[[int], Awaitable[None]]], Awaitable[object]]


hints(
    "06.2",
    "A task that you start for the message is not cancelled when you are. Let it handle the "
    "message and call `task_done()`.",
    "`await asyncio.shield(task)` waits for it: when the waiting is cancelled, the task goes on.",
    "In `except asyncio.CancelledError`, await the task once more, and then raise.",
)


@exercise("06.2", "what is in hand is finished, nothing more is begun, and the reader is cancelled")
def check_read_whole(read: Read) -> None:
    """Refuse a reader that breaks a message off, begins another, or hides that it was cancelled."""
    try:
        run_without_polling(_reads_to_the_end(read))
    except* ValueError as errors:
        if "task_done()" not in str(errors.exceptions[0]):
            raise
        require(False, "call task_done() once for every message, and not for the `None`")
    run_without_polling(_cancelled_while_handling(read))
    run_without_polling(_cancelled_while_waiting(read))
    run_virtual(_passes_errors_on(read))


class _Desk:
    """Handles a message in 2 s, and notes which were begun, and which done."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []
        self.inbox: Inbox[int] | None = None

    async def handle(self, message: int) -> None:
        self.begun.append(message)
        await asyncio.sleep(SERVICE_TIME_S)
        require(
            self.inbox is None or self.inbox.unfinished > 0,
            "a message is marked as done while it is being handled; call task_done() after that, "
            "or whoever waits for the end is told too soon",
        )
        self.done.append(message)


async def _reads_to_the_end(read: Read) -> None:
    desk = _Desk()
    broker, desk.inbox = await broker_with(1, 0, 2)
    inbox = desk.inbox
    async with asyncio.TaskGroup() as group:
        group.create_task(_run(read, inbox, desk.handle), name="reader")
        await asyncio.sleep(60)
        require(
            desk.done == [1, 0, 2],
            f"1, 0 and 2 were sent, and {_numbers(desk.done)} handled, without anybody cancelling; "
            "only None is the end",
        )
        require(inbox.unfinished == 0, "call queue.task_done() once for every message")
        await broker.shutdown(timeout=60)


async def _cancelled_while_handling(read: Read) -> None:
    desk = _Desk()
    _broker, inbox = await broker_with(1, 2)
    reader = asyncio.create_task(_run(read, inbox, desk.handle), name="reader")
    await asyncio.sleep(SERVICE_TIME_S / 2)
    reader.cancel()
    await asyncio.wait([reader], timeout=60)
    require(
        reader.done() and desk.begun == [1],
        "the reader was cancelled while it handled a message, and has begun another since",
    )
    ended_s = now()
    await asyncio.sleep(60)
    require(
        desk.done == [1],
        "the message in hand is broken off when the reader is cancelled; let it be finished first",
    )
    require(
        ended_s == SERVICE_TIME_S,
        f"the message in hand is done at {SERVICE_TIME_S:g} s, and the reader ends at {ended_s:g} "
        "s; wait for it, or nobody does",
    )
    require(
        reader.cancelled(),
        "whoever cancelled the reader is to learn that it was cancelled: raise the error again",
    )
    require(inbox.unfinished == 0, "the message in hand was finished: call task_done() for it, too")


async def _cancelled_while_waiting(read: Read) -> None:
    desk = _Desk()
    broker, inbox = await broker_with()
    reader = asyncio.create_task(_run(read, inbox, desk.handle), name="reader")
    await asyncio.sleep(AN_HOUR_S)
    require(not reader.done(), "it ends while its queue is empty; only None is the end")
    reader.cancel()
    await asyncio.wait([reader], timeout=60)
    require(
        reader.done() and reader.cancelled() and now() == AN_HOUR_S,
        "a reader that waits for a message has none in hand; when it is cancelled, it ends at once",
    )
    await broker.publish(1)
    await asyncio.sleep(60)
    require(
        inbox.qsize() == 1 and not desk.begun,
        "the reader was cancelled, and something still takes the next message out of its queue",
    )


async def _passes_errors_on(read: Read) -> None:
    class Bug(Exception):
        pass

    async def fail(message: int) -> None:
        raise Bug

    _broker, inbox = await broker_with(1)
    reader = asyncio.create_task(_run(read, inbox, fail), name="reader")
    await asyncio.wait([reader], timeout=60)
    require(
        reader.done() and isinstance(reader.exception(), Bug),
        "handle() raises an error; let it pass through",
    )


async def _run(read: Read, inbox: Inbox[int], handle: Callable[[int], Awaitable[None]]) -> None:
    await read(inbox, handle)


def _numbers(messages: list[int]) -> str:
    return " and ".join(map(str, messages)) or "none"
