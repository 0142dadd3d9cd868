"""A broker over core NATS: what each of its promises is worth on a real server."""

import asyncio
import gc
import logging
import os
import signal
import threading
from dataclasses import dataclass

import nats
import pytest
from nats.errors import NoRespondersError

from pubsub_lib import Delivery, ManagedBroker, Message, Overflow, PubSubClosed, ShutdownReport
from pubsub_lib.codecs import Json
from pubsub_lib.nats import (
    AccessRefused,
    ConnectionLost,
    NatsError,
    NatsPubSub,
    NotConnected,
    PayloadTooLarge,
    SendStats,
    ServerUnreachable,
    SlowConsumer,
    Unconfirmed,
    UndecodablePayload,
)
from pubsub_lib.nats.core import numbering as numbering_module
from pubsub_lib.nats.decoding import KEPT_ASIDE
from pubsub_lib.nats.local_server.server import NatsServer, why_no_server
from tests.nats.observing import LIMIT_S, Errors, allow, eventually, needs_signals

pytestmark = pytest.mark.usefixtures("nothing_is_left")
NO_SERVER = "nats://127.0.0.1:1"


@pytest.fixture
async def client(server):
    """A client of somebody else, who knows nothing of this library."""
    client = await nats.connect(server.url)
    yield client
    await client.close()


async def read(inbox, count: int) -> list:
    async with asyncio.timeout(LIMIT_S):
        messages = []
        while len(messages) < count:
            messages.append(await inbox.get())
            inbox.task_done()
        return messages


async def let_come_in(broker: NatsPubSub, *others: NatsPubSub) -> None:
    """Return when what was published before has come in here."""
    for each in (*others, broker):
        await each.flush()


def balanced(broker: NatsPubSub) -> bool:
    sending = broker.network.sending
    return sending.sent == sending.confirmed + sending.uncertain + sending.pending


# --- Made with ---


def test_it_is_a_managed_broker():
    assert isinstance(NatsPubSub("prices"), ManagedBroker)


@pytest.mark.parametrize("subject", ["", ".", "a.", ".a", "a..b", "a b", "a.*", "a.>", "a\r\nPING"])
def test_a_subject_that_is_none_is_refused(subject: str):
    with pytest.raises(ValueError, match="subject is words with dots between"):
        NatsPubSub(subject)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"subject": 1}, TypeError),
        ({"codec": object()}, TypeError),
        ({"codec": str}, TypeError),
        ({"url": "localhost"}, ValueError),
        ({"url": 4222}, TypeError),
        ({"connect_timeout": 0}, ValueError),
        ({"connect_timeout": -1}, ValueError),
        ({"connect_timeout": "1"}, TypeError),
        ({"send_buffer": -1}, ValueError),
        ({"send_buffer": 1.5}, TypeError),
        ({"receive_buffer": 0}, ValueError),
        ({"on_error": asyncio.sleep}, TypeError),
        ({"overflow": Overflow.RAISE}, ValueError),
        ({"overflow": "drop"}, TypeError),
        ({"maxsize": 0}, ValueError),
    ],
)
def test_an_option_out_of_its_range_is_refused(options: dict, error: type[Exception]):
    with pytest.raises(error):
        NatsPubSub(**{"subject": "prices"} | options)


def test_what_is_not_given_is_as_for_other_brokers_and_what_is_given_holds():
    usual = NatsPubSub("prices")
    assert (usual.maxsize, usual.timeout, usual.overflow) == (100, 1.0, Overflow.DROP_NEWEST)
    other = NatsPubSub("prices", maxsize=7, timeout=0.3, overflow=Overflow.DISCONNECT)
    assert (other.maxsize, other.timeout, other.overflow) == (7, 0.3, Overflow.DISCONNECT)
    settings = usual._transport.connection.settings
    assert (settings.send_buffer, settings.connect_timeout) == (2 * 1024 * 1024, 2.0)
    assert usual._intakes._receive_buffer == 65_536
    inbox = usual.subscribe(name="ada", maxsize=3, timeout=0.1, overflow=Overflow.DROP_OLDEST)
    assert (inbox.name, inbox.maxsize) == ("ada", 3)
    assert (inbox._state.timeout, inbox._state.overflow) == (0.1, Overflow.DROP_OLDEST)
    inbox.close()


def test_raise_is_refused_for_one_subscriber_as_well():
    with pytest.raises(ValueError, match=r"Overflow\.RAISE cannot reach a publisher"):
        NatsPubSub("prices").subscribe(overflow=Overflow.RAISE)


def test_a_replay_is_refused_since_the_server_keeps_nothing():
    with pytest.raises(ValueError, match="replay must be at most 0, not 1: the server keeps none"):
        NatsPubSub("prices").subscribe(replay=1)


# --- Publishing ---


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


# --- Connecting ---


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


async def iterate(inbox) -> None:
    async for _ in inbox:
        pass


async def iterate_batches(inbox) -> None:
    async for _ in inbox.batches():
        pass


@pytest.mark.parametrize("reader", [lambda inbox: inbox.get(), iterate, iterate_batches])
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


# --- Receiving ---


async def test_what_does_not_decode_is_set_aside_and_reading_goes_on(
    server, subject: str, errors: Errors, client
):
    async with (
        NatsPubSub(subject, url=server.url, on_error=errors) as broker,
        broker.subscribe() as inbox,
    ):
        for data in (b"1", b"no JSON", b"null", b"", b"2"):
            await client.publish(subject, data)
        assert await read(inbox, 2) == [1, 2]
        assert [error.data for error in broker.set_aside] == [b"no JSON", b"null", b""]
        assert errors == broker.set_aside
        assert broker.network.undecodable == 3
        assert broker.network.received == 5
        assert broker.stats.dropped == 0


async def test_a_codec_may_raise_anything(server, subject: str, errors: Errors):
    class Broken(Json):
        def from_bytes(self, data: bytes):
            raise ZeroDivisionError

    async with (
        NatsPubSub(subject, Broken(), url=server.url, on_error=errors) as broker,
        broker.subscribe(),
    ):
        await broker.publish(1)
        assert (await errors.until(UndecodablePayload)).subject == subject


async def test_what_is_set_aside_is_bounded(server, subject: str, client):
    async with NatsPubSub(subject, url=server.url, on_error=len) as broker, broker.subscribe():
        for number in range(KEPT_ASIDE + 10):
            await client.publish(subject, f"{number}?".encode())
        await client.flush()
        await broker.flush()
        assert broker.network.undecodable == KEPT_ASIDE + 10
        assert len(broker.set_aside) == KEPT_ASIDE
        assert broker.set_aside[0].data == b"10?"


@pytest.mark.parametrize(
    "replies",
    [
        ("", "", ""),
        ("answers", "answers"),
        ("_INBOX.abc.1", "_INBOX.abc.9"),
        ("_INBOX.a.1", "_INBOX.a.9"),
        ("0123456789.1", "0123456789.9"),
        ("0123456789abcdef.x", "0123456789abcdef.", "0123456789abcdef.1x"),
        ("0123456789abcdef.1", "0123456789abcdef.x", "0123456789abcdef.2"),
        (f"0123456789abcdef.{'9' * 100}", "0123456789abcdef.1"),
    ],
)
async def test_messages_of_others_without_our_numbers_are_read_and_nothing_seems_lost(
    server, subject: str, client, replies
):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for reply in replies:
            await client.publish(subject, b"1", reply=reply)
        assert await read(inbox, len(replies)) == [1] * len(replies)
        assert broker.network.lost == broker.stats.dropped == 0


async def test_what_is_missing_between_two_numbers_is_lost(server, subject: str, client):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for number in (7, 8, 11, 10, 12):  # never again: 9; and 10 came, if too late to be known
            await client.publish(subject, b"1", reply=f"0123456789abcdef.{number}")
        await read(inbox, 5)
        assert broker.network.lost == inbox.stats.dropped == 2


async def test_a_forged_number_is_refused_and_counted_and_real_losses_still_are(
    server, subject: str, client
):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for number in (1, "9" * 4_001, 10**17, "-5", 2, 4):
            await client.publish(subject, b"1", reply=f"0123456789abcdef.{number}")
        await read(inbox, 6)
        assert broker.network.lost == inbox.stats.dropped == 1
        assert broker.network.refused_numbers == 3


async def test_megabytes_of_garbage_are_set_aside_in_kilobytes_and_reported_in_one_line(
    server, subject: str, client
):
    errors: list[NatsError] = []
    async with (
        NatsPubSub(subject, url=server.url, on_error=errors.append) as broker,
        broker.subscribe() as inbox,
    ):
        await client.publish(subject, b"?" * 1_000_000)
        await client.publish(subject, b"1")
        assert await read(inbox, 1) == [1]
        (garbage,) = broker.set_aside
        assert (len(garbage.data), garbage.size) == (10_000, 1_000_000)
        assert len(str(errors[0])) < 500


async def test_publishers_are_counted_apart_and_may_come_later(server, subject: str):
    async with (
        NatsPubSub(subject, url=server.url) as one,
        NatsPubSub(subject, url=server.url) as other,
        NatsPubSub(subject, url=server.url) as reading,
    ):
        for number in range(3):
            await one.publish(number)
        await one.flush()
        async with reading.subscribe() as inbox:
            for number in range(3, 6):
                await one.publish(number)
                await other.publish(number)
            assert sorted(await read(inbox, 6)) == [3, 3, 4, 4, 5, 5]
            assert reading.network.lost == 0


async def test_how_many_publishers_are_known_is_bounded(
    server, subject: str, client, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(numbering_module, "KNOWN_LINES", 3)
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for publisher in range(10):
            await client.publish(subject, b"1", reply=f"{publisher:016x}.1")
        await read(inbox, 10)
        assert len(broker._intakes.numbering) == 3


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


async def test_a_burst_over_the_receive_buffer_is_counted_at_once_and_reported_once(
    server, subject: str, errors: Errors
):
    async with (
        NatsPubSub(subject, url=server.url) as publishing,
        NatsPubSub(
            subject, url=server.url, on_error=errors, maxsize=5, timeout=None, receive_buffer=10
        ) as reading,
        reading.subscribe() as inbox,
    ):
        for episode in (1, 2):
            for number in range(100):
                await publishing.publish(number)
            await let_come_in(reading, publishing)
            # In the inbox, waiting for room in it, and in the buffer.
            assert reading.network.received == episode * (5 + 1 + 10)
            assert inbox.stats.dropped == reading.network.lost == episode * (100 - 16)
            assert len(errors.of(SlowConsumer)) == episode
            assert repr(subject) in str(errors.of(SlowConsumer)[-1])
            assert await read(inbox, 16) == list(range(16))


async def test_a_dead_inbox_that_is_waited_for_ever_stops_neither_publisher_nor_others(
    server, subject: str, errors: Errors
):
    async with (
        NatsPubSub(subject, url=server.url) as broker,
        NatsPubSub(subject, url=server.url, timeout=None, maxsize=1, on_error=errors) as dead,
    ):
        dead_inbox = await dead.subscribe()
        async with broker.subscribe(maxsize=200) as inbox:
            for number in range(100):
                await broker.publish(number)
            assert await read(inbox, 100) == list(range(100))
            await let_come_in(dead, broker)
            assert dead_inbox.qsize() == 1
        assert await dead.shutdown(timeout=0.05) == ShutdownReport(unread=1, unfinished=0)
        assert dead_inbox.stats.received + dead_inbox.stats.dropped == 100
        dead_inbox.close()


@pytest.mark.parametrize(
    ("overflow", "left"),
    [(Overflow.DROP_NEWEST, [0, 1]), (Overflow.DROP_OLDEST, [8, 9]), (Overflow.DISCONNECT, [0, 1])],
)
async def test_an_inbox_that_stays_full_does_as_its_policy_says(
    server, subject: str, overflow: Overflow, left: list
):
    async with NatsPubSub(subject, url=server.url, maxsize=2, timeout=0) as broker:
        inbox = await broker.subscribe(overflow=overflow)
        other = await broker.subscribe(maxsize=20, timeout=1)
        for number in range(10):
            await broker.publish(number)
        assert await read(other, 10) == list(range(10))
        await eventually(lambda: not broker._intakes.depth)
        assert [inbox.get_nowait() for _ in range(2)] == left
        assert inbox.closed is (overflow is Overflow.DISCONNECT)
        if not inbox.closed:
            assert inbox.stats.received + inbox.stats.dropped == 10
        inbox.close()


async def test_a_filter_lets_in_what_is_wanted_and_closes_if_it_raises(server, subject: str):
    async with (
        NatsPubSub(subject, url=server.url) as broker,
        broker.subscribe(where=lambda number: number % 2) as odd,
    ):
        broken = await broker.subscribe(where=lambda number: 1 / number)
        for number in (3, 0, 1, 2):
            await broker.publish(number)
        assert await read(odd, 2) == [3, 1]
        assert await read(broken, 1) == [3]
        with pytest.raises(ZeroDivisionError):
            await broken.get()


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
            await client.request(subject, b"3")
        async with broker.subscribe() as inbox:
            await client.publish(subject, b"4")
            assert await read(inbox, 1) == [4]


async def test_a_subscriber_that_was_awaited_gets_all_that_comes_then(server, subject: str, client):
    async with NatsPubSub(subject, url=server.url) as broker:
        for number in range(20):
            inbox = await broker.subscribe()
            await client.publish(subject, str(number).encode())
            assert await read(inbox, 1) == [number]
            inbox.close()


# --- The server dies ---


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
@pytest.mark.parametrize("reader", [lambda inbox: inbox.get(), iterate, iterate_batches])
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


# --- The end ---


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


async def test_errors_that_nobody_asked_for_are_logged(
    server, subject: str, client, caplog: pytest.LogCaptureFixture
):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        await client.publish(subject, b"?")
        await client.publish(subject, b"1")
        await read(inbox, 1)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "set aside 1 bytes" in caplog.text


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
