"""Reading: one by one, each message once, and the end whenever one asks after it.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> for finding in keeps(ASYNC_PUB_SUB, get_nowait_tells_empty_from_the_end).findings:
...     print(finding)
get_nowait() while it is empty: QueueEmpty
get_nowait() after the end, twice: [None, None]
"""

import asyncio
from typing import Any

from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import let_all_run, start
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.reports import ShutdownReport

promise = Stage.READING.promise


@promise(Trait.ITERATION, Trait.ENDING)
async def async_for_reads_everything_and_ends_at_shutdown(broker: Any, trial: Trial) -> None:
    """`async for` reads every message and ends at the shutdown."""

    async def read() -> list[Any]:
        return [message async for message in subscription]

    subscription = await broker.subscribe()
    reader = start(read())
    for number in range(5):
        await broker.publish(number)
    report = await trial.shutdown(broker)
    trial.found("what was left", report, expected=ShutdownReport(unread=0, unfinished=0))
    trial.found("what was read", await reader, expected=[0, 1, 2, 3, 4])


@promise(Trait.ITERATION)
async def asking_for_the_next_message_says_that_the_last_is_handled(
    broker: Any, trial: Trial
) -> None:
    """Inside `async for` a message is handled when the next one is asked for."""
    subscription = await broker.subscribe()
    messages = aiter(subscription)
    await broker.publish(1)
    trial.found("what was read", await anext(messages), expected=1)
    joining = start(subscription.join())
    await let_all_run()
    trial.found("whether it counts as handled at once", joining.done(), expected=False)
    asking = start(anext(messages))
    await joining
    asking.cancel()
    trial.found("whether it does once the next is asked for", joining.done(), expected=True)


@promise(Trait.ITERATION)
async def task_done_too_often_is_an_error(broker: Any, trial: Trial) -> None:
    """`task_done()` more often than messages were taken is an error."""
    too_often = "more often than messages were taken"
    subscription = await broker.subscribe()
    await broker.publish(1)
    with trial.refused("task_done() before any message is taken", ValueError, too_often):
        subscription.task_done()
    await subscription.get()
    subscription.task_done()
    with trial.refused("task_done() twice for one message", ValueError, too_often):
        subscription.task_done()


@promise(Trait.ENDING)
async def get_nowait_tells_empty_from_the_end(broker: Any, trial: Trial) -> None:
    """`get_nowait()` tells an empty subscription from one at its end."""
    subscription = await broker.subscribe()
    with trial.refused("get_nowait() while it is empty", asyncio.QueueEmpty):
        subscription.get_nowait()
    await broker.shutdown()
    ends = [subscription.get_nowait() for _ in range(2)]
    trial.found("get_nowait() after the end, twice", ends, expected=[None, None])


@promise()
async def readers_are_served_first_come_first_served(broker: Any, trial: Trial) -> None:
    """Readers of one subscription are served first come, first served."""
    subscription = await broker.subscribe()
    readers = [start(subscription.get()) for _ in range(3)]
    await let_all_run()
    for number in range(3):
        await broker.publish(number)
    read = await asyncio.gather(*readers)
    trial.found("what the first, second and third reader got", read, expected=[0, 1, 2])


@promise(Trait.IN_PROCESS)
async def a_cancelled_get_wakes_the_next_reader(broker: Any, trial: Trial) -> None:
    """A cancelled `get()` loses no message and wakes the next reader."""
    subscription = await broker.subscribe()
    first, second = start(subscription.get()), start(subscription.get())
    await let_all_run()
    await broker.publish("for the second")
    first.cancel()  # it was woken for this message, and has not run since
    trial.found("what the next reader got", await second, expected="for the second")
    trial.found("whether the first was cancelled", first.cancelled(), expected=True)


@promise()
async def a_get_that_timed_out_loses_no_message(broker: Any, trial: Trial) -> None:
    """A `get()` that timed out has lost no message."""
    subscription = await broker.subscribe()
    with trial.refused("waiting one second for nothing", TimeoutError):
        await asyncio.wait_for(subscription.get(), timeout=1)
    await broker.publish(1)
    trial.found("what is read afterwards", await subscription.get(), expected=1)
