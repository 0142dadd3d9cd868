"""Fan-out: every subscriber gets every message, in order, and then the end.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> for finding in keeps(ASYNC_PUB_SUB, each_reads_at_its_own_pace).findings:
...     print(finding)
what the first one reads: 1
messages that still wait for each: [0, 1, 1]
which ones are full after one more: [False, True, True]
"""

import asyncio
import contextlib
import io
from typing import Any

from pubsub_lib.first_attempts.chapter import subscriber_task
from pubsub_lib.interfaces import Broker
from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import let_all_run, publish_all, read_all, start
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.messages import Message

promise = Stage.FAN_OUT.promise


@promise()
async def it_is_a_broker(broker: Any, trial: Trial) -> None:
    """It has what every broker has: `subscribe()`, `publish()` and `shutdown()`."""
    methods = ("subscribe", "publish", "shutdown")
    missing = [name for name in methods if not hasattr(broker, name)]
    trial.found("methods that are missing", missing, expected=[])
    trial.found("whether it is a Broker", isinstance(broker, Broker), expected=True)


@promise(maxsize=2)
async def each_reads_at_its_own_pace(broker: Any, trial: Trial) -> None:
    """Each subscriber reads at its own pace."""
    subscriptions = [await broker.subscribe() for _ in range(3)]
    await broker.publish(1)
    await trial.arrival(broker)
    trial.found("what the first one reads", await subscriptions[0].get(), expected=1)
    depths = [subscription.qsize() for subscription in subscriptions]
    trial.found("messages that still wait for each", depths, expected=[0, 1, 1])
    await broker.publish(2)
    await trial.arrival(broker)
    full = [subscription.full() for subscription in subscriptions]
    trial.found("which ones are full after one more", full, expected=[False, True, True])


@promise()
async def every_subscriber_reads_every_message(broker: Any, trial: Trial) -> None:
    """Every subscriber reads every message, in order, and then the end."""
    messages = [Message(str(number)) for number in range(20)]
    read = await publish_all(broker, trial, messages, readers=3)
    trial.found("subscribers that came to the end", len(read), expected=3)
    for number, each in enumerate(read, start=1):
        trial.found(f"what subscriber {number} read", each, expected=messages)


@promise(Trait.IN_PROCESS, maxsize=2)
async def the_end_comes_however_slow_the_reader(broker: Any, trial: Trial) -> None:
    """The end reaches one that is full, too, however long that takes to make room."""
    reader = start(read_all(await broker.subscribe(), seconds=60))
    await broker.publish(1)
    await let_all_run()
    for number in (2, 3):
        await broker.publish(number)
    await trial.shutdown(broker)
    await asyncio.wait([reader], timeout=600)
    trial.found("whether it has come to its end", reader.done(), expected=True)
    trial.found("what it read", await reader, expected=[1, 2, 3])


@promise(Trait.IN_PROCESS)
async def every_subscriber_gets_the_same_object(broker: Any, trial: Trial) -> None:
    """Every subscriber gets the same object, not a copy."""
    message = Message("Hello")
    read = await publish_all(broker, trial, [message], readers=2)
    trial.found("what each read", read, expected=[[message], [message]])
    same = [each[0] is message for each in read]
    trial.found("whether it is the object that was published", same, expected=[True, True])


@promise()
async def publishing_to_nobody_is_no_error(broker: Any, trial: Trial) -> None:
    """Publishing to nobody is no error."""
    read = await publish_all(broker, trial, [1, 2, 3], readers=0)
    trial.found("what nobody read", read, expected=[])


@promise()
async def falsy_messages_are_messages(broker: Any, trial: Trial) -> None:
    """What is empty or false is a message like any other."""
    [read] = await publish_all(broker, trial, [0, "", [], False])
    trial.found("what the subscriber read", read, expected=[0, "", [], False])


@promise()
async def a_late_subscriber_misses_what_was_before(broker: Any, trial: Trial) -> None:
    """A late subscriber misses what was published before."""
    await broker.publish(1)
    [read] = await publish_all(broker, trial, [2])
    trial.found("what the late subscriber read", read, expected=[2])


@promise()
async def the_chapters_subscriber_reads_and_ends(broker: Any, trial: Trial) -> None:
    """The chapter's `subscriber_task()` reads its message and comes to its end."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        task = start(subscriber_task(await broker.subscribe()))
        await broker.publish(Message(content="Hello"))
        await trial.shutdown(broker)
        await task
    trial.found("what it printed", printed.getvalue(), expected="Received: Hello\n")


@promise(Trait.WAITS_FOR_ROOM, maxsize=2)
async def each_publishers_messages_arrive_in_its_order(broker: Any, trial: Trial) -> None:
    """Each publisher's messages arrive in its order, however slow the reader."""

    async def publish(name: str) -> None:
        for number in range(50):
            await broker.publish((name, number))

    readers = {
        "quick": start(read_all(await broker.subscribe())),
        "slow": start(read_all(await broker.subscribe(), seconds=0.01)),
    }
    await asyncio.gather(*(publish(name) for name in "abc"))
    await trial.shutdown(broker)
    for pace, reader in readers.items():
        messages = await reader
        for name in "abc":
            numbers = [number for who, number in messages if who == name]
            what = f"what the {pace} reader read of publisher {name}"
            trial.found(what, numbers, expected=list(range(50)))


@promise(Trait.IN_PROCESS, Trait.TIMEOUT, fault="D11", maxsize=1)
async def everybody_sees_two_publishers_in_the_same_order(broker: Any, trial: Trial) -> None:
    """Everybody sees the messages of two publishers in the same order."""
    quick = start(read_all(await broker.subscribe()))
    waiting = await broker.subscribe()
    await let_all_run()
    await broker.publish(0)
    first = start(broker.publish(1))
    await asyncio.sleep(0.1)
    second = start(broker.publish(2))
    await asyncio.sleep(0.1)
    slow = start(read_all(waiting))
    await asyncio.gather(first, second)
    await trial.shutdown(broker)
    trial.found("what the quick reader read", await quick, expected=[0, 1, 2])
    trial.found("what the slow reader read", await slow, expected=[0, 1, 2])


# One that never drops need not be asked; where each message is stored, it would take a minute.
@promise(Trait.WAITS_FOR_ROOM, Trait.DROPS)
async def ten_thousand_messages_reach_ten_subscribers(broker: Any, trial: Trial) -> None:
    """10,000 messages reach ten subscribers that keep up, without loss."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        queues = [await broker.subscribe() for _ in range(10)]
        tasks = [start(read_all(queue)) for queue in queues]
        for number in range(10_000):
            await broker.publish(number)
        await trial.arrival(broker)
        for queue in queues:
            await queue.join()
        await trial.shutdown(broker)
        read = await asyncio.gather(*tasks)
    counts = [len(each) for each in read]
    trial.found("messages that each of them read", counts, expected=[10_000] * 10)
    in_order = [each == list(range(10_000)) for each in read]
    trial.found("whether they came in order", in_order, expected=[True] * 10)
    trial.found("what was printed meanwhile", printed.getvalue(), expected="")
