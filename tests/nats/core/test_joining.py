"""Connecting, joining and leaving: who is there gets what comes, and who cannot be is told."""

import asyncio

import nats.errors
import pytest
from nats.errors import NoRespondersError

from pubsub_lib import ShutdownReport
from pubsub_lib.nats import AccessRefused, NatsError, NatsPubSub, ServerUnreachable
from pubsub_lib.nats.local_server.server import NatsServer, why_no_server
from tests.nats.core.reading import READERS, read
from tests.nats.observing import LIMIT_S, Errors, allow, eventually

pytestmark = pytest.mark.usefixtures("nothing_is_left")
NO_SERVER = "nats://127.0.0.1:1"


async def test_without_a_server_everything_that_waits_fails_and_can_be_tried_again(
    own_server: NatsServer,
):
    own_server.kill()
    broker = NatsPubSub("one", url=own_server.url, connect_timeout=0.05)
    for use in (broker.publish(1), broker.flush(), broker.__aenter__()):
        with pytest.raises(ServerUnreachable):
            await use
    with pytest.raises(ServerUnreachable):
        await broker.subscribe()
    own_server.start()
    allow(broker._transport.connection, LIMIT_S)
    async with broker, broker.subscribe() as inbox:
        await broker.publish(1)
        assert await read(inbox, 1) == [1]


@pytest.mark.parametrize("reader", READERS)
async def test_a_failed_connect_reaches_the_readers_and_closes_the_subscription(reader):
    broker = NatsPubSub("one", url=NO_SERVER, connect_timeout=0.05)
    inbox = broker.subscribe()
    with pytest.raises(ServerUnreachable):
        await reader(inbox)
    assert inbox.closed
    assert await inbox.get() is None
    assert await broker.shutdown() == ShutdownReport(0, 0)


def test_a_subscription_made_before_the_loop_runs_joins_when_it_is_read(server, subject: str):
    broker = NatsPubSub(subject, url=server.url)
    inbox = broker.subscribe()

    async def main() -> None:
        await broker.publish(1)  # waits until messages come in for who has subscribed
        assert await read(inbox, 1) == [1]
        await broker.shutdown()

    asyncio.run(main())


def test_a_subscription_made_before_the_loop_runs_joins_as_soon_as_it_is_read(server, subject: str):
    broker = NatsPubSub(subject, url=server.url)
    inbox = broker.subscribe()

    async def main() -> None:
        async with asyncio.timeout(LIMIT_S):
            reading = asyncio.create_task(inbox.get())
            await eventually(lambda: broker._intakes.ready)
            async with NatsPubSub(subject, url=server.url) as another:
                await another.publish(1)
            assert await reading == 1
            inbox.task_done()
            await broker.shutdown()

    asyncio.run(main())


async def test_a_refused_token_is_an_error_at_once(own_server: NatsServer):
    broker = NatsPubSub("one", url=f"nats://127.0.0.1:{own_server.port}", connect_timeout=None)
    with pytest.raises(AccessRefused):
        await broker.publish(1)


async def test_what_the_server_does_not_permit_ends_the_readers(errors: Errors):
    if reason := why_no_server(of_our_own=True):
        pytest.skip(reason)
    rules = 'permissions: {subscribe: "_INBOX.>", publish: ">"}'
    server = NatsServer()
    server._write_configuration = lambda: (server.folder / "server.conf").write_text(
        'listen: "127.0.0.1:-1"\nports_file_dir: "."\n'
        f"authorization {{ users: [{{user: a, password: b, {rules}}}] }}"
    )
    with server:
        broker = NatsPubSub("one", url=f"nats://a:b@127.0.0.1:{server.port}", on_error=errors)
        inbox = broker.subscribe()
        with pytest.raises(AccessRefused, match=r"does not allow this.*permission"):
            await inbox.get()
        assert errors.of(AccessRefused)
        await broker.shutdown()


async def test_a_subscriber_that_was_awaited_gets_all_that_comes_then(server, subject: str, client):
    async with NatsPubSub(subject, url=server.url) as broker:
        for number in range(20):
            inbox = await broker.subscribe()
            await client.publish(subject, str(number).encode())
            assert await read(inbox, 1) == [number]
            inbox.close()


async def test_when_the_last_subscriber_has_left_the_server_is_told_and_another_may_come(
    server, subject: str, client
):
    async with NatsPubSub(subject, url=server.url) as broker:
        async with broker.subscribe() as inbox:
            await client.publish(subject, b"1")
            await read(inbox, 1)
        await eventually(lambda: not broker._transport.connection.client._subs)
        await broker.flush()  # so the server knows
        with pytest.raises(NoRespondersError):
            await client.request(subject, b"3", timeout=LIMIT_S)
        async with broker.subscribe() as inbox:
            await client.publish(subject, b"4")
            assert await read(inbox, 1) == [4]


async def test_what_nats_py_refuses_reaches_the_readers_as_one_of_our_errors(
    server, subject: str, monkeypatch: pytest.MonkeyPatch
):
    async def refuse(*_: object, **__: object) -> None:
        raise nats.errors.Error("no more")

    async with NatsPubSub(subject, url=server.url) as broker:
        monkeypatch.setattr(broker._transport.connection.client, "subscribe", refuse)
        for join in (lambda inbox: inbox.get(), lambda inbox: inbox.__aenter__()):
            inbox = broker.subscribe()
            with pytest.raises(NatsError, match="no more; this is what the server"):
                await join(inbox)
            assert inbox.closed


async def test_a_reader_that_leaves_while_it_joins_is_left_at_the_server_by_nobody(
    server, subject: str
):
    broker = NatsPubSub(subject, url=server.url)
    inbox = broker.subscribe()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)  # so that it begins to connect
    inbox.close()
    assert await reading is None
    await broker.flush()
    await eventually(lambda: not broker._transport.connection.client._subs)
    await broker.shutdown()


async def test_awaiting_a_subscription_says_each_time_why_it_could_not_join():
    broker = NatsPubSub("one", url=NO_SERVER, connect_timeout=0.05)
    inbox = broker.subscribe()
    for _ in range(2):
        with pytest.raises(ServerUnreachable):
            await inbox
    assert inbox.closed
    await broker.shutdown()
