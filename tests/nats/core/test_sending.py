"""Publishing over core NATS: what is sent, in which order, and what is refused before that."""

import asyncio

import pytest

from pubsub_lib import Deliveries, PubSubClosed, delivered_before
from pubsub_lib.nats import NatsPubSub, NatsServer
from tests.nats.observing import ignored, needs_signals, soon, stopped

pytestmark = pytest.mark.usefixtures("nothing_is_left")
LARGE = "x" * 100_000


async def test_many_are_sent_in_order_and_counted(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        assert await broker.publish_many(range(5)) == Deliveries(5, 5)
        assert [await soon(inbox.get()) for _ in range(5)] == [0, 1, 2, 3, 4]
        assert broker.stats.published == 5
        assert await broker.publish_many([]) == Deliveries(0, 0)


async def test_many_are_waited_for_until_there_is_a_connection(server, subject):
    broker = NatsPubSub(subject, url=server.url)
    assert await broker.publish_many([1, 2]) == Deliveries(2, 2)
    assert broker.network.connected
    await broker.shutdown()


@needs_signals
async def test_a_cancelled_publish_many_says_how_many_were_sent(own_server: NatsServer):
    broker = NatsPubSub("one", url=own_server.url, on_error=ignored)
    await broker.publish(LARGE)
    with stopped(own_server):  # so that it waits, having sent what fits
        publishing = asyncio.create_task(broker.publish_many([LARGE] * 200))
        sent = 0
        while sent < broker.stats.published:
            sent = broker.stats.published
            await asyncio.sleep(0.05)
        publishing.cancel()
        with pytest.raises(asyncio.CancelledError) as raised:
            await publishing
        report = delivered_before(raised.value)
        assert isinstance(report, Deliveries)
        assert report.published == report.delivered
        assert 0 < sent - 1 - report.published <= 1  # the last of them was not taken back
    await broker.shutdown()


async def test_none_is_sent_if_the_codec_knows_one_of_them_not(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker:
        with pytest.raises(ValueError, match="would not come back"):
            await broker.publish_many([1, float("nan")])
        assert broker.stats.published == 0


@pytest.mark.parametrize(
    "publish", [NatsPubSub.publish, NatsPubSub.publish_nowait, lambda one, m: one.publish_many([m])]
)
async def test_none_is_no_message(server, subject, publish):
    async with NatsPubSub(subject, url=server.url) as broker:
        with pytest.raises(TypeError, match="None cannot be published"):
            await publish(broker, None)


async def test_nothing_is_sent_after_a_shutdown(server, subject):
    broker = NatsPubSub(subject, url=server.url)
    await broker.shutdown()
    for publish in (broker.publish(1), broker.publish_many([1])):
        with pytest.raises(PubSubClosed):
            await publish


async def test_another_event_loop_is_refused(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker:

        def elsewhere(publish) -> None:
            asyncio.run(publish())

        for publish in (lambda: broker.publish(1), broker.flush, broker.shutdown):
            with pytest.raises(RuntimeError, match="event loop"):
                await asyncio.to_thread(elsewhere, publish)


async def test_what_nobody_said_is_as_documented(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker:
        inbox = broker.subscribe(where=lambda number: number > 1)
        assert (broker.maxsize, broker.timeout, inbox.maxsize) == (100, 1.0, 100)
        await broker.publish_many([1, 2])
        assert await soon(inbox.get()) == 2
        inbox.close()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"receive_buffer": 0}, ValueError, "maxsize"),
        ({"receive_buffer": "1"}, TypeError, "maxsize"),
        ({"send_buffer": -1}, ValueError, "send_buffer"),
    ],
)
def test_sizes_that_are_none_are_refused_at_once(options, error, says):
    with pytest.raises(error, match=says):
        NatsPubSub("one", **options)


def test_a_time_to_shut_down_in_has_to_be_one(server, subject):
    async def main() -> None:
        async with NatsPubSub(subject, url=server.url) as broker:
            with pytest.raises(ValueError, match="timeout"):
                await broker.shutdown(timeout=-1)
            await broker.publish(1)  # it goes on

    asyncio.run(main())
