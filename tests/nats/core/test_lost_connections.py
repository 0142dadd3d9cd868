"""The server dies, or closes for good: who can go on does, and the others are told."""

import asyncio
import os
import signal

import pytest

from pubsub_lib import ShutdownReport
from pubsub_lib.nats import (
    AccessRefused,
    ConnectionLost,
    NatsPubSub,
    NotConnected,
    SendStats,
    Unconfirmed,
)
from pubsub_lib.nats.local_server.server import NatsServer
from tests.nats.core.reading import READERS, read
from tests.nats.observing import LIMIT_S, Errors, eventually, needs_signals

pytestmark = pytest.mark.usefixtures("nothing_is_left")


def balanced(broker: NatsPubSub) -> bool:
    sending = broker.network.sending
    return sending.sent == sending.confirmed + sending.uncertain + sending.pending


async def test_readers_and_publishers_go_on_after_the_server_was_killed(own_server: NatsServer):
    errors = Errors()
    async with (
        NatsPubSub("one", url=own_server.url, on_error=errors) as broker,
        broker.subscribe() as inbox,
    ):
        reading = asyncio.create_task(read(inbox, 5))
        own_server.kill()
        await errors.until(ConnectionLost)
        assert not broker.network.connected
        for number in range(5):
            await broker.publish(number)
        assert broker.network.sending == SendStats(5, 0, 0, 5)
        flushing = asyncio.create_task(broker.flush())
        own_server.start()
        assert await reading == list(range(5))
        await flushing
        assert broker.network.sending == SendStats(5, 5, 0, 0)
        assert broker.network.reconnects == 1
        assert len(errors) == 1


async def test_what_was_lost_while_the_server_was_away_is_counted(own_server: NatsServer):
    errors = Errors()
    async with (
        NatsPubSub("one", url=own_server.url, on_error=errors) as publishing,
        NatsPubSub("one", url=own_server.url, on_error=errors) as reading,
        reading.subscribe() as inbox,
    ):
        for number in range(10):
            await publishing.publish(number)
        assert await read(inbox, 10) == list(range(10))
        own_server.restart()
        await eventually(lambda: publishing.network.reconnects and reading.network.reconnects)
        await reading.flush()
        for number in range(10, 20):
            await publishing.publish(number)
        await publishing.flush()
        await reading.flush()
        assert inbox.stats.received + inbox.stats.dropped == publishing.stats.published == 20
        assert balanced(publishing)


async def test_shutdown_without_a_connection_ends_in_time_and_reports_what_is_unconfirmed(
    own_server: NatsServer,
):
    errors = Errors()
    broker = NatsPubSub("one", url=own_server.url, on_error=errors)
    inbox = await broker.subscribe()
    own_server.kill()
    await errors.until(ConnectionLost)
    await broker.publish(1)
    async with asyncio.timeout(LIMIT_S):
        assert await broker.shutdown(timeout=0.05) == ShutdownReport(0, 0)
    assert errors.of(Unconfirmed)[0].count == 1
    assert await inbox.get() is None
    assert balanced(broker)


@needs_signals
@pytest.mark.parametrize("reader", READERS)
async def test_readers_are_told_when_the_server_closes_for_good(own_server: NatsServer, reader):
    errors = Errors()
    broker = NatsPubSub("one", url=own_server.url, on_error=errors)
    inbox = await broker.subscribe()
    reading = asyncio.create_task(reader(inbox))
    await asyncio.sleep(0)
    own_server._token = "another"
    own_server._write_configuration()
    os.kill(own_server.process_id, signal.SIGHUP)
    async with asyncio.timeout(LIMIT_S):
        with pytest.raises(AccessRefused):
            await reading
    assert inbox.closed
    later = broker.subscribe()
    with pytest.raises(NotConnected, match="make a new broker"):
        await later.get()
    with pytest.raises(NotConnected, match="make a new broker"):
        await broker.publish(1)
    await broker.shutdown()
