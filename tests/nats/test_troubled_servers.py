"""Servers that refuse, hang up, change their mind, or are none: each is told, and nobody hangs."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest

from pubsub_lib.nats import (
    AccessRefused,
    ConnectionLimitReached,
    ConnectionLost,
    JetStreamPubSub,
    NatsError,
    NatsPubSub,
    NatsServer,
    PayloadTooLarge,
    SendStats,
    ServerUnreachable,
    unconfirmed_in,
    why_no_server,
)
from pubsub_lib.nats import client_events as client_events_module
from tests.nats.observing import eventually, needs_signals, soon

pytestmark = pytest.mark.usefixtures("nothing_is_left")
NO_SERVER = why_no_server(of_our_own=True)
# For what is refused again and again, in seconds: it has to be understood once within this time.
TOLD_WITHIN_S = 3.0
needs_server = pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))


# --- Real servers ---


class Configured:
    """A server whose configuration can be changed while it runs."""

    def __init__(self, configuration: str, *, host: str = "127.0.0.1") -> None:
        self.configuration = configuration
        self._host = host
        self.server = NatsServer()
        self.server._write_configuration = self._write

    def _write(self) -> None:
        (self.server.folder / "server.conf").write_text(
            f'listen: "{self._host}:{self.server._port or -1}"\nports_file_dir: "."\n'
            f'log_file: "server.log"\n{self.configuration}\n'
        )

    @property
    def url(self) -> str:
        """The address of the server, for its one user if it has `allowed` rules."""
        user = "a:b@" if "user: a" in self.configuration else ""
        return f"nats://{user}{self._host}:{self.server.port}"

    async def change(self, configuration: str) -> None:
        """Let the running server take another configuration; return when it has."""
        log = self.server.folder / "server.log"
        before = log.read_text().count("Reloaded server configuration")
        self.configuration = configuration
        self._write()
        os.kill(self.server.process_id, signal.SIGHUP)
        await eventually(lambda: log.read_text().count("Reloaded server configuration") > before)


@contextmanager
def configured(configuration: str, **options: str) -> Iterator[Configured]:
    made = Configured(configuration, **options)
    with made.server:
        yield made


def allowed(publish: str = '">"', subscribe: str = '">"') -> str:
    return (
        'jetstream { store_dir: "store" }\nauthorization { users: [{user: a, password: b, '
        f"permissions: {{publish: {publish}, subscribe: {subscribe}}}}}] }}"
    )


@needs_server
@needs_signals
async def test_what_may_no_longer_be_published_is_counted_told_once_and_raised_by_flush(errors):
    with configured(allowed()) as made:
        async with (
            NatsPubSub("One", url=made.url, on_error=errors) as broker,
            broker.subscribe() as inbox,
        ):
            await broker.publish(1)
            await broker.flush()
            await made.change(allowed('{deny: "One"}'))
            for number in (2, 3):
                await broker.publish(number)
            with pytest.raises(AccessRefused, match='publish to "one"'):
                await broker.flush()
            assert broker.network.sending == SendStats(3, 1, 0, 0, refused=2)
            assert len(errors) == 1
            await broker.flush()  # it was told
            await made.change(allowed())
            await broker.publish(4)
            await broker.flush()
            assert broker.network.sending == SendStats(4, 2, 0, 0, refused=2)
            assert [await soon(inbox.get()) for _ in range(2)] == [1, 4]
            assert broker.network.dropped.lost == 2


@needs_server
@needs_signals
async def test_what_may_no_longer_be_stored_is_an_error_at_once(errors):
    with configured(allowed()) as made:
        async with (
            JetStreamPubSub("Two", url=made.url, timeout=None, on_error=errors) as broker,
            broker.subscribe(name="reader") as inbox,
        ):
            await broker.publish(1)
            await made.change(allowed('{deny: "Two"}'))
            with pytest.raises(AccessRefused, match='publish to "two"'):
                await soon(broker.publish(2))
            attempts = [broker.publish(3), broker.publish(4), broker.publish_many([5, 6])]
            outcomes = await soon(asyncio.gather(*attempts, return_exceptions=True))
            assert [type(each) for each in outcomes] == [AccessRefused] * 3
            assert list(unconfirmed_in(outcomes[2])) == [0, 1]
            await made.change(allowed())
            await broker.publish(7)
            taken = []
            while 7 not in taken:
                taken.append(await soon(inbox.get()))
                inbox.task_done()
            assert taken == [1, 7]


@needs_server
@needs_signals
async def test_what_may_no_longer_be_received_ends_its_readers_and_no_others(errors):
    with configured(allowed()) as made:
        async with (
            NatsPubSub("one", url=made.url, on_error=errors) as broker,
            NatsPubSub("two", url=made.url, on_error=errors) as another,
            another.subscribe() as other_inbox,
        ):
            inbox = await broker.subscribe()
            await made.change(allowed(subscribe='{deny: "one"}'))
            with pytest.raises(AccessRefused, match='subscription to "one"'):
                await soon(inbox.get())
            await another.publish(1)
            assert await soon(other_inbox.get()) == 1
            await made.change(allowed())
            async with broker.subscribe() as again:
                await broker.publish(2)
                assert await soon(again.get()) == 2


def test_many_refusals_are_told_once_each_and_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(client_events_module, "TOLD_ONCE", 2)
    told = []
    broker = NatsPubSub("one", url="nats://127.0.0.1:1", on_error=told.append)
    events = broker._transport.connection._events
    for name in ("a", "a", "b", "a", "c", "b"):
        events._on_refusal(f'nats: permissions violation for publish to "{name}"')
    assert len(told) == 4
    assert len(events._told) <= 2


@needs_server
@pytest.mark.parametrize("kind", [NatsPubSub, JetStreamPubSub])
async def test_a_server_with_as_many_connections_as_it_takes_says_so(kind):
    with configured("max_connections: 1") as made:
        async with NatsPubSub("one", url=made.url):
            with pytest.raises(ConnectionLimitReached, match="raise max_connections"):
                await soon(kind("one", url=made.url, connect_timeout=TOLD_WITHIN_S).publish(1))


@needs_server
async def test_whoever_waits_long_enough_gets_the_place_of_one_that_leaves():
    with configured("max_connections: 1") as made:
        first = NatsPubSub("one", url=made.url)
        await first.publish(1)
        second = NatsPubSub("one", url=made.url, connect_timeout=None)
        waiting = asyncio.create_task(second.publish(2))
        await eventually(lambda: second._transport.connection._events.failure)
        await first.shutdown()
        await soon(waiting)
        await second.shutdown()


@needs_server
@needs_signals
async def test_a_server_that_takes_less_from_now_on_is_gone_on_with(errors):
    with configured("max_payload: 100KB") as made:
        async with (
            NatsPubSub("one", url=made.url, on_error=errors) as broker,
            broker.subscribe() as inbox,
        ):
            await broker.publish("x" * 10_000)
            assert len(await soon(inbox.get())) == 10_000
            await broker.flush()
            await made.change("max_payload: 1KB")
            with suppress(PayloadTooLarge):  # if the server has told
                await broker.publish("x" * 10_000)
                assert (await errors.until(ConnectionLost)).uncertain == 1
            await broker.flush()
            with pytest.raises(PayloadTooLarge):
                await broker.publish("x" * 10_000)
            await broker.publish("small")
            assert await soon(inbox.get()) == "small"


@needs_server
@needs_signals
async def test_when_a_server_is_about_to_end_the_next_one_is_taken(errors):
    ending = 'lame_duck_duration: "30s"\nlame_duck_grace_period: "0.1s"'
    with configured(ending) as one, configured(ending) as other:
        urls = [f"nats://127.0.0.1:{made.server.port}" for made in (one, other)]
        async with (
            NatsPubSub("one", url=urls, on_error=errors) as broker,
            broker.subscribe() as inbox,
        ):
            port = broker._transport.connection.client.connected_url.port
            left = one if port == one.server.port else other
            os.kill(left.server.process_id, signal.SIGUSR2)
            await eventually(lambda: broker.network.reconnects)
            assert broker._transport.connection.client.connected_url.port != port
            await broker.publish(1)
            assert await soon(inbox.get()) == 1
            assert [type(error) for error in errors] == [ConnectionLost]


def has_ipv6() -> bool:
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


@needs_server
@pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")
async def test_an_address_may_be_one_of_ipv6_and_a_token_have_a_slash(monkeypatch):
    monkeypatch.setattr("pubsub_lib.nats.local_server.server.HOST", "::1")
    with configured('authorization { token: "a/b" }', host="[::1]") as made:
        url = f"nats://a%2Fb@[::1]:{made.server.port}"
        async with NatsPubSub("one", url=url) as broker, broker.subscribe() as inbox:
            await broker.publish(1)
            assert await soon(inbox.get()) == 1


# --- Servers that say what they like ---


def greeting(**more: object) -> bytes:
    return b"INFO " + json.dumps({"max_payload": 1_000, "headers": True} | more).encode() + b"\r\n"


class Saying:
    """A server that greets, answers, and says something beside.

    Args:
        first: its greeting.
        before_pong: what it says between CONNECT and PONG.
        later: what it says after the second PONG, and then hangs up if that is an error.
    """

    def __init__(
        self, first: bytes = greeting(), *, before_pong: bytes = b"", later: bytes = b""
    ) -> None:
        self.first, self.before_pong, self.later = first, before_pong, later
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError):
            writer.write(self.first)
            pings = 0
            while line := await reader.readline():
                if line.startswith(b"PING"):
                    pings += 1
                    writer.write((self.before_pong if pings == 1 else b"") + b"PONG\r\n")
                    if pings == 2 and self.later:
                        writer.write(self.later)
                        await writer.drain()
                        if self.later.startswith(b"-ERR"):
                            self.later = b""
                            break
            writer.close()


@asynccontextmanager
async def listening(saying: Saying) -> AsyncIterator[str]:
    server = await asyncio.start_server(saying.serve, "127.0.0.1", 0)
    try:
        yield f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


async def test_a_second_greeting_is_not_taken_for_the_answer():
    said = greeting(max_payload=50, connect_urls=["127.0.0.1:1"])
    async with listening(Saying(before_pong=said)) as url, NatsPubSub("one", url=url) as broker:
        await broker.publish(1)
        await soon(broker.flush())
        assert broker.network.sending == SendStats(1, 1, 0, 0)
        with pytest.raises(PayloadTooLarge, match="more than the 50"):
            await broker.publish("x" * 60)


async def test_a_server_may_say_later_that_it_takes_less():
    async with (
        listening(Saying(later=greeting(max_payload=50))) as url,
        NatsPubSub("one", url=url) as broker,
    ):
        await broker.publish("x" * 60)
        await broker.flush()
        await eventually(lambda: broker._transport.connection.client.max_payload == 50)
        with pytest.raises(PayloadTooLarge, match="more than the 50"):
            await broker.publish("x" * 60)


@pytest.mark.parametrize("said", ["Slow Consumer", "Maximum Payload Violation", "Who knows"])
async def test_a_server_that_hangs_up_with_an_error_is_connected_to_again(said, errors):
    saying = Saying(later=f"-ERR '{said}'\r\n".encode())
    async with (
        listening(saying) as url,
        NatsPubSub("one", url=url, on_error=errors) as broker,
        broker.subscribe(),
    ):
        await eventually(lambda: broker.network.reconnects)
        await soon(broker.flush())
        assert saying.connections == 2
        assert any(said.lower() in str(error) for error in errors)
        assert errors.of(ConnectionLost)


async def test_a_server_that_withdraws_our_access_is_not_asked_again(errors):
    saying = Saying(later=b"-ERR 'Authorization Violation'\r\n")
    async with listening(saying) as url:
        broker = NatsPubSub("one", url=url, on_error=errors)
        inbox = await broker.subscribe()
        with pytest.raises(AccessRefused):
            await soon(inbox.get())
        assert saying.connections == 1
        await broker.shutdown()


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"INFO {bad\r\n",
        b"INFO []\r\n",
        b"INFO 1\r\n",
        b"x" * 200_000,
        greeting(max_payload="big"),
        greeting(connect_urls=5),
        greeting() + b"what?\r\n",
        greeting() + b"MSG a 1 1\r\n1\r\n",
    ],
)
async def test_what_is_no_nats_server_is_unreachable_and_nothing_breaks(first):
    async with listening(Saying(first)) as url:
        with pytest.raises(ServerUnreachable, match="no NATS server answers"):
            await soon(NatsPubSub("one", url=url, connect_timeout=TOLD_WITHIN_S).publish(1))


@pytest.mark.parametrize(
    ("first", "told"),
    [(b"", "it hung up"), (b"x" * 200_000, "it says what no NATS server says")],
)
async def test_it_is_told_what_is_there_in_the_place_of_a_server(first, told):
    async def say_and_hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            writer.write(first)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(say_and_hang_up, "127.0.0.1", 0)
    url = f"nats://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(ServerUnreachable, match=told):
        await soon(NatsPubSub("one", url=url, connect_timeout=TOLD_WITHIN_S).publish(1))
    server.close()
    await server.wait_closed()


async def test_a_server_that_says_why_it_takes_nobody_is_understood():
    async with listening(Saying(b"-ERR 'maximum connections exceeded'\r\n")) as url:
        with pytest.raises(ConnectionLimitReached):
            await soon(NatsPubSub("one", url=url, connect_timeout=TOLD_WITHIN_S).publish(1))


async def test_an_unknown_error_before_we_are_let_in_is_told_with_the_address():
    async with listening(Saying(greeting() + b"-ERR 'Out of coffee'\r\n")) as url:
        with pytest.raises(ServerUnreachable, match="out of coffee"):
            await soon(NatsPubSub("one", url=url, connect_timeout=TOLD_WITHIN_S).publish(1))


def test_a_refusal_of_a_long_subject_is_understood_and_shown_cut(errors):
    refused = []
    broker = NatsPubSub("one", url="nats://127.0.0.1:1", on_error=errors)
    sender = broker._sender
    sender._sent = 1
    sender.publish_refused = lambda subject, error: refused.append(subject)
    said = NatsError(f'nats: permissions violation for publish to "{"a" * 3_000}"')
    asyncio.run(broker._transport.connection._events.on_error(said))
    assert refused == ["a" * 3_000]
    assert len(str(errors[0])) < 500
