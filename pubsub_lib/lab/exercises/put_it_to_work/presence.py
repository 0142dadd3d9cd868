"""Exercise 13.3: who is here, across two workers.

>>> from pubsub_lib.lab.exercises import examine
>>> class Nobody:
...     def __init__(self, broker, worker): ...
...     async def run(self): ...
>>> examine("13.3", Nobody).explanation
'run() of one has returned; it is to go on until it is cancelled'
"""

import asyncio
import pickle
from collections.abc import Awaitable, Callable
from typing import Any

from pubsub_lib.in_process.queue_broker import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.exercises.checking import (
    WrongAnswer,
    exercise,
    require,
    run_without_polling,
)
from pubsub_lib.lab.exercises.hints import hints

hints(
    "13.3",
    "Do not tell what has changed, tell everything: each worker says all that are with it, at "
    "once when that changes, and once a second.",
    "Keep of each worker what it said last, and when. Whoever was silent for 3 s does not count.",
    "One visitor may have two tabs: count them.",
)


@exercise("13.3", "every worker knows who is here, at once, later, and after another was killed")
def check_presence(presence_class: Callable[..., Any]) -> None:
    """Refuse what knows its own worker alone, or believes in the visitors of a dead one."""
    run_without_polling(_is_quiet(presence_class))
    run_virtual(_knows_all(presence_class))
    run_virtual(_counts_tabs(presence_class))
    run_virtual(_forgets_the_dead(presence_class))


#: So long nobody comes or goes; a sign of life each tenth of a second is not yet polling.
A_QUIET_TIME_S = 300


class _Line:
    """A worker's way to the broker; when the worker is killed, nothing comes from it any more.

    What is sent becomes bytes and back, as between processes: nobody can share an object.
    """

    def __init__(self, broker: AsyncPubSub[Any]) -> None:
        self._broker = broker
        self.is_dead = False

    async def publish(self, message: Any) -> Any:
        return None if self.is_dead else await self._broker.publish(_copied(message))

    def subscribe(self, **options: Any) -> Any:
        return self._broker.subscribe(**options)


def _copied(message: Any) -> Any:
    try:
        return pickle.loads(pickle.dumps(message))
    except Exception as error:
        raise WrongAnswer(
            f"a {type(message).__name__} is published that cannot become bytes for the other "
            f"worker ({error}); send names and numbers, in tuples, lists or dicts"
        ) from None


class _Workers:
    """The workers of a service, each with the learner's `Presence`, which run."""

    def __init__(self, presence_class: Callable[..., Any]) -> None:
        self._presence_class = presence_class
        self._broker = AsyncPubSub[Any](maxsize=1000)
        self._running: dict[str, tuple[_Line, asyncio.Task[None]]] = {}

    async def start(self, name: str) -> Any:
        line = _Line(self._broker)
        presence = self._presence_class(line, name)
        task = asyncio.create_task(_run(presence.run()), name=name)
        self._running[name] = line, task
        await asyncio.sleep(0.01)
        if task.done():
            task.result()
            require(False, f"run() of {name} has returned; it is to go on until it is cancelled")
        return presence

    async def kill(self, name: str) -> None:
        line, task = self._running.pop(name)
        line.is_dead = True
        task.cancel()
        await asyncio.wait([task])

    async def __aenter__(self) -> "_Workers":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for name in list(self._running):
            await self.kill(name)


def _expect(presence: Any, at: str, expected: set[str], what: str) -> None:
    here = set(presence.here())
    require(
        here == expected,
        f"{what}: at {at} here() gives {sorted(here) or 'nobody'}, not {sorted(expected)}",
    )


async def _is_quiet(presence_class: Callable[..., Any]) -> None:
    async with _Workers(presence_class) as workers:
        one = await workers.start("one")
        await one.join("Ada")
        await asyncio.sleep(A_QUIET_TIME_S)
        _expect(one, "this worker", {"Ada"}, "Ada has been here for five minutes")


async def _knows_all(presence_class: Callable[..., Any]) -> None:
    async with _Workers(presence_class) as workers:
        one, two = await workers.start("one"), await workers.start("two")
        await one.join("Ada")
        await two.join("Ben")
        await asyncio.sleep(0.5)
        for at, presence in (("the first worker", one), ("the second", two)):
            _expect(presence, at, {"Ada", "Ben"}, "Ada is at one worker and Ben at the other")
        three = await workers.start("three")
        await asyncio.sleep(2)
        _expect(
            three, "a worker that started later", {"Ada", "Ben"}, "Ada and Ben were here before it"
        )
        await one.leave("Ada")
        await asyncio.sleep(0.5)
        _expect(two, "the other worker", {"Ben"}, "Ada has left")


async def _counts_tabs(presence_class: Callable[..., Any]) -> None:
    for first, second in (("one", "one"), ("one", "two")):
        async with _Workers(presence_class) as workers:
            named = {name: await workers.start(name) for name in ("one", "two")}
            await named[first].join("Ada")
            await named[second].join("Ada")
            await asyncio.sleep(0.5)
            await named[first].leave("Ada")
            where = "the same worker" if first == second else "two workers"
            for presence in named.values():
                await asyncio.sleep(2)
                _expect(
                    presence, "a worker", {"Ada"}, f"Ada had two tabs, at {where}, and closed one"
                )


async def _forgets_the_dead(presence_class: Callable[..., Any]) -> None:
    async with _Workers(presence_class) as workers:
        one, two = await workers.start("one"), await workers.start("two")
        await one.join("Ada")
        await two.join("Ben")
        for _ in range(120):
            await asyncio.sleep(0.25)
            _expect(two, "the other worker", {"Ada", "Ben"}, "Ada is here all the time")
        await workers.kill("one")
        await asyncio.sleep(5)
        _expect(two, "the other worker", {"Ben"}, "the worker that Ada was at was killed 5 s ago")


async def _run(answer: Awaitable[None]) -> None:
    await answer
