"""A `JetStreamPubSub` keeps what its docstrings promise, on a real server that is really killed."""

import asyncio
import gc
import os
import shutil
import signal
import threading
import warnings
from collections.abc import AsyncIterator, Iterator

import pytest
from nats.js import api

from pubsub_lib import Delivery, PubSubClosed, ShutdownReport
from pubsub_lib.nats import (
    AccessRefused,
    JetStreamPubSub,
    JetStreamUnavailable,
    NatsError,
    NatsServer,
    NotConnected,
    PayloadTooLarge,
    ServerUnreachable,
    StoreFull,
    StreamFull,
    StreamLost,
    Unconfirmed,
    UndecodablePayload,
)
from pubsub_lib.nats.headers import overhead
from pubsub_lib.nats.jetstream.publisher import MESSAGE_ID
from tests.nats.observing import (
    LIMIT_S,
    administrator,
    eventually,
    ignored,
    needs_signals,
    soon,
    stopped,
    take,
    until,
)


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> Iterator[None]:
    """Let the garbage collector look only at what the tests here make."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
async def nothing_is_left() -> AsyncIterator[None]:
    """After every test: no task goes on, and asyncio has nothing to complain of."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: complaints.append(context)
    )
    before = asyncio.all_tasks()
    yield
    gc.collect()
    left = [task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()]
    assert left == []
    assert complaints == []


def drop_one(receive):
    """Return a function that receives as this one, but for the first message."""
    dropped = []

    async def receive_all_but_one(envelope) -> None:
        if dropped:
            await receive(envelope)
        dropped.append(envelope)

    return receive_all_but_one


async def left_alone(broker: JetStreamPubSub[int], name: str) -> None:
    """Let the server keep what comes for this name."""
    async with broker.subscribe(name=name):
        pass


# Publishing.


async def test_publish_returns_when_the_server_keeps_the_message(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await left_alone(broker, "later")
        assert await broker.publish(7) == Delivery(1)
        assert await server.kept(subject) == 1
        assert broker.stats.published == broker.network.stored == 1


async def test_what_no_subscription_wants_is_not_kept(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await broker.publish(7)
        assert await server.kept(subject) == 0


async def test_a_message_outlives_a_killed_server(own_server, subject):
    async with JetStreamPubSub[int](subject, url=own_server.url) as broker:
        await left_alone(broker, "later")
        await broker.publish(7)
    own_server.restart()
    async with (
        JetStreamPubSub[int](subject, url=own_server.url) as broker,
        broker.subscribe(name="later") as inbox,
    ):
        assert await take(inbox, 1) == [7]


async def test_what_is_published_while_the_server_is_killed_is_kept_once(own_server, subject):
    numbers = iter(range(1_000))
    some_are_stored = asyncio.Event()

    async def publish(broker: JetStreamPubSub[int]) -> None:
        for number in numbers:
            await broker.publish(number)
            if number == 100:
                some_are_stored.set()

    async with JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker:
        await left_alone(broker, "later")
        async with asyncio.TaskGroup() as publishing:
            for _ in range(50):
                publishing.create_task(publish(broker))
            await some_are_stored.wait()
            own_server.kill()
            assert broker.network.stored < 1_000
            await asyncio.to_thread(own_server.start)
        assert broker.network.stored == 1_000
        assert broker.network.reconnects == 1
        async with (
            administrator(own_server.url) as server,
            broker.subscribe(name="later") as inbox,
        ):
            assert await server.kept(subject) == 1_000
            assert sorted(await take(inbox, 1_000)) == list(range(1_000))


async def test_a_publish_waits_for_a_server_that_is_away(own_server, subject):
    lost = asyncio.Event()
    async with JetStreamPubSub[int](
        subject, url=own_server.url, on_error=lambda error: lost.set()
    ) as broker:
        own_server.kill()
        await soon(lost.wait())
        publishing = asyncio.create_task(broker.publish(1))
        await asyncio.to_thread(own_server.start)
        assert await soon(publishing) == Delivery(1)


async def test_the_same_message_id_is_stored_once_whoever_publishes_it(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as one,
        JetStreamPubSub[int](subject, url=url) as another,
    ):
        await left_alone(one, "later")
        await one.publish(7, message_id="order 7")
        await another.publish(7, message_id="order 7")
        await another.publish(8, message_id="order 8")
        assert await server.kept(subject) == 2
        assert (one.network.duplicates_refused, another.network.duplicates_refused) == (0, 1)


async def test_messages_without_an_id_are_all_kept_whoever_publishes_them(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as one,
        JetStreamPubSub[int](subject, url=url) as another,
    ):
        await left_alone(one, "later")
        for broker in (one, another, one):
            await broker.publish(7)
        assert await server.kept(subject) == 3


async def test_a_killed_server_does_not_know_again_what_was_handled_and_removed(
    own_server, subject
):
    async with (
        JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored) as broker,
        broker.subscribe(name="now") as inbox,
        administrator(own_server.url) as server,
    ):
        await broker.publish(7, message_id="order 7")
        await take(inbox, 1)
        await server.until_acknowledged(subject, "now")
        await broker.publish(7, message_id="order 7")
        assert broker.network.duplicates_refused == 1
        await asyncio.to_thread(own_server.restart)
        await eventually(lambda: broker.network.reconnects)
        await broker.publish(7, message_id="order 7")
        assert await take(inbox, 1) == [7]  # which the docstring says


@needs_signals
async def test_what_is_unconfirmed_can_be_published_again_by_the_id_that_the_error_names(
    own_server, subject
):
    async with JetStreamPubSub[int](subject, url=own_server.url, timeout=0.2) as broker:
        await left_alone(broker, "later")
        with stopped(own_server), pytest.raises(Unconfirmed, match="stored once") as raised:
            await broker.publish(7)
        name = str(raised.value).partition("message_id='")[2].partition("'")[0]
        async with administrator(own_server.url) as server:

            async def kept() -> bool:
                return await server.kept(subject) == 1

            await until(kept)  # it was on its way
            await broker.publish(7, message_id=name)
            assert await server.kept(subject) == 1
        assert broker.network.duplicates_refused == 1
        assert broker.network.stored == 1  # the first is not known to be


@needs_signals
async def test_a_publish_of_much_is_given_up_in_time_when_the_server_takes_nothing(
    own_server, subject
):
    async with JetStreamPubSub[str](subject, url=own_server.url, timeout=0.3) as broker:
        with stopped(own_server):
            # More than the system's buffers take.
            publishing = [broker.publish("x" * 1_000_000) for _ in range(40)]
            results = await soon(asyncio.gather(*publishing, return_exceptions=True))
            assert broker._transport.connection.client.pending_data_size < 3_000_000
        assert {type(result) for result in results} == {Unconfirmed}


@needs_signals
async def test_a_cancelled_publish_ends_at_once(own_server, subject):
    async with JetStreamPubSub[str](subject, url=own_server.url, timeout=None) as broker:
        with stopped(own_server):
            publishing = [asyncio.create_task(broker.publish("x" * 1_000_000)) for _ in range(40)]
            await asyncio.wait(publishing, timeout=0.1)
            for each in publishing:
                each.cancel()
            await soon(asyncio.wait(publishing))
        assert all(each.cancelled() for each in publishing)
        assert await broker.publish("x")


async def test_a_full_stream_says_so_and_takes_more_after_an_acknowledgement(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url, max_messages=2) as broker,
        broker.subscribe(name="slow") as inbox,
    ):
        for number in range(2):
            await broker.publish(number)
        with pytest.raises(StreamFull, match=r"a subscriber is behind; .*forget\(\)"):
            await broker.publish(2)
        assert broker.network.stored == 2
        await take(inbox, 1)
        await server.until_acknowledged(subject, "slow", left=1)
        await broker.publish(3)
        assert await take(inbox, 2) == [1, 3]


async def test_forgetting_a_subscription_makes_room(url, subject):
    async with JetStreamPubSub[int](subject, url=url, max_messages=1) as broker:
        await left_alone(broker, "dead")
        await broker.publish(0)
        with pytest.raises(StreamFull):
            await broker.publish(1)
        await broker.forget("dead")
        assert await broker.publish(2) == Delivery(1)


async def test_nobody_has_to_exist_to_be_forgotten(url, subject):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await broker.forget("nobody")


async def test_a_reader_that_is_forgotten_gets_what_it_has_and_the_end(url, subject):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        inbox = await broker.subscribe(name="old")
        await broker.publish(0)
        await eventually(inbox.qsize)
        await broker.forget("old")
        assert await take(inbox, 1) == [0]
        assert await soon(inbox.get()) is None


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
    broker = JetStreamPubSub[int](subject, url=own_server.url, connect_timeout=0.5)
    ask = broker._stream.ask

    async def ask_a_server_that_stands_still(request):
        with stopped(own_server):
            return await ask(request)

    broker._stream.ask = ask_a_server_that_stands_still
    with pytest.raises(JetStreamUnavailable, match="does not answer in time"):
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
    monkeypatch.setattr("pubsub_lib.nats.jetstream.stream.READY_AFTER_S", 0.1)
    with NatsServer(configuration="jetstream: disabled") as server:
        broker = JetStreamPubSub[int](subject, url=server.url)
        with pytest.raises(NatsError, match="start it with JetStream, as `nats-server -js`"):
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


async def test_an_id_has_to_be_text_of_one_line(url, subject):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        with pytest.raises(TypeError, match="message_id is a string"):
            await broker.publish(1, message_id=7)
        for wrong in (" 7", "7\n8"):
            with pytest.raises(ValueError, match="one line without blanks"):
                await broker.publish(1, message_id=wrong)
        assert broker.network.stored == 0


async def test_none_and_what_json_does_not_know_are_refused(url, subject):
    async with JetStreamPubSub[object](subject, url=url) as broker:
        with pytest.raises(TypeError, match="None cannot be published"):
            await broker.publish(None)
        with pytest.raises(ValueError, match="would not come back from JSON"):
            await broker.publish(object())


async def test_where_no_server_is_publish_says_so_and_can_be_tried_again(own_server, subject):
    url = own_server.url
    own_server.kill()
    broker = JetStreamPubSub[int](subject, url=url, connect_timeout=0.3, on_error=ignored)
    with pytest.raises(ServerUnreachable):
        await soon(broker.publish(1))
    await asyncio.to_thread(own_server.start)
    assert await soon(broker.publish(1)) == Delivery(1)
    await broker.shutdown()


async def test_another_thread_can_publish_and_wait_for_it(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe() as inbox,
    ):
        results: list[Delivery] = []
        thread = threading.Thread(
            target=lambda: results.append(broker.publish_threadsafe(7).result(10))
        )
        thread.start()
        assert await take(inbox, 1) == [7]
        await asyncio.to_thread(thread.join)
        assert results == [Delivery(1)]


@pytest.mark.parametrize("use", ["publish", "subscribe", "flush", "forget", "shutdown"])
def test_a_second_event_loop_is_refused(url, subject, use):
    broker = JetStreamPubSub[int](subject, url=url)
    asyncio.run(broker.shutdown())
    broker._closed = False
    calls = {
        "publish": lambda: broker.publish(1),
        "subscribe": lambda: broker.subscribe().get(),
        "flush": broker.flush,
        "forget": lambda: broker.forget("name"),
        "shutdown": broker.shutdown,
    }

    async def main() -> None:
        with pytest.raises(RuntimeError, match="belongs to another event loop"):
            await calls[use]()

    asyncio.run(main())
    broker._closed = True


# Subscriptions that last.


async def test_a_name_goes_on_in_another_broker_where_its_last_reader_stopped(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        for number in range(5):
            await broker.publish(number)
        assert await take(inbox, 2) == [0, 1]
    async with JetStreamPubSub[int](subject, url=url) as broker:
        await broker.publish(5)
        async with broker.subscribe(name="billing") as inbox:
            assert sorted(await take(inbox, 4)) == [2, 3, 4, 5]
    await server.until_acknowledged(subject, "billing")


async def test_readers_of_one_name_share_its_messages(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as one,
        JetStreamPubSub[int](subject, url=url) as another,
        one.subscribe(name="workers") as here,
        another.subscribe(name="workers") as there,
    ):
        for number in range(50):
            await one.publish(number)
        await eventually(lambda: here.qsize() + there.qsize() == 50)
        assert here.qsize()
        assert there.qsize()
        taken = await take(here, here.qsize()) + await take(there, there.qsize())
        assert sorted(taken) == list(range(50))


async def test_different_names_get_everything_each(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="one") as one,
        broker.subscribe(name="two") as two,
        broker.subscribe() as nameless,
    ):
        for number in range(5):
            await broker.publish(number)
        for inbox in (one, two, nameless):
            assert await take(inbox, 5) == [0, 1, 2, 3, 4]


async def test_a_name_can_come_back_with_another_bound(url, subject, server):
    for maxsize in (5, 7):
        async with (
            JetStreamPubSub[int](subject, url=url) as broker,
            broker.subscribe(name="billing", maxsize=maxsize, ack_wait=maxsize),
        ):
            config = (await server.consumer(subject, "billing")).config
            assert (config.max_ack_pending, config.ack_wait) == (maxsize, maxsize)


async def test_a_stalled_subscriber_gets_no_more_than_its_bound_and_others_go_on(
    url, subject, server
):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="stalled", maxsize=3) as stalled_inbox,
        broker.subscribe(name="quick", maxsize=3) as quick,
    ):
        for number in range(20):
            await broker.publish(number)
            assert await take(quick, 1) == [number]
        information = await server.consumer(subject, "stalled")
        assert (information.num_ack_pending, information.num_pending) == (3, 17)
        assert stalled_inbox.stats.high_water_mark <= 3
        assert await take(stalled_inbox, 20) == list(range(20))


async def test_what_is_not_wanted_is_acknowledged_for_the_reader(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url) as broker,
        broker.subscribe(name="even", where=lambda number: number % 2 == 0) as inbox,
    ):
        for number in range(6):
            await broker.publish(number)
        assert await take(inbox, 3) == [0, 2, 4]
        await server.until_acknowledged(subject, "even")


async def test_what_does_not_decode_is_set_aside_counted_reported_and_not_delivered_again(
    url, subject, server
):
    errors: list[NatsError] = []
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1, on_error=errors.append) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        for data in (b"\xff", b"null"):
            await server.jetstream.publish(subject, data)
        await broker.publish(7)
        assert await take(inbox, 1) == [7]
        await server.until_acknowledged(subject, "billing")
        assert broker.network.undecodable == 2
        assert broker.network.redelivered == 0
        assert [error.data for error in broker.set_aside] == [b"\xff", b"null"]
        assert errors == broker.set_aside
        assert {type(error) for error in errors} == {UndecodablePayload}
        assert await server.kept(subject) == 0


async def test_an_on_error_that_raises_stops_nothing(url, subject, server):
    def on_error(error: NatsError) -> None:
        raise LookupError

    async with (
        JetStreamPubSub[int](subject, url=url, on_error=on_error) as broker,
        broker.subscribe(name="billing") as inbox,
    ):
        await server.jetstream.publish(subject, b"?")
        await broker.publish(7)
        assert await take(inbox, 1) == [7]
        await server.until_acknowledged(subject, "billing")


@pytest.mark.parametrize("wrong", [{"name": "a.b"}, {"maxsize": 0}, {"ack_wait": 0}])
async def test_wrong_arguments_of_subscribe_are_refused_at_once(url, subject, wrong):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        with pytest.raises(ValueError, match=next(iter(wrong)) + "|more than 0"):
            broker.subscribe(**wrong)
        assert broker.stats.subscribers == 0


# Subscriptions without a name.


async def test_the_server_forgets_a_nameless_reader_that_has_left(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url, max_messages=1) as broker:
        async with broker.subscribe() as inbox:
            (name,) = await server.consumers(subject)
            await broker.publish(0)
            await eventually(inbox.qsize)
        await server.until_forgotten(subject, name)
        assert await broker.publish(1) == Delivery(1)  # it holds up nobody


async def test_the_server_forgets_nameless_readers_at_shutdown(url, subject, server):
    async with JetStreamPubSub[int](subject, url=url) as broker:
        inboxes = [await broker.subscribe() for _ in range(3)]
        assert len(await server.consumers(subject)) == len(inboxes)
    assert await server.consumers(subject) == []


async def test_a_nameless_reader_gets_all_that_was_published_before_the_shutdown(url, subject):
    async with JetStreamPubSub[int](subject, url=url, maxsize=3) as broker:
        inbox = await broker.subscribe()
        for number in range(50):
            await broker.publish(number)

        async def read() -> list[int]:
            return [number async for number in inbox]

        reading = asyncio.create_task(read())
        assert await soon(broker.shutdown()) == ShutdownReport(0, 0)
        assert await reading == list(range(50))


async def test_what_does_not_come_in_before_the_end_is_dropped_and_counted(url, subject):
    broker = JetStreamPubSub[int](subject, url=url, maxsize=3)
    inbox = await broker.subscribe()
    for number in range(10):
        await broker.publish(number)
    await eventually(inbox.full)
    assert await soon(broker.shutdown(timeout=0)) == ShutdownReport(unread=3, unfinished=0)
    assert (inbox.stats.received, inbox.stats.dropped) == (3, 7)
    assert (broker.stats.delivered, broker.stats.dropped) == (3, 7)


async def test_flush_waits_until_a_nameless_reader_has_what_was_published_elsewhere(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url) as one,
        JetStreamPubSub[int](subject, url=url, maxsize=3) as another,
        one.subscribe() as roomy,
        one.subscribe(maxsize=2) as full,
    ):
        for number in range(20):
            await another.publish(number)
        await soon(one.flush())
        assert (roomy.qsize(), full.qsize()) == (20, 2)


# The end.


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
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await soon(broker.shutdown(timeout=0.2)) == ShutdownReport(2, 0)
    assert loop.time() - began < 3


@needs_signals
async def test_a_shutdown_with_a_server_that_does_nothing_ends_in_time(own_server, subject):
    broker = JetStreamPubSub[int](subject, url=own_server.url)
    inbox = await broker.subscribe()
    await broker.publish(0)
    await eventually(inbox.qsize)
    with stopped(own_server):
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert await soon(broker.shutdown(timeout=0)) == ShutdownReport(1, 0)
        assert loop.time() - began < 5


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


# A server that comes back.


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
