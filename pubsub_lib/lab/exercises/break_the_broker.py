"""The checks of notebook 04: an experiment that finds a fault, and a subscriber that causes none.

>>> from pubsub_lib.lab.exercises import examine
>>> async def guess(new_broker):
...     return 1.0
>>> examine("04.1", guess).explanation
'with AsyncPubSub the message comes at once, and you return 1; measure when it arrives at \
the healthy subscriber, not when publish() returns'
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from pubsub_lib.first_attempts.chapter import ChapterPubSub
from pubsub_lib.in_process.inbox import Inbox
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.lab.exercises.hints import hints

hints(
    "04.1",
    "Subscribe twice: first for the dead one, whose queue nobody reads, then for the healthy one. "
    "One message fills both queues; take it out of the healthy one's.",
    "The next publish will wait for the dead one. To read meanwhile, let the publish run as a "
    "task, in a TaskGroup.",
    "Look at the clock, asyncio.get_running_loop().time(), before the publish and after "
    "`await healthy.get()`, inside the TaskGroup. The difference is the answer.",
)
hints(
    "04.2",
    "What has to happen however it ends belongs into a `finally`. You need two: one for each "
    "message, one for the queue.",
    "`await queue.get()` stands outside of the inner `try`: if it is cancelled, nothing was taken, "
    "and nothing is to be marked. The test for None stands inside it.",
    "A publish may be going through the list. So do not remove the queue from it: give the broker "
    "a new list without it, `broker.queues = [...]`.",
)

IDLE_S = 10.0  #: how long a subscriber is watched while nothing is published


class _PatientPubSub(ChapterPubSub[Any]):
    """The chapter's broker with another time limit, which no answer can know beforehand."""

    limit_s = 2.5371  # at no time at which somebody would look

    async def publish(self, message: Any) -> None:
        for queue in self.queues:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(queue.put(message), timeout=self.limit_s)


class _HoldingPubSub(AsyncPubSub[Any]):
    """Holds every inbox, since one that nobody holds would leave, and no longer be dead."""

    def subscribe(self, **options: Any) -> Inbox[Any]:
        inbox = super().subscribe(**options)
        self.__dict__.setdefault("held", []).append(inbox)
        return inbox


@exercise("04.1", "it finds the delay where there is one, and none where there is none")
def check_seconds_late(seconds_late: Callable[..., Coroutine[Any, Any, Any]]) -> None:
    """Refuse an experiment that finds no delay, or takes the publisher's time for it."""

    def measured(new_broker: Callable[..., Any]) -> float:
        with contextlib.redirect_stdout(None):
            seconds = run_virtual(seconds_late(new_broker))
        require(
            isinstance(seconds, int | float), f"return a number of seconds, and not {seconds!r}"
        )
        return round(float(seconds), 9)

    seconds = measured(ChapterPubSub)
    require(
        seconds == 1.0,
        f"with the chapter's broker the message comes 1 s late, and you return {seconds:g}; "
        "the dead subscriber's queue is to be full, and the healthy one's empty and behind it",
    )
    seconds = measured(_HoldingPubSub)
    require(
        seconds == 0.0,
        f"with AsyncPubSub the message comes at once, and you return {seconds:g}; measure when it "
        "arrives at the healthy subscriber, not when publish() returns",
    )
    seconds = measured(_PatientPubSub)
    require(
        seconds == _PatientPubSub.limit_s,
        f"a broker that waits {_PatientPubSub.limit_s:g} s for a full queue is {seconds:g} s late "
        "by your measure; `await healthy.get()` returns just when the message is there",
    )


@exercise("04.2", "however it ends, nothing is left unmarked, its queue is gone, nobody else loses")
def check_subscriber(subscriber: Callable[..., Coroutine[Any, Any, Any]]) -> None:
    """Refuse a subscriber that leaves a trace when it ends, or hides how it ended."""
    run_virtual(_ends_with_the_broker(subscriber))
    run_virtual(_fails(subscriber))
    run_virtual(_is_cancelled(subscriber, while_handling=True))
    run_virtual(_is_cancelled(subscriber, while_handling=False))
    run_virtual(_leaves_during_a_publish(subscriber))


type _Subscriber = Callable[..., Coroutine[Any, Any, Any]]


async def _ends_with_the_broker(subscriber: _Subscriber) -> None:
    broker = ChapterPubSub[int]()
    handled: list[int] = []

    async def handle(number: int) -> None:
        handled.append(number)

    task, queue = await _started(subscriber, broker, handle)
    for number in range(3):
        await broker.publish(number)
    await broker.shutdown()
    await asyncio.wait([task], timeout=60)
    require(task.done(), "after shutdown() the subscriber goes on; it is to end at the None")
    task.result()
    require(
        handled == [0, 1, 2], f"0, 1 and 2 were published, and the calls of handle were {handled}"
    )
    await _require_no_trace(
        broker, queue, "it has read the None", "mark the None as done, too: it was put in the queue"
    )


async def _fails(subscriber: _Subscriber) -> None:
    broker = ChapterPubSub[int]()

    async def handle(number: int) -> None:
        raise OSError("the disk is full")

    task, queue = await _started(subscriber, broker, handle)
    await broker.publish(1)
    await asyncio.wait([task], timeout=60)
    require(
        task.done() and isinstance(task.exception(), OSError),
        "handle() raises OSError, and whoever started the subscriber is not told; let it through",
    )
    await _require_no_trace(
        broker, queue, "handle() raises", "mark the message as done in a finally"
    )


async def _is_cancelled(subscriber: _Subscriber, *, while_handling: bool) -> None:
    broker = ChapterPubSub[int]()
    at_work: list[int] = []

    async def handle(number: int) -> None:
        at_work.append(number)
        try:
            await asyncio.sleep(60)
        finally:
            at_work.remove(number)

    task, queue = await _started(subscriber, broker, handle)
    if while_handling:
        await broker.publish(1)
        await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])
    when = f"it is cancelled while it {'handles' if while_handling else 'waits for'} a message"
    if not task.cancelled() and isinstance(error := task.exception(), ValueError):
        require(
            False,
            f"{when}, and it raises ValueError: {error}; mark only what get() has returned",
        )
    require(task.cancelled(), f"{when}, and it hides that; let the CancelledError through")
    require(
        not at_work,
        f"{when}, and has ended, but handle() goes on without it, and nobody will learn how that "
        "ends; await handle(message) itself",
    )
    await _require_no_trace(
        broker, queue, when, "CancelledError is no Exception; finally does it in every case"
    )


async def _leaves_during_a_publish(subscriber: _Subscriber) -> None:
    broker = ChapterPubSub[int](maxsize=1)

    async def handle(number: int) -> None:
        await asyncio.sleep(60)

    task, _ = await _started(subscriber, broker, handle)
    full, behind = await broker.subscribe(), await broker.subscribe()
    await broker.publish(1)
    behind.get_nowait()
    publishing = asyncio.create_task(broker.publish(2), name="publisher")
    await asyncio.sleep(0.5)
    task.cancel()
    await asyncio.wait([task])
    full.get_nowait()
    await publishing
    require(
        behind.qsize() == 1,
        "it leaves while a publish waits for somebody else, and the subscriber after that misses "
        "the message; do not change the list that publish() goes through: give the broker a "
        "new one",
    )
    require(
        broker.queues == [full, behind],
        "it leaves, and takes others off broker.queues as well; take off its own queue alone",
    )


async def _started(
    subscriber: _Subscriber, broker: ChapterPubSub[int], handle: Callable[[int], object]
) -> tuple[asyncio.Task[Any], asyncio.Queue[int | None]]:
    task = asyncio.create_task(subscriber(broker, handle), name="subscriber")
    await asyncio.sleep(0.1)  # whoever subscribes has done so by now
    if task.done():
        task.result()
    require(len(broker.queues) == 1, "the subscriber is to subscribe, and then wait for messages")
    with count_timers() as timers:
        await asyncio.sleep(IDLE_S)
    looks = timers.count - 1
    require(
        looks == 0,
        f"in {IDLE_S:g} s without a message the subscriber wakes up {looks} times to look for one; "
        "`await queue.get()` waits until there is one",
    )
    return task, broker.queues[0]


async def _require_no_trace(
    broker: ChapterPubSub[int], queue: asyncio.Queue[int | None], when: str, how: str
) -> None:
    joining = asyncio.create_task(queue.join(), name="join")
    await asyncio.sleep(1)
    marked = joining.done()
    joining.cancel()
    require(marked, f"{when}, and then join() hangs; {how}")
    require(
        queue not in broker.queues,
        f"{when}, and its queue stays in broker.queues, where it fills up; take it off, however "
        "the subscriber ends",
    )
