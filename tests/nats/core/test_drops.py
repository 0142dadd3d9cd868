"""What subscribers have not got is counted by the reason, and the reasons add up."""

import nats
import pytest

from pubsub_lib import Overflow
from pubsub_lib.nats import Drops, NatsPubSub
from tests.nats.observing import eventually, soon


@pytest.mark.parametrize(
    ("overflow", "expected"),
    [
        (Overflow.DROP_NEWEST, Drops(no_room=3)),
        (Overflow.DROP_OLDEST, Drops(overtaken=3)),
        (Overflow.DISCONNECT, Drops(disconnected=1)),
    ],
)
async def test_what_a_full_inbox_costs_is_counted_by_its_policy(
    server, subject, overflow, expected
):
    async with NatsPubSub(subject, url=server.url, maxsize=2, timeout=0) as broker:
        inbox = await broker.subscribe(overflow=overflow)
        for number in range(5):
            await broker.publish(number)
            await broker.flush()
            await eventually(lambda: not broker._intakes.depth)
        assert broker.network.dropped == expected
        assert broker.network.dropped.missed == broker.stats.dropped == inbox.stats.dropped
        inbox.close()
        assert broker.network.dropped.missed == broker.stats.dropped


async def test_everybody_who_is_cut_off_is_counted(server, subject):
    async with NatsPubSub(subject, url=server.url, maxsize=1, timeout=0) as broker:
        inboxes = [await broker.subscribe(overflow=Overflow.DISCONNECT) for _ in range(2)]
        for number in range(3):
            await broker.publish(number)
        await broker.flush()
        await eventually(lambda: not broker._intakes.depth)
        assert broker.network.dropped == Drops(disconnected=2)
        assert broker.stats.dropped == 2
        for inbox in inboxes:
            inbox.close()


async def test_what_finds_the_receive_buffer_full_has_found_no_room_for_each_subscriber(
    server, subject
):
    async with NatsPubSub(
        subject, url=server.url, maxsize=1, timeout=None, receive_buffer=2, on_error=len
    ) as broker:
        inboxes = [await broker.subscribe() for _ in range(2)]
        for number in range(10):
            await broker.publish(number)
        await broker.flush()
        assert broker.network.depth == 2 * 1 + 1 + 2  # in inboxes, for room in them, behind that
        assert broker.network.dropped == Drops(no_room=2 * (10 - 4))
        assert broker.network.dropped.missed == broker.stats.dropped
        for inbox in inboxes:
            inbox.close()


async def test_what_waits_at_a_shutdown_without_time_has_found_no_room(server, subject):
    broker = NatsPubSub(subject, url=server.url, maxsize=1, timeout=None)
    inbox = await broker.subscribe()
    for number in range(5):
        await broker.publish(number)
    await broker.flush()
    await broker.shutdown(timeout=0)
    assert broker.network.dropped == Drops(no_room=4)
    assert broker.stats.dropped == 4
    assert broker.network.received == 2
    inbox.close()


async def test_what_is_lost_or_no_message_or_makes_a_filter_raise_is_counted_apart(server, subject):
    client = await nats.connect(server.url)
    async with (
        NatsPubSub(subject, url=server.url, on_error=len) as broker,
        broker.subscribe() as inbox,
    ):
        broken = await broker.subscribe(where=lambda number: 1 / number)
        for number, data in ((1, b"1"), (5, b"0"), (6, b"?")):
            await client.publish(subject, data, reply=f"0123456789abcdef.{number}")
        assert [await soon(inbox.get()) for _ in range(2)] == [1, 0]
        await eventually(lambda: broker.network.undecodable)
        assert broker.network.dropped == Drops(lost=2 * 3, undecodable=1, filter_raised=1)
        assert broker.stats.dropped == broker.network.dropped.missed
        assert await broken.get() == 1
        with pytest.raises(ZeroDivisionError):
            await broken.get()
    await client.close()


async def test_each_filter_that_raises_is_counted(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker:
        inboxes = [await broker.subscribe(where=lambda number: 1 / number) for _ in range(2)]
        unwanted = await broker.subscribe(where=lambda number: number > 0)
        await broker.publish(0)
        await broker.flush()
        assert broker.network.dropped.filter_raised == 2
        assert unwanted.empty()
        unwanted.close()
        for inbox in inboxes:
            with pytest.raises(ZeroDivisionError):
                await soon(inbox.get())
