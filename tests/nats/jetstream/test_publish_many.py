"""`publish_many` over JetStream: many messages are on their way before the first is confirmed."""

import asyncio
import pickle

import pytest

from pubsub_lib import Deliveries, delivered_before
from pubsub_lib.nats import (
    JetStreamPubSub,
    NatsServer,
    NotConnected,
    PayloadTooLarge,
    ServerUnreachable,
    StreamFull,
    Unconfirmed,
    unconfirmed_in,
)
from pubsub_lib.nats.jetstream.pipeline import MESSAGES_ON_THE_WAY, Pipeline
from pubsub_lib.nats.jetstream.publisher import BYTES_ON_THE_WAY, Outgoing
from tests.nats.observing import (
    administrator,
    eventually,
    ignored,
    needs_signals,
    soon,
    stopped,
    take,
    until,
)


async def keep(broker: JetStreamPubSub, name: str = "later") -> None:
    """Let the server keep what comes for this name."""
    async with broker.subscribe(name=name):
        pass


async def kept_in(own_server: NatsServer, subject: str) -> list[int]:
    """Return what the server has kept, in its order."""
    async with (
        JetStreamPubSub[int](subject, url=own_server.url, maxsize=10_000) as broker,
        broker.subscribe(name="later") as inbox,
        administrator(own_server.url) as server,
    ):
        return await take(inbox, await server.kept(subject))


def sent_by(broker: JetStreamPubSub) -> int:
    """How many messages nats-py has handed to the system."""
    client = broker._transport.connection.client
    return 0 if client.pending_data_size else client.stats["out_msgs"]


async def test_all_are_stored_in_order_and_counted(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="reader", maxsize=2_000) as inbox,
    ):
        assert await broker.publish_many(range(1_000)) == Deliveries(1_000, 1_000)
        assert broker.network.stored == broker.stats.published == 1_000
        assert await take(inbox, 1_000) == list(range(1_000))
        assert await broker.publish_many([]) == Deliveries(0, 0)


@needs_signals
@pytest.mark.parametrize("count", [10, MESSAGES_ON_THE_WAY, 1_000])
async def test_many_are_on_the_wire_before_the_first_is_confirmed(own_server, subject, count):
    async with JetStreamPubSub[int](subject, url=own_server.url) as broker:
        await broker.publish(0)
        with stopped(own_server):
            before = sent_by(broker)
            publishing = asyncio.create_task(broker.publish_many(range(count)))
            bound = min(count, MESSAGES_ON_THE_WAY)
            await eventually(lambda: sent_by(broker) - before >= bound)
            assert broker.network.stored == 1
            await asyncio.sleep(0)
            assert sent_by(broker) - before == bound
        assert await soon(publishing) == Deliveries(count, count)


@needs_signals
async def test_many_large_messages_are_bounded_in_bytes(own_server, subject):
    size = BYTES_ON_THE_WAY // 4
    async with JetStreamPubSub[str](subject, url=own_server.url) as broker:
        await broker.publish("first")
        with stopped(own_server):
            publishing = asyncio.create_task(broker.publish_many(["x" * size] * 50))
            client = broker._transport.connection.client
            before = client.stats["out_bytes"]
            await eventually(lambda: client.stats["out_bytes"] - before > 2 * size)
            await asyncio.sleep(0)
            assert client.stats["out_bytes"] - before <= BYTES_ON_THE_WAY
        assert (await soon(publishing)).published == 50


async def test_one_message_may_be_larger_than_what_may_be_on_the_way(subject):
    configuration = f"max_payload: {8 * BYTES_ON_THE_WAY}"
    with NatsServer(configuration=configuration) as server:
        async with JetStreamPubSub[str](subject, url=server.url) as broker:
            assert (await broker.publish_many(["x" * (2 * BYTES_ON_THE_WAY)] * 3)).published == 3


async def test_publishers_at_the_same_time_each_keep_their_order(url, subject):
    async with (
        JetStreamPubSub[list[int]](subject, url=url) as broker,
        broker.subscribe(name="reader", maxsize=2_000) as inbox,
    ):
        many = ([[publisher, number] for number in range(400)] for publisher in range(3))
        async with asyncio.TaskGroup() as publishing:
            for messages in many:
                publishing.create_task(broker.publish_many(messages))
            publishing.create_task(broker.publish([3, 0]))
        received = await take(inbox, 1_201)
        for publisher in range(3):
            assert [n for name, n in received if name == publisher] == list(range(400))


async def test_a_server_that_is_killed_meanwhile_keeps_each_once_and_in_order(own_server, subject):
    async with JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker:
        await keep(broker)
        publishing = asyncio.create_task(broker.publish_many(range(5_000)))
        pipelined = broker._publishing._publisher
        for kill in range(1, 4):
            sent = pipelined._attempts
            await eventually(lambda sent=sent: pipelined._attempts > sent + 300)
            assert not publishing.done()
            own_server.kill()
            await asyncio.to_thread(own_server.start)
            await eventually(lambda kill=kill: broker.network.reconnects >= kill)
        assert await soon(publishing) == Deliveries(5_000, 5_000)
    assert await kept_in(own_server, subject) == list(range(5_000))


@needs_signals
async def test_what_nats_py_has_not_yet_sent_is_not_sent_before_what_was_lost(own_server, subject):
    async with JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker:
        await keep(broker)
        client = broker._transport.connection.client
        with stopped(own_server):
            before = sent_by(broker)
            lost = asyncio.create_task(broker.publish_many([1]))
            await eventually(lambda: sent_by(broker) > before)
            # As when the system takes no more: it waits here to be sent.
            await client._send_command(f"PUB {subject} 1\r\n2\r\n".encode())
            own_server.kill()
        await asyncio.to_thread(own_server.start)
        await soon(lost)
    assert await kept_in(own_server, subject) == [1]


async def test_what_was_lost_with_a_connection_goes_first_on_the_next(url, subject, monkeypatch):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="reader") as inbox,
    ):
        publisher = broker._publishing._publisher
        send = publisher.send

        async def lose(message: Outgoing) -> asyncio.Future[None]:
            publisher.send = send
            lost = asyncio.get_running_loop().create_future()
            lost.set_result(None)
            publisher.connection_lost()
            return lost

        monkeypatch.setattr(publisher, "send", lose)
        await broker.publish_many(range(3))
        assert await take(inbox, 3) == [0, 1, 2]


async def test_what_is_on_its_way_is_confirmed_while_nothing_more_can_be_sent(broker, monkeypatch):
    publisher, recovery = broker._publishing._publisher, broker._recovery
    await recovery.get_ready()
    may_go_on = asyncio.Event()
    send = publisher.send

    async def send_and_look_for_long(message: Outgoing) -> object:
        publisher.send = send
        answer = await send(message)
        recovery.recover = may_go_on.wait
        recovery.connection_restored()
        return answer

    monkeypatch.setattr(publisher, "send", send_and_look_for_long)
    pipeline = Pipeline(
        publisher, [Outgoing.of(broker.subject, b"1", f"{number}") for number in range(3)]
    )
    running = asyncio.create_task(pipeline.run())
    await eventually(lambda: list(pipeline.unconfirmed) == [1, 2])
    assert not publisher.ready
    may_go_on.set()
    await soon(running)
    assert list(pipeline.unconfirmed) == []


@needs_signals
async def test_a_time_limit_is_that_of_the_whole_call_and_names_what_is_not_confirmed(
    own_server, subject
):
    # What has to succeed is asked of another broker, whose time is not short.
    async with (
        JetStreamPubSub[int](subject, url=own_server.url) as patient,
        JetStreamPubSub[int](subject, url=own_server.url, timeout=1) as broker,
    ):
        await keep(patient)
        with (
            stopped(own_server),
            pytest.raises(Unconfirmed, match="did not confirm 600 ") as raised,
        ):
            await soon(broker.publish_many(range(600)))
        assert raised.value.count == 600
        unconfirmed = unconfirmed_in(raised.value)
        assert list(unconfirmed) == list(range(600))
        assert unconfirmed_in(pickle.loads(pickle.dumps(raised.value))) == unconfirmed
        async with administrator(own_server.url) as server:

            async def all_that_were_on_their_way_are_kept() -> bool:
                return await server.kept(subject) == MESSAGES_ON_THE_WAY

            await until(all_that_were_on_their_way_are_kept)
        assert broker.network.stored == 0
        again = await patient.publish_many(
            list(unconfirmed), message_ids=list(unconfirmed.values())
        )
        assert again == Deliveries(600, 600)
        assert patient.network.duplicates_refused == MESSAGES_ON_THE_WAY
    assert await kept_in(own_server, subject) == list(range(600))


@needs_signals
async def test_cancelled_it_says_what_is_stored_and_what_may_not_be(own_server, subject):
    async with JetStreamPubSub[int](subject, url=own_server.url, timeout=None) as broker:
        await keep(broker)
        publishing = asyncio.create_task(broker.publish_many(range(50_000)))
        await eventually(lambda: broker._publishing._publisher._attempts > 1_000)
        with stopped(own_server):
            publishing.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await soon(publishing)
        report, unconfirmed = delivered_before(raised.value), unconfirmed_in(raised.value)
        assert isinstance(report, Deliveries)
        assert report.published == report.delivered == broker.network.stored > 0
        assert report.published + len(unconfirmed) == 50_000
        assert list(unconfirmed) == list(range(report.published, 50_000))
        await broker.publish(50_000)
    kept = await kept_in(own_server, subject)
    assert kept[:-1] == list(range(len(kept) - 1))  # what came after it is not sent any more
    assert report.published <= len(kept) - 1 <= report.published + MESSAGES_ON_THE_WAY


async def test_a_full_stream_says_which_were_not_stored(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url, max_messages=300) as broker:
        await keep(broker)
        with pytest.raises(StreamFull) as raised:
            await broker.publish_many(range(1_000))
        unconfirmed = unconfirmed_in(raised.value)
        assert list(unconfirmed) == list(range(300, 1_000))
        assert broker.network.stored == await server.kept(subject) == 300
        sent = broker._publishing._publisher._attempts
        assert sent <= 300 + MESSAGES_ON_THE_WAY  # then no more are sent
        assert broker._publishing._publisher._on_their_way == {}


async def test_a_message_that_is_too_large_keeps_all_from_being_sent(url, subject, server):
    async with JetStreamPubSub[str](subject, url=url) as broker:
        await keep(broker)
        with pytest.raises(PayloadTooLarge) as raised:
            await broker.publish_many(["first", "x" * 2_000_000])
        assert list(unconfirmed_in(raised.value)) == [0, 1]
        assert await server.kept(subject) == 0


async def test_one_that_the_codec_does_not_know_keeps_all_from_being_sent(url, subject, server):
    async with JetStreamPubSub[object](subject, url=url) as broker:
        await keep(broker)
        with pytest.raises(ValueError, match="would not come back from JSON"):
            await broker.publish_many(["first", object()])
        assert await server.kept(subject) == 0


@needs_signals
async def test_a_shutdown_that_does_not_wait_leaves_it_unconfirmed(own_server, subject):
    broker = JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored)
    await broker.publish(0)
    with stopped(own_server):
        publishing = asyncio.create_task(broker.publish_many(range(1_000)))
        await eventually(lambda: broker._publishing._publisher._attempts > 100)
        await soon(broker.shutdown(timeout=0.1))
        with pytest.raises(Unconfirmed) as raised:
            await soon(publishing)
    assert len(unconfirmed_in(raised.value)) == raised.value.count == 1_000


async def test_a_shutdown_waits_for_it(url, subject):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        publishing = asyncio.create_task(broker.publish_many(range(3_000)))
        await eventually(lambda: broker._publishing._publisher._attempts > 100)
        assert not publishing.done()
        await broker.shutdown()
        assert await publishing == Deliveries(3_000, 3_000)


async def test_without_a_server_nothing_is_sent(own_server, subject):
    url = own_server.url
    own_server.kill()
    broker = JetStreamPubSub[int](subject, url=url, connect_timeout=0.2)
    with pytest.raises(ServerUnreachable) as raised:
        await broker.publish_many(range(3))
    assert list(unconfirmed_in(raised.value)) == [0, 1, 2]
    await broker.shutdown()


async def test_a_connection_that_ends_for_good_before_anything_is_sent_is_no_doubt(
    own_server, subject
):
    async with JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker:
        await broker.publish(0)
        own_server.kill()
        await eventually(lambda: not broker.network.connected)
        publishing = asyncio.create_task(broker.publish_many(range(3)))
        await asyncio.sleep(0)
        await soon(broker.shutdown(timeout=0))
        with pytest.raises(NotConnected):
            await soon(publishing)


@pytest.mark.parametrize(
    ("message_ids", "error", "says"),
    [
        ("abc", TypeError, "one for each message, not the string 'abc'"),
        (["a", "b"], ValueError, "each of the 3 messages, not 2"),
        (["a", "b", 3], TypeError, "message_id is a string"),
        (["a", "b", "c\nd"], ValueError, "one line"),
    ],
)
async def test_ids_that_do_not_fit_are_refused_at_once(url, subject, message_ids, error, says):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        with pytest.raises(error, match=says):
            await broker.publish_many(range(3), message_ids=message_ids)
        assert broker.network.stored == 0


async def test_ids_of_ones_own_are_known_again_beyond_this_broker(url, subject, server):
    ids = [f"{subject}-{number}" for number in range(100)]
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await keep(broker)
        await broker.publish_many(range(100), message_ids=ids)
    async with JetStreamPubSub[int](subject, url=url) as another:
        assert await another.publish_many(range(100), message_ids=ids) == Deliveries(100, 100)
        assert another.network.duplicates_refused == 100
    assert await server.kept(subject) == 100
