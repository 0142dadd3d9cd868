"""Exercise 07.3: a handle that leaves by itself when nobody holds it.

>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.lab.exercises import examine
>>> class Stays:
...     def __init__(self, broker, queue):
...         self.get = queue.get
...     def close(self):
...         pass
>>> examine("07.3", Stays).explanation
'close() is to take this queue off the broker, and no other'
"""

import asyncio
import gc
import weakref
from collections.abc import Callable
from typing import Any

from pubsub_lib.first_attempts.chapter import ChapterPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.costs.leaks import no_garbage_collection
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints

hints(
    "07.3",
    "__del__ may run at any moment, even in the middle of a publish; so it asks the event loop "
    "to close. It may do so directly if it only replaces the list.",
    "loop.call_soon_threadsafe(function) asks a loop from anywhere; what you give it must not "
    "hold the handle.",
    "Put a new list in the place of broker.queues; a publish goes on with the old one.",
)


@exercise("07.3", "it leaves when nobody holds it, keeps a reader that waits, and disturbs nobody")
def check_handle(new_handle: Callable[..., Any]) -> None:
    """Refuse a handle that stays when it is forgotten, or goes when it is not."""
    with no_garbage_collection():
        run_virtual(_is_held(new_handle))
        run_virtual(_is_closed(new_handle))
        run_virtual(_are_closed_one_after_another(new_handle))
        run_virtual(_is_forgotten(new_handle))
        run_virtual(_leaves_during_a_publish(new_handle, forgotten=True))
        run_virtual(_leaves_during_a_publish(new_handle, forgotten=False))
        run_without_polling(_waits_for_an_hour(new_handle))
        run_virtual(_waits_and_is_held_by_nobody(new_handle))
        run_virtual(_waits_and_is_cancelled(new_handle))


type _NewHandle = Callable[..., Any]


async def _is_held(new_handle: _NewHandle) -> None:
    broker = ChapterPubSub[int]()
    queue = await broker.subscribe()
    handle = new_handle(broker, queue)
    await broker.publish(1)
    require(queue in broker.queues, "while somebody holds the handle, its queue is to stay")
    require(await handle.get() == 1, "get() is to return the next message of the queue")


async def _is_closed(new_handle: _NewHandle) -> None:
    broker = ChapterPubSub[int]()
    queue, other = await broker.subscribe(), await broker.subscribe()
    handle = new_handle(broker, queue)
    handle.close()
    require(broker.queues == [other], "close() is to take this queue off the broker, and no other")
    try:
        handle.close()
    except Exception as error:
        require(False, f"closing twice raises {error!r}; the second time there is nothing to do")


async def _are_closed_one_after_another(new_handle: _NewHandle) -> None:
    broker = ChapterPubSub[int]()
    queues = [await broker.subscribe() for _ in range(4)]
    handles = [new_handle(broker, queue) for queue in queues]
    for handle in handles[:2]:
        handle.close()
    require(
        broker.queues == queues[2:],
        "four subscribe, and the first and the second close their handles; the third and the "
        "fourth are to stay: places in the list change when somebody leaves",
    )


async def _is_forgotten(new_handle: _NewHandle) -> None:
    broker = ChapterPubSub[int]()
    queue = await broker.subscribe()
    handle = new_handle(broker, queue)
    watched = weakref.ref(handle)
    del handle
    await asyncio.sleep(0)
    if watched() is not None:
        gc.collect()
        require(
            watched() is None,
            "nobody holds the handle, and it still exists: something of the broker, or of what is "
            "to be called in the end, refers to it. A method such as self.close does; a function "
            "that is given the broker and the queue does not",
        )
        require(False, "the handle holds itself, in a circle; so it is not noticed at once")
    require(
        queue not in broker.queues, "the handle is gone, and its queue is still in broker.queues"
    )


async def _leaves_during_a_publish(new_handle: _NewHandle, *, forgotten: bool) -> None:
    broker = ChapterPubSub[int](maxsize=1)
    first, full, behind = [await broker.subscribe() for _ in range(3)]
    handle = new_handle(broker, first)
    await broker.publish(1)
    first.get_nowait(), behind.get_nowait()
    publishing = asyncio.create_task(broker.publish(2), name="publisher")
    await asyncio.sleep(0.5)
    if not forgotten:
        handle.close()
    del handle
    await asyncio.sleep(0)
    full.get_nowait()
    await publishing
    require(
        behind.qsize() == 1,
        f"a handle is {'forgotten' if forgotten else 'closed'} while a publish waits for somebody "
        "else, and the subscriber after that misses the message: replace the broker's list, and do "
        "not change it",
    )


async def _waits_for_an_hour(new_handle: _NewHandle) -> None:
    broker = ChapterPubSub[int]()
    handle = new_handle(broker, await broker.subscribe())
    waiting = asyncio.create_task(handle.get(), name="reader")
    await asyncio.sleep(AN_HOUR_S)
    require(not waiting.done(), "get() returns while there is no message; it is to wait for one")
    await broker.publish(1)
    require(await waiting == 1, "get() is to return the next message of the queue")


async def _waits_and_is_cancelled(new_handle: _NewHandle) -> None:
    broker = ChapterPubSub[int]()
    queue = await broker.subscribe()
    handle = new_handle(broker, queue)
    waiting = asyncio.create_task(handle.get(), name="reader")
    del handle
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.wait([waiting])
    require(
        waiting.cancelled(),
        "a task waits in get() and is cancelled, and get() hides that; let the CancelledError "
        "through",
    )
    del waiting
    await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0)
    require(
        queue not in broker.queues,
        "a task that waited in get() was cancelled, nobody holds the handle any more, and its "
        "queue is still in broker.queues",
    )


async def _waits_and_is_held_by_nobody(new_handle: _NewHandle) -> None:
    lost: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: lost.append(context["message"])
    )
    broker = ChapterPubSub[int]()
    read: list[int] = []

    async def wait(handle: Any) -> None:
        message = handle.get()
        del handle
        read.append(await message)

    async def start() -> None:
        asyncio.create_task(wait(new_handle(broker, await broker.subscribe())), name="reader")  # noqa: RUF006 - that nobody keeps it is the point

    await start()
    await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0)
    await broker.publish(1)
    await asyncio.sleep(0)
    require(
        read == [1] and not lost,
        "a task waits in get(), nobody else holds the handle, and the message never comes: while "
        "somebody waits, the coroutine of get() is to hold the handle, as an `async def` that uses "
        "self after its await does, or at it",
    )
