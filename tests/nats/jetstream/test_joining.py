"""Joining while others publish: what comes in before the server's answer is no loss."""

import asyncio

import nats.errors
import pytest
from nats.js.api import AckPolicy

from pubsub_lib.nats import JetStreamPubSub, NatsError, ServerUnreachable
from tests.nats.observing import eventually, soon, take


async def test_what_comes_in_before_the_answer_to_joining_is_read_and_nothing_counts_as_dropped(
    broker, another, monkeypatch
):
    await another.publish_many(range(3))  # nobody reads yet
    made, may_be_told = asyncio.Event(), asyncio.Event()
    ask = broker._stream.ask

    async def answer_late(request):
        answer = await ask(request)
        made.set()
        await may_be_told.wait()
        return answer

    monkeypatch.setattr(broker._stream, "ask", answer_late)
    inbox = broker.subscribe()
    joining = asyncio.create_task(soon(inbox.__aenter__()))
    await soon(made.wait())
    await another.publish_many(range(3, 6))
    await eventually(lambda: inbox.qsize() == 3)
    may_be_told.set()
    await joining
    assert await take(inbox, 3) == [3, 4, 5]
    await soon(broker.flush())
    assert inbox.stats.dropped == 0
    inbox.close()


async def test_what_nats_py_refuses_reaches_the_reader_as_one_of_our_errors(broker, monkeypatch):
    async def refuse(*_: object, **__: object) -> None:
        raise nats.errors.Error("no more")

    monkeypatch.setattr(broker._stream.connection.client, "subscribe", refuse)
    inbox = broker.subscribe()
    with pytest.raises(NatsError, match="no more; this is what the server"):
        await soon(inbox.get())
    assert inbox.closed


async def test_of_subscriptions_that_have_left_none_is_kept(broker):
    for _ in range(3):
        async with broker.subscribe():
            pass
    async with broker.subscribe():
        assert len(broker._consumers) == 1


@pytest.mark.parametrize("join", ["entered", "published to"])
def test_one_that_was_made_before_there_was_an_event_loop_joins_when_it_is(url, subject, join):
    broker = JetStreamPubSub[int](subject, url=url)
    inbox = broker.subscribe()

    async def main() -> None:
        if join == "entered":
            await soon(inbox.__aenter__())
        await soon(broker.publish(7))
        assert await take(inbox, 1) == [7]
        await broker.shutdown()

    asyncio.run(main())


async def test_one_that_could_not_join_is_not_tried_again_and_says_the_same_to_all(
    broker, monkeypatch
):
    tries: list[object] = []

    async def refuse(*_: object, **__: object) -> None:
        tries.append(_)
        raise nats.errors.Error("no more")

    monkeypatch.setattr(broker._stream.connection.client, "subscribe", refuse)
    inbox = broker.subscribe()
    for _ in range(2):
        with pytest.raises(NatsError, match="no more"):
            await soon(inbox.__aenter__())
    await broker._recovery.get_ready()
    assert len(tries) == 1


async def test_a_reader_that_cannot_join_learns_why(subject):
    broker = JetStreamPubSub[int](subject, url="nats://127.0.0.1:1", connect_timeout=0.05)
    inbox = broker.subscribe()
    with pytest.raises(ServerUnreachable):
        await soon(inbox.get())
    assert inbox.closed
    await broker.shutdown()


async def test_who_joins_by_a_name_that_an_operator_uses_for_something_else_learns_it(
    broker, server
):
    await broker.flush()  # makes the stream
    await server.jetstream.add_consumer(
        broker.subject, durable_name="billing", ack_policy=AckPolicy.EXPLICIT
    )
    inbox = broker.subscribe(name="billing")
    for wait in (inbox.__aenter__, inbox.get):
        with pytest.raises(NatsError, match="can not be updated"):
            await soon(wait())
    assert inbox.closed
