"""A stream that was made anew while the server was still deleting the one before stores nothing.

The server (seen with 2.15.1) says that a stream is gone before its files are. One of the same name
that is made meanwhile loses its files with them: the server tells of it as of any other, and
answers nobody who publishes. So it is left some time to delete, and what is broken is noticed.
"""

import asyncio
import json
import shutil
from itertools import pairwise

import nats.errors
import pytest
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from pubsub_lib.nats import JetStreamPubSub, NatsServer, StreamFull, StreamLost
from pubsub_lib.nats.jetstream import asking as asking_module
from pubsub_lib.nats.jetstream import publisher as publisher_module
from pubsub_lib.nats.jetstream import recovery as recovery_module
from tests.nats.observing import LIMIT_S, Errors, Server, administrator, eventually, soon, take

pytestmark = pytest.mark.usefixtures("quick_looks")


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a publisher soon give up waiting for an answer."""
    monkeypatch.setattr(publisher_module, "ANSWER_WITHIN_S", 0.1)
    monkeypatch.setattr(publisher_module, "SILENT_AFTER_S", 0.15)


async def made_anew(broker: JetStreamPubSub[int], server: Server, errors: Errors) -> None:
    """Let the stream be deleted and made anew, in which nobody here has stored anything."""
    await server.jetstream.delete_stream(broker.subject)
    await errors.until(StreamLost)
    await soon(broker._recovery._recovering.settled())


def break_stream(server: NatsServer, name: str) -> None:
    """Delete its files, as the server does."""
    shutil.rmtree(server.folder / "store" / "jetstream" / "$G" / "streams" / name)


async def until_back(broker: JetStreamPubSub[int], server: NatsServer) -> None:
    """Kill the server and start it again, so that it opens a file for the next message."""
    server.kill()
    server.start()
    await eventually(lambda: broker.network.reconnects)
    await soon(broker._recovery._recovering.settled())


@pytest.mark.parametrize("name", ["", "billing"])
async def test_a_stream_that_stores_nothing_is_made_anew(own_server, subject, errors, name):
    async with (
        JetStreamPubSub[int](
            subject, url=own_server.url, timeout=LIMIT_S, on_error=errors
        ) as broker,
        broker.subscribe(name=name) as inbox,
        administrator(own_server.url) as server,
    ):
        await made_anew(broker, server, errors)
        await server.jetstream.publish(subject, b"1")
        assert await take(inbox, 1) == [1]
        await server.until_acknowledged(subject, broker._consumers[0].name)
        broker._stream._empty_at = 1  # as the server has found the old one's files
        await until_back(broker, own_server)
        break_stream(own_server, subject)
        await broker.publish(2)
        assert await take(inbox, 1) == [2]
        assert len(errors.of(StreamLost)) == 2
        assert inbox.stats.dropped == 0


@pytest.mark.parametrize("anew", [True, False])
async def test_a_stream_that_stores_is_left_alone_though_its_answers_are_lost(
    broker, server, errors, monkeypatch, anew
):
    publisher, stream = broker._publishing._publisher, broker._stream
    async with broker.subscribe() as inbox:
        await broker.publish(0)
        assert await take(inbox, 1) == [0]
        if anew:
            await made_anew(broker, server, errors)
        created, looked = stream.created, asyncio.Event()
        (answers,) = [
            each
            for each in broker._transport.connection.client._subs.values()
            if each.subject.startswith(publisher._inbox)
        ]
        look, answered = stream._delete_if_broken, answers._cb

        async def look_and_tell() -> None:
            await look()
            answers._cb = answered
            looked.set()

        async def lose(answer: Msg) -> None:
            pass

        answers._cb = lose
        monkeypatch.setattr(stream, "_delete_if_broken", look_and_tell)
        await broker.publish(1)
        assert looked.is_set()
        assert await take(inbox, 1) == [1]
        assert (stream.created, stream.silent) == (created, False)
        assert broker.network.duplicates_refused > 0


async def test_the_server_is_left_time_to_delete_unless_the_connection_was_lost(
    broker, server, monkeypatch
):
    monkeypatch.setattr(recovery_module, "DELETED_WITHIN_S", 600)
    async with broker.subscribe():
        await server.jetstream.delete_stream(broker.subject)
        publishing = asyncio.create_task(broker.publish(1))
        await eventually(lambda: broker._recovery._recovering.running)
        with pytest.raises(NotFoundError):
            await server.jetstream.stream_info(broker.subject)
        broker._recovery.connection_restored()
        await soon(publishing)


@pytest.mark.parametrize(
    ("number", "says", "again"),
    [
        (10077, "store is closed", True),  # while it is being deleted
        (10158, "duplicate message id is in process", True),
        (10008, "JetStream system temporarily unavailable", True),
        (10077, "maximum messages exceeded", False),
    ],
)
async def test_what_was_not_stored_is_tried_again_unless_the_stream_is_full(
    broker, number, says, again
):
    error = {"code": 503, "err_code": number, "description": says}
    answer = Msg(None, data=json.dumps({"error": error}).encode())
    confirms = broker._publishing._publisher.confirms
    if again:
        assert confirms(answer) is False
    else:
        with pytest.raises(StreamFull):
            confirms(answer)


async def test_a_server_that_does_not_answer_is_asked_again_soon_and_then_less_often(
    broker, monkeypatch
):
    monkeypatch.setattr(asking_module, "ASK_AGAIN_WITHIN_S", 0.01)
    monkeypatch.setattr(asking_module, "ASK_AGAIN_WITHIN_AT_MOST_S", 0.02)
    loop = asyncio.get_running_loop()
    waited: list[float] = []
    asked_at: list[float] = []

    async def no_answer(jetstream) -> int:
        asked_at.append(loop.time())
        waited.append(jetstream._timeout)
        await asyncio.sleep(jetstream._timeout)
        if len(waited) < 20:
            raise nats.errors.TimeoutError
        return 7

    def an_eighth_of(taken: float) -> float:
        return min(max(taken / 8, 0.01), 0.02)

    began = loop.time()
    assert await broker._stream.ask(no_answer) == 7
    assert waited[0] == 0.01
    for (before, now), waits in zip(pairwise(asked_at), waited[1:], strict=True):
        assert an_eighth_of(before - asked_at[0]) <= waits <= an_eighth_of(now - began)
    assert waited[-1] == 0.02


async def test_after_a_lost_connection_it_is_asked_again_as_soon_as_at_first(broker, monkeypatch):
    monkeypatch.setattr(asking_module, "ASK_AGAIN_WITHIN_S", 0.01)
    waited: list[float] = []

    async def lost_at_last(jetstream) -> int:
        waited.append(jetstream._timeout)
        await asyncio.sleep(0.2)
        if len(waited) == 2:
            raise ConnectionResetError
        if len(waited) < 3:
            raise nats.errors.TimeoutError
        return 7

    assert await broker._stream.ask(lost_at_last) == 7
    assert waited[0] == waited[2] == 0.01
    assert waited[1] > 0.01
