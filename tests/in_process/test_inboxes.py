"""Subscribers by subject: found, not asked, and otherwise treated like all others."""

import gc
from collections.abc import Callable, Coroutine
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib import AsyncPubSub, BrokerStats, Delivery, Overflow, PubSubFull
from pubsub_lib.in_process.inbox import InboxState
from pubsub_lib.subjects import Published, subject_filter
from tests.counting import counted_steps
from tests.in_process.modelling import FilterError, examples, pick
from tests.stepping import in_virtual_time, let_all_run, unread

FEW_SUBJECTS = ("a", "a.x", "a.y", "b.x")
FEW_PATTERNS = (*FEW_SUBJECTS, "a.*", "*.x", "a.>", ">", "*")


class Pair:
    """Does everything with a broker that finds subscribers by subject, and with one that asks."""

    def __init__(self) -> None:
        self.brokers = [AsyncPubSub(maxsize=2, timeout=0) for _ in range(2)]
        self.inboxes: list[list] = [[], []]
        self.number = 0

    def subscribe(self, pattern: str | None, overflow: Overflow) -> None:
        """Let one join, who wants what matches; without a pattern, everything."""
        found = pattern and subject_filter(pattern)
        asked = pattern and (lambda message: subject_filter(pattern)(message))
        self._join(found, asked, overflow)

    def subscribe_by_another_filter(self, breaks_at: int) -> None:
        """Let one join whose filter knows nothing of subjects, and breaks at last."""

        def where(message: object) -> bool:
            number = message.message if isinstance(message, Published) else message
            if number == breaks_at:
                raise FilterError(number)
            return number % 2 == 0

        self._join(where, where, Overflow.DROP_NEWEST)

    def _join(self, found, asked, overflow: Overflow) -> None:
        name = str(len(self.inboxes[0]))
        for broker, inboxes, where in zip(self.brokers, self.inboxes, (found, asked), strict=True):
            inboxes.append(broker.subscribe(name=name, where=where, overflow=overflow))

    def close(self, index: int) -> None:
        """Let one leave."""
        for inboxes in self.inboxes:
            for inbox in pick(inboxes, index):
                inbox.close()

    def read(self, index: int) -> None:
        """Let one read all that waits."""
        for inboxes in self.inboxes:
            for inbox in pick(inboxes, index):
                inbox.empty() or inbox.get_nowait()

    async def publish(self, way: str, subjects: list[str | None]) -> None:
        """Publish something to each subject; without a subject, just so."""
        messages = []
        for subject in subjects:
            self.number += 1
            messages.append(self.number if subject is None else Published(subject, self.number))
        reports = [
            [await outcome(broker, way, message) for message in messages]
            if way != "publish_many"
            else await outcome(broker, way, messages)
            for broker in self.brokers
        ]
        assert reports[0] == reports[1]

    def compare(self) -> None:
        """Check that both brokers show the same."""
        found, asked = self.brokers
        assert found.stats == asked.stats
        assert [inbox.name for inbox in found.queues] == [inbox.name for inbox in asked.queues]
        for one, other in zip(*self.inboxes, strict=True):
            assert (one.stats, one.closed) == (other.stats, other.closed)
            assert list(one._state.messages) == list(other._state.messages)


async def outcome(broker: AsyncPubSub, way: str, message: object) -> object:
    """Publish, and return the report, with names in place of subscriptions."""
    try:
        report = getattr(broker, way)(message)
        report = report if way == "publish_nowait" else await report
    except PubSubFull as full:
        return "refused", in_names(full.delivery)
    return in_names(report)


def in_names(report) -> tuple:
    if isinstance(report, Delivery):
        return report.delivered, [inbox.name for inbox in report.missed_by]
    missed = [(number, subscription.name) for number, subscription in report.missed]
    return report.published, report.delivered, missed


overflows = st.sampled_from(list(Overflow))
operations = st.one_of(
    st.builds(
        lambda *given: partial(Pair.subscribe, pattern=given[0], overflow=given[1]),
        st.sampled_from([*FEW_PATTERNS, None]),
        overflows,
    ),
    st.builds(
        lambda at: partial(Pair.subscribe_by_another_filter, breaks_at=at), st.integers(1, 30)
    ),
    st.builds(lambda index: partial(Pair.close, index=index), st.integers(0, 7)),
    st.builds(lambda index: partial(Pair.read, index=index), st.integers(0, 7)),
    st.builds(
        lambda *given: partial(Pair.publish, way=given[0], subjects=given[1]),
        st.sampled_from(["publish", "publish_nowait", "publish_many"]),
        st.lists(st.sampled_from(FEW_SUBJECTS), min_size=1, max_size=5),
    ),
)


@examples
@given(st.lists(operations, max_size=25))
def test_who_is_found_by_subject_fares_as_one_who_is_asked(operations):
    @in_virtual_time
    async def live() -> None:
        pair = Pair()
        for operation in operations:
            if (result := operation(pair)) is not None:
                await result
            pair.compare()

    live()


@in_virtual_time
async def test_a_message_without_a_subject_reaches_nobody_who_asked_for_one():
    broker = AsyncPubSub[object]()
    by_subject, every = broker.subscribe(where=subject_filter(">")), broker.subscribe()
    assert await broker.publish("no subject") == Delivery(1)
    assert (await broker.publish_many(["no subject"])).delivered == 1
    assert not by_subject.closed
    assert (by_subject.qsize(), every.qsize()) == (0, 2)


@in_virtual_time
async def test_takers_and_those_who_missed_it_are_in_the_order_of_subscribing():
    broker = AsyncPubSub[Published[int]](maxsize=1, timeout=0)
    patterns = (">", None, "a.b", "*.b", None, "a.>", "a.b")
    inboxes = [broker.subscribe(where=pattern and subject_filter(pattern)) for pattern in patterns]
    await broker.publish(Published("a.b", 0))
    delivery = await broker.publish(Published("a.b", 1))
    assert list(delivery.missed_by) == inboxes


@in_virtual_time
async def test_a_filter_that_closes_a_taker_takes_the_message_from_it():
    def closes_the_taker(_: object) -> bool:
        taker.close()
        return True

    broker = AsyncPubSub[Published[int]]()
    taker = broker.subscribe(where=subject_filter("a"))
    closing = broker.subscribe(where=closes_the_taker)
    assert await broker.publish(Published("a", 1)) == Delivery(1)
    assert unread(closing) == [Published("a", 1)]
    assert broker.stats == BrokerStats(subscribers=1, published=1, delivered=1, dropped=0)


@in_virtual_time
async def test_one_whom_a_filter_lets_join_gets_only_later_messages():
    def lets_another_join(_: object) -> bool:
        joined.append(broker.subscribe(where=subject_filter("a")))
        return False

    joined: list = []
    broker = AsyncPubSub[Published[int]]()
    inviting = broker.subscribe(where=lets_another_join)
    for number in (1, 2):
        await broker.publish(Published("a", number))
    assert [unread(inbox) for inbox in joined] == [[Published("a", 2)], []]
    assert unread(inviting) == []


def names_of_all_who_are_kept() -> list[str]:
    gc.collect()
    return [each.name for each in gc.get_objects() if isinstance(each, InboxState)]


@pytest.mark.parametrize("where", [subject_filter("a.*"), bool, None])
@in_virtual_time
async def test_nothing_is_kept_of_a_subscriber_that_left(where):
    broker = AsyncPubSub[Published[int]]()
    staying = broker.subscribe(where=subject_filter("a.>"), name="who stays")
    leaving = broker.subscribe(where=where, name="who leaves")
    await broker.publish(Published("a.b", 1))
    leaving.close()
    del leaving
    await broker.publish(Published("a.b", 2))
    await let_all_run()
    kept = names_of_all_who_are_kept()  # those of other tests, too
    assert "who stays" in kept
    assert "who leaves" not in kept
    assert staying.qsize() == 2


# What it costs, counted and not timed.


def steps_of(call: Callable[[], object]) -> int:
    with counted_steps() as counted:
        call()
    return counted.steps


def run_to_its_end(coroutine: Coroutine) -> None:
    """Run what never has to wait."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


def a_broker_with(patterns: int) -> tuple[AsyncPubSub, list]:
    broker = AsyncPubSub[Published[int]](maxsize=1000)
    inboxes = [
        broker.subscribe(where=subject_filter(f"prices.{number}")) for number in range(patterns)
    ]
    inboxes += [broker.subscribe(where=subject_filter("prices.many.*")) for _ in range(10)]
    return broker, inboxes


WAYS = {
    "publish": lambda broker, message: run_to_its_end(broker.publish(message)),
    "publish_nowait": AsyncPubSub.publish_nowait,
    "publish_many": lambda broker, message: run_to_its_end(broker.publish_many([message] * 3)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("subject", ["news.5", "prices.5", "prices.many.5"])
@in_virtual_time
async def test_a_publish_costs_the_same_however_many_ask_for_other_subjects(way, subject):
    def steps_among(patterns: int) -> int:
        broker, _inboxes = a_broker_with(patterns)
        publish = partial(WAYS[way], broker, Published(subject, 1))
        publish()  # the first one may look more closely
        return steps_of(publish)

    assert steps_among(10) == steps_among(3_000)


@in_virtual_time
async def test_joining_and_leaving_between_publishes_cost_the_same_however_many_there_are():
    def steps_among(patterns: int) -> int:
        broker, _inboxes = a_broker_with(patterns)

        def join_publish_and_leave() -> None:
            newcomer = broker.subscribe(where=subject_filter("news.*"))
            broker.publish_nowait(Published("news.5", 1))
            newcomer.close()
            broker.publish_nowait(Published("news.5", 1))

        join_publish_and_leave()
        return steps_of(join_publish_and_leave)

    assert steps_among(10) == steps_among(3_000)
