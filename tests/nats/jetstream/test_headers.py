"""What a publisher gives with a message reaches its readers, also through a dead letter."""

from collections.abc import AsyncIterator

import pytest

from pubsub_lib.nats import JetStreamPubSub
from tests.nats.observing import ignored, soon, take, until


@pytest.fixture
async def broker(url: str, subject: str) -> AsyncIterator[JetStreamPubSub[int]]:
    async with JetStreamPubSub[int](subject, url=url, max_tries=1, on_error=ignored) as broker:
        yield broker


async def test_a_reader_sees_the_headers_of_the_message_at_hand(broker):
    async with broker.subscribe(name="billing") as inbox:
        await broker.publish(1, headers={"Trace": "a7", "Tenant": "north"})
        await broker.publish(2)
        assert inbox.headers == {}
        seen = []
        async for message in inbox:
            seen.append((message, inbox.headers))
            if message == 2:
                break
        assert seen == [(1, {"Trace": "a7", "Tenant": "north"}), (2, {})]


async def test_headers_survive_a_dead_letter_that_is_put_back(broker):
    async with broker.subscribe(name="billing") as inbox:
        await broker.publish(1, headers={"Trace": "a7"})
        assert await soon(inbox.get()) == 1
        inbox.task_failed("on purpose")

        async def is_there() -> bool:
            return bool(await broker.dead_letters())

        await until(is_there)
        (letter,) = await broker.dead_letters()
        assert letter.headers == {"Trace": "a7"}
        await broker.put_back(letter)
        assert await soon(inbox.get()) == 1
        assert inbox.headers == {"Trace": "a7"}
        inbox.task_done()


@pytest.mark.parametrize(
    ("headers", "error", "says"),
    [
        ({"Nats-Msg-Id": "7"}, ValueError, "give yours another name"),
        ({"pubsub-for": "7"}, ValueError, "give yours another name"),
        ({"two words": "7"}, ValueError, "one word"),
        ({"": "7"}, ValueError, "one word"),
        ({"Trace": "7\r\nNats-Msg-Id: 8"}, ValueError, "one line"),
        ({"Trace": " 7"}, ValueError, "without blanks"),
        ({"Trace": 7}, TypeError, "strings to strings"),
        ([("Trace", "7")], TypeError, "strings to strings"),
    ],
)
async def test_headers_that_cannot_be_sent_are_refused_at_once(broker, headers, error, says):
    with pytest.raises(error, match=says):
        await broker.publish(1, headers=headers)
    assert broker.network.stored == 0


async def test_what_is_published_by_others_without_headers_has_none(broker, server):
    async with broker.subscribe(name="billing") as inbox:
        await server.jetstream.publish(broker.subject, b"1")
        assert await soon(inbox.get()) == 1
        assert inbox.headers == {}
        inbox.task_done()
        await broker.publish(2)
        assert await take(inbox, 1) == [2]
