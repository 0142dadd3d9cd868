"""Threads: any of them may publish, and everything else stays in the broker's own.

These programs run in real time, and not where there are no threads, as in WebAssembly.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> print(keeps(ASYNC_PUB_SUB, a_message_from_another_thread_wakes_the_loop).findings[-1])
what the other thread was told: [Delivery(delivered=1, missed_by=())]
"""

import asyncio
import gc
import threading
from typing import Any

from pubsub_lib.errors import PubSubClosed
from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import let_all_run, read_all, start
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import LIMIT_S, Trial
from pubsub_lib.reports import Delivery

promise = Stage.THREADS.promise


@promise(Trait.THREADS, Trait.DELIVERIES, fault="D13")
async def a_message_from_another_thread_wakes_the_loop(broker: Any, trial: Trial) -> None:
    """A message from another thread wakes the event loop."""
    deliveries = []

    def publish() -> None:
        deliveries.append(broker.publish_threadsafe("Hello").result(LIMIT_S))

    reader = start((await broker.subscribe()).get())  # nothing else would wake the loop
    await let_all_run()
    thread = threading.Thread(target=publish)
    thread.start()
    trial.found("what was read", await reader, expected="Hello")
    await asyncio.to_thread(thread.join, LIMIT_S)
    expected = [Delivery(delivered=1)]
    trial.found("what the other thread was told", deliveries, expected=expected)


@promise(Trait.THREADS, Trait.TIMEOUT, maxsize=3, timeout=None)
async def messages_from_several_threads_all_arrive(broker: Any, trial: Trial) -> None:
    """Messages from several threads all arrive, each thread's in its order."""

    def publish(name: str) -> None:
        for number in range(100):
            broker.publish_threadsafe((name, number)).result(LIMIT_S)

    reader = start(read_all(await broker.subscribe()))
    await asyncio.gather(*(asyncio.to_thread(publish, name) for name in "abc"))
    await trial.shutdown(broker)
    messages = await reader
    trial.found("messages that were read", len(messages), expected=300)
    for name in "abc":
        numbers = [number for who, number in messages if who == name]
        trial.found(f"what thread {name} published", numbers, expected=list(range(100)))


@promise(Trait.THREADS)
async def the_brokers_own_thread_is_refused(broker: Any, trial: Trial) -> None:
    """`publish_threadsafe()` in the broker's own thread is refused, since that must not wait."""
    subscription = await broker.subscribe()
    says = r"own thread, .* await publish\(\)"
    with trial.refused("publish_threadsafe()", RuntimeError, says):
        broker.publish_threadsafe(1)
    trial.found("messages that wait", subscription.qsize(), expected=0)


@promise(Trait.THREADS, Trait.ENDING)
async def another_thread_is_told_of_the_shutdown(broker: Any, trial: Trial) -> None:
    """Another thread is told that the broker was shut down."""
    await broker.shutdown()
    with trial.refused("publishing there", PubSubClosed, "publish to a new one"):
        await asyncio.to_thread(broker.publish_threadsafe, 1)


class _Cycle:
    """Something that only the garbage collector frees."""

    def __init__(self, subscription: Any) -> None:
        self.itself = self
        self.subscription = subscription


@promise(Trait.THREADS, Trait.LEAVING, Trait.STATISTICS)
async def one_freed_in_another_thread_leaves_in_the_brokers_own(broker: Any, trial: Trial) -> None:
    """A subscription that is freed in another thread leaves in the broker's own."""
    gc.collect()
    gc.disable()
    try:
        _Cycle(await broker.subscribe())
        thread = threading.Thread(target=gc.collect)
        thread.start()
        thread.join(LIMIT_S)
        # As if in the middle of something: nothing happens before it is over.
        trial.found("subscribers at once", broker.stats.subscribers, expected=1)
    finally:
        gc.enable()
    await let_all_run()
    trial.found("subscribers after a turn of the loop", broker.stats.subscribers, expected=0)
