"""Exercise 03.3: a sentinel that always arrives, and a subscriber that ends at it.

>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.lab.exercises import examine
>>> class StopsWhenEmpty(ChapterPubSub):
...     async def run_subscriber(self, handle):
...         queue = await self.subscribe()
...         while not queue.empty():
...             handle(queue.get_nowait())
>>> print(examine("03.3", StopsWhenEmpty).explanation.partition(":")[0])
run_subscriber() has returned, and the None has not come
"""

import asyncio
from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.build_the_broker.queues import (
    A_MOMENT_S,
    FIRST,
    LOOKS_FOR_ROOM,
    THIRD,
    contents,
    subscribed,
)
from pubsub_lib.lab.exercises.checking import AN_HOUR_S, exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints


@exercise("03.3", "every subscriber, however slow, reads all its messages, then None, and ends")
def check_shutdown(broker_class: Callable[..., Any]) -> None:
    """Refuse a broker whose subscribers poll, miss a message, or cannot be joined."""
    run_without_polling(
        _reads_what_comes(broker_class),
        "while its queue is empty, run_subscriber() looks again and again; "
        "`await queue.get()` waits until there is something",
    )
    run_without_polling(_shut_down(broker_class), LOOKS_FOR_ROOM)


async def _reads_what_comes(broker_class: Callable[..., Any]) -> None:
    broker, received = broker_class(maxsize=2), list[Any]()
    reading = asyncio.create_task(broker.run_subscriber(received.append), name="subscriber")
    with count_timers() as timers:
        await asyncio.sleep(AN_HOUR_S)
    if reading.done():
        reading.result()
    require(
        not reading.done(),
        "run_subscriber() has returned, and the None has not come: an empty queue means that "
        "there is nothing yet, and not that nothing will come",
    )
    require(
        timers.count == 1,
        "in an hour without a message run_subscriber() wakes up to look for one; "
        "`await queue.get()` waits until there is one",
    )
    for message in (FIRST, FIRST):
        await broker.publish(message)
        await asyncio.sleep(A_MOMENT_S)
    if reading.done():
        _tell_what_ended(reading)
    require(
        received == [FIRST, FIRST],
        f"the same message is published twice, and handle() gets {contents(received)}",
    )
    reading.cancel()


async def _shut_down(broker_class: Callable[..., Any]) -> None:
    broker = broker_class(maxsize=2)
    sent = [FIRST, 0, THIRD]  # of any type, also one that counts as false
    quick, slow = list[Any](), list[Any]()
    put_in, marks, marked_first = list[Any](), list[Any](), list[Any]()

    def handle(message: Any) -> None:
        if len(marks) > len(quick):  # of what came before it, each may be marked
            marked_first.append(message)
        quick.append(message)

    tasks = [asyncio.create_task(broker.run_subscriber(handle), name="quick subscriber")]
    await asyncio.sleep(A_MOMENT_S)
    require(len(broker.queues) == 1, "run_subscriber() is to subscribe before anything else")
    queue = broker.queues[0]
    _note_calls(queue, "put_nowait", put_in)
    _note_calls(queue, "task_done", marks)
    waiting_for_slow = await subscribed(broker)
    tasks.append(asyncio.create_task(_read_slowly(waiting_for_slow, slow), name="slow subscriber"))
    for message in sent:
        await broker.publish(message)
    joining = asyncio.create_task(queue.join(), name="join")
    await asyncio.sleep(A_MOMENT_S)  # whoever marks its messages has done so by now
    marked = joining.done()
    joining.cancel()
    try:
        with count_timers() as timers:
            await broker.shutdown()
        require(timers.count <= len(sent), LOOKS_FOR_ROOM)  # the slow reader's, one each
    except asyncio.QueueFull:
        require(False, "shutdown() raises QueueFull; where a queue is full, wait for room")
    on_the_way = asyncio.all_tasks() - {asyncio.current_task(), *tasks}
    finished, running = await asyncio.wait(tasks, timeout=4 * AN_HOUR_S)
    for task in running:
        task.cancel()
    for task in finished:
        task.result()
    for name, received in (("quick", quick), ("slow", slow)):
        require(None not in received, "None is not a message: stop there, do not handle it")
        require(
            received == sent,
            f"the {name} subscriber is to get {contents(sent)} and gets {contents(received)}",
        )
    require(
        tasks[0] not in running or (None,) not in put_in or not queue.empty(),
        "the None was taken out of the queue, and run_subscriber() goes on and waits for more; "
        "return when it comes",
    )
    require(
        not running,
        "hours after shutdown() a subscriber whose queue was full is still waiting: the None was "
        "dropped, or never sent; it is the one message that must arrive, however long it takes",
    )
    require(
        not on_the_way,
        "shutdown() has returned, and tasks that put the None are still waiting for room: nobody "
        "keeps them; await each put",
    )
    require(marked, "call queue.task_done() once for every message, so that join() can end")
    require(
        not marked_first,
        "queue.task_done() is called before handle(message), and join() returns while a message is "
        "not handled; call it afterwards",
    )


hints(
    "03.3",
    "`shutdown()` is a loop like that of `publish()`. But a None that is dropped leaves a "
    "subscriber waiting for ever, so it takes no time-out.",
    "`run_subscriber()` begins with `queue = await self.subscribe()`. Then comes a loop that waits "
    "for the next message and ends at None: "
    "`while (message := await queue.get()) is not None:`",
    "In the loop: `handle(message)`, and then `queue.task_done()`.",
)


def _tell_what_ended(reading: asyncio.Task[Any]) -> None:
    """Refuse a reader that ends while messages come, and say what ended it."""
    try:
        reading.result()
    except TypeError as error:
        require(
            "'await'" not in str(error),
            "handle() is a plain function; call it without `await`",
        )
        raise
    require(False, "run_subscriber() ends at a message; go on until the None comes")


def _note_calls(queue: asyncio.Queue[Any], method: str, calls: list[Any]) -> None:
    """Append to `calls` the arguments of each call of a queue's method from now on."""
    call = getattr(queue, method)

    def call_and_note(*arguments: Any) -> None:
        call(*arguments)
        calls.append(arguments)

    vars(queue)[method] = call_and_note


async def _read_slowly(queue: asyncio.Queue[Any], messages: list[Any]) -> None:
    """Take an hour for each message, so that the queue is full when the broker is shut down."""
    while (message := await queue.get()) is not None:
        messages.append(message)
        await asyncio.sleep(AN_HOUR_S)
        queue.task_done()
