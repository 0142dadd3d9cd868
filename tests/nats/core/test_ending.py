"""A shutdown lets through what is on its way, ends in time, and leaves nothing behind."""

import asyncio
import gc

import pytest

from pubsub_lib import Delivery, PubSubClosed, ShutdownReport
from pubsub_lib.in_process.base_broker import BaseBroker
from pubsub_lib.nats import NatsError, NatsPubSub, NotConnected, SendStats
from pubsub_lib.nats.core.intake import Intake
from tests.nats.core.reading import read
from tests.nats.observing import LIMIT_S, eventually

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
    async with asyncio.timeout(LIMIT_S):
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


async def test_nothing_is_published_while_a_shutdown_waits_for_its_readers(server, subject: str):
    broker = NatsPubSub(subject, url=server.url, maxsize=1, timeout=None)
    inbox = await broker.subscribe()
    await broker.publish_many([1, 2])
    await broker.flush()
    ending = asyncio.create_task(broker.shutdown())
    await asyncio.sleep(0)
    with pytest.raises(PubSubClosed):
        await broker.publish(3)
    assert await read(inbox, 2) == [1, 2]
    assert await ending == ShutdownReport(0, 0)


async def test_what_is_on_its_way_and_what_waits_share_the_time_of_a_shutdown(
    server, subject: str, monkeypatch: pytest.MonkeyPatch
):
    left: list[float | None] = []
    shutdown = BaseBroker.shutdown

    async def note(broker: BaseBroker, *, timeout: float | None) -> ShutdownReport:
        left.append(timeout)
        return await shutdown(broker, timeout=timeout)

    monkeypatch.setattr(BaseBroker, "shutdown", note)
    broker = NatsPubSub(subject, url=server.url, maxsize=1, timeout=None)
    inbox = await broker.subscribe()
    await broker.publish_many([1, 2])
    await broker.flush()
    assert await broker.shutdown(timeout=0.05) == ShutdownReport(unread=1, unfinished=0)
    assert left == [0]
    inbox.close()


async def test_what_is_given_up_at_the_end_waits_here_no_more(server, subject: str):
    broker = NatsPubSub(subject, url=server.url, maxsize=1, timeout=None)
    inbox = await broker.subscribe()
    await broker.publish_many(range(5))
    await broker.flush()
    assert broker.network.depth == 5
    await broker.shutdown(timeout=0)
    assert (broker.network.depth, inbox.stats.dropped) == (1, 4)
    inbox.close()


async def test_a_shutdown_returns_when_the_server_has_been_told_who_left(
    server, subject: str, monkeypatch: pytest.MonkeyPatch
):
    told = []
    end = Intake.end

    async def end_slowly(intake: Intake) -> None:
        await asyncio.sleep(0.05)
        await end(intake)
        told.append(intake)

    monkeypatch.setattr(Intake, "end", end_slowly)
    async with NatsPubSub(subject, url=server.url) as broker:
        (await broker.subscribe()).close()
    assert len(told) == 1


async def test_a_publish_that_waits_for_a_reader_to_join_reaches_it_through_a_shutdown(
    server, subject: str, monkeypatch: pytest.MonkeyPatch
):
    broker = NatsPubSub(subject, url=server.url)
    await broker.flush()
    client = broker._transport.connection.client
    subscribe = client.subscribe

    async def subscribe_slowly(*arguments: object, **options: object) -> object:
        await asyncio.sleep(0.05)
        return await subscribe(*arguments, **options)

    monkeypatch.setattr(client, "subscribe", subscribe_slowly)
    inbox = broker.subscribe()
    publishing = asyncio.create_task(broker.publish(1))
    await asyncio.sleep(0)
    ending = asyncio.create_task(broker.shutdown())
    assert await read(inbox, 1) == [1]
    assert await publishing == Delivery(1)
    assert await ending == ShutdownReport(0, 0)


async def test_a_shutdown_waits_for_what_is_held_up_though_the_server_cannot_confirm_the_rest(
    server, subject: str, monkeypatch: pytest.MonkeyPatch
):
    async def fail() -> None:
        raise NotConnected("gone")

    async def held_up_after_draining() -> int:
        await broker._intakes.drain_within(None)
        return broker._intakes.depth

    broker = NatsPubSub(subject, url=server.url, maxsize=1, timeout=None)
    inbox = await broker.subscribe()
    await broker.publish_many(range(50))
    await broker.flush()
    with monkeypatch.context() as patch:
        patch.setattr(broker._transport.connection, "confirm", fail)
        draining = asyncio.create_task(held_up_after_draining())
        assert await read(inbox, 50) == list(range(50))
        assert await draining == 0
    await broker.shutdown()


@pytest.mark.parametrize("timeout", [0, LIMIT_S])
async def test_what_comes_after_a_shutdown_has_let_in_the_rest_is_no_longer_let_in(
    server, subject: str, client, monkeypatch: pytest.MonkeyPatch, timeout: float
):
    broker = NatsPubSub(subject, url=server.url, maxsize=1, timeout=None)
    inbox = await broker.subscribe()
    await broker.publish_many([1, 2])
    await broker.flush()
    connection = broker._transport.connection
    close = connection.close

    async def close_when_another_has_come() -> None:
        before = connection.client.stats["in_msgs"]
        await client.publish(subject, b"3")
        await eventually(lambda: connection.client.stats["in_msgs"] > before)
        await asyncio.sleep(0.01)  # in which nats-py would hand it on
        await close()

    monkeypatch.setattr(connection, "close", close_when_another_has_come)
    ending = asyncio.create_task(broker.shutdown(timeout=timeout))
    if timeout:
        assert await read(inbox, 2) == [1, 2]
    await ending
    assert broker.network.received == 2
    inbox.close()
