"""A server that comes back, with what it kept or with an empty store: readers go on."""

import asyncio
import shutil

import pytest

from pubsub_lib.nats import (
    JetStreamPubSub,
    NatsError,
)
from tests.nats.observing import (
    Looks,
    administrator,
    eventually,
    ignored,
    soon,
    take,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")


def drop_one(receive):
    """Return a function that receives as this one, but for the first message."""
    dropped = []

    async def receive_all_but_one(envelope) -> None:
        if dropped:
            await receive(envelope)
        dropped.append(envelope)

    return receive_all_but_one


@pytest.mark.parametrize("name", ["billing", ""])
async def test_readers_go_on_after_a_restart_with_the_store(own_server, subject, name):
    errors: list[NatsError] = []
    async with (
        JetStreamPubSub[int](subject, url=own_server.url, on_error=errors.append) as broker,
        broker.subscribe(name=name, maxsize=2) as inbox,
    ):
        for number in range(5):
            await broker.publish(number)
        assert await take(inbox, 1) == [0]
        own_server.kill()
        await asyncio.to_thread(own_server.start)
        await broker.publish(5)
        received: set[int] = set()
        while received < {1, 2, 3, 4, 5}:
            received.update(await take(inbox, 1))
        assert inbox.stats.dropped == 0
    assert len(errors) == 1  # the lost connection


@pytest.mark.usefixtures("quick_looks")
async def test_a_name_that_is_read_again_after_a_restart_is_not_taken_for_another(
    own_server, subject
):
    async with (
        JetStreamPubSub[int](subject, url=own_server.url) as broker,
        broker.subscribe(name="billing"),
    ):
        pass
    await asyncio.to_thread(own_server.restart)
    async with (
        JetStreamPubSub[int](subject, url=own_server.url) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        looks = Looks(broker)
        await eventually(lambda: looks.count > 3 or inbox.closed)
        await broker.publish(1)
        assert await take(inbox, 1) == [1]


async def test_shutdown_waits_for_what_was_on_its_way_to_a_nameless_reader_when_the_server_died(
    own_server, subject
):
    async with (
        JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker,
        JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as another,
    ):
        inbox = await broker.subscribe(ack_wait=0.5)
        # It is sent to a reader that does not look, and then the server dies.
        (consumer,) = broker._consumers
        receive = consumer._intake.receive
        await another.publish(0)
        assert await take(inbox, 1) == [0]
        consumer._subscription._cb = drop_one(receive)
        await another.publish(1)
        await asyncio.to_thread(own_server.restart)
        await another.publish(2)

        async def read() -> list[int]:
            return [number async for number in inbox]

        reading = asyncio.create_task(read())
        await soon(broker.shutdown())
        # 0 may come again: the server need not have written down that it was acknowledged.
        assert {1, 2} <= set(await reading)


@pytest.mark.parametrize("name", ["billing", ""])
async def test_a_server_with_an_empty_store_has_all_made_again(own_server, subject, name):
    errors: list[NatsError] = []
    async with (
        JetStreamPubSub[int](subject, url=own_server.url, on_error=errors.append) as broker,
        broker.subscribe(name=name) as inbox,
    ):
        for number in range(5):
            await broker.publish(number)
        assert await take(inbox, 5) == [0, 1, 2, 3, 4]
        own_server.kill()
        shutil.rmtree(own_server.folder / "store")
        await asyncio.to_thread(own_server.start)
        # A publish waits until the subscriptions are there again.
        await asyncio.gather(*(broker.publish(number) for number in range(5, 8)))
        assert sorted(await take(inbox, 3)) == [5, 6, 7]
        assert ["what it kept is lost" in str(error) for error in errors] == [False, True]
        await soon(broker.flush())


async def test_a_publish_waits_until_the_subscriptions_of_its_process_are_there_again(
    own_server, subject
):
    looking, may_go_on = asyncio.Event(), asyncio.Event()
    async with (
        JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker,
        broker.subscribe() as inbox,
    ):
        recover = broker._recovery.recover

        async def recover_slowly() -> None:
            looking.set()
            await may_go_on.wait()
            await recover()

        broker._recovery.recover = recover_slowly
        own_server.kill()
        shutil.rmtree(own_server.folder / "store")
        await asyncio.to_thread(own_server.start)
        await soon(looking.wait())
        async with administrator(own_server.url) as server:  # as another process does
            await server.jetstream.add_stream(broker._stream._config)
        publishing = asyncio.create_task(broker.publish(1))
        await asyncio.wait([publishing], timeout=0.1)
        assert not publishing.done()
        may_go_on.set()
        await soon(publishing)
        assert await take(inbox, 1) == [1]


async def test_nothing_that_is_stored_afterwards_is_lost_while_an_empty_server_is_set_up(
    own_server, subject
):
    begun: list[int] = []
    numbers = iter(range(2_000))
    some_are_stored = asyncio.Event()

    async def publish(broker: JetStreamPubSub[int]) -> None:
        for number in numbers:
            begun.append(number)
            await broker.publish(number)
            if number == 300:
                some_are_stored.set()

    received: set[int] = set()

    async with JetStreamPubSub[int](
        subject, url=own_server.url, maxsize=1_000, on_error=ignored
    ) as broker:
        inbox = await broker.subscribe()

        async def read() -> None:
            async for number in inbox:
                received.add(number)

        reading = asyncio.create_task(read())
        async with asyncio.TaskGroup() as publishing:
            for _ in range(20):
                publishing.create_task(publish(broker))
            await some_are_stored.wait()
            own_server.kill()
            before = len(begun)  # some of these may have been stored, and be lost
            shutil.rmtree(own_server.folder / "store")
            await asyncio.to_thread(own_server.start)
        await soon(broker.shutdown())
        await reading
    afterwards = set(begun[before:])
    assert len(afterwards) > 1_000
    assert afterwards - received == set()


async def test_what_the_server_did_not_keep_for_a_reader_that_it_has_forgotten_is_counted(
    own_server, subject
):
    async with (
        administrator(own_server.url) as server,
        JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker,
        broker.subscribe() as inbox,
    ):
        await broker.publish(0)
        assert await take(inbox, 1) == [0]
        (name,) = await server.consumers(subject)
        await server.jetstream.delete_consumer(subject, name)  # as after a minute of silence
        for number in (1, 2):
            await broker.publish(number)
        await asyncio.to_thread(own_server.restart)
        await eventually(lambda: broker.network.reconnects)
        await broker.publish(3)
        assert await take(inbox, 1) == [3]
        assert inbox.stats.dropped == 2
