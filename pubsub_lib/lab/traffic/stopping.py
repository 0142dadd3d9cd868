"""A small service that is told to stop: when each part of it ends, and what is lost.

A publisher sends a message every second. A fast subscriber handles each in no time, a slow one
takes 2 s, and a dead one hangs at its first. After 5.5 s the service is told to stop. How it does
that is up to the function that is observed, so that every way to stop meets the same moment: the
slow subscriber has one message in hand and three waiting, and the dead one's queue is full.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub
>>> async def read(queue: asyncio.Queue[int], handle: Handle) -> None:
...     while (message := await queue.get()) is not None:
...         await handle(message)
...         queue.task_done()
>>> async def just_end(service: Service) -> None:
...     tasks = [asyncio.create_task(one.run(read)) for one in service.subscribers]
...     await service.publish_until_told()
>>> ending = observe(just_end, AsyncPubSub)
>>> for name, life in ending.lives.items():
...     print(name, "ends at", life.ended_s, "s and loses", life.lost)
publisher ends at 5.5 s and loses 0
fast ends at 5.5 s and loses 0
slow ends at 5.5 s and loses 4
dead ends at 5.5 s and loses 6
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pubsub_lib.interfaces import Broker
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.clock.waiting_tasks import describe_waiting_tasks
from pubsub_lib.lab.traffic.readers import Pace, Reader, dead_reader, fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Span

TOLD_S = 5.5
INTERVAL_S = 1.0
BOUND = 5
READERS = (fast_reader(), slow_reader(service_time_s=2.0), dead_reader())
AN_HOUR_S = 3600.0
PUBLISHER = "publisher"

# What a span of a life says was done.
PUBLISHED = "published"
HANDLED = "handled"
BROKEN_OFF = "broken off"
IN_HAND = "in hand"

type Handle = Callable[[int], Awaitable[None]]
type Read = Callable[[Any, Handle], Awaitable[object]]
type Way = Callable[["Service"], Awaitable[object]]
type BrokerOfBound = Callable[[int], Broker[int]]


@dataclass(frozen=True, slots=True)
class Life:
    """What one part of the service did, and how it ended.

    Attributes:
        pace: how it keeps up; `None` for the publisher.
        spans: when it dealt with a message, and what became of that: `published`, `handled`,
            `broken off`, or, an hour after the service was told to stop, still `in hand`.
        ended_s: when it ended, in seconds; `None` if it had not, an hour later.
        lost: how many messages were published for it and not handled.
    """

    pace: Pace | None
    spans: tuple[Span, ...]
    ended_s: float | None
    lost: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a service came to its end. Made by `observe`.

    Attributes:
        told_s: when it was told to stop, in seconds.
        lives: what each part did, by name, the publisher first.
        result: what the way to stop returned; `None` if it did not return.
        waiting: a line for each task that had not ended an hour later, and what it waited for.
    """

    told_s: float
    lives: Mapping[str, Life]
    result: object = None
    waiting: str = ""

    @property
    def lost(self) -> dict[str, int]:
        """How many messages each subscriber lost, if any."""
        return {name: life.lost for name, life in self.lives.items() if life.lost}

    @property
    def never(self) -> list[str]:
        """Who had not ended an hour later."""
        return [name for name, life in self.lives.items() if life.ended_s is None]


class ServiceSubscriber:
    """One subscriber of a service.

    Attributes:
        name: what tables and figures call it.
        queue: where its messages come from.
    """

    def __init__(self, reader: Reader, queue: Any) -> None:
        self.name = reader.name
        self.queue = queue
        self._reader = reader
        self._spans: list[Span] = []
        self._in_hand: list[float] = []
        self._ended_s: float | None = None

    async def run(self, read: Read) -> None:
        """Run `read(queue, handle)` until it ends, and note when that is."""
        try:
            await read(self.queue, self.handle)
        finally:
            self._ended_s = _now()

    async def handle(self, message: int) -> None:
        """Handle one message, as slowly as this subscriber does; the dead one never ends."""
        start_s = _now()
        self._in_hand.append(start_s)
        became = BROKEN_OFF
        try:
            if self._reader.pace is Pace.DEAD:
                await asyncio.get_running_loop().create_future()
            if self._reader.service_time_s:
                await asyncio.sleep(self._reader.service_time_s)
            became = HANDLED
        finally:
            self._in_hand.remove(start_s)
            self._spans.append(Span(start_s, _now(), became))

    def life(self, published: int, program_ended_s: float | None) -> Life:
        """Return what it has done so far, of so many messages; nothing outlives the program."""
        in_hand = [Span(start_s, _now(), IN_HAND) for start_s in self._in_hand]
        handled = sum(span.doing == HANDLED for span in self._spans)
        ended_s = program_ended_s if self._ended_s is None else self._ended_s
        return Life(self._reader.pace, (*self._spans, *in_hand), ended_s, published - handled)


class Service:
    """A broker with a publisher and its subscribers. Made by `observe`, for the way to stop.

    Attributes:
        broker: what they have in common.
        subscribers: subscribed, and not running yet.
        told: set when the service is told to stop.
    """

    def __init__(self, broker: Broker[int], subscribers: list[ServiceSubscriber]) -> None:
        self.broker = broker
        self.subscribers = subscribers
        self.told = asyncio.Event()
        self._published: list[Span] = []

    async def publish_until_told(self) -> None:
        """Publish a number every second, until the service is told to stop."""
        while not self.told.is_set():
            await self.publish_next()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.told.wait(), timeout=INTERVAL_S)

    async def publish_next(self) -> None:
        """Publish the next number."""
        start_s = _now()
        await self.broker.publish(len(self._published))
        self._published.append(Span(start_s, _now(), PUBLISHED))

    def lives(self, program_ended_s: float | None) -> dict[str, Life]:
        """Return what all have done so far; the publisher ends with the program."""
        publisher = Life(None, tuple(self._published), program_ended_s, 0)
        published = len(self._published)
        return {PUBLISHER: publisher} | {
            one.name: one.life(published, program_ended_s) for one in self.subscribers
        }


def observe(way: Way, new_broker: BrokerOfBound, *, readers: Iterable[Reader] = READERS) -> Ending:
    """Run a service on the virtual clock, with one way to stop, and return how it ended.

    What still runs when `way` returns is cancelled by asyncio's own runner, as it is when the
    coroutine of `asyncio.run` returns. If `way` has not returned an hour after the service was told
    to stop, it never will, and what has ended by then is all that ends.

    Args:
        way: runs the service, and stops it when it is told to.
        new_broker: makes the broker, given the bound of a queue.
        readers: who subscribes, in this order, if not the fast, the slow and the dead one.

    Raises:
        Exception: what `way` raises.
    """
    ending = run_virtual(_observe(way, new_broker, readers))
    return ending()  # now that the loop has ended, and with it what was left behind


async def run_service(
    way: Way, new_broker: BrokerOfBound, *, readers: Iterable[Reader] = READERS
) -> object:
    """Run a service with one way to stop, as `observe` does, and return what `way` returns.

    This is for a film of it: nobody looks again an hour later.
    """
    return await way(await _service(new_broker, readers))


async def _service(new_broker: BrokerOfBound, readers: Iterable[Reader]) -> Service:
    broker = new_broker(BOUND)
    service = Service(
        broker, [ServiceSubscriber(reader, await broker.subscribe()) for reader in readers]
    )
    asyncio.get_running_loop().call_later(TOLD_S, service.told.set)
    return service


async def _observe(
    way: Way, new_broker: BrokerOfBound, readers: Iterable[Reader]
) -> Callable[[], Ending]:
    service = await _service(new_broker, readers)
    program = asyncio.create_task(_program(way, service), name=PUBLISHER)
    await asyncio.wait([program], timeout=TOLD_S + AN_HOUR_S)
    if program.done():
        ended_s, result = _now(), program.result()
        return lambda: Ending(TOLD_S, service.lives(ended_s), result=result)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    hanging = Ending(TOLD_S, service.lives(None), waiting=describe_waiting_tasks(others))
    return lambda: hanging


async def _program(way: Way, service: Service) -> object:
    return await way(service)


def _now() -> float:
    return asyncio.get_running_loop().time()
