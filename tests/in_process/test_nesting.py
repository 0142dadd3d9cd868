"""Code that a publish asks and that publishes in its turn: a few times it may, and not for ever."""

import contextlib

import pytest

from pubsub_lib import AsyncPubSub, RingPubSub
from pubsub_lib.in_process.filtered_cursor import LOOKS_AT_MOST
from pubsub_lib.in_process.nesting import NESTED_AT_MOST
from pubsub_lib.topics import Published, Topics
from tests.stepping import in_virtual_time, unread

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


def publish_now(broker, how: str, message: int, kept: list) -> None:
    """Publish without waiting, by driving the coroutine by hand if it is one."""
    if how == "publish_nowait":
        broker.publish_nowait(message)
        return
    publishing = broker.publish(message) if how == "publish" else broker.publish_many([message])
    kept.append(publishing)
    with contextlib.suppress(StopIteration):
        publishing.send(None)


@each_broker
@pytest.mark.parametrize("wanted", [False, True])
@pytest.mark.parametrize("maxsize", [2, 10_000])
@pytest.mark.parametrize("how", ["publish_nowait", "publish", "publish_many"])
@in_virtual_time
async def test_a_filter_that_publishes_whenever_it_is_asked_is_told_so_and_nothing_goes_on_for_ever(
    broker_class, wanted, maxsize, how
):
    broker = broker_class(maxsize=maxsize, timeout=0)
    kept, asked = [], []

    def publish_twice(number: int) -> bool:
        asked.append(number)
        for _ in range(2):
            publish_now(broker, how, number + 1, kept)
        return wanted

    inbox = broker.subscribe(where=publish_twice)
    broker.publish_nowait(0)
    batches = inbox.batches()
    with pytest.raises(RuntimeError, match=r"publishes whenever it is asked.*let it only"):  # noqa: PT012
        while True:
            await anext(batches)
    assert inbox.closed
    assert len(asked) <= 200
    for publishing in kept:
        publishing.close()


@each_broker
@pytest.mark.parametrize("how", ["publish_nowait", "publish_many"])
@in_virtual_time
async def test_a_filter_that_takes_no_notice_of_errors_cannot_publish_for_ever_either(
    broker_class, how
):
    broker = broker_class(maxsize=10_000, timeout=0)
    kept, asked = [], []

    def publish_twice(number: int) -> bool:
        asked.append(number)
        for _ in range(2):
            with contextlib.suppress(Exception):
                publish_now(broker, how, number + 1, kept)
        return True

    inbox = broker.subscribe(where=publish_twice)
    broker.publish_nowait(0)
    found = await anext(inbox.batches())
    assert len(asked) <= 200
    assert len(found) <= len(asked)
    assert inbox.empty()
    assert inbox.stats.received + inbox.stats.dropped == broker.stats.published


@each_broker
@pytest.mark.parametrize("read", ["one by one", "batches"])
@pytest.mark.parametrize("many", [False, True])
@in_virtual_time
async def test_a_filter_may_publish_something_about_each_of_many_messages(broker_class, many, read):
    broker = broker_class(maxsize=2_000, timeout=0)

    def double(number: int) -> bool:
        if number > 0:
            broker.publish_nowait(-number)
        return True

    inbox = broker.subscribe(where=double)
    if many:
        await broker.publish_many(range(1, 500))
    else:
        for number in range(1, 500):
            await broker.publish(number)
    if read == "batches":
        found = await anext(inbox.batches())
    else:
        found = []
        while not inbox.empty():
            found.append(await inbox.get())
    assert sorted(map(abs, found)) == [number for number in range(1, 500) for _ in range(2)]


@in_virtual_time
async def test_what_a_nested_publish_is_refused_is_not_in_the_history_either():
    broker = AsyncPubSub[int](maxsize=1_000, history=1_000)

    def publish_next(number: int) -> bool:
        with contextlib.suppress(RuntimeError):
            broker.publish_nowait(number + 1)
        return True

    inbox = broker.subscribe(where=publish_next)
    await broker.publish(0)
    newcomer = broker.subscribe(replay=1_000)
    assert sorted(unread(newcomer)) == sorted(unread(inbox))
    assert broker.stats.published == newcomer.stats.received


@pytest.mark.parametrize("errors", ["noticed", "ignored"])
@in_virtual_time
async def test_the_key_of_a_history_that_publishes_whenever_it_is_asked_is_refused(errors):
    asked = []

    def publish_twice(number: int) -> int:
        asked.append(number)
        for _ in range(2):
            with contextlib.suppress(RuntimeError if errors == "ignored" else ()):
                broker.publish_nowait(number + 1)
        return number

    broker = AsyncPubSub[int](history=10, key=publish_twice)
    if errors == "noticed":
        with pytest.raises(RuntimeError, match=r"publishes whenever it is asked.*publish later"):
            await broker.publish(0)
        assert broker.stats.published == 0
    else:
        await broker.publish(0)
    assert len(asked) <= 200


@in_virtual_time
async def test_a_filter_that_subscribes_with_itself_as_filter_comes_to_an_end():
    broker = AsyncPubSub[int](history=2)
    asked = []

    def subscribe_twice(number: int) -> bool:
        asked.append(number)
        for _ in range(2):
            with contextlib.suppress(RuntimeError):
                broker.subscribe(where=subscribe_twice, replay=1).close()
        return True

    await broker.publish(0)
    broker.subscribe(where=subscribe_twice, replay=1).close()
    assert len(asked) <= 200
    assert broker.stats.subscribers == 0


@in_virtual_time
async def test_after_a_refusal_a_broker_publishes_as_before():
    broker = AsyncPubSub[int](maxsize=1_000)

    def publish_next(number: int) -> bool:
        broker.publish_nowait(number + 1)
        return True

    broken = broker.subscribe(where=publish_next)
    inbox = broker.subscribe(where=lambda number: number < 0)
    for _ in range(3):
        await broker.publish(0)
        broken = broker.subscribe(where=publish_next)
        await broker.publish(0)
        assert broken.closed
    await broker.publish(-1)
    assert unread(inbox) == [-1]


@in_virtual_time
async def test_a_filter_over_topics_that_publishes_whenever_it_is_asked_is_told_so():
    broker = AsyncPubSub[Published[int]]()
    topics = Topics(broker)

    def publish_next(published: Published[int]) -> bool:
        publishing = topics.publish_many("a.b", [published.message + 1])
        with contextlib.suppress(StopIteration):
            publishing.send(None)
        return True

    inbox, other = broker.subscribe(where=publish_next), topics.subscribe("a.*")
    await topics.publish("a.b", 0)
    with pytest.raises(RuntimeError, match="publishes whenever it is asked"):  # noqa: PT012
        while True:
            await inbox.get()
    assert other.stats.received == broker.stats.published


@pytest.mark.parametrize("asks", ["filter", "key"])
@in_virtual_time
async def test_as_many_publishes_as_are_said_may_be_nested_and_each_time_again(asks):
    asked: list[int] = []

    def publish_next(number: int) -> int:
        asked.append(number)
        with contextlib.suppress(RuntimeError):
            broker.publish_nowait(number + 1)
        return True

    broker = AsyncPubSub[int](maxsize=1_000, history=1, key=publish_next if asks == "key" else None)
    inbox = broker.subscribe(where=publish_next if asks == "filter" else None)
    for _ in range(3):
        broker.publish_nowait(0)
        assert asked == list(range(NESTED_AT_MOST + 2))
        assert sorted(unread(inbox)) == asked
        asked.clear()


@pytest.mark.parametrize("too_often", [False, True])
@in_virtual_time
async def test_a_filter_of_a_ring_may_publish_as_often_as_is_said_about_what_came_meanwhile(
    too_often,
):
    ring = RingPubSub[int](maxsize=1_000)

    def publish_next(number: int) -> bool:
        if number < LOOKS_AT_MOST + too_often:
            ring.publish_nowait(number + 1)
        return True

    reader = ring.subscribe(where=publish_next)
    ring.publish_nowait(0)
    batch = await anext(reader.batches())
    assert batch == list(range(LOOKS_AT_MOST if too_often else LOOKS_AT_MOST + 1))
    assert reader.closed is too_often


@in_virtual_time
async def test_a_filter_of_a_ring_that_now_and_then_publishes_nothing_may_go_on():
    ring = RingPubSub[int](maxsize=2_000)

    def publish_two_or_none(number: int) -> bool:
        if number % 2 == 0 and number < 1_000:
            ring.publish_nowait(number + 1)
            ring.publish_nowait(number + 2)
        return True

    reader = ring.subscribe(where=publish_two_or_none)
    ring.publish_nowait(0)
    assert await anext(reader.batches()) == list(range(1_001))


@in_virtual_time
async def test_each_read_of_a_ring_begins_to_count_anew_what_its_filter_publishes():
    ring = RingPubSub[int](maxsize=1_000)
    every = LOOKS_AT_MOST * 2 // 3

    def publish_next(number: int) -> bool:
        ring.publish_nowait(number + 1)
        return number % every == 0

    reader = ring.subscribe(where=publish_next)
    ring.publish_nowait(1)
    assert [await reader.get() for _ in range(4)] == [every * each for each in range(1, 5)]


@in_virtual_time
async def test_a_filter_that_publishes_as_its_reader_is_overtaken_is_asked_once_of_each_message():
    ring = RingPubSub[int](maxsize=2, timeout=0)
    asked: list[int] = []

    def publish_more(number: int) -> bool:
        asked.append(number)
        ring.publish_nowait(10 + number)
        return True

    reader = ring.subscribe(where=publish_more)
    await ring.publish_many([0, 1])
    ring.publish_nowait(2)
    assert len(asked) == len(set(asked)) <= 2
    stats = reader.stats
    assert stats.received + stats.dropped == ring.stats.published == 3 + len(asked)


@in_virtual_time
async def test_what_publishes_whenever_it_is_asked_is_told_what_to_do():
    ring, broker = RingPubSub[int](maxsize=1_000), AsyncPubSub[int]()
    reader = ring.subscribe(where=lambda number: not ring.publish_nowait(number + 1))
    inbox = broker.subscribe(where=lambda number: not broker.publish_nowait(number + 1))
    ring.publish_nowait(0)
    broker.publish_nowait(0)
    for read, says in (
        (
            reader.get,
            "the filter of this subscription publishes whenever it is asked, so that its reader "
            "never comes to an end; let it only say what is wanted",
        ),
        (
            inbox.get,
            "a filter or key publishes whenever it is asked; let it only answer, and publish later",
        ),
    ):
        with pytest.raises(RuntimeError) as raised:
            await read()
        assert str(raised.value) == says
