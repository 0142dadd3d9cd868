"""What a publisher makes of the server's answers, and of one that does not come."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import nats.errors
import pytest
from nats.aio.msg import Msg

from pubsub_lib.nats import JetStreamPubSub, NatsError, Unconfirmed
from pubsub_lib.nats.client import SecureClient
from pubsub_lib.nats.jetstream import pipeline as pipeline_module
from pubsub_lib.nats.jetstream import publisher as publisher_module
from pubsub_lib.nats.jetstream.publisher import Outgoing
from tests.nats.observing import eventually, needs_signals, soon, stopped

type Publish = Callable[[JetStreamPubSub[int]], Awaitable[object]]
one_or_several = pytest.mark.parametrize(
    "publish",
    [lambda broker: broker.publish(1), lambda broker: broker.publish_many([1])],
    ids=["one", "several"],
)


@pytest.fixture
def no_pause_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever leaves a server a while never ask it again."""
    for module in (publisher_module, pipeline_module):
        monkeypatch.setattr(module, "ASK_AGAIN_AFTER_S", 600)


@one_or_several
@pytest.mark.usefixtures("no_pause_ends")
async def test_a_server_that_is_not_ready_is_left_a_while_before_it_is_tried_again(
    broker, monkeypatch, publish: Publish
):
    answers: list[Msg] = []

    def is_not_ready(answer: Msg) -> bool:
        answers.append(answer)
        return False

    monkeypatch.setattr(broker._publishing._publisher, "confirms", is_not_ready)
    publishing = asyncio.create_task(publish(broker))
    await eventually(lambda: answers)
    for _ in range(3):
        await broker._transport.connection.confirm()
    assert len(answers) == 1
    assert not publishing.done()
    publishing.cancel()
    await asyncio.wait([publishing])


@one_or_several
@pytest.mark.usefixtures("no_pause_ends")
async def test_an_answer_that_is_lost_once_is_no_silence_and_its_message_is_sent_again_at_once(
    broker, monkeypatch, publish: Publish
):
    monkeypatch.setattr(publisher_module, "ANSWER_WITHIN_S", 0.05)
    monkeypatch.setattr(publisher_module, "SILENT_AFTER_S", 600)
    await broker.publish(0)
    publisher = broker._publishing._publisher
    (answers,) = [
        each
        for each in broker._transport.connection.client._subs.values()
        if each.subject.startswith(publisher._inbox)
    ]
    answered = answers._cb

    async def lose(answer: Msg) -> None:
        answers._cb = answered

    answers._cb = lose
    await soon(publish(broker))
    assert broker.network.duplicates_refused >= 1
    assert (broker._stream.silent, broker._recovery._recovering.begun) == (False, False)
    assert publisher._unanswered_since is None


async def test_a_publish_asks_a_server_nothing_while_it_waits_for_a_recovery(broker, monkeypatch):
    await broker.publish(0)
    recovery, may_go_on, asked = broker._recovery, asyncio.Event(), []

    async def note() -> None:
        asked.append(None)

    monkeypatch.setattr(broker._stream.connection, "confirm", note)
    recovery.recover = may_go_on.wait
    recovery.connection_restored()
    publishing = asyncio.create_task(broker.publish(1))
    await asyncio.sleep(0.05)  # in which it would ask many times
    assert not publishing.done()
    may_go_on.set()
    await soon(publishing)
    assert asked == []


@needs_signals
async def test_a_cluster_that_does_not_answer_may_have_no_quorum_and_has_one_when_it_answers(
    own_server, subject, monkeypatch
):
    monkeypatch.setattr(publisher_module, "ANSWER_WITHIN_S", 0.05)
    monkeypatch.setattr(SecureClient, "in_cluster", True)
    async with JetStreamPubSub[int](subject, url=own_server.url) as broker:
        publisher = broker._publishing._publisher
        await broker.publish(0)
        broker.timeout = 0.3
        with stopped(own_server), pytest.raises(Unconfirmed, match="may have no quorum"):
            await broker.publish(1)
        assert not broker._recovery._recovering.begun  # nothing is broken
        broker.timeout = None
        await soon(broker.publish(2))
        assert not publisher.disagreeing


async def test_a_cluster_that_has_answered_is_not_said_to_have_no_quorum_unless_a_recovery_hangs(
    broker, monkeypatch
):
    monkeypatch.setattr(SecureClient, "in_cluster", True)
    await broker.publish(0)
    publisher, recovery = broker._publishing._publisher, broker._recovery
    assert "quorum" not in str(publisher.several_unconfirmed(1, "try again"))
    recovery.recover = asyncio.Event().wait
    recovery.connection_restored()
    told = str(publisher.several_unconfirmed(1, "try again"))
    assert "quorum" in told
    assert told.endswith("then try again")


async def test_while_a_cluster_disagrees_its_answer_is_waited_for_less_long(broker, monkeypatch):
    monkeypatch.setattr(publisher_module, "ANSWER_WITHIN_S", 600)
    monkeypatch.setattr(publisher_module, "ANSWER_WITHIN_WHILE_DISAGREEING_S", 300)
    publisher, loop = broker._publishing._publisher, asyncio.get_running_loop()
    for disagreeing, patience in ((False, 600), (True, 300)):
        publisher.disagreeing = disagreeing
        began = loop.time()
        answer = await publisher.send(Outgoing.of(broker.subject, b"1", "an id"))
        (sent,) = publisher._on_their_way.values()
        assert 0 <= sent.timer.when() - began - patience < patience / 2
        await soon(answer)
        assert sent.timer.cancelled()


async def test_a_message_that_cannot_be_sent_is_not_on_its_way(broker, monkeypatch):
    await broker.publish(0)

    async def refuse(*_: object) -> None:
        raise nats.errors.Error("no more")

    monkeypatch.setattr(broker._transport.connection.client, "publish", refuse)
    with pytest.raises(NatsError, match="no more"):
        await broker.publish(1)
    assert broker._publishing._publisher._on_their_way == {}


async def test_what_a_server_says_against_a_message_is_told_with_the_name_of_its_stream(broker):
    confirms = broker._publishing._publisher.confirms
    for said, told in ({"description": "odd"}, "odd"), ({}, "no reason given"):
        error = {"code": 400, "err_code": 12345} | said
        answer = Msg(None, data=json.dumps({"error": error}).encode())
        with pytest.raises(NatsError, match=rf"of the stream '{broker.subject}': {told};"):
            confirms(answer)


async def test_what_a_cluster_has_not_agreed_on_is_tried_again_whatever_the_code(
    broker,
):
    publisher = broker._publishing._publisher
    error = {"code": 400, "err_code": publisher_module.IN_PROCESS}
    assert publisher.confirms(Msg(None, data=json.dumps({"error": error}).encode())) is False
    assert publisher.disagreeing


async def test_how_long_a_server_is_silent_counts_from_the_last_connection(broker):
    publisher = broker._publishing._publisher
    answer = await publisher.send(Outgoing.of(broker.subject, b"1", "an id"))
    assert publisher._unanswered_since is not None
    publisher.connection_lost()
    assert await soon(answer) is None
    assert publisher._unanswered_since is None


async def test_what_was_sent_before_the_connection_ended_for_good_is_unconfirmed(
    broker, monkeypatch
):
    publisher = broker._publishing._publisher
    send = publisher.send

    async def send_at_last(message: Outgoing) -> object:
        answer = await send(message)
        await broker._transport.connection.close()
        publisher.connection_lost()
        return answer

    await broker.publish(0)
    monkeypatch.setattr(publisher, "send", send_at_last)
    monkeypatch.setattr(publisher, "confirms", lambda answer: False)
    with pytest.raises(Unconfirmed, match="message_id='an id'"):
        await soon(broker.publish(1, message_id="an id"))
