"""Publishing over core NATS: what is sent, in which order, and what is refused before that."""

import asyncio
import threading
from dataclasses import dataclass

import pytest

from pubsub_lib import Deliveries, Delivery, Message, PubSubClosed, delivered_before
from pubsub_lib.nats import NatsError, NatsPubSub, NotConnected, PayloadTooLarge, SendStats
from pubsub_lib.nats.local_server.server import NatsServer, why_no_server
from tests.nats.core.reading import read
from tests.nats.observing import LIMIT_S, ignored, needs_signals, soon, stopped

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


async def test_every_subscriber_in_every_broker_gets_every_message(server, subject: str):
    async with (
        NatsPubSub(subject, url=server.url) as one,
        NatsPubSub(subject, url=server.url) as other,
        one.subscribe() as a,
        one.subscribe() as b,
        other.subscribe() as c,
    ):
        assert await one.publish(1) == Delivery(1)
        assert [await read(inbox, 1) for inbox in (a, b, c)] == [[1]] * 3
        await other.publish(2)
        assert [await read(inbox, 1) for inbox in (a, b, c)] == [[2]] * 3


@dataclass
class Price:
    eur: float


@pytest.mark.parametrize(
    ("codec", "message"),
    [(None, {"eur": [1, 2.5, None]}), (Message, Message("ä")), (Price, Price(1))],
)
async def test_messages_come_as_the_codec_makes_them(server, subject: str, codec, message):
    async with NatsPubSub(subject, codec, url=server.url) as broker, broker.subscribe() as inbox:
        await broker.publish(message)
        assert await read(inbox, 1) == [message]


async def test_what_the_codec_refuses_is_not_sent(server, subject: str):
    async with NatsPubSub(subject, Price, url=server.url) as broker:
        with pytest.raises(TypeError, match="no Price"):
            await broker.publish("text")
        with pytest.raises(ValueError, match="would not come back"):
            await broker.publish(Price(float("inf")))
        with pytest.raises(TypeError, match="None cannot be published"):
            await broker.publish(None)
        assert broker.stats.published == 0


async def test_a_codec_that_makes_no_bytes_is_told_so(server, subject: str):
    class Text:
        def to_bytes(self, message: str) -> str:
            return message

        def from_bytes(self, data: bytes) -> str:
            return data.decode()

    async with NatsPubSub(subject, Text(), url=server.url) as broker:
        with pytest.raises(TypeError, match="to_bytes"):
            await broker.publish("text")
        assert broker.network.sending.sent == 0


async def test_a_payload_over_the_limit_is_an_error_of_this_message_alone():
    if reason := why_no_server(of_our_own=True):
        pytest.skip(reason)
    with NatsServer(configuration="max_payload: 1KB") as server:
        async with NatsPubSub("large", url=server.url) as broker, broker.subscribe() as inbox:
            with pytest.raises(PayloadTooLarge, match=r"2,002 bytes.*1,024"):
                await broker.publish("x" * 2000)
            await broker.publish("small")
            assert await read(inbox, 1) == ["small"]
            assert broker.stats.dropped == 0


async def test_after_shutdown_nothing_is_published_or_subscribed(server, subject: str):
    broker = NatsPubSub(subject, url=server.url)
    await broker.publish(1)
    await broker.shutdown()
    with pytest.raises(PubSubClosed):
        await broker.publish(2)
    with pytest.raises(PubSubClosed):
        broker.subscribe()
    with pytest.raises(NotConnected, match="shut down"):
        await broker.flush()


async def test_there_is_no_publishing_without_waiting(server, subject: str):
    async with NatsPubSub(subject, url=server.url) as broker:
        with pytest.raises(NotImplementedError, match="await publish"):
            broker.publish_nowait(1)


async def test_another_loop_is_refused(server, subject: str):
    async with NatsPubSub(subject, url=server.url) as broker:
        refusals = []

        def use() -> None:
            for method in (broker.flush, broker.shutdown, lambda: broker.publish(1)):
                try:
                    asyncio.run(method())
                except RuntimeError as error:
                    refusals.append("another event loop" in str(error))

        await asyncio.to_thread(use)
        assert refusals == [True] * 3


async def test_another_thread_can_publish(server, subject: str):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        result = []
        thread = threading.Thread(
            target=lambda: result.append(broker.publish_threadsafe(1).result(LIMIT_S))
        )
        thread.start()
        assert await read(inbox, 1) == [1]
        await asyncio.to_thread(thread.join)
        assert result == [Delivery(1)]


async def test_after_flush_what_was_published_has_come_in(server, subject: str):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for number in range(50):
            await broker.publish(number)
        await broker.flush()
        assert inbox.qsize() == 50
        assert broker.network.sending == SendStats(50, 50, 0, 0)


async def test_ten_thousand_messages_from_two_publishers_reach_three_subscribers_in_order(
    server, subject: str
):
    errors: list[NatsError] = []

    async def publish(broker: NatsPubSub, name: str) -> None:
        for number in range(5000):
            await broker.publish([name, number])

    def made() -> NatsPubSub:
        return NatsPubSub(
            subject, url=server.url, receive_buffer=20_000, timeout=None, on_error=errors.append
        )

    async with (
        asyncio.timeout(60),
        made() as one,
        made() as other,
        one.subscribe() as a,
        other.subscribe() as b,
        other.subscribe() as c,
        asyncio.TaskGroup() as group,
    ):
        readers = [group.create_task(read(inbox, 10_000)) for inbox in (a, b, c)]
        await asyncio.gather(publish(one, "one"), publish(other, "other"))
    for reader in readers:
        for name in ("one", "other"):
            assert [n for who, n in reader.result() if who == name] == list(range(5000))
    assert one.network.lost == other.network.lost == 0
    assert errors == []
