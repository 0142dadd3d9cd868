"""What a recovery looks at: each thing once, nothing in vain, and nothing is said twice."""

import asyncio

import pytest

from pubsub_lib.nats import NotConnected, StreamLost
from pubsub_lib.nats.jetstream import recovery as recovery_module
from tests.nats.observing import eventually, soon, take


@pytest.fixture
def rare_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test say when to look."""
    monkeypatch.setattr(recovery_module, "LOOK_EVERY_S", 600)


async def hang() -> None:
    await asyncio.Event().wait()


@pytest.mark.usefixtures("quick_looks")
async def test_a_stream_that_was_made_anew_can_be_made_anew_again(broker, server, errors):
    async with broker.subscribe() as inbox:
        for times in range(1, 4):
            await server.jetstream.delete_stream(broker.subject)
            await eventually(lambda times=times: len(errors.of(StreamLost)) == times)
            await broker.publish(times)
            assert await take(inbox, 1) == [times]


@pytest.mark.usefixtures("rare_looks")
async def test_a_recovery_that_the_loss_of_the_connection_interrupts_asks_nothing_more(broker):
    await broker.publish(0)
    recovery = broker._recovery
    remake, recovery._stream.remake = recovery._stream.remake, hang
    recovery.connection_restored()
    interrupted = recovery._recovering._task
    await asyncio.sleep(0)
    assert not recovery.ready
    recovery._stream.remake = remake
    recovery.connection_restored()
    await asyncio.wait([interrupted])
    assert interrupted.cancelled()
    await soon(recovery._recovering.settled())
    assert recovery.ready


@pytest.mark.usefixtures("rare_looks")
async def test_a_look_that_finds_the_stream_lost_leaves_the_rest_to_the_recovery(
    broker, server, errors, monkeypatch
):
    monkeypatch.setattr(recovery_module, "DELETED_WITHIN_S", 600)
    asked: list[str] = []

    async def note(name: str) -> None:
        asked.append(name)

    async with broker.subscribe() as first, broker.subscribe():
        monkeypatch.setattr(broker._stream, "consumer", note)
        for consumer in broker._consumers:
            consumer._intake.quiet = True
        await server.jetstream.delete_stream(broker.subject)
        await broker._recovery._look()
        assert broker._recovery._recovering.running
        assert (asked, errors, first.stats.dropped) == ([], [], 0)


@pytest.mark.usefixtures("rare_looks")
async def test_a_stream_that_nobody_has_used_is_not_looked_for(broker, monkeypatch):
    await broker.publish(1)
    asked: list[object] = []

    async def note(request: object) -> None:
        asked.append(request)

    stream = broker._dead_letters._stream
    monkeypatch.setattr(stream, "ask", note)
    await broker._dead_letters._publisher._recovery._look()
    assert asked == []


async def test_a_lost_connection_is_told_by_itself_and_not_of_each_that_was_looked_at(
    broker, errors
):
    broker._recovery._report([NotConnected("gone")] * 2)
    assert errors == []


async def test_what_was_acknowledged_before_a_connection_was_lost_may_come_again(broker):
    async with broker.subscribe(name="billing") as inbox:
        await broker.publish(7)
        assert await take(inbox, 1) == [7]
        envelopes = inbox._state.envelopes
        assert envelopes.was_acknowledged(1)
        broker._recovery.connection_lost()
        assert not envelopes.was_acknowledged(1)
