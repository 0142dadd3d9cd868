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
from typing import Any

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import exercise, require
from pubsub_lib.messages import Message


@exercise("00.1", "both ran at the same time, and the pair is in order")
def check_both(both: Callable[..., Coroutine[Any, Any, Any]]) -> None:
    """Refuse an answer that waits for one after the other, or mixes the results up."""

    async def result_after(seconds: float, result: str) -> str:
        await asyncio.sleep(seconds)
        return result

    async def main() -> tuple[Any, float]:
        with (
            closing(result_after(1, "first")) as first,
            closing(result_after(2, "second")) as second,
        ):
            results = await both(first, second)
        return results, asyncio.get_running_loop().time()

    results, seconds = run_virtual(main())
    require(isinstance(results, tuple) and len(results) == 2, f"return a pair, not {results!r}")
    require(
        results == ("first", "second"),
        f"the results come as {results!r}; return them in the order of the arguments",
    )
    require(
        seconds == 2.0,
        f"waits of 1 s and 2 s took {seconds:g} s; run at the same time they take 2 s",
    )


@exercise("00.2", "every message arrived, in order, and was marked as handled")
def check_collect(collect: Callable[..., Coroutine[Any, Any, Any]]) -> None:
    """Refuse an answer that loses messages, stores the None, or forgets task_done()."""
    sent = [Message(str(number)) for number in range(3)]

    async def main() -> tuple[Any, bool]:
        broker = AsyncPubSub[Message]()
        queue = await broker.subscribe()
        async with asyncio.TaskGroup() as group:
            collecting = group.create_task(collect(queue), name="collect")
            for message in sent:
                await broker.publish(message)
            joining = group.create_task(queue.join(), name="join")
            await asyncio.sleep(1)  # whoever marks its messages has done so by now
            all_marked = joining.done()
            joining.cancel()
            await broker.shutdown()
        return collecting.result(), all_marked

    received, all_marked = run_virtual(main())
    require(isinstance(received, list), f"return a list, not {received!r}")
    require(None not in received, "None is not a message: stop there, and do not keep it")
    require(received == sent, f"3 messages were sent in order, and you return {received!r}")
    require(all_marked, "call queue.task_done() once for every message, so that join() can end")
