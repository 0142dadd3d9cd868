"""Whether a server can keep the messages, and what a stream of others has to be like."""

import asyncio

import pytest
from nats.js import api

from pubsub_lib.nats import (
    AccessRefused,
    JetStreamPubSub,
    JetStreamUnavailable,
    NatsError,
    NatsServer,
    PayloadTooLarge,
    StoreFull,
    StreamLost,
)
from pubsub_lib.nats.headers import overhead
from pubsub_lib.nats.jetstream.publisher import MESSAGE_ID
from tests.nats.observing import (
    LIMIT_S,
    allow,
    ignored,
    needs_signals,
    soon,
    stopped,
    take,
)

pytestmark = pytest.mark.usefixtures("nothing_is_left")


async def test_the_largest_message_is_the_servers_limit_with_its_header(subject):
    with NatsServer(configuration="max_payload: 1000") as server:
        async with JetStreamPubSub[str](subject, url=server.url) as broker:
            largest = 1_000 - overhead({MESSAGE_ID: "id"}) - len('""')
            await broker.publish("x" * largest, message_id="id")
            with pytest.raises(PayloadTooLarge) as raised:
                await broker.publish("x" * (largest + 1), message_id="i2")
            assert (raised.value.size, raised.value.limit) == (1_001, 1_000)
            await broker.publish("the connection is still there")
            assert broker.network.reconnects == 0


async def test_a_stream_that_somebody_made_with_other_settings_is_used_if_it_can_serve(
    url, subject, server
):
    await server.jetstream.add_stream(name=subject, subjects=[subject], max_msgs_per_subject=-1)
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        await broker.publish(1)
        assert await take(inbox, 1) == [1]
        await server.until_acknowledged(subject, "billing")


async def test_a_stream_and_that_of_its_dead_letters_have_the_bounds_that_were_asked_for(
    url, subject, server
):
    async with JetStreamPubSub[int](
        subject, url=url, max_messages=70, duplicate_window=30
    ) as broker:
        await broker.dead_letters()
    for name, keeps, retention in (
        (subject, subject, api.RetentionPolicy.INTEREST),
        (f"{subject}_dead", f"dead.{subject}", api.RetentionPolicy.LIMITS),
    ):
        config = (await server.jetstream.stream_info(name)).config
        assert (config.subjects, config.retention, config.discard) == (
            [keeps],
            retention,
            api.DiscardPolicy.NEW,
        )
        assert (config.max_msgs, config.duplicate_window, config.num_replicas) == (70, 30, 1)


async def test_the_last_number_of_a_stream_is_known_though_nothing_is_left_in_it(broker):
    await broker.publish_many(range(3))
    assert await broker._stream.last_sequence(broker.subject) == 3


async def test_whoever_enters_knows_at_once_how_many_are_subscribed(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(),
        broker.subscribe(name="billing"),
        JetStreamPubSub[int](subject, url=url) as another,
    ):
        assert another.network.subscriptions == 2


@pytest.mark.parametrize(
    ("settings", "obstacle"),
    [
        ({"max_age": 60}, "max_age"),
        ({"max_msgs": 10}, "discard: old"),
        ({"retention": api.RetentionPolicy.WORK_QUEUE}, "workqueue"),
        ({"no_ack": True}, "no_ack"),
    ],
)
async def test_a_stream_that_would_lose_messages_is_refused_with_what_is_in_the_way(
    url, subject, server, settings, obstacle
):
    await server.jetstream.add_stream(name=subject, subjects=[subject], **settings)
    with pytest.raises(NatsError, match=f"'{subject}'.*give every process the same.*{obstacle}"):
        async with JetStreamPubSub[int](subject, url=url):
            pass


ACCOUNTS = """
accounts: {{
  A: {{ jetstream: enabled, users: [
    {{ user: all, password: p }},
    {{ user: some, password: p, permissions: {{ {forbidden} }} }}
  ] }}
}}
no_auth_user: all
"""


@pytest.mark.parametrize(
    "forbidden",
    ['publish: { deny: "$JS.>" }', 'subscribe: { deny: "_INBOX.>" }'],
)
async def test_a_user_who_may_not_use_jetstream_is_told_so_at_once(subject, forbidden):
    with NatsServer() as server:
        server.kill()
        lines = f'listen: "127.0.0.1:{server.port}"\nports_file_dir: "."\njetstream: {{}}\n'
        configuration = lines + ACCOUNTS.format(forbidden=forbidden)
        server._write_configuration = lambda: (server.folder / "server.conf").write_text(
            configuration
        )
        server.start()
        broker = JetStreamPubSub[int](
            subject,
            url=f"nats://some:p@127.0.0.1:{server.port}",
            connect_timeout=None,
            on_error=ignored,
        )
        with pytest.raises(AccessRefused, match="does not allow this"):
            await soon(broker.publish(1))
        await broker.shutdown()


@needs_signals
async def test_entering_waits_no_longer_for_jetstream_than_it_was_told(own_server, subject):
    broker = JetStreamPubSub[int](subject, url=own_server.url)
    await broker._stream.connection.connect()
    allow(broker._stream.connection, 0.3)
    ask = broker._stream.ask

    async def ask_a_server_that_stands_still(request):
        with stopped(own_server):
            return await ask(request)

    broker._stream.ask = ask_a_server_that_stands_still
    with pytest.raises(
        JetStreamUnavailable, match=r"does not answer in time\); see whether it is stopped"
    ):
        async with asyncio.timeout(LIMIT_S), broker:
            pass


async def test_a_full_store_is_an_error_of_its_own(subject):
    store = 'jetstream { store_dir: "store", max_file_store: 100KB }'
    with NatsServer(configuration=store) as server:
        async with (
            JetStreamPubSub[str](subject, url=server.url) as broker,
            broker.subscribe(name="billing"),
        ):
            with pytest.raises(StoreFull, match="max_file_store"):  # noqa: PT012
                for _ in range(30):
                    await soon(broker.publish("x" * 10_000))


async def test_a_server_without_jetstream_is_named(subject, monkeypatch):
    monkeypatch.setattr("pubsub_lib.nats.jetstream.asking.READY_AFTER_S", 0.1)
    with NatsServer(configuration="jetstream: disabled") as server:
        broker = JetStreamPubSub[int](subject, url=server.url)
        with pytest.raises(NatsError, match=r"JetStream is off, or not ready.* `nats-server -js`"):
            await soon(broker.publish(1))
        await broker.shutdown()


async def test_more_replicas_than_there_are_servers_are_refused_by_the_server(url, subject):
    with pytest.raises(NatsError, match="replicas"):
        async with JetStreamPubSub[int](subject, url=url, replicas=3):
            pass


@pytest.mark.parametrize("replicas", [0, 6, True, "3"])
def test_replicas_that_no_cluster_has_are_refused_at_once(replicas):
    with pytest.raises((TypeError, ValueError), match="replicas"):
        JetStreamPubSub[int]("one", replicas=replicas)


async def test_a_stream_that_an_administrator_has_deleted_is_made_again(url, subject, server):
    errors: list[NatsError] = []
    async with (
        JetStreamPubSub[int](subject, url=url, on_error=errors.append) as broker,
        broker.subscribe() as inbox,
    ):
        await broker.publish(1)
        await server.jetstream.delete_stream(subject)
        await broker.publish(2)
        assert await take(inbox, 2) == [1, 2]
    assert [type(error) for error in errors] == [StreamLost]
