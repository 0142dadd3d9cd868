"""What a message costs over a NATS server, beside nats-py used by hand on the same server.

A publisher and a subscriber have a connection each, in one process, so that both ends are part of
what is measured; the server has the other core. All use the same codec, plain JSON.

>>> [way.name for way in WAYS if not way.beside]
['AsyncPubSub, async for']
"""

import asyncio
import itertools
import json
import statistics
import time
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext, api

from pubsub_lib import AsyncPubSub
from pubsub_lib.nats import JetStreamPubSub, NatsPubSub, nats_server
from pubsub_lib.nats.jetstream.subscription import JetStreamSubscription

from .markdown import table, two_digits
from .measuring import TIME_LIMIT_S, Undelivered

FLUSH_AFTER_BYTES = 64 * 1024  # as NatsPubSub does; who never flushes fills the memory
AT_A_TIME = 100  #: how many publishes may wait for the server's confirmation at once
UNACKNOWLEDGED = 100  #: how many messages a subscription may have and not have acknowledged
WANTED = 1.25  #: at most so many times the time of nats-py by hand
WANTED_OF_MANY = 5.0  #: at least so many times as fast as one publish at a time
SUBJECTS = (f"benchmark-{number}" for number in itertools.count())

type Value = dict[str, Any]
type Timed = tuple[float, list[Value]]  # how long it took, in seconds, and what was received


class PlainJson:
    """The codec of everybody here."""

    @staticmethod
    def to_bytes(message: Value) -> bytes:
        return json.dumps(message).encode()

    @staticmethod
    def from_bytes(data: bytes) -> Value:
        value: Value = json.loads(data)
        return value


@dataclass(frozen=True, slots=True)
class Way:
    """A way to get messages from a publisher to a subscriber.

    Attributes:
        name: as the table has it.
        run: does it, over the server at an address.
        beside: the way by hand that it is compared with, if there is one.
        messages: how many to send, if it is not as quick as others.
        ordered: whether one publisher sends them, so that they come in order.
    """

    name: str
    run: Callable[[str, Sequence[Value]], Awaitable[Timed]]
    beside: str = ""
    messages: int = 10_000
    ordered: bool = True


async def _timed(publishing: Awaitable[object], reading: Awaitable[list[Value]]) -> Timed:
    began = time.perf_counter()
    _, received = await asyncio.gather(publishing, reading)
    return time.perf_counter() - began, received


async def _first(count: int, messages: AsyncIterable[Value]) -> list[Value]:
    received: list[Value] = []
    async for message in messages:
        received.append(message)
        if len(received) == count:
            break
    return received


async def _publish_all(
    publish: Callable[[Value], Awaitable[object]], messages: Iterable[Value]
) -> None:
    for message in messages:
        await publish(message)


# --- At most once ---


async def _publish_by_hand(client: Client, subject: str, messages: Iterable[Value]) -> None:
    for message in messages:
        await client.publish(subject, PlainJson.to_bytes(message))
        if client.pending_data_size > FLUSH_AFTER_BYTES:
            await client.flush()
    await client.flush()


async def _registered(subscriber: Client) -> None:
    """Wait until the server knows the subscription: nats-py's first question overtakes it."""
    await subscriber.flush()
    await subscriber.flush()


async def _by_hand_callback(url: str, messages: Sequence[Value]) -> Timed:
    received: list[Value] = []
    complete = asyncio.get_running_loop().create_future()

    async def receive(message: Msg) -> None:
        received.append(PlainJson.from_bytes(message.data))
        if len(received) == len(messages):
            complete.set_result(received)

    async with await nats.connect(url) as publisher, await nats.connect(url) as subscriber:
        subject = next(SUBJECTS)
        await subscriber.subscribe(subject, cb=receive)
        await _registered(subscriber)
        return await _timed(_publish_by_hand(publisher, subject, messages), complete)


async def _by_hand_iterator(url: str, messages: Sequence[Value]) -> Timed:
    async with await nats.connect(url) as publisher, await nats.connect(url) as subscriber:
        subject = next(SUBJECTS)
        subscription = await subscriber.subscribe(subject)
        await _registered(subscriber)
        decoded = (PlainJson.from_bytes(message.data) async for message in subscription.messages)
        return await _timed(
            _publish_by_hand(publisher, subject, messages), _first(len(messages), decoded)
        )


async def _core_each(url: str, messages: Sequence[Value]) -> Timed:
    subject = next(SUBJECTS)
    async with (
        NatsPubSub(subject, PlainJson, url=url) as publisher,
        NatsPubSub(subject, PlainJson, url=url) as subscriber,
        subscriber.subscribe() as inbox,
    ):
        return await _timed(_publish_all(publisher.publish, messages), _first(len(messages), inbox))


async def _core_batches(url: str, messages: Sequence[Value]) -> Timed:
    subject = next(SUBJECTS)
    async with (
        NatsPubSub(subject, PlainJson, url=url) as publisher,
        NatsPubSub(subject, PlainJson, url=url) as subscriber,
        subscriber.subscribe() as inbox,
    ):

        async def read() -> list[Value]:
            received: list[Value] = []
            async for batch in inbox.batches():
                received += batch
                if len(received) == len(messages):
                    break
            return received

        return await _timed(_publish_all(publisher.publish, messages), read())


async def _in_process(url: str, messages: Sequence[Value]) -> Timed:
    async with AsyncPubSub[Value]() as broker, broker.subscribe() as inbox:
        return await _timed(_publish_all(broker.publish, messages), _first(len(messages), inbox))


# --- At least once ---


async def _many_at_a_time(
    publish: Callable[[Value], Awaitable[object]], messages: Sequence[Value]
) -> None:
    """Publish with several publishers, each of which waits for its confirmations."""
    rest = iter(messages)
    async with asyncio.TaskGroup() as group:
        for _ in range(AT_A_TIME):
            group.create_task(_publish_all(publish, rest))


type Publishing = Callable[[Callable[[Value], Awaitable[object]], Sequence[Value]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _ByHand:
    """A stream with one reader, as nats-py gives them.

    Attributes:
        streams: nats-py's client of JetStream, to publish with.
        subject: what is stored.
        complete: is done when the last message was received and acknowledged.
    """

    streams: JetStreamContext
    subject: str
    complete: asyncio.Future[list[Value]]

    def arguments(self, number: int, message: Value) -> dict[str, Any]:
        """Return what to publish, and the id by which the server knows it again."""
        return {
            "subject": self.subject,
            "payload": PlainJson.to_bytes(message),
            "headers": {"Nats-Msg-Id": f"{self.subject}.{number}"},
        }


@asynccontextmanager
async def _by_hand(url: str, count: int) -> AsyncIterator[_ByHand]:
    received: list[Value] = []
    complete = asyncio.get_running_loop().create_future()

    async def receive(message: Msg) -> None:
        received.append(PlainJson.from_bytes(message.data))
        await message.ack()
        if len(received) == count:
            complete.set_result(received)

    async with await nats.connect(url) as publisher, await nats.connect(url) as subscriber:
        subject = next(SUBJECTS)
        streams, consumers = publisher.jetstream(), subscriber.jetstream()
        await streams.add_stream(
            name=subject, subjects=[subject], retention=api.RetentionPolicy.INTEREST
        )
        await consumers.subscribe(
            subject,
            durable="reader",
            cb=receive,
            manual_ack=True,
            config=api.ConsumerConfig(max_ack_pending=UNACKNOWLEDGED),
        )
        yield _ByHand(streams, subject, complete)


async def _stored_by_hand(how: Publishing, url: str, messages: Sequence[Value]) -> Timed:
    async with _by_hand(url, len(messages)) as by_hand:
        numbers = itertools.count()

        async def publish(message: Value) -> None:
            await by_hand.streams.publish(**by_hand.arguments(next(numbers), message))

        return await _timed(how(publish, messages), by_hand.complete)


async def _pipelined_by_hand(url: str, messages: Sequence[Value]) -> Timed:
    async with _by_hand(url, len(messages)) as by_hand:

        async def publish_all() -> None:
            confirmations = [
                await by_hand.streams.publish_async(**by_hand.arguments(number, message))
                for number, message in enumerate(messages)
            ]
            await asyncio.gather(*confirmations)

        return await _timed(publish_all(), by_hand.complete)


@asynccontextmanager
async def _ours(
    url: str,
) -> AsyncIterator[tuple[JetStreamPubSub[Value], JetStreamSubscription[Value]]]:
    subject = next(SUBJECTS)
    async with (
        JetStreamPubSub(subject, PlainJson, url=url) as publisher,
        JetStreamPubSub(subject, PlainJson, url=url) as subscriber,
        subscriber.subscribe(name="reader") as inbox,
    ):
        yield publisher, inbox


async def _stored(how: Publishing, url: str, messages: Sequence[Value]) -> Timed:
    async with _ours(url) as (publisher, inbox):
        return await _timed(how(publisher.publish, messages), _first(len(messages), inbox))


async def _pipelined(url: str, messages: Sequence[Value]) -> Timed:
    async with _ours(url) as (publisher, inbox):
        return await _timed(publisher.publish_many(messages), _first(len(messages), inbox))


CALLBACK = Way("nats-py, callback", _by_hand_callback, beside="nats-py, callback")
ITERATOR = Way("nats-py, async for", _by_hand_iterator, beside=CALLBACK.name)
IN_PROCESS = Way("AsyncPubSub, async for", _in_process)
CORE = (
    Way("NatsPubSub, batches", _core_batches, beside=CALLBACK.name),
    Way("NatsPubSub, async for", _core_each, beside=CALLBACK.name),
)


def _at_least_once(how: Publishing, described: str, messages: int) -> tuple[Way, Way]:
    by_hand = f"nats-py, JetStream, {described}"
    ours = f"JetStreamPubSub, {described}"
    ordered = how is _publish_all
    return (
        Way(by_hand, partial(_stored_by_hand, how), by_hand, messages, ordered),
        Way(ours, partial(_stored, how), by_hand, messages, ordered),
    )


MANY = _at_least_once(_many_at_a_time, f"{AT_A_TIME} at a time", 3_000)
ONE = _at_least_once(_publish_all, "one at a time", 1_000)
PIPELINED_BY_HAND = "nats-py, JetStream, publish_async"
PIPELINED = (
    Way(PIPELINED_BY_HAND, _pipelined_by_hand, PIPELINED_BY_HAND, 3_000),
    Way("JetStreamPubSub, publish_many", _pipelined, PIPELINED_BY_HAND, 3_000),
)
WAYS = (IN_PROCESS, CALLBACK, ITERATOR, *CORE, *MANY, *PIPELINED, *ONE)
OURS = (*CORE, MANY[1], PIPELINED[1], ONE[1])


def measure_network(
    rounds: int, *, share: float = 1.0, ways: Sequence[Way] = WAYS
) -> dict[str, list[float]]:
    """Return the time of each way in each round, in microseconds a message.

    Args:
        rounds: how often; each begins with another way.
        share: which part of the messages to send.
        ways: what to measure.

    Raises:
        Undelivered: if a message was lost, doubled or reordered.
        NoNatsServer: if there is no server.
    """
    times: dict[str, list[float]] = {way.name: [] for way in ways}
    with nats_server() as server:
        for number in range(rounds):
            for way in (*ways[number % len(ways) :], *ways[: number % len(ways)]):
                messages = [
                    {"number": sequence, "content": "hello, world"}
                    for sequence in range(int(way.messages * share))
                ]
                seconds, received = asyncio.run(_limited(way, server.url, messages))
                if not way.ordered:
                    received.sort(key=lambda value: int(value["number"]))
                if received != messages:
                    raise Undelivered(
                        f"{way.name}: {len(received):,} of {len(messages):,} messages"
                    )
                times[way.name].append(seconds / len(messages) * 1e6)
    return times


async def _limited(way: Way, url: str, messages: Sequence[Value]) -> Timed:
    async with asyncio.timeout(TIME_LIMIT_S):
        return await way.run(url, messages)


def network_report(times: dict[str, list[float]]) -> str:
    """Return what was found, as Markdown."""
    rounds = len(times[IN_PROCESS.name])
    introduction = (
        "**Over a NATS server** on the same machine: the time of a message, from the first publish "
        "until the last one was read, with one publisher and one subscriber in one process. "
        f"Medians of {rounds} rounds; ratios within one round. With JetStream, {AT_A_TIME} "
        "publishes, or one, wait at a time for their confirmation, or those of one call together, "
        "and each message is acknowledged."
    )
    rows = []
    measured = [way for way in WAYS if way.name in times]  # an older run knows fewer
    for way in measured:
        beside, in_process = (
            _ratio(times, way.name, other) for other in (way.beside, IN_PROCESS.name)
        )
        met = ("yes" if beside <= WANTED else "no") if way in OURS else ""
        rows.append(
            [
                way.name,
                f"{statistics.median(times[way.name]):.1f}",
                f"{beside:.2f}" if way.beside else "",
                two_digits(in_process),
                met,
            ]
        )
    header = ["way", "µs a message", "of nats-py's", "of AsyncPubSub's", f"at most {WANTED}"]
    report = f"{introduction}\n\n{table(header, rows, numbers=range(1, 4))}"
    if PIPELINED[1] in measured:
        faster = _ratio(times, ONE[1].name, PIPELINED[1].name)
        met = "yes" if faster >= WANTED_OF_MANY else "no"
        report += (
            f"\n\n{PIPELINED[1].name} is {two_digits(faster)} times as fast as "
            f"{ONE[1].name}; wanted: at least {WANTED_OF_MANY:g}: {met}."
        )
    return report


def _ratio(times: dict[str, list[float]], of: str, to: str) -> float:
    if not to:
        return 1.0
    return statistics.median(a / b for a, b in zip(times[of], times[to], strict=True))
