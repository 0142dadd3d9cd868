"""Batches: reading all that waits at once.

>>> from pubsub_lib.lab.promises import RING_PUB_SUB, keeps
>>> for finding in keeps(RING_PUB_SUB, batches_end_at_shutdown).findings:
...     print(finding)
what was left: ShutdownReport(unread=0, unfinished=0)
the batches: [[1, 2]]
"""

from typing import Any

from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import let_all_run, start
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.reports import ShutdownReport

promise = Stage.BATCHES.promise


@promise(Trait.ITERATION)
async def a_batch_is_all_that_waits(broker: Any, trial: Trial) -> None:
    """A batch is all that waits, and never empty."""
    subscription = await broker.subscribe()
    batches = subscription.batches()
    for number in range(3):
        await broker.publish(number)
    await trial.arrival(broker)
    trial.found("the first batch", await anext(batches), expected=[0, 1, 2])
    trial.found("messages that still wait", subscription.qsize(), expected=0)
    if trial.has(Trait.STATISTICS):
        trial.found("messages received", subscription.stats.received, expected=3)
    asking = start(anext(batches))
    await let_all_run()
    trial.found("whether there is a batch of nothing", asking.done(), expected=False)
    await broker.publish(3)
    trial.found("the second batch", await asking, expected=[3])


@promise(Trait.ITERATION, Trait.ENDING)
async def batches_end_at_shutdown(broker: Any, trial: Trial) -> None:
    """Batches end at the shutdown."""

    async def read() -> list[list[Any]]:
        return [batch async for batch in subscription.batches()]

    subscription = await broker.subscribe()
    await broker.publish(1)
    await broker.publish(2)
    await trial.arrival(broker)
    reader = start(read())
    report = await trial.shutdown(broker)
    trial.found("what was left", report, expected=ShutdownReport(unread=0, unfinished=0))
    trial.found("the batches", await reader, expected=[[1, 2]])


@promise(Trait.ITERATION)
async def asking_for_the_next_batch_says_that_the_last_is_handled(
    broker: Any, trial: Trial
) -> None:
    """A whole batch is handled when the next one is asked for."""
    subscription = await broker.subscribe()
    batches = subscription.batches()
    for number in range(3):
        await broker.publish(number)
    await trial.arrival(broker)
    trial.found("the batch", await anext(batches), expected=[0, 1, 2])
    joining = start(subscription.join())
    await let_all_run()
    trial.found("whether it counts as handled at once", joining.done(), expected=False)
    asking = start(anext(batches))
    await joining
    asking.cancel()
    trial.found("whether it does once the next is asked for", joining.done(), expected=True)


@promise(Trait.ITERATION)
async def task_done_inside_a_batch_is_once_too_often(broker: Any, trial: Trial) -> None:
    """`task_done()` inside a batch is once too often."""
    subscription = await broker.subscribe()
    batches = subscription.batches()
    await broker.publish(1)
    await anext(batches)
    subscription.task_done()
    too_often = "more often than messages were taken"
    with trial.refused("asking for the next batch", ValueError, too_often):
        await anext(batches)
