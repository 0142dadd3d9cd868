"""What a recovery looks at: each thing once, nothing in vain, and nothing is said twice."""

import asyncio

import pytest

from pubsub_lib.nats import JetStreamPubSub, NotConnected, StreamLost
from pubsub_lib.nats.jetstream import recovery as recovery_module
from tests.nats.observing import eventually, soon, take


@pytest.fixture
def rare_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test say when to look."""
    monkeypatch.setattr(recovery_module, "LOOK_EVERY_S", 600)


async def hang() -> None:
    await asyncio.Event().wait()


async def look(broker: JetStreamPubSub[int]) -> None:
    """Look at everything, as if nothing had come in since the last look."""
    for consumer in broker._consumers:
        consumer._intake.quiet = True
    await broker._recovery._look()
    assert not broker._recovery._recovering.running


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
async def test_what_has_just_come_in_or_has_not_joined_is_not_lost(broker):
    await broker.publish(0)
    subscription = broker.subscribe()
    (consumer,) = broker._consumers
    consumer._intake.quiet = True
    assert await consumer.is_lost() is False
    async with subscription:
        consumer._intake.quiet = False
        assert await consumer.is_lost() is False


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


# What a consumer has still to send tells only when some looks agree on it.


@pytest.mark.usefixtures("rare_looks")
@pytest.mark.parametrize(("name", "counted"), [("", [0, 0, 3, 3]), ("billing", [0, 3, 3, 3])])
async def test_what_was_removed_is_counted_once_when_three_looks_agree(
    broker, server, name, counted
):
    async with broker.subscribe(name=name, maxsize=1) as inbox:
        await broker.publish_many(range(5))
        await take(inbox, 1)
        await eventually(lambda: inbox.qsize() and broker.network.lag == 3)
        await server.jetstream.purge_stream(broker.subject)
        looked = []
        for _ in counted:  # the last delivery has told one with a name what it is to be sent
            await look(broker)
            assert broker.network.lag == 0
            looked.append(inbox.stats.dropped)
        assert looked == counted


@pytest.mark.usefixtures("rare_looks")
@pytest.mark.parametrize("name", ["", "billing"])
async def test_what_comes_in_between_two_looks_was_not_removed(broker, name):
    async with broker.subscribe(name=name, maxsize=1) as inbox:
        await broker.publish_many(range(6))
        for number in range(4):
            assert await take(inbox, 1) == [number]
            await eventually(inbox.qsize)
            for _ in range(number):  # so that some are left of the last round
                await look(broker)
            assert (inbox.stats.dropped, broker.network.lag) == (0, 4 - number)


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


@pytest.mark.usefixtures("rare_looks")
async def test_a_look_that_fails_is_told_once_until_one_succeeds(broker, errors, monkeypatch):
    async def fail() -> bool:
        raise ValueError("unreadable")

    await broker.publish(0)
    is_lost = broker._stream.is_lost
    for told in (1, 2):
        monkeypatch.setattr(broker._stream, "is_lost", fail)
        for _ in range(2):
            await look(broker)
            assert len(errors) == told
            assert "could not be looked at (ValueError('unreadable'))" in str(errors[-1])
        monkeypatch.setattr(broker._stream, "is_lost", is_lost)
        await look(broker)
        assert len(errors) == told
