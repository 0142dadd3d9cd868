"""No wait without a bound: a server that does not answer, and whoever leaves before the end."""

import asyncio
import contextlib
import datetime
import gc
from collections.abc import Awaitable, Callable

import nats.errors
import pytest
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError, ServiceUnavailableError

from pubsub_lib.nats import (
    DeadLetter,
    JetStreamPubSub,
    JetStreamUnavailable,
    NatsError,
    NotConnected,
    ServerUnreachable,
    Unconfirmed,
)
from pubsub_lib.nats.jetstream import asking as asking_module
from tests.nats.observing import (
    LIMIT_S,
    eventually,
    ignored,
    needs_signals,
    other_tasks,
    soon,
    stopped,
)

NAME = "billing"
LETTER: DeadLetter[int] = DeadLetter(
    number=1,
    data=b"1",
    headers={},
    message=1,
    reason="",
    subscription="",
    tries=1,
    set_aside_at=datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC),
)
ASKING: dict[str, Callable[[JetStreamPubSub[int]], Awaitable[object]]] = {
    "subscribing": lambda broker: broker.subscribe(name=NAME),
    "listing dead letters": lambda broker: broker.dead_letters(),
    "putting one back": lambda broker: broker.put_back(LETTER),
    "deleting one": lambda broker: broker.delete_dead_letter(LETTER),
    "listing names": lambda broker: broker.named_subscriptions(),
    "forgetting a name": lambda broker: broker.forget(NAME),
}


@needs_signals
@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
async def test_a_server_that_does_nothing_is_waited_for_no_longer_than_was_said(
    own_server, subject, ask
):
    async with JetStreamPubSub[int](subject, url=own_server.url, timeout=0.2) as broker:
        with (
            stopped(own_server),
            pytest.raises(
                JetStreamUnavailable, match=r"within 0\.2 s\); see whether it is stopped"
            ),
        ):
            await soon(ask(broker))


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
async def test_a_server_that_is_gone_is_waited_for_no_longer_than_was_said(
    own_server, subject, ask
):
    async with JetStreamPubSub[int](
        subject, url=own_server.url, timeout=0.2, on_error=ignored
    ) as broker:
        own_server.kill()
        await eventually(lambda: not broker.network.connected)
        with pytest.raises(ServerUnreachable, match=r"within 0\.2 s"):
            await soon(ask(broker))
        await broker.shutdown(timeout=0.2)  # nobody answers it either


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
async def test_a_question_that_is_given_up_before_it_is_asked_leaves_nothing_behind(
    url, subject, ask
):
    async def answer() -> object:
        return await ask(broker)

    async with JetStreamPubSub[int](subject, url=url, on_error=ignored) as broker:
        for turns in range(12):
            asking = asyncio.create_task(answer())
            for _ in range(turns):
                await asyncio.sleep(0)
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, LookupError):
                await asking
        gc.collect()  # a coroutine that nobody awaited warns, which is an error in these tests


@needs_signals
async def test_a_question_on_a_connection_that_is_lost_is_asked_again_at_once_on_the_next(
    own_server, subject, monkeypatch
):
    for name in ("ASK_AGAIN_WITHIN_S", "ASK_AGAIN_WITHIN_AT_MOST_S"):
        monkeypatch.setattr(asking_module, name, 600)
    async with JetStreamPubSub[int](
        subject, url=own_server.url, timeout=LIMIT_S, on_error=ignored
    ) as broker:
        with stopped(own_server):
            asking = asyncio.create_task(broker.named_subscriptions())
            await eventually(lambda: broker._transport.connection.requests._waiting)
            own_server.kill()
        own_server.start()
        assert await soon(asking) == []


@pytest.mark.parametrize(
    "unready",
    [ServiceUnavailableError(), NoStreamResponseError(), nats.errors.NoRespondersError()],
    ids=lambda error: type(error).__name__,
)
async def test_a_server_that_is_not_ready_yet_is_asked_until_it_is(broker, unready):
    answers = [unready, unready]

    async def answer(jetstream: JetStreamContext) -> int:
        if answers:
            raise answers.pop()
        return 7

    assert await soon(broker._stream.ask(answer)) == 7


@pytest.mark.parametrize("otherwise", [nats.errors.TimeoutError(), ConnectionResetError()])
async def test_the_time_that_a_server_may_be_unready_begins_anew_if_it_was_not(
    broker, monkeypatch, otherwise
):
    monkeypatch.setattr(asking_module, "READY_AFTER_S", 0.3)
    answers = [ServiceUnavailableError(), otherwise, ServiceUnavailableError()]

    async def answer(jetstream: JetStreamContext) -> int:
        if not answers:
            return 7
        error = answers.pop()
        if error is otherwise:
            await asyncio.sleep(0.35)  # longer than it may be unready
        raise error

    assert await soon(broker._stream.ask(answer)) == 7


@pytest.mark.parametrize(
    ("description", "says"), [("odd", "odd"), (None, "no reason given"), ("", "no reason given")]
)
async def test_what_a_server_refuses_is_told_with_its_reason_and_the_name_of_the_stream(
    broker, url, description, says
):
    async def refuse(jetstream: JetStreamContext) -> None:
        raise APIError(code=400, err_code=12345, description=description)

    with pytest.raises(
        NatsError, match=rf"{url.rpartition('@')[2]} .*of the stream '{broker.subject}': {says};"
    ) as raised:
        await broker._stream.ask(refuse)
    assert isinstance(raised.value.__cause__, APIError)


@pytest.mark.parametrize("name", ["", NAME])
async def test_a_shutdown_that_is_cancelled_leaves_no_reader_behind_and_no_connection(
    url, subject, name
):
    broker = JetStreamPubSub[int](subject, url=url)
    full, waiting = await broker.subscribe(maxsize=1), await broker.subscribe(name=name)
    for number in range(3):  # more than is ever read, so that shutdown waits
        await broker.publish(number)
        await soon(waiting.get())
        waiting.task_done()
    reading = asyncio.create_task(soon(waiting.get()))
    shutting_down = asyncio.create_task(broker.shutdown(timeout=None))
    await eventually(lambda: broker._draining.running)
    shutting_down.cancel()
    assert await reading is None
    await eventually(lambda: broker._disconnecting.ended)
    assert not broker.network.connected
    assert await other_tasks() - {reading, shutting_down} == set()
    assert full.closed


async def test_a_shutdown_that_is_cancelled_releases_a_publisher_that_waits_for_ever(
    own_server, subject
):
    broker = JetStreamPubSub[int](subject, url=own_server.url, timeout=None, on_error=ignored)
    await broker.publish(1)
    own_server.kill()
    await eventually(lambda: not broker.network.connected)
    publishing = asyncio.create_task(broker.publish(2))
    shutting_down = asyncio.create_task(broker.shutdown(timeout=None))
    await eventually(lambda: broker._draining.running)
    shutting_down.cancel()
    with pytest.raises((NotConnected, Unconfirmed)):
        await soon(publishing)


@pytest.mark.parametrize("name", ["", NAME])
async def test_what_a_server_that_is_gone_had_still_to_send_is_dropped_at_the_end(
    own_server, subject, name
):
    broker = JetStreamPubSub[int](subject, url=own_server.url, on_error=ignored)
    inbox = await broker.subscribe(name=name, maxsize=1)
    await broker.publish_many(range(4))
    await eventually(lambda: broker.network.lag == 3)
    own_server.kill()
    await eventually(lambda: not broker.network.connected)
    await soon(broker.shutdown(timeout=0))
    # What comes for a name is kept.
    assert inbox.stats.dropped == (0 if name else 3)
