"""What a publisher gives with a message over core NATS reaches its readers."""

import asyncio

import nats
import pytest

from pubsub_lib import Overflow
from pubsub_lib.handlers import HandlerGroup
from pubsub_lib.nats import NatsPubSub, NatsServer, PayloadTooLarge, why_no_server
from pubsub_lib.nats.headers import overhead
from tests.nats.observing import eventually, soon

pytestmark = pytest.mark.usefixtures("nothing_is_left")


async def test_a_reader_sees_the_headers_of_the_message_it_has_taken_last(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        assert inbox.headers == {}
        await broker.publish(0)
        await broker.publish(1, headers={"Trace": "ä7", "Tenant": "north"})
        await broker.publish(2)
        seen = []
        for _ in range(3):
            seen.append((await soon(inbox.get()), inbox.headers))
        assert seen == [(0, {}), (1, {"Trace": "ä7", "Tenant": "north"}), (2, {})]


async def test_an_iterator_sees_them_also_if_messages_without_came_first(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for number in range(3):
            await broker.publish(number)
        await broker.flush()
        seen = []
        async for message in inbox:
            seen.append((message, inbox.headers))
            if message == 0:  # two are in hand now
                await broker.publish(3, headers={"Trace": "a7"})
                await broker.flush()
            if message == 3:
                break
        assert seen == [(0, {}), (1, {}), (2, {}), (3, {"Trace": "a7"})]


async def test_a_list_has_messages_alone_and_the_headers_of_its_last(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        for number in range(3):
            await broker.publish(number, headers={"Number": str(number)})
        await broker.flush()
        async for batch in inbox.batches():
            assert batch == [0, 1, 2]
            assert inbox.headers == {"Number": "2"}
            break
        await broker.publish(3, headers={"Number": "3"})
        await broker.flush()
        assert inbox.get_nowait() == 3
        assert inbox.headers == {"Number": "3"}


async def test_each_task_sees_the_headers_of_its_own_message(server, subject):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        everybody_has_one = asyncio.Barrier(3)

        async def read() -> bool:
            message = await inbox.get()
            await everybody_has_one.wait()
            return inbox.headers == {"Number": str(message)}

        readers = [asyncio.create_task(read()) for _ in range(3)]
        for number in range(3):
            await broker.publish(number, headers={"Number": str(number)})
        assert await soon(asyncio.gather(*readers)) == [True] * 3
        assert inbox.headers == {}


async def test_handlers_see_them_through_their_subscription(server, subject):
    seen = []

    async def handle(message: int) -> None:
        seen.append((message, handler.subscription.headers))

    broker = NatsPubSub(subject, url=server.url)
    async with HandlerGroup(broker) as group:
        handler = group.add(handle)
        await broker.publish(1, headers={"Trace": "a7"})
        await broker.flush()
        await broker.shutdown()
    assert seen == [(1, {"Trace": "a7"})]


async def test_filters_and_full_inboxes_treat_such_messages_as_others(server, subject):
    async with NatsPubSub(subject, url=server.url, maxsize=2, timeout=0) as broker:
        odd = await broker.subscribe(where=lambda number: number % 2, overflow=Overflow.DROP_OLDEST)
        waiting = await broker.subscribe(timeout=None)
        for number in range(8):
            await broker.publish(number, headers={"Number": str(number)})
        await broker.flush()
        for inbox, numbers in ((waiting, range(8)), (odd, (5, 7))):
            for number in numbers:
                assert await soon(inbox.get()) == number
                assert inbox.headers == {"Number": str(number)}
            await eventually(lambda: not broker._intakes.depth)
            inbox.close()
        assert odd.stats.dropped == 2


async def test_those_of_the_server_and_of_strangers_are_no_harm(server, subject):
    client = await nats.connect(server.url)
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        await client.publish(subject, b"1", headers={"Nats-Msg-Id": "7", "Pubsub-For": "x"})
        await client.publish(subject, b"2", headers={"Trace": "x" * 100_000})
        for block in (b"NATS/1.0\r\nno colon\r\n\r\n", b"NATS/1.0 503\r\n\r\n", b"\xff" * 20):
            client._pending.append(
                b"HPUB %s %d %d\r\n%s3\r\n" % (subject.encode(), len(block), len(block) + 1, block)
            )
        await client.publish(subject, b"4")
        await client.flush()
        taken = []
        for _ in range(6):
            taken.append((await soon(inbox.get()), len(inbox.headers.get("Trace", ""))))
        assert taken == [(1, 0), (2, 100_000), (3, 0), (3, 0), (3, 0), (4, 0)]
        assert inbox.headers == {}
    await client.close()


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"Nats-Expected": "1"}, ValueError),
        ({"a b": "1"}, ValueError),
        ({"a": "1\r\nPING"}, ValueError),
        ({"a": 1}, TypeError),
        ("a", TypeError),
    ],
)
async def test_headers_that_are_none_are_refused_and_nothing_is_sent(
    server, subject, headers, error
):
    async with NatsPubSub(subject, url=server.url) as broker:
        with pytest.raises(error, match="header"):
            await broker.publish(1, headers=headers)
        assert broker.stats.published == 0


async def test_headers_count_for_the_limit_of_the_server():
    if reason := why_no_server(of_our_own=True):
        pytest.skip(reason)
    headers = {"Trace": "x" * 900}
    with NatsServer(configuration="max_payload: 1KB") as server:
        async with NatsPubSub("large", url=server.url) as broker, broker.subscribe() as inbox:
            room = 1_024 - overhead(headers) - len('""')
            with pytest.raises(PayloadTooLarge, match=r"1,025 bytes.*1,024"):
                await broker.publish("x" * (room + 1), headers=headers)
            await broker.publish("x" * room, headers=headers)
            assert await soon(inbox.get()) == "x" * room
            assert broker.network.reconnects == 0


async def test_a_reader_that_finds_no_message_sees_the_headers_of_its_last_one_still(
    server, subject
):
    async with NatsPubSub(subject, url=server.url) as broker, broker.subscribe() as inbox:
        await broker.publish(1, headers={"Trace": "a7"})
        assert await soon(inbox.get()) == 1
        with pytest.raises(asyncio.QueueEmpty):
            inbox.get_nowait()
        assert inbox.headers == {"Trace": "a7"}
