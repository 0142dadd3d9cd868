"""Names under which the server keeps messages: they are listed, and may expire."""

import pytest

from pubsub_lib.nats import JetStreamPubSub, NamedSubscription
from tests.nats.observing import soon, take


async def left_alone(broker: JetStreamPubSub[int], name: str, **options: float) -> None:
    async with broker.subscribe(name=name, **options):
        pass


async def test_names_are_listed_with_what_waits_for_them(broker, server):
    await left_alone(broker, "later")
    async with broker.subscribe(name="billing") as inbox, broker.subscribe():
        await broker.publish_many(range(3))
        await take(inbox, 1)
        assert await soon(inbox.get()) == 1
        await server.until_acknowledged(broker.subject, "billing", left=2)
        await server.until_unread(broker.subject, "later")
        assert await broker.named_subscriptions() == [
            NamedSubscription("billing", 0, 2, is_read=True, expires_after=None),
            NamedSubscription("later", 3, 0, is_read=False, expires_after=None),
        ]


async def test_more_names_than_the_server_tells_at_once_are_all_listed(broker, server):
    assert await broker.named_subscriptions() == []
    for number in range(300):
        await server.jetstream.add_consumer(broker.subject, durable_name=f"n{number:03}")
    names = [each.name for each in await broker.named_subscriptions()]
    assert names == [f"n{number:03}" for number in range(300)]


async def test_a_name_expires_when_nobody_has_read_it_for_so_long(broker, server):
    await left_alone(broker, "short", expires_after=0.2)
    await left_alone(broker, "long", expires_after=3600)
    await broker.publish(1)
    await server.until_forgotten(broker.subject, "short")
    (left,) = await broker.named_subscriptions()
    assert (left.name, left.lag, left.expires_after) == ("long", 1, 3600)


async def test_a_name_that_is_read_does_not_expire(broker, server):
    async with broker.subscribe(name="billing", expires_after=0.2) as inbox:
        await left_alone(broker, "gone", expires_after=0.2)
        await server.until_forgotten(broker.subject, "gone")  # longer than that has passed
        await broker.publish(1)
        assert await take(inbox, 1) == [1]


@pytest.mark.parametrize("expires_after", [0, -1, float("nan"), "soon"])
async def test_a_time_that_is_none_is_refused_at_once(broker, expires_after):
    with pytest.raises((TypeError, ValueError), match="expires_after"):
        broker.subscribe(name="billing", expires_after=expires_after)


@pytest.mark.parametrize("expires_after", [None, 3600])
async def test_one_without_a_name_is_forgotten_a_minute_after_its_reader_has_gone_silent(
    broker, server, expires_after
):
    async with broker.subscribe(expires_after=expires_after):
        (name,) = await server.consumers(broker.subject)
        assert len(name) == len("reader-") + 16
        assert (await server.consumer(broker.subject, name)).config.inactive_threshold == 60
