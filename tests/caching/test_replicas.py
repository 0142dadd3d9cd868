"""Caches kept fresh over a broker: order, loads, losses, closing, over every broker."""

import asyncio
import gc
import weakref
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pubsub_lib import AsyncPubSub, PubSubClosed, RingPubSub, Serializable
from pubsub_lib.caching import replicas as replicas_module
from pubsub_lib.caching.replicas import (
    CacheReplica,
    CacheWriter,
    Change,
    Invalidation,
    ReplicaStats,
    Update,
    Versioned,
)
from pubsub_lib.lab.clock.virtual_time import run_virtual
from tests.stepping import in_virtual_time, now, unread

BROKERS = [AsyncPubSub, RingPubSub]

every_broker = pytest.mark.parametrize("broker_class", BROKERS)


class Store:
    """A database: it numbers the writes of a key, and takes its time to be read.

    Args:
        before_s: from the beginning of a load until the value is read.
        after_s: from then until it arrives.
    """

    def __init__(self, *, before_s: float = 0.0, after_s: float = 0.0) -> None:
        self.before_s = before_s
        self.after_s = after_s
        self.values: dict[str, Versioned[int]] = {}
        self.loads: list[str] = []

    def write(self, key: str, value: int) -> int:
        version = self.values[key].version + 1 if key in self.values else 1
        self.values[key] = Versioned(value, version)
        return version

    async def load(self, key: str) -> Versioned[int]:
        self.loads.append(key)
        await asyncio.sleep(self.before_s)
        value = self.values[key]
        await asyncio.sleep(self.after_s)
        return value


def update(key: str, value: int, *, version: int, writer: str = "ada", sequence: int = 1) -> Change:
    return Update(key=key, value=value, version=version, writer=writer, sequence=sequence)


def invalidation(key: str, *, version: int, writer: str = "ada", sequence: int = 1) -> Change:
    return Invalidation(key=key, version=version, writer=writer, sequence=sequence)


async def publish(broker, *changes: Change) -> None:
    """Publish, and let the replicas hear of it."""
    for change in changes:
        await broker.publish(change)
    await asyncio.sleep(0.001)


# What is held, and what changes do to it.


@every_broker
@in_virtual_time
async def test_a_value_is_loaded_once_and_then_held(broker_class):
    store = Store()
    store.write("gold", 1900)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        assert [await replica.get("gold") for _ in range(3)] == [1900] * 3
        assert replica.stats == ReplicaStats(hits=2, misses=1, evictions=0, loads=1, gaps=0)
        assert "gold" in replica
        assert len(replica) == 1


@every_broker
@in_virtual_time
async def test_an_update_changes_what_every_replica_holds_without_a_load(broker_class):
    store = Store()
    store.write("gold", 1900)
    async with (
        broker_class() as broker,
        CacheReplica(broker, store.load) as one,
        CacheReplica(broker, store.load) as two,
    ):
        assert [await one.get("gold"), await two.get("gold")] == [1900, 1900]
        version = store.write("gold", 1950)
        await CacheWriter(broker, "ada").update("gold", 1950, version=version)
        await asyncio.sleep(0.001)
        assert [await one.get("gold"), await two.get("gold")] == [1950, 1950]
        assert store.loads == ["gold", "gold"]


@every_broker
@in_virtual_time
async def test_after_an_invalidation_the_value_is_loaded_when_it_is_asked_for(broker_class):
    store = Store()
    store.write("gold", 1900)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        await replica.get("gold")
        version = store.write("gold", 1950)
        await CacheWriter(broker, "ada").invalidate("gold", version=version)
        await asyncio.sleep(0.001)
        assert "gold" not in replica
        assert store.loads == ["gold"]
        assert await replica.get("gold") == 1950


@every_broker
@in_virtual_time
async def test_a_change_that_is_no_newer_than_what_is_held_is_ignored(broker_class):
    store = Store()
    store.values["gold"] = Versioned(3, version=3)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        await replica.get("gold")
        await publish(
            broker,
            update("gold", 2, version=2, sequence=1),
            update("gold", -3, version=3, sequence=2),
            invalidation("gold", version=3, sequence=3),
        )
        assert await replica.get("gold") == 3
        assert replica.stats.loads == 1


@every_broker
@in_virtual_time
async def test_an_update_of_a_key_that_is_not_held_is_ignored(broker_class):
    store = Store()
    store.values["gold"] = Versioned(2, version=2)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        await replica.get("gold")
        late = update("gold", 2, version=2)
        store.values["gold"] = Versioned(3, version=3)
        await publish(broker, invalidation("gold", version=3, writer="bob"), late)
        assert "gold" not in replica
        assert await replica.get("gold") == 3


@every_broker
@in_virtual_time
async def test_an_update_does_not_count_as_use(broker_class):
    store = Store()
    for key in "abc":
        store.write(key, 1)
    async with broker_class() as broker, CacheReplica(broker, store.load, 2) as replica:
        await replica.get("a")
        await replica.get("b")
        await publish(broker, update("a", 2, version=2))
        await replica.get("c")
        assert [key in replica for key in "abc"] == [False, True, True]
        assert replica.stats.evictions == 1


@every_broker
@in_virtual_time
async def test_two_writers_heard_in_another_order_than_they_wrote_leave_the_later_value(
    broker_class,
):
    store = Store()
    store.write("gold", 0)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        ada, bob = CacheWriter(broker, "ada"), CacheWriter(broker, "bob")
        await replica.get("gold")
        first, second = store.write("gold", 1), store.write("gold", 2)
        await bob.update("gold", 2, version=second)
        await ada.update("gold", 1, version=first)
        await asyncio.sleep(0.001)
        assert await replica.get("gold") == 2
        assert replica.stats.loads == 1


# Loading.


@every_broker
@in_virtual_time
async def test_all_who_ask_for_a_key_at_once_share_one_load(broker_class):
    store = Store(after_s=1)
    store.write("gold", 1900)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        assert await asyncio.gather(*(replica.get("gold") for _ in range(5))) == [1900] * 5
        assert asyncio.get_running_loop().time() == 1
        assert store.loads == ["gold"]


@every_broker
@in_virtual_time
async def test_when_the_one_who_loads_is_cancelled_another_one_loads(broker_class):
    store = Store(after_s=1)
    store.write("gold", 1900)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        tasks = [asyncio.create_task(replica.get("gold")) for _ in range(3)]
        await asyncio.sleep(0.5)
        tasks[0].cancel()
        assert await asyncio.gather(*tasks[1:]) == [1900] * 2
        assert tasks[0].cancelled()
        assert asyncio.get_running_loop().time() == 1.5
        assert store.loads == ["gold"] * 2


@every_broker
@in_virtual_time
async def test_one_who_waits_for_the_load_of_another_and_is_cancelled_does_not_disturb_it(
    broker_class,
):
    store = Store(after_s=1)
    store.write("gold", 1900)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        tasks = [asyncio.create_task(replica.get("gold")) for _ in range(3)]
        await asyncio.sleep(0.5)
        tasks[1].cancel()
        assert await asyncio.gather(tasks[0], tasks[2]) == [1900] * 2
        assert store.loads == ["gold"]


@every_broker
@in_virtual_time
async def test_the_error_of_a_load_reaches_all_who_wait_and_the_next_one_loads_again(broker_class):
    store = Store(after_s=1)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        answers = await asyncio.gather(
            replica.get("gold"), replica.get("gold"), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [KeyError, KeyError]
        store.write("gold", 1900)
        assert await replica.get("gold") == 1900
        assert store.loads == ["gold"] * 2


def test_an_error_that_only_one_waited_for_is_not_reported_as_overlooked(caplog):
    async def main() -> None:
        async with AsyncPubSub() as broker, CacheReplica(broker, Store().load) as replica:
            with pytest.raises(KeyError):
                await replica.get("gold")

    run_virtual(main())
    gc.collect()
    assert caplog.records == []


@every_broker
@in_virtual_time
async def test_an_invalidation_during_a_load_leaves_no_stale_value(broker_class):
    store = Store(after_s=1)
    store.write("gold", 1)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        early = asyncio.create_task(replica.get("gold"))
        await asyncio.sleep(0.5)
        version = store.write("gold", 2)
        await CacheWriter(broker, "ada").invalidate("gold", version=version)
        await asyncio.sleep(0.1)
        late = asyncio.create_task(replica.get("gold"))
        assert await early == 1, "it asked before the invalidation"
        assert "gold" not in replica
        later = asyncio.create_task(replica.get("gold"))
        assert await late == 2, "it asked after it"
        assert await replica.get("gold") == 2
        assert await later == 2
        assert store.loads == ["gold"] * 2


@every_broker
@in_virtual_time
async def test_a_late_load_does_not_overwrite_that_of_one_who_asked_after_an_invalidation(
    broker_class,
):
    store = Store(after_s=1)
    store.write("gold", 1)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        early = asyncio.create_task(replica.get("gold"))
        await asyncio.sleep(0.5)
        await publish(broker, invalidation("gold", version=store.write("gold", 2)))
        store.after_s = 0.1
        assert await replica.get("gold") == 2
        assert await early == 1
        assert await replica.get("gold") == 2


@every_broker
def test_a_newer_update_during_a_load_wins_and_an_older_one_does_not(broker_class):
    async def main(version: int) -> int:
        store = Store(after_s=1)
        store.values["gold"] = Versioned(20, version=20)
        async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
            load = asyncio.create_task(replica.get("gold"))
            await asyncio.sleep(0.5)
            await publish(
                broker,
                update("gold", version, version=version, sequence=1),
                update("gold", version - 1, version=version - 1, sequence=2),
            )
            assert await load == await replica.get("gold")
            assert replica.stats.loads == 1
            return await replica.get("gold")

    assert run_virtual(main(22)) == 22
    assert run_virtual(main(19)) == 20


@every_broker
@in_virtual_time
async def test_what_load_returns_must_have_a_version(broker_class):
    async def load(key: str) -> int:
        return 1900

    async with broker_class() as broker, CacheReplica(broker, load) as replica:
        with pytest.raises(TypeError, match=r"load returns Versioned\(value, version=...\)"):
            await replica.get("gold")


# Losses.


def lag(broker, changes: int) -> None:
    """Publish faster than any replica can hear: the last ones are of a key that nobody holds."""
    for sequence in range(1, changes + 1):
        broker.publish_nowait(update("lag", 0, version=sequence, writer="lag", sequence=sequence))


@every_broker
@in_virtual_time
async def test_a_replica_that_lagged_knows_and_loads_again_what_it_held(broker_class):
    store = Store(after_s=1)
    for key in "abc":
        store.write(key, 1)
    async with (
        broker_class(maxsize=2, timeout=0) as broker,
        CacheReplica(broker, store.load) as replica,
    ):
        await asyncio.gather(*(replica.get(key) for key in "abc"))
        assert not replica.stale
        for key in "abc":
            store.write(key, 2)
        lag(broker, 4)
        await asyncio.sleep(0.5)
        assert replica.stale
        assert len(replica) == 0
        assert await replica.get("c") == 2
        assert asyncio.get_running_loop().time() == 2.5
        await asyncio.sleep(1)
        assert not replica.stale
        assert [await replica.get(key) for key in "abc"] == [2, 2, 2]
        assert sorted(store.loads) == ["a", "a", "b", "b", "c", "c"]
        assert replica.stats.gaps == 1


@every_broker
@in_virtual_time
async def test_a_loss_is_noticed_though_the_writer_falls_silent(broker_class):
    store = Store()
    store.write("gold", 1)
    async with (
        broker_class(maxsize=1, timeout=0) as broker,
        CacheReplica(broker, store.load) as replica,
    ):
        await replica.get("gold")
        lag(broker, 1)
        version = store.write("gold", 2)
        broker.publish_nowait(update("gold", 2, version=version))
        await asyncio.sleep(0.001)
        assert await replica.get("gold") == 2


@every_broker
@in_virtual_time
async def test_the_gap_that_a_reported_loss_leaves_is_not_taken_for_another_loss(broker_class):
    store = Store()
    async with (
        broker_class(maxsize=2, timeout=0) as broker,
        CacheReplica(broker, store.load) as replica,
    ):
        lag(broker, 6)
        await asyncio.sleep(0.001)
        await publish(broker, update("lag", 0, version=7, writer="lag", sequence=7))
        assert replica.stats.gaps == 1
        await publish(broker, update("lag", 0, version=9, writer="lag", sequence=9))
        assert replica.stats.gaps == 2


@every_broker
@in_virtual_time
async def test_a_gap_that_is_greater_than_the_reported_loss_is_another_loss(broker_class):
    async with (
        broker_class(maxsize=2, timeout=0) as broker,
        CacheReplica(broker, Store().load) as replica,
    ):
        for sequence in (1, 2, 3):  # two of three are heard
            broker.publish_nowait(update("gold", 1, version=sequence, sequence=sequence))
        await asyncio.sleep(0.001)
        assert replica.stats.gaps == 1
        for sequence, gaps in (6, 2), (8, 3):
            await publish(broker, update("gold", 1, version=sequence, sequence=sequence))
            assert replica.stats.gaps == gaps


@every_broker
@pytest.mark.parametrize(
    ("sequences", "gaps"),
    [
        ([1, 2, 3], 0),
        ([1, 2, 2], 0),
        ([1, 2, 4], 1),
        ([3, 4, 5], 1),
        ([1, 2, 3, 1, 2], 1),
        ([1, 2, 1, 2], 1),
        ([1, 3, 5], 2),
    ],
    ids=str,
)
@in_virtual_time
async def test_a_gap_in_the_sequence_of_a_writer_is_a_loss(broker_class, sequences, gaps):
    async with broker_class() as broker, CacheReplica(broker, Store().load) as replica:
        await publish(broker, update("other", 1, version=1, writer="bob", sequence=1))
        for sequence in sequences:
            await publish(broker, update("gold", 1, version=sequence, sequence=sequence))
        assert replica.stats.gaps == gaps


@every_broker
@in_virtual_time
async def test_of_many_writers_those_heard_last_are_known_and_one_that_is_not_is_a_loss(
    broker_class, monkeypatch
):
    monkeypatch.setattr(replicas_module, "KNOWN_WRITERS", 3)
    async with broker_class() as broker, CacheReplica(broker, Store().load) as replica:
        for number in range(100):
            await publish(broker, update("gold", 1, version=1, writer=f"{number} " * 1_000))
        assert len(replica._sequences) == 3
        await publish(broker, update("gold", 1, version=1, writer="98 " * 1_000, sequence=2))
        assert replica.stats.gaps == 0
        await publish(broker, update("gold", 1, version=1, writer="1 " * 1_000, sequence=2))
        assert replica.stats.gaps == 1


@every_broker
@in_virtual_time
async def test_a_load_under_way_when_a_loss_is_noticed_is_not_held(broker_class):
    store = Store(after_s=1)
    store.write("gold", 1)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        load = asyncio.create_task(replica.get("gold"))
        await asyncio.sleep(0.5)
        store.write("gold", 2)
        await publish(broker, update("silver", 1, version=1, sequence=2))
        assert await load == 1
        assert await replica.get("gold") == 2


@every_broker
@in_virtual_time
async def test_another_loss_while_it_loads_again_begins_that_anew(broker_class):
    store = Store(after_s=1)
    for key in "abc":
        store.write(key, 1)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        await asyncio.gather(*(replica.get(key) for key in "abc"))
        await publish(broker, update("other", 1, version=1, sequence=2))
        await asyncio.sleep(1.5)
        assert replica.stale
        store.write("a", 2)
        await publish(broker, update("other", 1, version=2, sequence=4))
        await asyncio.sleep(10)
        assert not replica.stale
        assert replica.stats.gaps == 2
        assert [await replica.get(key) for key in "abc"] == [2, 1, 1]


@every_broker
@in_virtual_time
async def test_a_key_that_cannot_be_loaded_again_is_dropped_and_the_others_are_loaded(broker_class):
    store = Store()
    for key in "ab":
        store.write(key, 1)
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        for key in "ab":
            await replica.get(key)
        del store.values["a"]
        await publish(broker, update("other", 1, version=1, sequence=2))
        assert not replica.stale
        assert [key in replica for key in "ab"] == [False, True]
        with pytest.raises(KeyError):
            await replica.get("a")


@every_broker
@in_virtual_time
async def test_a_load_that_awaits_what_was_cancelled_does_not_end_loading_again(broker_class):
    cancelled: list[str] = []

    async def load(key: str) -> Versioned[int]:
        if key in cancelled:
            raise asyncio.CancelledError
        return Versioned(1, version=1)

    async with broker_class() as broker, CacheReplica(broker, load) as replica:
        for key in "abc":
            await replica.get(key)
        cancelled.append("a")
        await publish(broker, update("other", 1, version=1, sequence=2))
        assert not replica.stale
        assert [key in replica for key in "abc"] == [False, True, True]


@in_virtual_time
async def test_who_gets_a_key_whose_load_awaits_what_was_cancelled_is_told_so_and_not_cancelled():
    async def load(key: str) -> Versioned[int]:
        other = asyncio.ensure_future(asyncio.sleep(1))
        asyncio.get_running_loop().call_soon(other.cancel)
        await other
        return Versioned(1, version=1)

    async with AsyncPubSub() as broker, CacheReplica(broker, load) as replica:
        asking = [asyncio.create_task(replica.get("gold")) for _ in range(2)]
        for each in asking:
            with pytest.raises(RuntimeError, match="something that load awaits was cancelled"):
                await each


@in_virtual_time
async def test_who_cancels_a_load_is_told_nothing_else():
    async with AsyncPubSub() as broker, CacheReplica(broker, Store(before_s=1).load) as replica:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await replica.get("gold")


@in_virtual_time
async def test_a_load_that_is_no_coroutine_function_is_told_so():
    async with (
        AsyncPubSub() as broker,
        CacheReplica(broker, lambda key: Versioned(1, 1)) as replica,
    ):
        with pytest.raises(TypeError, match="load is a coroutine function of one key; it returned"):
            await replica.get("gold")


@every_broker
@pytest.mark.parametrize("following", [{"gold": "gold"}, {"gold": "silver", "silver": "gold"}])
@in_virtual_time
async def test_a_load_that_would_wait_for_itself_is_told_so(broker_class, following):
    async def load(key: str) -> Versioned[int]:
        return Versioned(await replica.get(following[key]), version=1)

    async with broker_class() as broker, CacheReplica(broker, load) as replica:
        with pytest.raises(
            RuntimeError,
            match=r"^load asks for 'gold' while it loads that.*let it read from the store$",
        ):
            await replica.get("gold")


@every_broker
@in_virtual_time
async def test_a_repeated_change_shows_a_loss_and_is_otherwise_ignored(broker_class):
    store = Store()
    store.write("gold", 1)
    async with (
        broker_class() as near,
        broker_class() as far,
        CacheReplica(far, store.load) as replica,
    ):
        lossless, lossy = CacheWriter(far, "ada"), CacheWriter(near, "bob")
        await lossless.repeat()
        await replica.get("gold")
        version = store.write("gold", 2)
        await lossless.update("gold", 2, version=version)
        await lossless.repeat()
        await asyncio.sleep(0.001)
        assert replica.stats.gaps == 0
        for value in (3, 4):
            await lossy.update("gold", value, version=store.write("gold", value))
        await lossy.repeat()
        assert await replica.get("gold") == 2
        lossy._broker = far  # the network is back
        await lossy.repeat()
        await asyncio.sleep(0.001)
        assert await replica.get("gold") == 4
        assert replica.stats.gaps == 1


# Closing.


@every_broker
@in_virtual_time
async def test_a_replica_that_nothing_reaches_any_more_holds_nothing_and_loads(broker_class):
    store = Store()
    store.write("gold", 1)
    broker = broker_class()
    async with CacheReplica(broker, store.load) as replica:
        await replica.get("gold")
        assert replica.following
        await broker.shutdown()
        await asyncio.sleep(0.001)
        assert not replica.following
        assert [await replica.get("gold") for _ in range(2)] == [1, 1]
        store.write("gold", 2)
        assert await replica.get("gold") == 2
        assert len(replica) == 0
        with pytest.raises(PubSubClosed):
            await CacheWriter(broker, "ada").invalidate("gold", version=2)


@every_broker
@in_virtual_time
async def test_leaving_ends_its_tasks_and_its_subscription_even_while_it_loads_again(broker_class):
    store = Store(after_s=1)
    store.values = {"a": Versioned(1, 1), "b": Versioned(1, 1)}
    async with broker_class() as broker:
        async with CacheReplica(broker, store.load) as replica:
            for key in "ab":
                await replica.get(key)
            for sequence in (2, 4):
                await publish(broker, update("other", 1, version=1, sequence=sequence))
            assert replica.stale
            started_s = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() == started_s
        assert not replica.stale
        assert not replica.following
        assert broker.stats.subscribers == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}


@every_broker
@in_virtual_time
async def test_it_is_used_inside_of_async_with_once(broker_class):
    async with broker_class() as broker:
        replica = CacheReplica(broker, Store().load)
        assert replica.following is False
        outside = r"^a replica follows its broker inside of `async with replica:` alone$"
        with pytest.raises(RuntimeError, match=outside):
            await replica.get("gold")
        async with replica:
            assert replica.following is True
        assert replica.following is False
        with pytest.raises(RuntimeError, match=outside):
            await replica.get("gold")
        with pytest.raises(RuntimeError, match=r"^a replica is entered once; create another one$"):
            await replica.__aenter__()


@every_broker
@in_virtual_time
async def test_an_error_in_following_is_raised_on_leaving_and_nothing_stale_is_returned(
    broker_class,
):
    store = Store()
    store.write("gold", 1)
    async with broker_class() as broker:
        replica = await CacheReplica(broker, store.load).__aenter__()
        await replica.get("gold")
        await publish(broker, "no change at all")
        store.write("gold", 2)
        assert await replica.get("gold") == 2
        assert not replica.following
        with pytest.raises(AttributeError, match="sequence"):
            await replica.__aexit__(None, None, None)


@every_broker
@in_virtual_time
async def test_the_subscriber_is_called_by_the_name_of_the_replica(broker_class):
    async with (
        broker_class(maxsize=1, timeout=0) as broker,
        CacheReplica(broker, Store().load, name="berlin"),
    ):
        lag(broker, 1)
        delivery = broker.publish_nowait(update("gold", 1, version=1))
        assert [subscription.name for subscription in delivery.missed_by] == ["berlin"]


@every_broker
@in_virtual_time
async def test_a_replica_without_a_name_has_a_subscriber_without_one(broker_class):
    async with (
        broker_class(maxsize=1, timeout=0) as broker,
        CacheReplica(broker, Store().load),
    ):
        lag(broker, 1)
        (subscription,) = broker.publish_nowait(update("gold", 1, version=1)).missed_by
        assert subscription.name == ""


@every_broker
@in_virtual_time
async def test_a_writer_signs_and_numbers_what_it_tells(broker_class):
    async with broker_class() as broker, broker.subscribe() as changes:
        writer = CacheWriter(broker, "ada")
        await writer.update("gold", 1, version=1)
        await writer.invalidate("gold", version=2)
        await writer.invalidate("silver", version=1)
        assert unread(changes) == [
            update("gold", 1, version=1, sequence=1),
            invalidation("gold", version=2, sequence=2),
            invalidation("silver", version=1, sequence=3),
        ]


@every_broker
@in_virtual_time
async def test_every_load_counts(broker_class):
    store = Store()
    store.values = {key: Versioned(1, 1) for key in "abc"}
    async with broker_class() as broker, CacheReplica(broker, store.load) as replica:
        for key in "abca":
            await replica.get(key)
        assert replica.stats == ReplicaStats(hits=1, misses=3, evictions=0, loads=3, gaps=0)


@pytest.mark.parametrize(
    ("broker_class", "first", "second"),
    [
        # Where there is no room the last one is lost.
        (AsyncPubSub, [("ada", 1), ("bob", 1)], [("cid", 1), ("ada", 2)]),
        # Who lags has lost the first one.
        (RingPubSub, [("bob", 1), ("ada", 1)], [("ada", 2), ("cid", 1)]),
    ],
)
@in_virtual_time
async def test_losses_that_were_reported_are_remembered_until_all_their_gaps_are_seen(
    broker_class, first, second
):
    async with (
        broker_class(maxsize=1, timeout=0) as broker,
        CacheReplica(broker, Store().load) as replica,
    ):
        for of_two_one_is_lost in (first, second):
            for writer, sequence in of_two_one_is_lost:
                broker.publish_nowait(update("key", 1, version=1, writer=writer, sequence=sequence))
            await asyncio.sleep(0.001)
        assert replica.stats.gaps == 2
        for writer, sequence in (("ada", 3), ("bob", 2)):
            change = update("key", 1, version=1, writer=writer, sequence=sequence)
            await publish(broker, change)
        assert replica.stats.gaps == 2


@every_broker
@in_virtual_time
async def test_leaving_waits_until_a_load_has_cleaned_up_and_keeps_no_key_that_waited(broker_class):
    class Key:
        """A key that can be watched by a weak reference."""

    async def load(key: Key) -> Versioned[int]:
        try:
            await asyncio.sleep(0 if now() < 1 else 60)
        except asyncio.CancelledError:
            await asyncio.sleep(5)
            raise
        return Versioned(1, 1)

    async with broker_class() as broker:
        keys = [Key(), Key()]
        async with CacheReplica(broker, load) as replica:
            for key in keys:
                await replica.get(key)
            await asyncio.sleep(1)
            for sequence in (2, 4):
                await publish(broker, update("other", 1, version=1, sequence=sequence))
            assert replica.stale
            before_s = now()
        assert (now() - before_s, replica.stale) == (5.0, False)
        waited = weakref.ref(keys[1])  # for the load of the other one
        del keys, key
        gc.collect()
        assert waited() is None


# Bad input.


@in_virtual_time
async def test_it_holds_a_thousand_keys_unless_told_otherwise():
    async def load(key: str) -> Versioned[int]:
        return Versioned(1900, 1)

    async with AsyncPubSub() as broker, CacheReplica(broker, load) as replica:
        for number in range(1001):
            await replica.get(f"metal {number}")
        assert len(replica) == 1000


def test_load_must_be_callable_and_the_capacity_positive():
    broker = AsyncPubSub()
    with pytest.raises(TypeError, match="load is a coroutine function of one key"):
        CacheReplica(broker, {"gold": 1})
    with pytest.raises(ValueError, match="capacity must be at least 1"):
        CacheReplica(broker, Store().load, 0)


@pytest.mark.parametrize("number", ["1", 1.0, None])
def test_versions_and_sequences_are_whole_numbers(number):
    with pytest.raises(TypeError, match="version is a whole number"):
        update("gold", 1, version=number)
    with pytest.raises(TypeError, match="sequence is a whole number"):
        update("gold", 1, version=1, sequence=number)


@pytest.mark.parametrize("writer", [["ada"], None, 1])
def test_a_writer_is_known_by_name(writer):
    with pytest.raises(TypeError, match="writer is the name of a writer, not "):
        update("gold", 1, version=1, writer=writer)


@every_broker
@in_virtual_time
async def test_a_change_that_is_refused_leaves_no_gap(broker_class):
    async with broker_class() as broker, CacheReplica(broker, Store().load) as replica:
        writer = CacheWriter(broker, "ada")
        with pytest.raises(TypeError, match="a key must be hashable"):
            await writer.update(["gold"], 1, version=1)
        with pytest.raises(TypeError, match="version is a whole number"):
            await writer.invalidate("gold", version="1")
        await writer.invalidate("gold", version=1)
        await asyncio.sleep(0.001)
        assert replica.stats.gaps == 0


# Over a network.

texts = st.text()
numbers = st.integers()
json_values = st.none() | st.booleans() | numbers | texts | st.lists(numbers | texts, max_size=3)
changes = st.builds(
    Update, key=texts | numbers, version=numbers, writer=texts, sequence=numbers, value=json_values
) | st.builds(Invalidation, key=texts | numbers, version=numbers, writer=texts, sequence=numbers)


def through_the_wire[M: Serializable](message_type: type[M], message: M) -> M:
    """Do what a broker over a network does with its messages."""
    return message_type.from_bytes(message.to_bytes())


@given(changes)
def test_a_change_that_goes_through_bytes_is_the_same_again(change):
    delivered = through_the_wire(Change, change)
    assert delivered == change
    assert type(delivered) is type(change)


def test_bytes_with_a_version_that_is_no_number_are_refused():
    data = b'{"Invalidation": {"key": "a", "version": "1", "writer": "ada", "sequence": 1}}'
    with pytest.raises(ValueError, match="is no Change in JSON"):
        Change.from_bytes(data)


class Network:
    """Carries each writer's changes, as bytes, to the brokers of many processes.

    What goes from one writer to one process stays in order and may be late or lost, as drawn.
    Between two writers, or two processes, there is no order.
    """

    def __init__(
        self, group: asyncio.TaskGroup, brokers: list, draw: Callable[[], tuple[int, bool]]
    ) -> None:
        self.group = group
        self.brokers = brokers
        self.draw = draw
        self.links: dict[tuple[str, int], asyncio.Queue[tuple[bytes, int, bool]]] = {}
        self.tasks: list[asyncio.Task[None]] = []

    async def publish(self, change: Change) -> None:
        for number in range(len(self.brokers)):
            link = self.links.get((change.writer, number))
            if link is None:
                link = self.links[change.writer, number] = asyncio.Queue()
                self.tasks.append(self.group.create_task(self.carry(link, self.brokers[number])))
            link.put_nowait((change.to_bytes(), *self.draw()))

    async def carry(self, link: asyncio.Queue, broker) -> None:
        while True:
            data, delay, lost = await link.get()
            await asyncio.sleep(delay)
            if not lost:
                await broker.publish(Change.from_bytes(data))

    def close(self) -> None:
        for task in self.tasks:
            task.cancel()


keys = st.sampled_from("ab")
writes = st.tuples(st.just("write"), keys, st.sampled_from(["ada", "bob"]), st.booleans())
reads = st.tuples(st.just("read"), keys, st.integers(0, 1))
seconds = st.integers(0, 3)
seldom = st.sampled_from([False] * 7 + [True])
delays = st.lists(st.tuples(seconds, st.just(False)), min_size=20, max_size=80)
delays_and_losses = st.lists(st.tuples(seconds, seldom), min_size=20, max_size=80)


@every_broker
@settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 1, 1, 2]), writes | reads), min_size=12, max_size=40
    ),
    deliveries=delays | delays_and_losses,
    loads=st.lists(st.tuples(seconds, seconds), min_size=5, max_size=40),
    capacity=st.integers(1, 2),
    maxsize=st.integers(1, 3),
)
def test_when_all_is_quiet_replicas_hold_what_the_store_holds(
    broker_class, steps, deliveries, loads, capacity, maxsize
):
    deliveries, loads = iter(deliveries), iter(loads)
    values = {key: Versioned(0, version=1) for key in "ab"}

    async def load(key: str) -> Versioned[int]:
        before, after = next(loads, (0, 1))
        await asyncio.sleep(before)
        value = values[key]
        await asyncio.sleep(after)
        return value

    async def main() -> None:
        async with (
            broker_class(maxsize=maxsize, timeout=0) as one,
            broker_class(maxsize=maxsize, timeout=0) as two,
            CacheReplica(one, load, capacity) as first,
            CacheReplica(two, load, capacity) as second,
            asyncio.TaskGroup() as group,
        ):
            network = Network(group, [one, two], lambda: next(deliveries, (0, False)))
            writers = {name: CacheWriter(network, name) for name in ("ada", "bob")}
            for pause, (kind, key, *arguments) in steps:
                await asyncio.sleep(pause)
                if kind == "read":
                    group.create_task((first, second)[arguments[0]].get(key))
                else:
                    name, by_update = arguments
                    value, version = values[key].value + 1, values[key].version + 1
                    values[key] = Versioned(value, version)
                    if by_update:
                        await writers[name].update(key, value, version=version)
                    else:
                        await writers[name].invalidate(key, version=version)
            await asyncio.sleep(1000)
            network.draw = lambda: (0, False)
            for writer in writers.values():  # shows who missed the last change
                await writer.invalidate("other", version=1)
            await asyncio.sleep(1000)
            for replica in (first, second):
                assert not replica.stale
                begun = replica.stats.loads
                held = {key: await replica.get(key) for key in "ab" if key in replica}
                assert held == {key: values[key].value for key in held}
                assert replica.stats.loads == begun
            network.close()

    run_virtual(main())
