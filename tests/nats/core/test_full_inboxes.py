"""What finds no room: it waits here, and what finds no room there is dropped and counted."""

import pytest

from pubsub_lib import Overflow, ShutdownReport
from pubsub_lib.nats import NatsPubSub, SlowConsumer
from tests.nats.core.reading import let_come_in, read
from tests.nats.observing import Errors, eventually

pytestmark = pytest.mark.usefixtures("nothing_is_left")


async def test_a_burst_over_the_receive_buffer_is_counted_at_once_and_reported_once(
    server, subject: str, errors: Errors
):
    async with (
        NatsPubSub(subject, url=server.url) as publishing,
        NatsPubSub(
            subject, url=server.url, on_error=errors, maxsize=5, timeout=None, receive_buffer=10
        ) as reading,
        reading.subscribe() as inbox,
    ):
        for episode in (1, 2):
            for number in range(100):
                await publishing.publish(number)
            await let_come_in(reading, publishing)
            # In the inbox, waiting for room in it, and in the buffer.
            assert reading.network.received == episode * (5 + 1 + 10)
            assert inbox.stats.dropped == reading.network.lost == episode * (100 - 16)
            assert len(errors.of(SlowConsumer)) == episode
            assert repr(subject) in str(errors.of(SlowConsumer)[-1])
            assert await read(inbox, 16) == list(range(16))


async def test_a_dead_inbox_that_is_waited_for_ever_stops_neither_publisher_nor_others(
    server, subject: str, errors: Errors
):
    async with (
        NatsPubSub(subject, url=server.url) as broker,
        NatsPubSub(subject, url=server.url, timeout=None, maxsize=1, on_error=errors) as dead,
    ):
        dead_inbox = await dead.subscribe()
        async with broker.subscribe(maxsize=200) as inbox:
            for number in range(100):
                await broker.publish(number)
            assert await read(inbox, 100) == list(range(100))
            await let_come_in(dead, broker)
            assert dead_inbox.qsize() == 1
        assert await dead.shutdown(timeout=0.05) == ShutdownReport(unread=1, unfinished=0)
        assert dead_inbox.stats.received + dead_inbox.stats.dropped == 100
        dead_inbox.close()


@pytest.mark.parametrize(
    ("overflow", "left"),
    [(Overflow.DROP_NEWEST, [0, 1]), (Overflow.DROP_OLDEST, [8, 9]), (Overflow.DISCONNECT, [0, 1])],
)
async def test_an_inbox_that_stays_full_does_as_its_policy_says(
    server, subject: str, overflow: Overflow, left: list
):
    async with NatsPubSub(subject, url=server.url, maxsize=2, timeout=0) as broker:
        inbox = await broker.subscribe(overflow=overflow)
        other = await broker.subscribe(maxsize=20, timeout=1)
        for number in range(10):
            await broker.publish(number)
        assert await read(other, 10) == list(range(10))
        await eventually(lambda: not broker._intakes.depth)
        assert [inbox.get_nowait() for _ in range(2)] == left
        assert inbox.closed is (overflow is Overflow.DISCONNECT)
        if not inbox.closed:
            assert inbox.stats.received + inbox.stats.dropped == 10
        inbox.close()
