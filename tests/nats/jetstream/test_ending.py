"""How a broker ends: what it leaves to the server, what it reports, and that nobody hangs."""

import asyncio
import gc
import os
import signal
import warnings

import pytest

from pubsub_lib import Delivery, PubSubClosed, ShutdownReport
from pubsub_lib.nats import (
    AccessRefused,
    JetStreamPubSub,
    NatsError,
    NatsServer,
    NotConnected,
    Unconfirmed,
)
from tests.nats.observing import (
    eventually,
    needs_signals,
    soon,
    stopped,
    take,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")


async def left_alone(broker: JetStreamPubSub[int], name: str) -> None:
    """Let the server keep what comes for this name."""
    async with broker.subscribe(name=name):
        pass


async def test_a_backlog_of_a_name_is_left_to_the_server(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url, maxsize=10) as broker:
        inbox = await broker.subscribe(name="billing")
        await asyncio.gather(*(broker.publish(number) for number in range(3_000)))
        handled = []
        begun = asyncio.Event()

        async def read() -> None:
            async for number in inbox:
                handled.append(number)
                begun.set()
                await asyncio.sleep(0)

        reading = asyncio.create_task(read())
        await begun.wait()
        report = await soon(broker.shutdown())
        await reading
        assert report == ShutdownReport(0, 0)
    assert len(handled) < 1_500
    await server.until_acknowledged(subject, "billing", left=3_000 - len(handled))


async def test_a_backlog_of_a_name_is_left_also_while_a_nameless_reader_is_waited_for(url, subject):
    broker = JetStreamPubSub[int](subject, url=url, maxsize=10)
    named, nameless = await broker.subscribe(name="billing"), await broker.subscribe()
    await asyncio.gather(*(broker.publish(number) for number in range(3_000)))
    handled = []

    async def read() -> None:
        async for number in named:
            handled.append(number)
            await asyncio.sleep(0)

    reading = asyncio.create_task(read())
    await soon(broker.shutdown(timeout=1))
    await reading
    assert len(handled) < 1_500
    assert nameless.stats.dropped > 2_900


async def test_shutdown_reports_what_is_left_and_the_next_reader_gets_it_at_once(url, subject):
    broker = JetStreamPubSub[int](subject, url=url)
    inbox = await broker.subscribe(name="billing")
    for number in range(5):
        await broker.publish(number)
    await eventually(lambda: inbox.qsize() == 5)
    assert await inbox.get() == 0
    assert await inbox.get() == 1
    inbox.task_done()
    assert await soon(broker.shutdown(timeout=0)) == ShutdownReport(unread=3, unfinished=1)
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=30) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        assert sorted(await take(inbox, 4)) == [1, 2, 3, 4]


async def test_a_handled_message_is_acknowledged_before_the_connection_ends(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        await broker.publish(0)
        await take(inbox, 1)
    await server.until_acknowledged(subject, "billing")


async def test_shutting_down_again_does_no_harm(url, subject):
    broker = JetStreamPubSub[int](subject, url=url)
    inbox = await broker.subscribe(name="billing")
    await broker.publish(0)
    await eventually(inbox.qsize)
    for _ in range(2):
        assert await soon(broker.shutdown(timeout=0)) == ShutdownReport(1, 0)
    assert await inbox.get() == 0
    inbox.task_done()
    assert await soon(broker.shutdown()) == ShutdownReport(0, 0)
    inbox.close()


async def test_shutdowns_at_the_same_time_all_end(url, subject):
    broker = JetStreamPubSub[int](subject, url=url)
    inbox = await broker.subscribe(name="billing")
    await broker.publish(0)
    await eventually(inbox.qsize)
    reports = await soon(asyncio.gather(*(broker.shutdown(timeout=0) for _ in range(3))))
    assert reports == [ShutdownReport(1, 0)] * 3


async def test_a_shutdown_that_is_cancelled_can_be_repeated(url, subject):
    broker = JetStreamPubSub[int](subject, url=url)
    inbox = await broker.subscribe(name="billing")
    await broker.publish(0)
    await eventually(inbox.qsize)
    stopping = asyncio.create_task(broker.shutdown(timeout=None))
    await asyncio.wait([stopping], timeout=0.05)
    stopping.cancel()
    await asyncio.wait([stopping])
    assert stopping.cancelled()
    assert await take(inbox, 1) == [0]
    assert await soon(broker.shutdown()) == ShutdownReport(0, 0)


async def test_nothing_is_published_or_subscribed_after_a_shutdown(url, subject):
    broker = JetStreamPubSub[int](subject, url=url)
    await broker.shutdown()
    with pytest.raises(PubSubClosed):
        await broker.publish(1)
    with pytest.raises(PubSubClosed):
        broker.subscribe()


async def test_a_shutdown_without_a_connection_ends_in_time(own_server, subject):
    lost = asyncio.Event()
    broker = JetStreamPubSub[int](subject, url=own_server.url, on_error=lambda error: lost.set())
    named, nameless = await broker.subscribe(name="billing"), await broker.subscribe()
    await broker.publish(0)
    await eventually(lambda: named.qsize() and nameless.qsize())
    own_server.kill()
    await soon(lost.wait())
    assert await soon(broker.shutdown(timeout=0.2)) == ShutdownReport(2, 0)


@needs_signals
async def test_a_shutdown_with_a_server_that_does_nothing_ends_in_time(own_server, subject):
    broker = JetStreamPubSub[int](subject, url=own_server.url)
    inbox = await broker.subscribe()
    await broker.publish(0)
    await eventually(inbox.qsize)
    with stopped(own_server):
        assert await soon(broker.shutdown(timeout=0)) == ShutdownReport(1, 0)


def test_a_subscription_that_nobody_has_asked_to_join_holds_up_no_shutdown(url, subject):
    async def leave_a_message_in_the_stream() -> None:
        async with JetStreamPubSub[int](subject, url=url) as broker:
            await left_alone(broker, "later")
            await broker.publish(0)

    async def look_after_names_and_shut_down() -> None:
        await broker.named_subscriptions()
        await soon(broker.shutdown(timeout=None))
        assert await inbox.get() is None

    asyncio.run(leave_a_message_in_the_stream())
    broker = JetStreamPubSub[int](subject, url=url)
    inbox = broker.subscribe()  # no event loop runs yet
    asyncio.run(look_after_names_and_shut_down())
    assert inbox.stats.dropped == 0


@needs_signals
async def test_shutdown_waits_for_a_publish_that_is_on_its_way(own_server, subject):
    broker = JetStreamPubSub[int](subject, url=own_server.url)
    await broker.publish(0)
    with stopped(own_server):
        publishing = asyncio.create_task(broker.publish(1))
        stopping = asyncio.create_task(broker.shutdown())
        await asyncio.wait([stopping, publishing], timeout=0.05)
        assert not stopping.done()
    assert await soon(publishing) == Delivery(1)
    await soon(stopping)


@needs_signals
async def test_a_publish_that_shutdown_does_not_wait_for_is_unconfirmed(own_server, subject):
    broker = JetStreamPubSub[int](subject, url=own_server.url)
    await broker.publish(0)
    with stopped(own_server):
        publishing = asyncio.create_task(broker.publish(1))
        await asyncio.wait([publishing], timeout=0.05)
        await soon(broker.shutdown(timeout=0))
        with pytest.raises(Unconfirmed, match="message_id="):
            await soon(publishing)


async def read_by_get(inbox):
    return await inbox.get()


async def read_by_async_for(inbox):
    return [message async for message in inbox]


@needs_signals
@pytest.mark.parametrize("reader", [read_by_get, read_by_async_for])
async def test_readers_are_told_when_the_server_closes_for_good(own_server: NatsServer, reader):
    errors: list[NatsError] = []
    broker = JetStreamPubSub[int]("one", url=own_server.url, on_error=errors.append)
    inbox = await broker.subscribe(name="billing")
    reading = asyncio.create_task(reader(inbox))
    await asyncio.sleep(0)
    own_server._token = "another"
    own_server._write_configuration()
    os.kill(own_server.process_id, signal.SIGHUP)
    with pytest.raises(AccessRefused):
        await soon(reading)
    assert inbox.closed
    with pytest.raises(NotConnected, match="make a new broker"):
        await soon(broker.publish(1))
    await broker.shutdown()
    assert errors


async def test_a_broker_that_is_connected_warns_even_without_subscribers(url, subject):
    async def lose() -> None:
        broker = JetStreamPubSub[int](subject, url=url)
        await broker.publish(0)
        del broker
        gc.collect()

    with pytest.warns(ResourceWarning, match="was never shut down"):
        await lose()
    await eventually(lambda: len(asyncio.all_tasks()) == 1)


async def test_a_broker_that_nobody_holds_warns_and_leaves_the_server(url, subject, server):
    async def lose() -> None:
        broker = JetStreamPubSub[int](subject, url=url)
        inbox = await broker.subscribe(name="billing")
        await broker.publish(0)
        await eventually(inbox.qsize)
        del inbox, broker
        gc.collect()

    async with JetStreamPubSub[int](subject, url=url) as broker:
        await left_alone(broker, "billing")
        await server.until_unread(subject, "billing")
    before = len(asyncio.all_tasks())
    with pytest.warns(ResourceWarning, match="was never shut down"):
        await lose()
    await server.until_unread(subject, "billing")
    await eventually(lambda: len(asyncio.all_tasks()) == before)


def test_a_program_that_ends_without_a_shutdown_makes_no_noise(url, subject, caplog, capfd):
    async def main() -> None:
        broker = JetStreamPubSub[int](subject, url=url)
        async with broker.subscribe(name="billing") as inbox:
            await broker.publish(0)
            await soon(inbox.get())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        asyncio.run(main())
        gc.collect()
    assert caplog.text == ""
    assert capfd.readouterr().err == ""
