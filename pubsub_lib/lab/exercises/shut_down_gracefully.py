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
import contextlib
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
TIDY_UP_S = AN_HOUR_S + 0.0371  #: at no time at which somebody would look
LOOKS_AGAIN = (
    "while the tasks are busy it looks again and again whether they have ended; `asyncio.wait()` "
    "waits until they have"
)

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
    run_without_polling(_all_are_alive(stop), LOOKS_AGAIN)
    run_virtual(_one_is_dead(stop))
    for backwards in (False, True):
        run_virtual(_many_are_dead(stop, backwards=backwards))
    run_virtual(_one_fails(stop))


async def _all_are_alive(stop: Callable[..., Awaitable[Any]]) -> None:
    ended: list[str] = []

    async def read_and_tidy_up(inbox: Inbox[int]) -> None:
        async for _message in inbox:
            await asyncio.sleep(SERVICE_TIME_S)
        await asyncio.sleep(TIDY_UP_S)  # close a file, say goodbye to a server
        ended.append("reader")

    broker, inbox = await _broker_with(1, 2)
    reader = asyncio.create_task(read_and_tidy_up(inbox), name="reader")
    await asyncio.sleep(0)
    cancelled = await stop(broker, [reader], grace_s=3 * AN_HOUR_S)
    _is_stopped(broker, reader)
    require(
        ended == ["reader"],
        "a reader needs 4 s for its messages and an hour to tidy up, has three hours, and is "
        "cancelled",
    )
    ended_s = 2 * SERVICE_TIME_S + TIDY_UP_S
    require(
        round(_now() - ended_s, 6) == 0,
        f"everybody has ended after {ended_s:.2f} s, and stop() returns after {_now():.2f} s",
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


async def _many_are_dead(stop: Callable[..., Awaitable[Any]], *, backwards: bool) -> None:
    """A dozen: the order of a set, or of their names, is not by chance that of `tasks`."""

    async def end_in_time() -> None:
        await asyncio.sleep(7)

    async def hang() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            await asyncio.sleep(0.5)

    broker, _inbox = await _broker_with()
    tasks = [asyncio.create_task(hang(), name=f"task {number}") for number in range(12)]
    if backwards:
        tasks.reverse()
    busy = asyncio.create_task(end_in_time(), name="busy")
    tasks.insert(0, busy)
    await asyncio.sleep(0)
    given = list(tasks)
    names = await stop(broker, tasks, grace_s=8)
    require(tasks == given, "you have changed the list of tasks that you were given")
    _is_stopped(broker, *given)
    require(
        not busy.cancelled() and "busy" not in names,
        "a task that needs 7 s of a grace of 8 s is taken for one that hangs; wait for all of them "
        "at the same time",
    )
    expected = [task.get_name() for task in given if task is not busy]
    require(
        isinstance(names, list) and sorted(names) == sorted(expected),
        f"twelve tasks hang, and are cancelled; return the names of all, not {names!r}",
    )
    require(
        names == expected,
        "the names come in another order than the tasks; the sets of asyncio.wait() have no order",
    )
    require(
        round(_now(), 6) == 8.5,
        "twelve tasks hang, the grace is 8 s in all, and each needs 0.5 s to tidy up when it is "
        f"cancelled; stop() returns after {_now():g} s: cancel all of them, and then wait",
    )


async def _one_fails(stop: Callable[..., Awaitable[Any]]) -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise OSError("the disk is full")

    async def hang() -> None:
        await asyncio.get_running_loop().create_future()

    broker, _inbox = await _broker_with()
    tasks = [asyncio.create_task(fail(), name="fails"), asyncio.create_task(hang(), name="dead")]
    tasks[0].add_done_callback(lambda task: task.cancelled() or task.exception())  # it is known
    with contextlib.suppress(OSError):  # to tell of it is right, too
        await stop(broker, tasks, grace_s=8)
    require(
        all(task.done() for task in tasks),
        "one task fails while the broker is stopped, and stop() ends with another one still "
        "running; asyncio.wait() raises nothing of what the tasks raise",
    )


def _is_stopped(broker: AsyncPubSub[int], *tasks: asyncio.Task[Any]) -> None:
    require(broker.closed, "the broker still takes messages; shut it down")
    require(all(task.done() for task in tasks), "stop() has returned, and a task is still running")


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
    broker, desk.inbox = await _broker_with(1, 0, 2)
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
    for unread in ([2, 1, 3], [2, 1], [2, 1, 3, 1, 2]):
        run_virtual(_the_grace_is_shared(stop_chain, unread))


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
        brokers = [orders, invoices, letters]
        reports = await stop_chain(brokers, grace_s=8)
        require(
            brokers == [orders, invoices, letters],
            "you have changed the list of brokers that you were given",
        )
        for broker in (orders, invoices, letters):
            require(broker.closed, "a broker of the chain still takes messages")
    require(
        not refused,
        f"{len(refused)} of 5 messages came to a broker that was shut down already; "
        "stop those first who send to others, and let each of them take what is left of the grace: "
        "the first needs 5 s of 8 s",
    )
    require(posted == [1, 2, 3, 4, 5], f"5 orders were sent, and {len(posted)} letters posted")
    require(
        list(reports) == [(0, 0)] * 3,
        f"return what each shutdown() reports, in the order of the brokers, not {reports!r}",
    )


async def _the_grace_is_shared(
    stop_chain: Callable[..., Awaitable[Any]], unread: list[int]
) -> None:
    brokers = [AsyncPubSub[int](maxsize=10) for _ in unread]
    dead = [broker.subscribe() for broker in brokers]
    for broker, messages in zip(brokers, unread, strict=True):
        for message in range(messages):
            await broker.publish(message)
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
        list(reports) == [(messages, 0) for messages in unread],
        f"{len(dead)} brokers have a dead subscriber each, with {unread} messages unread, and you "
        f"return {reports!r}; return what each shutdown() reports, in the order of the brokers",
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
