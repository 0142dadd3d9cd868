"""Two publishing and three subscribing processes, on a server that dies: what arrives, how often.

Over JetStream nothing is lost, whatever is killed; what comes twice is counted, and has its effect
once. Over core NATS what is lost is counted, to the message.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from pubsub_lib.nats import NatsServer, why_no_server
from tests.nats.fleet import (
    PUBLISHERS,
    SUBSCRIBERS,
    Fleet,
    Journal,
    assert_each_has_every_effect_once,
)
from tests.nats.observing import needs_signals, stopped

NO_SERVER = why_no_server(of_our_own=True)

pytestmark = [
    pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER)),
    pytest.mark.skipif(sys.platform == "win32", reason="standard input cannot be awaited"),
]
# How many each publisher publishes.
MANY = pytest.param(10_000, marks=pytest.mark.run_all)
with_few_and_many = pytest.mark.parametrize("count", [500, MANY])
with_many = pytest.mark.parametrize("count", [MANY])


@pytest.fixture
def server() -> Iterator[NatsServer]:
    with NatsServer() as server:
        yield server


@pytest.fixture
async def jetstream(server: NatsServer, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet("jetstream", server.url, tmp_path)
    yield fleet
    await fleet.kill()


@pytest.fixture
async def core(server: NatsServer, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet("core", server.url, tmp_path)
    yield fleet
    await fleet.kill()


@with_many
async def test_jetstream_brings_all_to_all_once_and_in_order(jetstream: Fleet, count: int):
    await jetstream.start()
    jetstream.publish(count)
    await jetstream.published()
    await jetstream.handled()
    published, counts = await jetstream.stop()
    assert published == 2 * count
    expected = {"received": 2 * count, "dropped": 0, "redelivered": 0}
    assert counts == dict.fromkeys(SUBSCRIBERS, expected)
    for journal in assert_each_has_every_effect_once(jetstream, count).values():
        assert journal.repeated == 0
        for publisher in PUBLISHERS:
            assert journal.numbers(publisher) == list(range(count))


@with_few_and_many
async def test_jetstream_loses_nothing_when_the_server_is_killed(
    jetstream: Fleet, server: NatsServer, count: int
):
    await jetstream.start(ack_wait=1)
    jetstream.publish(count)
    await jetstream.publishers[0].says("half")
    await asyncio.to_thread(server.restart)
    await jetstream.publishers[0].says("published")
    await jetstream.publishers[1].says("half")
    await jetstream.publishers[1].says("published")
    await jetstream.handled()
    published, counts = await jetstream.stop()
    assert published == 2 * count
    for name, journal in assert_each_has_every_effect_once(jetstream, count).items():
        # What the server has sent again, or has stored again since it had forgotten it.
        assert counts[name]["received"] == len(journal.deliveries) == 2 * count + journal.repeated


@with_many
async def test_jetstream_gives_again_what_a_killed_subscriber_had_not_acknowledged(
    jetstream: Fleet, count: int
):
    await jetstream.start(trouble="hang", ack_wait=0.5)
    jetstream.publish(count)
    await jetstream.subscribers["s1"].says("hanging")
    await jetstream.subscribers.pop("s1").kill()
    before = Journal(jetstream.folder / "s1")
    await jetstream.subscribe("s1", ack_wait=0.5)
    await jetstream.published()
    await jetstream.handled()
    published, counts = await jetstream.stop()
    assert published == 2 * count
    journals = assert_each_has_every_effect_once(jetstream, count)
    assert len(before.deliveries) >= 100
    assert before.repeated == 0
    # The last of what it had read was not acknowledged, so it has come again to its successor.
    successor = journals["s1"].deliveries[len(before.deliveries) :]
    assert before.deliveries[-1] in successor
    assert journals["s1"].repeated > 0
    assert counts["s1"]["redelivered"] > 0
    assert journals["s2"].repeated == journals["s3"].repeated == 0


@with_many
async def test_a_blocked_subscriber_drops_the_copies_of_what_it_acknowledges_too_late(
    jetstream: Fleet, count: int
):
    await jetstream.start(trouble="block", ack_wait=0.5)
    jetstream.publish(count)
    await jetstream.published()
    await jetstream.handled()
    _, counts = await jetstream.stop()
    journals = assert_each_has_every_effect_once(jetstream, count)
    assert counts["s1"]["redelivered"] > 0
    assert journals["s1"].repeated == 0
    assert journals["s2"].repeated == journals["s3"].repeated == 0


async def assert_core_has_counted_all(core: Fleet, *, at_least: int) -> dict[str, dict[str, int]]:
    published, counts = await core.stop()
    assert published >= at_least
    for name, journal in core.journals().items():
        assert counts[name]["received"] + counts[name]["dropped"] == published
        assert counts[name]["received"] == len(journal.deliveries)
        assert journal.repeated == 0
        for publisher in PUBLISHERS:
            assert journal.numbers(publisher) == sorted(journal.numbers(publisher))
    return counts


@with_many
async def test_core_nats_counts_what_a_stalled_subscriber_has_missed(core: Fleet, count: int):
    await core.start(trouble="stall", maxsize=50, receive_buffer=100)
    core.publish(count)
    await core.subscribers["s1"].says("stalled")
    await core.published()
    await core.flush()
    core.subscribers["s1"].tell("go on")
    await core.counted()
    counts = await assert_core_has_counted_all(core, at_least=2 * (count + 1))
    assert counts["s1"]["dropped"] > 0
    assert counts["s2"]["dropped"] == counts["s3"]["dropped"] == 0


@needs_signals
@with_few_and_many
async def test_core_nats_counts_what_a_killed_server_has_lost(
    core: Fleet, server: NatsServer, count: int
):
    await core.start()
    core.publish(count)
    await core.published()
    await core.flush()
    with stopped(server):
        core.publish(100)
        await core.published()
        server.kill()  # with all that it was sent meanwhile
    await asyncio.to_thread(server.start)
    await core.flush()
    core.publish(count)
    await core.published()
    await core.counted()
    counts = await assert_core_has_counted_all(core, at_least=2 * (2 * count + 101))
    for each in counts.values():
        assert 0 < each["dropped"] <= 200
