"""The checks of notebook 07: a test for leaks, a relay, and a handle that leaves by itself.

>>> from pubsub_lib.lab.exercises import examine
>>> class Relay:
...     def __init__(self):
...         self.phones = {}
...     def join(self, name):
...         self.phones[name] = asyncio.Queue(maxsize=1)
...         return self.phones[name]
...     def leave(self, name):
...         del self.phones[name]
...     async def publish(self, score):
...         for queue in self.phones.values():
...             await queue.put(score)
>>> examine("07.2", Relay).explanation
'a phone leaves while a publish waits for another one, and the publish ends with RuntimeError: \
dictionary changed size during iteration'
"""

import asyncio
import gc
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

from pubsub_lib.first_attempts.chapter import ChapterPubSub
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.costs.leaks import no_garbage_collection
from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints

hints(
    "07.1",
    "A weakref.ref(message) tells later whether the message still exists, and does not keep it.",
    "Let go of your own reference: `del message` after the loop, since a loop's variable stays.",
    "Let the event loop have a turn, and have Python free what only holds itself: gc.collect().",
)
hints(
    "07.2",
    "Go through those who are there as the publish begins: a list of their queues, made at once.",
    "The list does not know who has left since. Ask at each place whether that one is still there.",
    "A publish that waits at the queue of one who leaves goes on as soon as there is room in it. "
    "Its score then fills that queue again, and another publish may wait behind it: who has put a "
    "score into the queue of one who has left takes it out again.",
)
hints(
    "07.3",
    "__del__ may run at any moment, even in the middle of a publish; so it asks the event loop "
    "to close, and does not close.",
    "loop.call_soon_threadsafe(function) asks a loop from anywhere; what you give it must not "
    "hold the handle.",
    "Put a new list in the place of broker.queues; a publish goes on with the old one.",
)


LOOKS_FOR_ROOM = (
    "while a phone has no room, publish() looks for some again and again; `await queue.put()` "
    "waits until there is"
)


class _Message:
    """Can be referred to weakly."""


async def _no_visit(broker: Any) -> None:
    pass


async def _visit_and_stay(broker: Any) -> None:
    """Leave a queue behind: the chapter's broker has no way to leave."""
    await broker.subscribe()


class _KeepsTheLast(ChapterPubSub[Any]):
    """Remembers the last message, for those who come later, in none of its queues."""

    async def publish(self, message: Any) -> None:
        await super().publish(message)
        self.last = message


class _WrapsInCircles(ChapterPubSub[Any]):
    """Uses for each message something that refers to itself, and forgets it."""

    async def publish(self, message: Any) -> None:
        wrapped: list[Any] = [message]
        wrapped.append(wrapped)
        await super().publish(message)


@exercise("07.1", "it counts what is kept, wherever that is, and keeps nothing itself")
def check_messages_kept(messages_kept: Callable[..., Coroutine[Any, Any, Any]]) -> None:
    """Refuse a test for leaks that finds one where there is none, or none where there is one."""

    def kept(new_broker: Callable[..., Any], visit: Any) -> int:
        with no_garbage_collection():
            number = run_virtual(messages_kept(new_broker, visit, _Message))
        require(
            isinstance(number, int) and not isinstance(number, bool),
            f"return a number of messages, and not {number!r}",
        )
        return int(number)

    number = kept(ChapterPubSub, _visit_and_stay)
    require(
        number == 10,
        f"a queue was left behind, so that all 10 are kept, and you return {number}; publish them "
        "after the visit, and count those that still exist",
    )
    number = kept(ChapterPubSub, _no_visit)
    require(
        number != 1,
        "nobody was there, so that none is kept, and you return 1: your own variable still holds "
        "the last message; `del` it",
    )
    require(
        number == 0,
        f"nobody was there, so that none is kept, and you return {number}; do not keep the "
        "messages yourself, but weak references to them",
    )
    number = kept(_WrapsInCircles, _no_visit)
    require(
        number == 0,
        f"with a broker that puts each message in a circle, and forgets it, you return {number}; "
        "what holds itself is freed by gc.collect()",
    )
    number = kept(_KeepsTheLast, _no_visit)
    require(
        number == 1,
        f"a broker that remembers the last message keeps 1, in none of its queues, and you return "
        f"{number}; ask the messages, and not the queues",
    )
    number = kept(AsyncPubSub, _visit_and_stay)
    require(
        number == 0,
        f"with AsyncPubSub none is kept, since who forgets its inbox leaves, and you return "
        f"{number}; let the event loop have a turn, by `await asyncio.sleep(0)`, and count then",
    )


type _NewRelay = Callable[[], Any]


@exercise("07.2", "nobody notices who comes and goes, and nobody who left is waited for")
def check_relay(new_relay: _NewRelay) -> None:
    """Refuse a relay that is disturbed by who joins or leaves, or that hides it."""
    for scene in (
        _one_is_slow,
        _another_one_leaves,
        _the_next_one_leaves,
        _another_one_joins,
        _somebody_comes_back,
        _the_slow_one_leaves,
        _two_wait_for_the_one_that_leaves,
    ):
        run_without_polling(scene(new_relay), LOOKS_FOR_ROOM)


def _taken(queue: asyncio.Queue[int]) -> list[int]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def _wait_for_the_slow(relay: Any) -> tuple[list[asyncio.Queue[int]], asyncio.Task[None]]:
    """Let three join, and let a publish of 2 wait for the second of them."""
    queues = [relay.join(name) for name in ("before", "slow", "after")]
    await relay.publish(1)
    require(
        [queue.qsize() for queue in queues] == [1, 1, 1],
        "three phones are there, and the first score is not in the queue of each of them",
    )
    _taken(queues[0]), _taken(queues[2])
    publishing = asyncio.create_task(relay.publish(2), name="publisher")
    await asyncio.sleep(1)
    return queues, publishing


async def _published(publishing: asyncio.Task[None], when: str) -> None:
    """Refuse a publish that does not end, or that ends with an error."""
    done, _ = await asyncio.wait([publishing], timeout=AN_HOUR_S)
    require(bool(done), f"{when}, and the publish waits for ever")
    if error := publishing.exception():
        problem = f"{type(error).__name__}: {error}"
        require(False, f"{when}, and the publish ends with {problem}")


async def _one_is_slow(new_relay: _NewRelay) -> None:
    queues, publishing = await _wait_for_the_slow(new_relay())
    with count_timers() as timers:
        await asyncio.sleep(AN_HOUR_S)
    require(
        not publishing.done(), "publish() returns while a phone has no room; it is to wait for room"
    )
    require(timers.count == 1, LOOKS_FOR_ROOM)
    _taken(queues[1])
    await _published(publishing, "the slow phone has made room")
    require(
        [_taken(queue) for queue in queues] == [[2]] * 3,
        "nobody came or went, and a phone has not got the second score, or not once",
    )


async def _another_one_leaves(new_relay: _NewRelay) -> None:
    relay = new_relay()
    queues, publishing = await _wait_for_the_slow(relay)
    relay.leave("before")
    _taken(queues[0]), _taken(queues[1])
    await _published(publishing, "a phone leaves while a publish waits for another one")
    require(
        [_taken(queue) for queue in queues[1:]] == [[2], [2]],
        "a phone leaves while a publish waits for another one, and one of those who stay misses "
        "the score; that no error is seen does not mend it",
    )
    await relay.publish(3)
    require(_taken(queues[2]) == [3], "a phone has left, and the next score does not arrive")
    require(not _taken(queues[0]), "a phone has left, and still gets what is published later")


async def _the_next_one_leaves(new_relay: _NewRelay) -> None:
    relay = new_relay()
    queues, publishing = await _wait_for_the_slow(relay)
    relay.leave("after")
    _taken(queues[1])
    await _published(publishing, "a phone leaves before a publish has come to it")


async def _another_one_joins(new_relay: _NewRelay) -> None:
    relay = new_relay()
    queues, publishing = await _wait_for_the_slow(relay)
    newcomer = relay.join("newcomer")
    _taken(queues[1])
    await _published(publishing, "a phone joins while a publish waits for another one")
    require(
        _taken(queues[2]) == [2],
        "a phone joins while a publish waits for another one, and one of those who were there "
        "misses the score",
    )
    require(not _taken(newcomer), "a newcomer gets a score whose publish had begun before it came")
    _taken(queues[0]), _taken(queues[1])
    await relay.publish(3)
    require(_taken(newcomer) == [3], "a newcomer does not get the next score")


async def _somebody_comes_back(new_relay: _NewRelay) -> None:
    relay = new_relay()
    queues, publishing = await _wait_for_the_slow(relay)
    relay.leave("after")
    newcomer = relay.join("after")
    _taken(queues[1])
    await _published(publishing, "a phone leaves and comes back while a publish waits")
    require(
        not _taken(newcomer),
        "a phone leaves, and another one of the same name joins, while a publish waits; it gets a "
        "score whose publish had begun before it came",
    )
    _taken(queues[0]), _taken(queues[1])
    await relay.publish(3)
    require(_taken(newcomer) == [3], "a phone leaves and comes back, and misses the next score")


async def _two_wait_for_the_one_that_leaves(new_relay: _NewRelay) -> None:
    relay = new_relay()
    queues, first = await _wait_for_the_slow(relay)
    _taken(queues[0])
    second = asyncio.create_task(relay.publish(3), name="second publisher")
    await asyncio.sleep(1)
    relay.leave("slow")
    when = "two publishes wait for the phone that leaves"
    await _published(first, when)
    await asyncio.sleep(1)
    require(_taken(queues[2]) == [2], f"{when}, and the next phone does not get the first score")
    await _published(
        second, f"{when}, the first takes the room that it leaves, the second has none"
    )
    require(_taken(queues[2]) == [3], f"{when}, and the next phone does not get the second score")


async def _the_slow_one_leaves(new_relay: _NewRelay) -> None:
    relay = new_relay()
    queues, publishing = await _wait_for_the_slow(relay)
    relay.leave("slow")
    await _published(publishing, "the phone that a publish waits for leaves")
    require(_taken(queues[2]) == [2], "the slow phone has left, and the one after it gets nothing")


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
