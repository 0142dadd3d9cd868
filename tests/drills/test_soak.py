"""A soak: very many deliveries, with subscribers that join, leave, crash, stall and are cancelled.

Everything is drawn at random, always from the same seed, and runs on the virtual clock, so a
failure can be repeated. Each run is a process of its own in Python's development mode, in which
every warning is an error. It goes in rounds. After each, everybody has left, so the memory must be
what it was after the rounds that warmed up, however many messages went through.

Five million deliveries go through each broker in `make drills`. By hand:

    .venv/bin/python -X dev -W error -m tests.drills.test_soak RingPubSub 1000000
"""

import asyncio
import gc
import json
import random
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass, field

import pytest

from pubsub_lib import (
    AsyncPubSub,
    Disconnected,
    Lagged,
    Overflow,
    PubSubFull,
    RingPubSub,
    ShutdownReport,
)
from pubsub_lib.lab.clock.virtual_time import run_virtual
from tests.drills import by_form

DELIVERIES = by_form(short=200_000, long=5_000_000)
LIMIT_S = by_form(short=300, long=7200)
pytestmark = [pytest.mark.drill, pytest.mark.timeout(LIMIT_S)]

SEED = 28
ROUNDS = 10
WARM_UP_ROUNDS = 3
PUBLISHERS = 3
SUBSCRIBERS = 8
# The memory varies by some 10 kB, since a ring keeps between one and two rings full of messages. To
# keep one in ten of a hundred subscriptions that ended shows, and, in a million deliveries, to keep
# one message in 250 (of some 100 bytes each).
LEAK_BYTES = 32 * 1024


class Crash(Exception):
    """A bug in a subscriber."""


@dataclass
class Tally:
    """What is known from outside of everything that happened.

    Attributes:
        read: messages that readers got.
        dropped: messages that were given up, as reported to the publishers.
        missed: messages that readers of a ring were told to have missed.
        endings: how subscribers have ended, and how often.
    """

    read: int = 0
    dropped: int = 0
    missed: int = 0
    endings: dict[str, int] = field(default_factory=dict)


class Soak:
    def __init__(self, broker, deliveries: int) -> None:
        self.broker = broker
        self.random = random.Random(SEED)
        self.per_round = deliveries // ROUNDS
        self.tally = Tally()
        self.over = False  # whether this round is

    async def run(self) -> dict:
        memory = []
        for _ in range(ROUNDS):
            await self.one_round()
            gc.collect()
            memory.append(tracemalloc.get_traced_memory()[0])
        assert await self.broker.shutdown() == ShutdownReport(unread=0, unfinished=0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        stats, tally = self.broker.stats, self.tally
        assert stats.dropped == tally.dropped
        assert stats.delivered >= tally.read
        return {
            "read": tally.read,
            "dropped": tally.dropped,
            "missed": tally.missed,
            "endings": tally.endings,
            "memory": memory,
        }

    async def one_round(self) -> None:
        self.over = False
        end = self.tally.read + self.per_round
        await self.publish_and_subscribe(end)
        for _ in range(3):  # a subscription that nobody holds leaves in a turn of its own
            gc.collect()
            await asyncio.sleep(0)
        assert self.broker.stats.subscribers == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def publish_and_subscribe(self, end: int) -> None:
        async with asyncio.TaskGroup() as subscribers:
            slots = [subscribers.create_task(self.fill_slot()) for _ in range(SUBSCRIBERS)]
            async with asyncio.TaskGroup() as publishers:
                for publisher in range(PUBLISHERS):
                    publishers.create_task(self.publish(publisher, end))
            self.over = True
            for slot in slots:
                slot.cancel()

    async def publish(self, publisher: int, end: int) -> None:
        tally = self.tally
        number = 0
        while tally.read < end:
            number += 1
            try:
                delivery = await self.broker.publish((publisher, number))
            except PubSubFull as full:
                delivery = full.delivery
            tally.dropped += delivery.dropped
            if number % 50 == 0:
                await asyncio.sleep(self.random.choice([0, 0, 0.001, 0.01]))

    async def fill_slot(self) -> None:
        """Let one subscriber follow the other."""
        while not self.over:
            ending = "cancelled"
            try:
                async with asyncio.timeout(self.random.choice([0.05, 5.0])):
                    await self.live()
                ending = "left"
            except Crash:
                ending = "crashed"
            except TimeoutError:
                pass
            self.tally.endings[ending] = self.tally.endings.get(ending, 0) + 1

    async def live(self) -> None:
        """Subscribe and read; leave, or crash, or be cancelled by whoever called."""
        choose = self.random
        options = {}
        if isinstance(self.broker, AsyncPubSub):
            options["overflow"] = choose.choice(list(Overflow))
        subscription = self.broker.subscribe(**options)
        published = self.broker.stats.published
        last = dict.fromkeys(range(PUBLISHERS), 0)
        read, life = 0, choose.randrange(1, 3000)
        ending, pause = choose.choice(["leave", "crash"]), choose.choice([0, 0, 0, 0.01, 0.1])

        def handle(messages: list) -> float:
            nonlocal read
            for publisher, number in messages:
                assert number > last[publisher], "doubled, or out of order"
                last[publisher] = number
            self.tally.read += len(messages)
            read += len(messages)
            if read < life:
                return pause if choose.random() < 0.002 else 0
            if ending == "crash":
                raise Crash
            stats = subscription.stats
            expected = self.broker.stats.published - published
            seen = stats.received + stats.dropped
            # A publish counts from its beginning with inboxes, and in a ring when it has room.
            waiting = 0 if isinstance(self.broker, RingPubSub) else PUBLISHERS
            assert expected - waiting <= seen <= expected or subscription.closed
            assert stats.high_water_mark <= subscription.maxsize
            subscription.close()
            return 0

        how = choose.choice([self.read_one_by_one, self.iterate, self.read_batches])
        while not subscription.closed:
            try:
                await how(subscription, handle)
            except Lagged as lagged:
                self.tally.missed += lagged.missed
            except Disconnected:
                assert subscription.closed

    async def read_one_by_one(self, subscription, handle) -> None:
        while (message := await subscription.get()) is not None:
            if pause := handle([message]):
                await asyncio.sleep(pause)
            subscription.task_done()

    async def iterate(self, subscription, handle) -> None:
        async for message in subscription:
            if pause := handle([message]):
                await asyncio.sleep(pause)

    async def read_batches(self, subscription, handle) -> None:
        async for batch in subscription.batches():
            if pause := handle(batch):
                await asyncio.sleep(pause)


def soak(broker: str, deliveries: int) -> dict:
    """Run a soak in a process of its own, and return what it found."""
    program = ["-m", "tests.drills.test_soak", broker, str(deliveries)]
    command = [sys.executable, "-X", "dev", "-W", "error", *program]
    run = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert run.stderr == "", run.stderr
    return json.loads(run.stdout)


@pytest.mark.parametrize("broker", ["AsyncPubSub", "RingPubSub"])
def test_memory_stays_flat_and_counts_add_up_whatever_subscribers_do(broker):
    found = soak(broker, DELIVERIES)
    print(broker, found)
    assert found["read"] >= DELIVERIES
    assert found["dropped"] > 0
    assert (found["missed"] > 0) is (broker == "RingPubSub")
    assert min(found["endings"][ending] for ending in ("left", "crashed", "cancelled")) >= 3
    warm, *others = found["memory"][WARM_UP_ROUNDS:]
    assert max(others) - warm < LEAK_BYTES, found["memory"]


if __name__ == "__main__":
    tracemalloc.start()
    name, count = sys.argv[1], int(sys.argv[2])
    broker = {"AsyncPubSub": AsyncPubSub, "RingPubSub": RingPubSub}[name](timeout=0.05)
    print(json.dumps(run_virtual(Soak(broker, count).run(), max_steps=100 * count)))
