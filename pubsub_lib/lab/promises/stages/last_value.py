"""A last value for newcomers: who comes late begins with what he would have read last.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> for finding in keeps(ASYNC_PUB_SUB, of_each_key_the_latest_is_kept).findings:
...     print(finding)
what a newcomer reads: ['gold 3', 'copper 4']
"""

from contextlib import AbstractAsyncContextManager
from typing import Any

from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import read_all, unread
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.reports import BrokerStats, ShutdownReport

promise = Stage.LAST_VALUE.promise


def _that_keeps(messages: int, trial: Trial) -> AbstractAsyncContextManager[Any]:
    """Open a broker that keeps so many messages, whether it has to be told so or not."""
    history = {"history": messages} if trial.has(Trait.HISTORY) else {}
    return trial.open(maxsize=messages, **history)


@promise(Trait.REPLAY, cases=({"replay": 0}, {"replay": 1}, {"replay": 3}, {"replay": 4}))
async def a_newcomer_gets_the_last_messages_first(_: Any, trial: Trial, replay: int) -> None:
    """A newcomer gets as many of the last messages first as it asks for, if there were so many."""
    async with _that_keeps(4, trial) as broker:
        for number in range(3):
            await broker.publish(number)
        newcomer = await broker.subscribe(replay=replay)
        expected = {0: [], 1: [2], 3: [0, 1, 2], 4: [0, 1, 2]}[replay]
        trial.found("what the newcomer reads", unread(newcomer), expected=expected)


@promise(Trait.REPLAY)
async def nothing_is_missed_or_doubled_after_a_replay(_: Any, trial: Trial) -> None:
    """Between what is replayed and what is published next, nothing is missed, nothing doubled."""
    async with _that_keeps(4, trial) as broker:
        newcomers = []
        for number in range(3):
            newcomers.append(await broker.subscribe(replay=1))
            await broker.publish(number)
        read = [unread(newcomer) for newcomer in newcomers]
        trial.found("what they read", read, expected=[[0, 1, 2], [0, 1, 2], [1, 2]])


@promise(Trait.REPLAY, Trait.FILTERS, Trait.ENDING)
async def a_newcomer_gets_those_of_the_last_messages_that_it_wants(_: Any, trial: Trial) -> None:
    """Of the last messages a newcomer gets those that its filter wants."""
    async with _that_keeps(4, trial) as broker:
        for number in range(4):
            await broker.publish(number)
        newcomer = await broker.subscribe(replay=3, where=lambda number: number % 2 == 0)
        await broker.publish(4)
        await broker.shutdown(timeout=0)
        trial.found("what the newcomer reads", await read_all(newcomer), expected=[2, 4])


@promise(Trait.REPLAY, Trait.STATISTICS)
async def what_is_replayed_is_received_but_not_published_again(_: Any, trial: Trial) -> None:
    """What is replayed counts as received and delivered, but not as published again."""
    async with _that_keeps(4, trial) as broker:
        for number in range(3):
            await broker.publish(number)
        newcomer = await broker.subscribe(replay=2)
        received = newcomer.stats.received
        trial.found("messages that the newcomer received", received, expected=2)
        expected = BrokerStats(subscribers=1, published=3, delivered=2, dropped=0)
        trial.found("what the broker counted", broker.stats, expected=expected)


@promise(Trait.REPLAY, Trait.ENDING)
async def a_replay_that_nobody_has_read_is_reported(_: Any, trial: Trial) -> None:
    """A replay that nobody has read is reported when the broker is shut down."""
    async with _that_keeps(4, trial) as broker:
        for number in range(3):
            await broker.publish(number)
        newcomer = await broker.subscribe(replay=2)
        report = await broker.shutdown(timeout=0)
        trial.found("what was left", report, expected=ShutdownReport(unread=2, unfinished=0))
        trial.found("what can still be read", unread(newcomer), expected=[1, 2])


@promise(Trait.REPLAY, cases=({"replay": 5}, {"replay": -1}))
async def a_replay_of_more_than_is_kept_is_refused(_: Any, trial: Trial, replay: int) -> None:
    """A replay of more than is kept is refused, and the error says how much that is."""
    async with _that_keeps(4, trial) as broker:
        says = f"replay must be at (least 0|most 4), not {replay}"
        with trial.refused("subscribing", ValueError, says):
            await broker.subscribe(replay=replay)


@promise(Trait.REPLAY, Trait.HISTORY)
async def of_each_key_the_latest_is_kept(_: Any, trial: Trial) -> None:
    """With a key, of each the latest is kept, and the one updated longest ago goes first."""
    async with trial.open(history=2, key=lambda price: price.split()[0]) as broker:
        for price in ("gold 1", "silver 2", "gold 3", "copper 4"):
            await broker.publish(price)
        newcomer = await broker.subscribe(replay=2)
        expected = ["gold 3", "copper 4"]
        trial.found("what a newcomer reads", unread(newcomer), expected=expected)
