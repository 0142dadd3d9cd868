"""The checks of notebook 00.

>>> from pubsub_lib.lab.exercises import examine
>>> async def one_after_the_other(first, second):
...     return await first, await second
>>> examine("00.1", one_after_the_other).explanation
'waits of 1 s and 2 s took 3 s; run at the same time they take 2 s'
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import AN_HOUR_S, exercise, require, run_without_polling
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.messages import Message

LOOKS_AGAIN = (
    "while the queue is empty it looks again and again; "
    "`await queue.get()` waits until there is a message"
)
A_MOMENT_S = 1e-6  # enough for whoever waits, and not for whoever sleeps and looks again


@exercise("00.1", "both ran at the same time, and the pair is in order")
def check_both(both: Callable[..., Coroutine[Any, Any, Any]]) -> None:
    """Refuse an answer that waits for one after the other, or mixes the results up."""
    _runs_both(both, first_s=1, second_s=2)
    _runs_both(both, first_s=0.5, second_s=0.25)
    _runs_both(both, first_s=AN_HOUR_S + 0.037, second_s=2)


def _runs_both(
    both: Callable[..., Coroutine[Any, Any, Any]], *, first_s: float, second_s: float
) -> None:
    async def result_after(seconds: float, result: str) -> str:
        await asyncio.sleep(seconds)
        return result

    async def main(first: Any, second: Any) -> tuple[Any, float]:
        return await both(first, second), asyncio.get_running_loop().time()

    try:
        with (
            closing(result_after(first_s, "first")) as first,
            closing(result_after(second_s, "second")) as second,
        ):
            results, seconds = run_without_polling(
                main(first, second),
                "while the two are waiting it looks again and again whether they are done; to "
                "await a task, or to end the `async with` block, waits without looking",
            )
    except* TimeoutError:
        require(False, "one of the two takes an hour, and it gives up before that")
    except* asyncio.InvalidStateError:
        require(
            False,
            "it asks a task for its result() before there is one; "
            "ask after the `async with` block, which waits for its tasks",
        )
    require(isinstance(results, tuple) and len(results) == 2, f"return a pair, not {results!r}")
    require(
        not any(isinstance(result, asyncio.Task) for result in results),
        "the pair holds the tasks; what a task has returned is `task.result()`",
    )
    require(
        not any(asyncio.iscoroutine(result) for result in results),
        "the pair holds the coroutines, and neither has run; make a task of each",
    )
    require(
        results == ("first", "second"),
        f"the results come as {results!r}; return them in the order of the arguments",
    )
    require(
        seconds == max(first_s, second_s),
        f"waits of {first_s:g} s and {second_s:g} s took {seconds:g} s; run at the same time they "
        f"take {max(first_s, second_s):g} s",
    )


hints(
    "00.1",
    "Two coroutines wait at the same time if each of them is a task. What makes tasks, and waits "
    "for them?",
    "`async with asyncio.TaskGroup() as group:`, and in it `group.create_task(...)` for each of "
    "the two. Keep what it returns.",
    "After the block, `first_task.result()` is what the first coroutine returned.",
)


@dataclass(slots=True)
class _Collected:
    """What `collect` did while messages came now and then.

    Attributes:
        returned: what it returned.
        before_the_end: whether it did so before the queue gave `None`.
        waited: whether it took each message as it came.
        all_marked: whether it had marked all of them before the end.
    """

    returned: Any
    before_the_end: bool
    waited: bool
    all_marked: bool


@exercise("00.2", "every message arrived as it came, in order, and was marked as handled")
def check_collect(collect: Callable[..., Coroutine[Any, Any, Any]]) -> None:
    """Refuse an answer that polls, loses messages, keeps the None, or forgets task_done()."""
    sent = [Message(str(number)) for number in (0, 1, 2, 3, 3)]  # the same can be said twice
    try:
        seen = run_without_polling(_send_now_and_then(collect, sent), LOOKS_AGAIN)
    except* ValueError as errors:
        if "task_done()" not in str(errors.exceptions[0]):
            raise
        require(False, "call task_done() once for every message, and not for the `None`")
    if seen.before_the_end:
        require(
            False,
            f"it returns {_shown(seen.returned)} before the queue has given `None`: there is more "
            "to come, even if the queue is empty or the next message takes a while",
        )
    require(isinstance(seen.returned, list), f"return a list, not {seen.returned!r}")
    require(None not in seen.returned, "`None` is not a message: stop there, and do not keep it")
    require(
        seen.returned == sent,
        f"{_shown(sent)} were sent, and you return {_shown(seen.returned)}",
    )
    require(
        seen.waited,
        "a message lies in the queue for a while before it is taken; `await queue.get()` takes it "
        "as it comes",
    )
    require(
        seen.all_marked, "call queue.task_done() once for every message, so that join() can end"
    )


hints(
    "00.2",
    "`await queue.get()` gives the next message, and waits if there is none yet. So there is no "
    "need to ask whether the queue is empty.",
    "A loop that asks for one message after another, and ends when it gets `None`: "
    "`while (message := await queue.get()) is not None:`",
    "In the loop, keep the message and call `queue.task_done()`; after it, return the list.",
)


async def _send_now_and_then(
    collect: Callable[..., Coroutine[Any, Any, Any]], sent: list[Message]
) -> _Collected:
    broker = AsyncPubSub[Message]()
    queue = await broker.subscribe()
    waited = True
    async with asyncio.TaskGroup() as group:
        collecting = group.create_task(collect(queue), name="collect")
        for number, message in enumerate(sent):
            if number != 1:  # the second comes together with the first, the others by themselves
                await asyncio.sleep(0.7 + number / 7)
            await broker.publish(message)
            await asyncio.sleep(A_MOMENT_S)
            waited = waited and queue.empty()
        joining = group.create_task(queue.join(), name="join")
        await asyncio.sleep(1)  # whoever marks its messages has done so by now
        all_marked, before_the_end = joining.done(), collecting.done()
        joining.cancel()
        with count_timers() as timers:
            await asyncio.sleep(AN_HOUR_S)
        looks = timers.count - 1
        before_the_end = before_the_end or collecting.done()
        await broker.shutdown()
    require(before_the_end or looks == 0, LOOKS_AGAIN)
    return _Collected(collecting.result(), before_the_end, waited, all_marked)


def _shown(messages: Any) -> str:
    """Return in short what a list of messages holds."""
    if not isinstance(messages, list):
        return repr(messages)
    return f"[{', '.join(getattr(one, 'content', None) or repr(one) for one in messages)}]"
