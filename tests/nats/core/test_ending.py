"""A shutdown lets through what is on its way, ends in time, and leaves nothing behind."""

import asyncio
import gc

import pytest

from pubsub_lib import Delivery, ShutdownReport
from pubsub_lib.nats import NatsError, NatsPubSub, SendStats
from tests.nats.core.reading import read
from tests.nats.observing import eventually

pytestmark = pytest.mark.usefixtures("nothing_is_left")
NO_SERVER = "nats://127.0.0.1:1"


async def test_shutdown_lets_through_what_is_on_its_way(server, subject: str):
    errors: list[NatsError] = []
    broker = NatsPubSub(subject, url=server.url, maxsize=5, timeout=None, on_error=errors.append)
    inbox = await broker.subscribe()
    for number in range(100):
        await broker.publish(number)
    ending = asyncio.create_task(broker.shutdown())
    messages = [message async for message in inbox]
    assert messages == list(range(100))
    assert await ending == ShutdownReport(0, 0)
    assert broker.network.sending == SendStats(sent=100, confirmed=100, uncertain=0, pending=0)
    assert errors == []


async def test_a_publish_that_makes_the_connection_is_let_through_by_shutdown(server, subject: str):
    async with NatsPubSub(subject, url=server.url) as other, other.subscribe() as inbox:
        broker = NatsPubSub(subject, url=server.url)
        publishing = asyncio.create_task(broker.publish(1))
        await asyncio.sleep(0)
        await broker.shutdown()
        assert await publishing == Delivery(1)
        assert await read(inbox, 1) == [1]


async def test_shutdown_of_a_broker_that_was_never_used_does_not_connect():
    broker = NatsPubSub("one", url=NO_SERVER)
    async with asyncio.timeout(1):
        assert await broker.shutdown() == ShutdownReport(0, 0)


@pytest.mark.parametrize("timeout", [0, 0.05, 5])
async def test_shutdown_may_be_repeated_and_overlap(server, subject: str, timeout: float):
    broker = NatsPubSub(subject, url=server.url)
    inbox = await broker.subscribe()
    await broker.publish(1)
    await broker.flush()
    first = asyncio.create_task(broker.shutdown(timeout=timeout))
    second = asyncio.create_task(broker.shutdown(timeout=5))
    assert await read(inbox, 1) == [1]
    await asyncio.gather(first, second)
    assert await broker.shutdown() == ShutdownReport(0, 0)
    assert await inbox.get() is None


async def test_a_cancelled_shutdown_can_be_repeated(server, subject: str):
    for turns in range(8):
        broker = NatsPubSub(subject, url=server.url)
        inbox = await broker.subscribe()
        await broker.publish(1)
        ending = asyncio.create_task(broker.shutdown())
        for _ in range(turns):
            await asyncio.sleep(0)
        ending.cancel()
        await asyncio.wait([ending])
        assert await read(inbox, 1) == [1]
        assert await broker.shutdown() == ShutdownReport(0, 0)


async def test_an_error_in_the_block_ends_it_without_waiting(server, subject: str):
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with NatsPubSub(subject, url=server.url, on_error=len) as broker:
            inbox = await broker.subscribe()
            await broker.publish(1)
            await broker.flush()
            raise ZeroDivisionError
    assert await inbox.get() == 1
    assert await inbox.get() is None


@pytest.mark.parametrize("subscribed", [True, False])
async def test_a_broker_that_nobody_holds_warns_and_closes_its_connection(
    server, subject: str, caplog: pytest.LogCaptureFixture, subscribed: bool
):
    broker = NatsPubSub(subject, url=server.url)
    inbox = await broker.subscribe() if subscribed else None
    await broker.publish(1)
    client = broker._transport.connection.client
    with pytest.warns(ResourceWarning, match="never shut down"):  # noqa: PT031
        del broker
        gc.collect()
    await eventually(lambda: client.is_closed)
    del inbox
    assert [record.levelno for record in caplog.records if record.name == "asyncio"] == []


def test_a_broker_that_outlives_its_loop_makes_no_noise(server, subject: str, capfd):
    async def use(broker: NatsPubSub) -> None:
        async with broker, broker.subscribe():
            await broker.publish(1)

    broker = NatsPubSub(subject, url=server.url)
    asyncio.run(use(broker))
    del broker
    gc.collect()
    assert capfd.readouterr() == ("", "")


def test_a_time_to_shut_down_in_has_to_be_one(server, subject):
    async def main() -> None:
        async with NatsPubSub(subject, url=server.url) as broker:
            with pytest.raises(ValueError, match="timeout"):
                await broker.shutdown(timeout=-1)
            await broker.publish(1)  # it goes on

    asyncio.run(main())
