"""Exercise 03.4: a broker that stands in front of another one.

>>> from pubsub_lib import ChapterPubSub
>>> from pubsub_lib.lab.exercises import examine
>>> print(examine("03.4", lambda broker: ChapterPubSub()).explanation)
do not inherit from a broker: hold the one you are given, and pass the calls on
"""

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

from pubsub_lib.first_attempts.chapter import ChapterPubSub
from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.interfaces import Broker
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.build_the_broker.queues import (
    FIRST,
    SECOND,
    contents,
)
from pubsub_lib.lab.exercises.checking import AN_HOUR_S, exercise, require
from pubsub_lib.lab.exercises.hints import hints
from pubsub_lib.messages import Message


class _AnsweringPubSub(ChapterPubSub[Message]):
    """Returns something of each call, as a broker may."""

    def __init__(self, takes_s: float = 0.0) -> None:
        super().__init__()
        self.takes_s = takes_s
        self.answers: list[str] = []

    def _answered(self, answer: str) -> str:
        self.answers.append(f"{answer} {len(self.answers)}")
        return self.answers[-1]

    # It names its argument as it likes, since a broker's has no fixed name.
    async def publish(self, content: Message) -> Any:
        await super().publish(content)
        await asyncio.sleep(self.takes_s)
        return self._answered("published")

    async def shutdown(self) -> Any:
        await super().shutdown()
        await asyncio.sleep(self.takes_s)
        return self._answered("shut down")


class _RefusingPubSub(ChapterPubSub[Message]):
    """Raises whatever it is asked to do, as a broker may that is closed."""

    async def subscribe(self) -> Any:
        raise _Refused

    async def publish(self, message: Message) -> Any:
        raise _Refused

    async def shutdown(self) -> Any:
        raise _Refused


class _Refused(Exception):
    """What no tap can know."""


@exercise("03.4", "your tap fits wherever a broker does, over brokers it has never seen")
def check_tap(tap_class: Callable[..., Any]) -> None:
    """Refuse a tap that is no broker, keeps no copy, or holds something back."""

    async def main(kind: Callable[[], Any]) -> None:
        inner = kind()
        tap = tap_class(inner)
        require(
            not isinstance(tap, AsyncPubSub | ChapterPubSub),
            "do not inherit from a broker: hold the one you are given, and pass the calls on",
        )
        require(isinstance(tap, Broker), "a broker has subscribe(), publish() and shutdown()")
        queue = _awaited("subscribe", await tap.subscribe())
        require(len(inner.queues) == 1, "subscribe() does not reach the inner broker")
        require(
            queue is not None,
            "subscribe() reaches the inner broker and returns None; return what the inner one does",
        )
        other = await tap.subscribe()
        require(
            other is not queue,
            "two subscribe, and get the same queue, so each message reaches only one of them; ask "
            "the inner broker each time",
        )
        sent = [FIRST, SECOND, SECOND, 0]
        returned = [_awaited("publish", await tap.publish(message)) for message in sent]
        require(
            tap.seen == sent,
            f"seen is to hold {contents(sent)} and holds {contents(tap.seen)}",
        )
        require(queue.qsize() == 4, "publish() does not reach the inner broker's subscribers")
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(_read(queue), name="subscriber")
            group.create_task(_read(other), name="other subscriber")
            returned.append(_awaited("shutdown", await tap.shutdown()))
        require(reading.result() == sent, "the messages arrive in another order")
        require(
            tap.seen == sent,
            f"after shutdown() seen is to hold what was published, and holds {contents(tap.seen)}",
        )
        if isinstance(inner, _AnsweringPubSub):
            require(
                returned == inner.answers,
                f"what the inner broker's publish() and shutdown() return, {inner.answers}, the "
                f"tap is to return; it returns {returned}",
            )

    for kind in (ChapterPubSub[Any], AsyncPubSub[Any], _AnsweringPubSub):
        run_virtual(main(kind))
    run_virtual(_takes_as_long_as_the_inner_one(tap_class))
    for method, arguments in (("subscribe", ()), ("publish", (FIRST,)), ("shutdown", ())):
        run_virtual(_passes_errors_on(tap_class, method, arguments))


async def _takes_as_long_as_the_inner_one(tap_class: Callable[..., Any]) -> None:
    now = asyncio.get_running_loop().time
    for method, arguments in (("publish", (FIRST,)), ("shutdown", ())):
        inner, start_s = _AnsweringPubSub(takes_s=AN_HOUR_S), now()
        try:
            returned = await getattr(tap_class(inner), method)(*arguments)
        except TimeoutError:
            returned = "a TimeoutError"
        require(
            [returned] == inner.answers and now() - start_s == AN_HOUR_S,
            f"the inner broker's {method}() takes an hour, and the tap's ends after "
            f"{now() - start_s:g} s with {returned!r}; pass the call on, and wait for its answer",
        )


async def _passes_errors_on(
    tap_class: Callable[..., Any], method: str, arguments: tuple[Message, ...]
) -> None:
    try:
        await getattr(tap_class(_RefusingPubSub()), method)(*arguments)
    except _Refused:
        return
    require(
        False,
        f"the inner broker's {method}() raises, and the tap's does not; whoever calls it is to be "
        "told",
    )


hints(
    "03.4",
    "Each of the three methods has one line that calls the method of the same name on "
    "`self.broker`. Which of them has a second line?",
    "What the inner broker's method returns has to be awaited, and then returned: "
    "`return await self.broker.subscribe()`.",
)


def _awaited(method: str, returned: Any) -> Any:
    """Return what a method of a tap returned, unless it is still to be awaited."""
    if inspect.iscoroutine(returned):
        returned.close()
        require(
            False,
            f"{method}() returns what the inner broker's gave it, and nobody has awaited that: "
            f"`return await self.broker.{method}(...)`",
        )
    return returned


async def _read(queue: asyncio.Queue[Any]) -> list[Any]:
    messages = []
    while (message := await queue.get()) is not None:
        messages.append(message)
        queue.task_done()
    return messages
