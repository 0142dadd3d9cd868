"""Exercise 07.1: a test that counts the messages which a broker keeps.

>>> from pubsub_lib.lab.exercises import examine
>>> async def keeps_nothing(new_broker, visit, new_message):
...     return 0
>>> print(examine("07.1", keeps_nothing).explanation.partition(";")[0])
a queue was left behind, so that all 10 are kept, and you return 0
"""

from collections.abc import Callable, Coroutine
from typing import Any

from pubsub_lib.first_attempts.chapter import ChapterPubSub
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.costs.leaks import no_garbage_collection
from pubsub_lib.lab.exercises.checking import (
    exercise,
    require,
)
from pubsub_lib.lab.exercises.hints import hints

hints(
    "07.1",
    "A weakref.ref(message) tells later whether the message still exists, and does not keep it.",
    "Let go of your own reference: `del message` after the loop, since a loop's variable stays.",
    "Let the event loop have a turn, and have Python free what only holds itself: gc.collect().",
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
