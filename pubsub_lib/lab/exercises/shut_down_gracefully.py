"""The checks of notebook 06: stop against a deadline, mend the shop, stop a chain.

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
from typing import Any

from pubsub_lib.handlers import HandlerGroup
from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual, stall
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints

type Read = Callable[[Inbox[int], Callable[[int], Awaitable[None]]], Awaitable[object]]
SERVICE_TIME_S = 2.0

hints(
    "06.1",
    "First ask, with `broker.shutdown(timeout=grace_s)`. It may take all of the grace or none of "
    "it.",
    "`asyncio.wait(tasks, timeout=...)` returns two sets, those that are done and those that are "
    "not, and raises nothing. The time-out is what is left of the grace.",
    "Cancel those that are not done, and wait for them, before you return their names.",
)
hints(
    "06.2",
    "A task that you start for the message is not cancelled when you are. Let it handle the "
    "message and call `task_done()`.",
    "`await asyncio.shield(task)` waits for it: when the waiting is cancelled, the task goes on.",
    "In `except asyncio.CancelledError`, await the task once more, and then raise.",
)
hints(
    "06.3",
    "Whoever sends to others stops before those to whom it sends.",
    "One deadline for all: note at the beginning when it is, and give each broker what is left.",
)


@exercise("06.1", "whoever can end does so, whoever cannot is cancelled, and all within the grace")
def check_stop(stop: Callable[..., Awaitable[Any]]) -> None:
    """Refuse a stop that is too hasty, too slow, or leaves somebody behind."""
    run_virtual(_all_are_alive(stop))
    run_virtual(_one_is_dead(stop))


async def _all_are_alive(stop: Callable[..., Awaitable[Any]]) -> None:
    ended: list[str] = []

    async def read_and_tidy_up(inbox: Inbox[int]) -> None:
        async for _message in inbox:
            await asyncio.sleep(SERVICE_TIME_S)
        await asyncio.sleep(1)  # close a file, say goodbye to a server
        ended.append("reader")

    broker, inbox = await _broker_with(1, 2)
    reader = asyncio.create_task(read_and_tidy_up(inbox), name="reader")
    await asyncio.sleep(0)
    cancelled = await stop(broker, [reader], grace_s=30)
    _is_stopped(broker, reader)
    require(
        ended == ["reader"],
        "a reader needs 4 s for its messages and 1 s to tidy up, has 30 s, and is cancelled",
    )
    require(
        _now() == 5.0,
        f"everybody has ended after 5 s, and stop() returns after {_now():g} s",
    )
    require(cancelled == [], f"nobody was cancelled, and you return {cancelled!r}")


async def _one_is_dead(stop: Callable[..., Awaitable[Any]]) -> None:
    tidied_up: list[str] = []

    async def hang(inbox: Inbox[int]) -> None:
        try:
            async for _message in inbox:
                await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0.5)
            tidied_up.append("dead")

    async def read(inbox: Inbox[int]) -> None:
        async for _message in inbox:
            await asyncio.sleep(SERVICE_TIME_S)

    broker, inbox = await _broker_with()
    alive = asyncio.create_task(read(inbox), name="alive")
    dead = asyncio.create_task(hang(broker.subscribe()), name="dead")
    await broker.publish(1)
    await asyncio.sleep(0)
    cancelled = await stop(broker, [alive, dead], grace_s=8)
    require(dead.done(), "stop() has returned, and a task that was cancelled has not ended yet")
    _is_stopped(broker, alive)
    require(not alive.cancelled(), "a reader that needs 2 s and has 8 s is cancelled")
    require(
        _now() == 8.5,
        "the grace is 8 s in all, and the dead one needs 0.5 s to tidy up when it is cancelled; "
        f"stop() returns after {_now():g} s",
    )
    require(
        cancelled == ["dead"],
        f"return the names of those that were cancelled, ['dead'], not {cancelled!r}",
    )


def _is_stopped(broker: AsyncPubSub[int], *tasks: asyncio.Task[Any]) -> None:
    require(broker.closed, "the broker still takes messages; shut it down")
    require(all(task.done() for task in tasks), "stop() has returned, and a task is still running")


@exercise("06.2", "what is in hand is finished, nothing more is begun, and the reader is cancelled")
def check_read_whole(read: Read) -> None:
    """Refuse a reader that breaks a message off, begins another, or hides that it was cancelled."""
    run_without_polling(_reads_to_the_end(read))
    run_without_polling(_cancelled_while_handling(read))
    run_without_polling(_cancelled_while_waiting(read))
    run_virtual(_passes_errors_on(read))


class _Desk:
    """Handles a message in 2 s, and notes which were begun, and which done."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.done: list[int] = []

    async def handle(self, message: int) -> None:
        self.begun.append(message)
        await asyncio.sleep(SERVICE_TIME_S)
        self.done.append(message)


async def _reads_to_the_end(read: Read) -> None:
    desk = _Desk()
    broker, inbox = await _broker_with(1, 2)
    async with asyncio.TaskGroup() as group:
        group.create_task(_run(read, inbox, desk.handle), name="reader")
        await asyncio.sleep(60)
        require(
            desk.done == [1, 2],
            f"1 and 2 were sent, and {_numbers(desk.done)} handled, without anybody cancelling",
        )
        require(inbox.unfinished == 0, "call queue.task_done() once for every message")
        await broker.shutdown(timeout=60)


async def _cancelled_while_handling(read: Read) -> None:
    desk = _Desk()
    _broker, inbox = await _broker_with(1, 2)
    reader = asyncio.create_task(_run(read, inbox, desk.handle), name="reader")
    await asyncio.sleep(SERVICE_TIME_S / 2)
    reader.cancel()
    await asyncio.wait([reader], timeout=60)
    require(
        reader.done() and desk.begun == [1],
        "the reader was cancelled while it handled a message, and has begun another since",
    )
    ended_s = _now()
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
    broker, inbox = await _broker_with()
    reader = asyncio.create_task(_run(read, inbox, desk.handle), name="reader")
    await asyncio.sleep(AN_HOUR_S)
    require(not reader.done(), "it ends while its queue is empty; only None is the end")
    reader.cancel()
    await asyncio.wait([reader], timeout=60)
    require(
        reader.done() and reader.cancelled() and _now() == AN_HOUR_S,
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

    _broker, inbox = await _broker_with(1)
    reader = asyncio.create_task(_run(read, inbox, fail), name="reader")
    await asyncio.wait([reader], timeout=60)
    require(
        reader.done() and isinstance(reader.exception(), Bug),
        "handle() raises an error; let it pass through",
    )


@exercise("06.3", "each broker is stopped once nothing more can come into it, within the grace")
def check_stop_chain(stop_chain: Callable[..., Awaitable[Any]]) -> None:
    """Refuse an order in which messages are lost between two brokers, and too many deadlines."""
    run_virtual(_nothing_is_lost_on_the_way(stop_chain))
    run_virtual(_the_grace_is_shared(stop_chain))


async def _nothing_is_lost_on_the_way(stop_chain: Callable[..., Awaitable[Any]]) -> None:
    orders, invoices, letters = (AsyncPubSub[int](maxsize=10) for _ in range(3))
    refused: list[int] = []
    posted: list[int] = []

    async def write_invoice(order: int) -> None:
        await asyncio.sleep(1)
        await invoices.publish(order)

    async def write_letter(invoice: int) -> None:
        await asyncio.sleep(1)
        await letters.publish(invoice)

    async def post(letter: int) -> None:
        await asyncio.sleep(1)
        posted.append(letter)

    def note(failure: Any) -> None:
        refused.append(failure.message)

    async with (
        HandlerGroup(orders, report=note) as first,
        HandlerGroup(invoices, report=note) as second,
        HandlerGroup(letters, report=note) as third,
    ):
        first.add(write_invoice)
        second.add(write_letter)
        third.add(post)
        for order in range(1, 6):
            await orders.publish(order)
        reports = await stop_chain([orders, invoices, letters], grace_s=30)
        for broker in (orders, invoices, letters):
            require(broker.closed, "a broker of the chain still takes messages")
    require(
        not refused,
        f"{len(refused)} of 5 messages came to a broker that was shut down already; "
        "stop those first who send to others",
    )
    require(posted == [1, 2, 3, 4, 5], f"5 orders were sent, and {len(posted)} letters posted")
    require(
        list(reports) == [(0, 0)] * 3,
        f"return what each shutdown() reports, in the order of the brokers, not {reports!r}",
    )


async def _the_grace_is_shared(stop_chain: Callable[..., Awaitable[Any]]) -> None:
    brokers = [AsyncPubSub[int](maxsize=10) for _ in range(3)]
    dead = [broker.subscribe() for broker in brokers]
    for broker in brokers:
        await broker.publish(1)
    # The loop is busy when the first time-out is due, which so ends a little late.
    asyncio.get_running_loop().call_later(0.0999, stall, 0.0002)
    reports = await stop_chain(brokers, grace_s=0.1)
    took_s = round(_now(), 3)
    require(
        took_s <= 0.1,
        f"the grace is 0.1 s for the whole chain; with dead subscribers it takes {took_s:g} s",
    )
    require(all(broker.closed for broker in brokers), "a broker still takes messages")
    require(
        list(reports) == [(1, 0)] * len(dead),
        "each broker has a dead subscriber with one message unread; its report is to say so",
    )


async def _broker_with(*messages: int) -> tuple[AsyncPubSub[int], Inbox[int]]:
    broker = AsyncPubSub[int](maxsize=10)
    inbox = broker.subscribe()
    for message in messages:
        await broker.publish(message)
    return broker, inbox


async def _run(read: Read, inbox: Inbox[int], handle: Callable[[int], Awaitable[None]]) -> None:
    await read(inbox, handle)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _numbers(messages: list[int]) -> str:
    return " and ".join(map(str, messages)) or "none"
