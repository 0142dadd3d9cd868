"""`history` and `replay`: what was published before somebody came."""

import asyncio
import itertools
import weakref
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib import (
    AsyncPubSub,
    BrokerStats,
    Deliveries,
    Delivery,
    Message,
    Overflow,
    PubSubFull,
    SubscriptionStats,
    delivered_before,
)
from pubsub_lib.in_process.history import History, LatestOfEach
from pubsub_lib.subjects import Published, subject_filter
from tests.in_process.modelling import FilterError, examples, is_even, is_even_or_breaks, pick
from tests.stepping import in_virtual_time, let_all_run, read_all, start, unread


def last_digit(number: int) -> int:
    return number % 10


class Weighty(Message):
    """A message that can be watched by a weak reference."""


# What is kept.


@examples
@given(st.integers(1, 4), st.lists(st.lists(st.integers(0, 39), max_size=5), max_size=8))
def test_of_each_key_the_latest_is_kept_and_those_updated_last(size, batches):
    history = LatestOfEach[int](size, key=last_digit)
    published: list[int] = []
    for batch in batches:
        history.keep(batch)
        published += batch
        latest = {last_digit(number): place for place, number in enumerate(published)}
        expected = [published[place] for place in sorted(latest.values())][-size:]
        assert history.last(9) == expected


@examples
@given(st.integers(1, 4), st.lists(st.lists(st.integers(0, 3), max_size=5), max_size=8))
def test_without_a_key_the_last_messages_are_kept_equal_or_not(size, batches):
    history = History[int](size)
    published: list[int] = []
    for batch in batches:
        gone = history.keep(batch)
        kept = published[-size:] + batch
        published += batch
        assert history.last(9) == published[-size:]
        assert gone + published[-size:] == kept


@in_virtual_time
async def test_nothing_is_kept_beyond_the_history():
    broker = AsyncPubSub[Weighty](history=1)
    first, second = Weighty("first"), Weighty("second")
    kept = [weakref.ref(first), weakref.ref(second)]
    await broker.publish(first)
    await broker.publish(second)
    del first, second
    assert [message() is not None for message in kept] == [False, True]


@pytest.mark.parametrize("publish", ["publish", "publish_nowait", "publish_many"])
@in_virtual_time
async def test_every_way_to_publish_is_remembered(publish):
    broker = AsyncPubSub[int](history=3)
    match publish:
        case "publish":
            await broker.publish(1)
        case "publish_nowait":
            broker.publish_nowait(1)
        case _:
            await broker.publish_many([1])
    assert unread(broker.subscribe(replay=1)) == [1]


@pytest.mark.parametrize("wait", [True, False])
async def test_what_a_thread_publishes_is_remembered(wait):
    async with AsyncPubSub[int](history=3) as broker:
        publish = partial(broker.publish_threadsafe, 1, wait=wait)
        await asyncio.wrap_future(await asyncio.to_thread(publish))
        assert unread(broker.subscribe(replay=1)) == [1]


@in_virtual_time
async def test_what_nobody_had_room_for_is_remembered():
    broker = AsyncPubSub[int](maxsize=1, timeout=0, overflow=Overflow.RAISE, history=3)
    full = broker.subscribe()
    await broker.publish(1)
    with pytest.raises(PubSubFull):
        await broker.publish(2)
    assert unread(broker.subscribe(replay=2, maxsize=2)) == [1, 2]
    assert unread(full) == [1]


@in_virtual_time
async def test_of_each_subject_there_is_a_last_value():
    broker = AsyncPubSub[Published[int]](history=10, key=lambda published: published.subject)
    for subject, price in (("gold", 1), ("silver", 2), ("gold", 3), ("news.gold", 4)):
        await broker.publish(Published(subject, price))
    newcomer = broker.subscribe(where=subject_filter("*"), replay=10)
    assert unread(newcomer) == [Published("silver", 2), Published("gold", 3)]


# Who comes late.


class Model:
    """What each subscriber has, and what is kept, in plain Python."""

    def __init__(self, history: int, keyed: bool) -> None:
        self.history = history
        self.key = last_digit if keyed else None
        self.kept: list[int] = []
        self.inboxes: list[list[int]] = []
        self.filters: list = []
        self.stats: list[list[int]] = []

    def publish(self, number: int) -> None:
        if self.key is not None:
            self.kept = [other for other in self.kept if self.key(other) != self.key(number)]
        self.kept = [*self.kept, number][-self.history :]
        for inbox, where, stats in zip(self.inboxes, self.filters, self.stats, strict=True):
            if where is None or where(number):
                room = len(inbox) < 3
                inbox += [number] * room
                stats[not room] += 1

    def subscribe(self, where, replay: int) -> None:
        kept = self.kept[-replay:] if replay else []
        self.inboxes.append([number for number in kept if where is None or where(number)])
        self.filters.append(where)
        self.stats.append([len(self.inboxes[-1]), 0])


@examples
@given(
    st.integers(1, 5),
    st.booleans(),
    st.lists(
        st.one_of(
            st.tuples(st.just("publish"), st.lists(st.integers(0, 29), min_size=1, max_size=3)),
            st.tuples(st.just("publish_many"), st.lists(st.integers(0, 29), max_size=5)),
            st.tuples(
                st.just("subscribe"),
                st.tuples(st.sampled_from([None, is_even]), st.integers(0, 3)),
            ),
            st.tuples(st.just("read"), st.integers(0, 5)),
        ),
        max_size=20,
    ),
)
def test_nothing_is_missed_or_doubled_between_replay_and_what_comes_then(history, keyed, steps):
    @in_virtual_time
    async def live() -> None:
        model = Model(history, keyed)
        broker = AsyncPubSub[int](maxsize=3, timeout=0, history=history, key=model.key)
        inboxes = []
        for step, given_ in steps:
            match step:
                case "subscribe":
                    where, replay = given_
                    replay = min(replay, history)
                    inboxes.append(broker.subscribe(where=where, replay=replay))
                    model.subscribe(where, replay)
                case "read":
                    for inbox, expected in pick(
                        list(zip(inboxes, model.inboxes, strict=True)), given_
                    ):
                        assert unread(inbox) == expected
                        expected.clear()
                case "publish":
                    for number in given_:
                        await broker.publish(number)
                        model.publish(number)
                case _:
                    await broker.publish_many(given_)
                    for number in given_:
                        model.publish(number)
            assert [[*inbox._state.messages] for inbox in inboxes] == model.inboxes
            counted = [[inbox.stats.received, inbox.stats.dropped] for inbox in inboxes]
            assert counted == model.stats

    live()


@in_virtual_time
async def test_what_waits_for_room_comes_to_newcomers_by_replay_and_not_again():
    broker = AsyncPubSub[int](maxsize=1, timeout=None, history=3)
    slow = broker.subscribe()
    publishing = [start(broker.publish(number)) for number in range(3)]
    await let_all_run()
    newcomer = broker.subscribe(replay=3, maxsize=5)
    assert (unread(newcomer), slow.qsize()) == ([0, 1, 2], 1)
    assert [await slow.get() for _ in range(3)] == [0, 1, 2]
    await asyncio.wait(publishing)
    assert unread(newcomer) == []


@in_virtual_time
async def test_what_was_replayed_counts_as_received_and_not_as_published():
    broker = AsyncPubSub[int](history=3)
    await broker.publish_many(range(5))
    newcomer = broker.subscribe(replay=2)
    assert newcomer.stats == SubscriptionStats(received=2, dropped=0, depth=2, high_water_mark=2)
    assert await broker.publish(5) == Delivery(1)
    newcomer.close()
    assert broker.stats == BrokerStats(subscribers=0, published=6, delivered=3, dropped=0)


@in_virtual_time
async def test_a_filter_that_breaks_on_a_replay_lets_through_what_came_before():
    broker = AsyncPubSub[int](history=9)
    await broker.publish_many(range(9))
    newcomer = broker.subscribe(where=is_even_or_breaks, replay=9)
    assert newcomer.closed
    assert [await newcomer.get() for _ in range(3)] == [0, 2, 4]
    with pytest.raises(FilterError):
        await newcomer.get()
    assert await newcomer.get() is None
    assert broker.stats == BrokerStats(subscribers=0, published=9, delivered=3, dropped=0)


@in_virtual_time
async def test_a_filter_that_stops_an_iteration_on_a_replay_says_so():
    def stops(_: int) -> bool:
        raise StopIteration

    broker = AsyncPubSub[int](history=1)
    await broker.publish(1)
    with pytest.raises(RuntimeError, match=r"the filter of this subscription raised StopIteration"):
        await broker.subscribe(where=stops, replay=1).get()


@in_virtual_time
async def test_what_a_filter_publishes_during_a_replay_comes_after_it():
    def publishes_once(number: int) -> bool:
        if number == 1:
            broker.publish_nowait(10)
        return True

    broker = AsyncPubSub[int](history=3)
    await broker.publish_many(range(3))
    assert unread(broker.subscribe(where=publishes_once, replay=3)) == [0, 1, 2, 10]


@in_virtual_time
async def test_the_bound_holds_whatever_a_filter_publishes_during_a_replay():
    def publishes_once(number: int) -> bool:
        if number == 1:
            broker.publish_nowait(10)
        return True

    broker = AsyncPubSub[int](maxsize=3, history=3)
    await broker.publish_many(range(3))
    newcomer = broker.subscribe(where=publishes_once, replay=3)
    assert unread(newcomer) == [1, 2, 10]
    assert (newcomer.stats.received, newcomer.stats.dropped) == (3, 1)


@in_virtual_time
async def test_a_newcomer_that_a_filter_closes_gets_no_replay():
    def closes_the_newcomer(number: int) -> bool:
        if number == 1:
            broker.publish_nowait(2)
            (newcomer,) = broker.publish_nowait(3).missed_by
            newcomer.close()
        return True

    broker = AsyncPubSub[int](maxsize=1, history=1)
    await broker.publish(1)
    newcomer = broker.subscribe(where=closes_the_newcomer, replay=1)
    assert (newcomer.closed, newcomer.qsize()) == (True, 0)


@in_virtual_time
async def test_a_subscriber_who_comes_while_a_filter_runs_gets_the_message_once():
    def lets_another_join(_: int) -> bool:
        joined.append(broker.subscribe(replay=1))
        return False

    joined: list = []
    broker = AsyncPubSub[int](history=3)
    inviting = broker.subscribe(where=lets_another_join)
    await broker.publish(1)
    inviting.close()
    await broker.publish(2)
    assert [unread(inbox) for inbox in joined] == [[1, 2]]


# Publishing.


class PublishesWhenFreed:
    """A message whose end publishes another."""

    def __init__(self, broker: AsyncPubSub) -> None:
        self.broker = broker

    def __del__(self) -> None:
        self.broker.publish_nowait("freed")


@in_virtual_time
async def test_what_has_to_go_is_freed_when_the_publish_is_over():
    broker = AsyncPubSub[object](history=1)
    await broker.publish(PublishesWhenFreed(broker))
    inbox = broker.subscribe()
    assert await broker.publish("next") == Delivery(1)
    assert unread(inbox) == ["next", "freed"]
    assert unread(broker.subscribe(replay=1)) == ["freed"]


@pytest.mark.parametrize(
    "publish",
    [AsyncPubSub.publish, lambda broker, message: broker.publish_many([0, message])],
    ids=["publish", "publish_many"],
)
@pytest.mark.parametrize(
    ("key", "error", "says"),
    [
        (lambda number: 1 // number, ZeroDivisionError, "division"),
        (
            lambda number: {} if number == 0 else 1,
            TypeError,
            r"key gave \{\} for a message, .* let",
        ),
    ],
)
@in_virtual_time
async def test_a_key_that_fails_is_the_publishers_error_and_nothing_is_published(
    publish, key, error, says
):
    broker = AsyncPubSub[int](history=3, key=key)
    inbox = broker.subscribe()
    await broker.publish(1)
    with pytest.raises(error, match=says):
        await publish(broker, 0)
    assert unread(inbox) == [1]
    assert unread(broker.subscribe(replay=3)) == [1]
    assert broker.stats.published == 1


@in_virtual_time
async def test_a_cancelled_batch_is_in_the_history_and_counts_as_published():
    broker = AsyncPubSub[int](maxsize=2, timeout=None, history=4)
    inbox = broker.subscribe()
    publishing = start(broker.publish_many(range(4)))
    await let_all_run()
    newcomer = broker.subscribe(replay=4, maxsize=4)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError) as cancelled:
        await publishing
    assert unread(newcomer) == [0, 1, 2, 3]
    report = delivered_before(cancelled.value)
    assert isinstance(report, Deliveries)
    assert (report.published, report.delivered) == (4, 2)
    assert [(missed.number, missed.subscription) for missed in report.missed] == [
        (2, inbox),
        (3, inbox),
    ]
    assert (inbox.stats.received, inbox.stats.dropped) == (2, 2)
    assert broker.stats.published == 4


@in_virtual_time
async def test_a_replay_is_read_to_its_end_after_a_shutdown():
    broker = AsyncPubSub[int](history=3)
    await broker.publish_many(range(3))
    newcomer = broker.subscribe(replay=3)
    await broker.shutdown(timeout=0)
    assert await read_all(newcomer) == [0, 1, 2]


# What is refused.


@pytest.mark.parametrize(
    ("replay", "options", "says"),
    [
        (1, {}, r"at most 0, not 1: the broker keeps no more, make it with a longer `history`"),
        (4, {"history": 3}, r"at most 3, not 4: the broker keeps no more"),
        (
            3,
            {"history": 3, "maxsize": 2},
            r"at most 2, not 3: the inbox holds no more, give it",
        ),
        (-1, {"history": 3}, r"at least 0, not -1"),
    ],
)
def test_a_replay_of_more_than_the_history_or_the_inbox_holds_is_refused(replay, options, says):
    broker = AsyncPubSub(**options)
    with pytest.raises(ValueError, match=rf"^replay must be {says}"):
        broker.subscribe(replay=replay)
    assert not broker.queues


@pytest.mark.parametrize("number", [True, 1.0, "1", None])
def test_a_replay_and_a_history_are_whole_numbers(number):
    with pytest.raises(TypeError, match=r"^replay is a whole number of messages, not "):
        AsyncPubSub(history=3).subscribe(replay=number)
    with pytest.raises(TypeError, match=r"^history is a whole number of messages, not "):
        AsyncPubSub(history=number)


async def asynchronous_key(message: object) -> str:
    return str(message)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"history": -1}, ValueError, "history must be at least 0, not -1"),
        (
            {"key": str},
            ValueError,
            "^a key is for the history; say by history= how many keys to keep$",
        ),
        ({"history": 1, "key": "subject"}, TypeError, "key is a function that says at once what"),
        ({"history": 1, "key": asynchronous_key}, TypeError, "key is a function that says at once"),
    ],
)
def test_a_history_that_cannot_be_kept_is_refused(options, error, says):
    with pytest.raises(error, match=says):
        AsyncPubSub(**options)


# Keys that run code of others.


class Key:
    """A key with a comparison of its own; all of them have the same hash."""

    def __init__(self, name: str, when_compared: Callable[[], object] = lambda: None) -> None:
        self.name = name
        self.when_compared = when_compared

    def __hash__(self) -> int:
        return 1

    def __eq__(self, other: object) -> bool:
        self.when_compared()
        return isinstance(other, Key) and self.name == other.name


class Incomparable(Exception):
    """What comparing a key raises."""


def fail() -> None:
    raise Incomparable


@in_virtual_time
async def test_a_key_whose_comparison_fails_changes_nothing_and_nothing_is_published():
    keys = {number: Key("old" if number < 2 else "new") for number in range(3)}
    broker = AsyncPubSub[int](history=5, key=keys.__getitem__)
    await broker.publish(0)
    keys[2].when_compared = keys[0].when_compared = fail
    with pytest.raises(Incomparable):
        await broker.publish_many([1, 2])
    assert unread(broker.subscribe(replay=5)) == [0]
    assert broker.stats.published == 1
    keys[2].when_compared = keys[0].when_compared = lambda: None
    assert await broker.publish_many([1, 2]) == Deliveries(2, 2)
    assert unread(broker.subscribe(replay=5)) == [1, 2]


@in_virtual_time
async def test_what_comparing_a_key_publishes_comes_before_and_of_each_key_there_is_one():
    def publish_another() -> None:
        if keys[1].when_compared is publish_another:
            keys[1].when_compared = lambda: None
            broker.publish_nowait(2)

    keys = {0: Key("a"), 1: Key("b"), 2: Key("b")}
    broker = AsyncPubSub[int](history=5, key=keys.__getitem__)
    inbox = broker.subscribe()
    await broker.publish(0)
    keys[1].when_compared = publish_another
    keys[0].when_compared = lambda: keys[1].when_compared()  # whichever of the two is asked
    await broker.publish(1)
    assert unread(inbox) == [0, 2, 1]
    assert unread(broker.subscribe(replay=5)) == [0, 1]


@in_virtual_time
async def test_a_comparison_that_always_publishes_is_told_so():
    def publish_another() -> None:
        broker.publish_nowait("x" * next(lengths))

    lengths = itertools.count(2)
    keys = {"a": Key("a"), "b": Key("b", publish_another)}
    broker = AsyncPubSub[str](history=1000, key=lambda message: keys.get(message, message))
    await broker.publish("a")
    keys["a"].when_compared = publish_another
    with pytest.raises(RuntimeError) as refused:
        await broker.publish("b")
    assert str(refused.value) == (
        "to compare the keys of this history publishes, each time it is done"
    )


@pytest.mark.parametrize(
    "batches",
    [
        pytest.param([[1, 2, 3, 4]], id="of the same batch"),
        pytest.param([[1, 2], [3, 4]], id="of one before"),
    ],
)
@in_virtual_time
async def test_a_key_that_a_batch_displaces_is_freed_when_the_batch_is_in(batches):
    class Freed(Key):
        def __del__(self) -> None:
            if not seen:
                seen.append(unread(broker.subscribe(replay=2)))

    seen: list[list[int]] = []
    broker = AsyncPubSub[int](history=2, key=lambda number: Freed(f"{number}"))
    for batch in batches:
        await broker.publish_many(batch)
    assert seen == [[3, 4]]


@in_virtual_time
async def test_keys_of_one_hash_are_told_apart_when_one_of_them_goes():
    broker = AsyncPubSub[str](history=3, key=lambda message: Key(message[0]))
    for message in ("a1", "b1", "c1", "d1", "c2"):  # d displaces a
        await broker.publish(message)
    assert unread(broker.subscribe(replay=3)) == ["b1", "d1", "c2"]
    await broker.publish("d2")
    assert unread(broker.subscribe(replay=3)) == ["b1", "c2", "d2"]


@in_virtual_time
async def test_a_key_that_is_not_hashable_is_told_what_to_return():
    broker = AsyncPubSub[int](history=1, key=lambda number: [number])
    with pytest.raises(TypeError) as refused:
        await broker.publish(1)
    assert str(refused.value) == (
        "key gave [1] for a message, of which nothing can be found again; let it return a string, "
        "a number or a tuple of them"
    )


@pytest.mark.parametrize("key", [None, abs])
@in_virtual_time
async def test_a_replay_may_be_of_any_number_that_the_history_may_keep(key):
    broker = AsyncPubSub[int](maxsize=10**20, history=10**20, key=key)
    await broker.publish_many(range(3))
    assert unread(broker.subscribe(replay=10**20)) == [0, 1, 2]
