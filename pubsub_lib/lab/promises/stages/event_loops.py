"""One event loop: a broker belongs to the loop that it is first used on, and to no other.

>>> from pubsub_lib.lab.promises import ASYNC_PUB_SUB, keeps
>>> print(keeps(ASYNC_PUB_SUB, a_broker_whose_loop_has_ended_says_so).findings[0])
publishing: PubSubClosed: the event loop of this broker has ended
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from pubsub_lib.errors import PubSubClosed
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.promises.promise import Stage
from pubsub_lib.lab.promises.stepping import unread
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import Trial

promise = Stage.EVENT_LOOPS.promise


@promise(Trait.IN_PROCESS, Trait.ENDING, Trait.TIMEOUT, Trait.LEAVING, fault="D12")
async def a_second_event_loop_is_refused_with_the_remedy(broker: Any, trial: Trial) -> None:
    """A second event loop is refused, with the remedy."""

    async def elsewhere() -> None:
        with trial.refused("publishing", RuntimeError, remedy):
            await broker.publish(2)
        with trial.refused("publishing without waiting", RuntimeError, remedy):
            broker.publish_nowait(2)
        with trial.refused("shutting down", RuntimeError, remedy):
            await broker.shutdown()
        with trial.refused("subscribing", RuntimeError, remedy):
            await broker.subscribe()
        trial.found("what waits already is read", await subscription.get(), expected=1)
        with trial.refused("waiting for more", RuntimeError, remedy):
            await subscription.get()

    name = trial.kind.name
    remedy = f"this {name} belongs to another event loop; create one inside each asyncio"
    subscription = await broker.subscribe()
    await broker.publish(1)
    run_virtual(elsewhere())


def _in_a_thread_without_a_loop[T](function: Callable[[], T]) -> T:
    """Call it where no event loop runs, and wait, so that nothing else happens meanwhile."""
    results: list[T] = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


@promise(Trait.IN_PROCESS, Trait.LEAVING, Trait.THREADS)
async def it_can_be_subscribed_to_before_an_event_loop_runs(broker: Any, trial: Trial) -> None:
    """A broker can be subscribed to before an event loop runs."""
    subscription = _in_a_thread_without_a_loop(broker.subscribe)
    await broker.publish(1)
    trial.found("what waits for it", unread(subscription), expected=[1])


@promise(Trait.IN_PROCESS, Trait.THREADS)
async def a_broker_without_a_loop_says_so(broker: Any, trial: Trial) -> None:
    """A broker that was never used has no event loop, and says so to a thread."""
    says = "has no event loop yet; subscribe to it, or publish"
    with trial.refused("publishing from a thread", RuntimeError, says):
        broker.publish_threadsafe(1)


@promise(Trait.IN_PROCESS, Trait.THREADS)
async def a_broker_whose_loop_has_ended_says_so(broker: Any, trial: Trial) -> None:
    """A broker whose event loop has ended says so to a thread."""
    _in_a_thread_without_a_loop(lambda: asyncio.run(broker.publish(1)))
    with trial.refused("publishing", PubSubClosed, "the event loop of this broker has ended"):
        broker.publish_threadsafe(2)
