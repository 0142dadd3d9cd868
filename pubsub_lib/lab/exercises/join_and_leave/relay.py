"""Exercise 07.2: a relay that nobody disturbs who comes and goes.

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
from collections.abc import Callable
from typing import Any

from pubsub_lib.lab.costs.timers import count_timers
from pubsub_lib.lab.exercises.checking import (
    AN_HOUR_S,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints

hints(
    "07.2",
    "Go through those who are there as the publish begins: a list of their queues, made at once.",
    "The list does not know who has left since. Ask at each place whether that one is still there.",
    "A publish that waits at the queue of one who leaves goes on as soon as there is room in it. "
    "Its score then fills that queue again, and another publish may wait behind it: who has put a "
    "score into the queue of one who has left takes it out again.",
)


LOOKS_FOR_ROOM = (
    "while a phone has no room, publish() looks for some again and again; `await queue.put()` "
    "waits until there is"
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
        _nothing_is_kept_of_one_that_left,
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


async def _nothing_is_kept_of_one_that_left(new_relay: _NewRelay) -> None:
    relay = new_relay()
    watched = weakref.ref(relay.join("visitor"))
    await relay.publish(1)
    relay.leave("visitor")
    await relay.publish(2)
    await asyncio.sleep(1)
    gc.collect()
    require(
        watched() is None,
        "a phone has left, nobody else holds its queue, and the relay still keeps it: with "
        "everybody who comes and goes it grows; take the phone out of `phones`",
    )


async def _the_slow_one_leaves(new_relay: _NewRelay) -> None:
    relay = new_relay()
    queues, publishing = await _wait_for_the_slow(relay)
    relay.leave("slow")
    await _published(publishing, "the phone that a publish waits for leaves")
    require(_taken(queues[2]) == [2], "the slow phone has left, and the one after it gets nothing")
