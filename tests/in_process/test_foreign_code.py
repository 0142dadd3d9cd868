"""Code of others at an unlucky moment: filters, comparisons, finalizers of messages, log handlers.

Whatever such code does to the broker that runs it, state is whole, nobody is left waiting, and
nothing is lost uncounted.
"""

import asyncio
import contextlib
import gc
import logging

import pytest

from pubsub_lib import (
    AsyncPubSub,
    Deliveries,
    Delivery,
    Disconnected,
    Lagged,
    Overflow,
    PubSubClosed,
    PubSubFull,
    RingPubSub,
    ShutdownReport,
)
from tests.stepping import in_virtual_time, let_all_run, now, start, unread

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


async def read_on(subscription) -> list:
    """Read to the end; what is raised on the way counts as read."""
    found: list[object] = []
    while True:
        try:
            message = await subscription.get()
        except Exception as error:
            found.append(type(error))
            continue
        if message is None:
            return found
        found.append(message)
        subscription.task_done()


# Filters.


class FilterError(Exception):
    """What a broken filter raises."""


def refuse_three(number: int) -> bool:
    if number == 3:
        raise FilterError
    return True


@each_broker
@in_virtual_time
async def test_what_comes_before_the_message_a_filter_raises_on_is_read_as_if_published_alone(
    broker_class,
):
    alone, together = broker_class(), broker_class()
    one, other = alone.subscribe(where=refuse_three), together.subscribe(where=refuse_three)
    for number in range(5):
        await alone.publish(number)
    await together.publish_many(range(5))
    await alone.shutdown(timeout=0)
    await together.shutdown(timeout=0)
    assert await read_on(other) == await read_on(one) == [0, 1, 2, FilterError]
    assert alone.stats == together.stats


@in_virtual_time
async def test_a_filter_that_raises_on_one_of_many_is_not_asked_again():
    asked = []

    def refuse_the_first(number: int) -> bool:
        asked.append(number)
        raise FilterError(number)

    broker = AsyncPubSub[int]()
    inbox = broker.subscribe(where=refuse_the_first)
    assert await broker.publish_many(range(5)) == Deliveries(5, 0)
    with pytest.raises(FilterError, match="0"):
        await inbox.get()
    assert asked == [0]


@in_virtual_time
async def test_a_filter_that_raises_on_one_of_many_releases_those_that_found_no_room():
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    broken, other = broker.subscribe(where=refuse_three), broker.subscribe(maxsize=9)
    assert await broker.publish_many(range(5)) == Deliveries(5, 6)
    assert await read_on(broken) == [0, FilterError]
    assert unread(other) == [0, 1, 2, 3, 4]
    assert now() == 0.0


class Answer:
    """What a filter may return instead of a truth value."""

    def __init__(self, ask) -> None:
        self.ask = ask

    def __bool__(self) -> bool:
        self.ask()
        return True


@each_broker
@pytest.mark.parametrize("what", ["close", "read", "publish", "shutdown"])
@in_virtual_time
async def test_a_filters_answer_may_do_anything_when_it_is_asked_for_its_truth(broker_class, what):
    broker = broker_class(maxsize=2, timeout=0)
    done = []

    def ask() -> None:
        if done:
            return
        done.append(True)
        if what == "close":
            inbox.close()
        elif what == "read":
            with contextlib.suppress(asyncio.QueueEmpty):
                done.append(inbox.get_nowait())
        elif what == "publish":
            for number in (10, 11, 12):
                broker.publish_nowait(number)
        else:
            inbox.shutdown()

    inbox = broker.subscribe(where=lambda number: Answer(ask))
    await broker.publish_many([0, 1])
    await broker.shutdown(timeout=0)
    found = await read_on(inbox)
    read = [each for each in (*done[1:], *found) if isinstance(each, int)]
    assert len(set(read)) == len(read)
    stats = inbox.stats
    assert stats.depth == 0
    assert stats.received >= len(read)
    assert inbox.unfinished <= len(done[1:])


@in_virtual_time
async def test_a_filter_that_lets_its_own_reader_be_overtaken_loses_no_part_of_a_batch():
    ring = RingPubSub[int](maxsize=2, timeout=0)

    def publish_meanwhile(number: int) -> bool:
        if number == 1 and ring.stats.published == 2:
            for later in (10, 11, 12):
                ring.publish_nowait(later)
        return True

    reader = ring.subscribe(where=publish_meanwhile)
    await ring.publish_many([0, 1])
    found: list[object] = []
    batches = reader.batches()
    while ring.stats.published < 5 or not reader.empty():
        try:
            found.append(await anext(batches))
        except Lagged as lagged:
            found.append(lagged.missed)
    await ring.shutdown(timeout=0)
    assert found[0] == [0]
    read = [number for batch in found if isinstance(batch, list) for number in batch]
    missed = sum(each for each in found if isinstance(each, int))
    assert len(read) + missed == ring.stats.published == 5


@pytest.mark.parametrize("how", ["get", "get_nowait", "iterate", "batches"])
@in_virtual_time
async def test_who_is_overtaken_by_its_filter_and_wants_nothing_more_is_told_what_it_missed(how):
    ring = RingPubSub[int](maxsize=2, timeout=0)

    def publish_meanwhile(number: int) -> bool:
        if ring.stats.published == 2:
            ring.publish_nowait(2)
        return number == 0

    async def take_at_once() -> int | None:
        return reader.get_nowait()

    reader = ring.subscribe(where=publish_meanwhile)
    await ring.publish_many([0, 1])
    take = {
        "get": reader.get,
        "get_nowait": take_at_once,
        "iterate": lambda: anext(aiter(reader)),
        "batches": lambda: anext(reader.batches()),
    }
    with pytest.raises(Lagged) as lagged:
        await take[how]()
    assert lagged.value.missed == 1
    assert reader.empty()


@in_virtual_time
async def test_what_a_filter_lets_in_as_the_broker_gives_up_what_waits_is_not_missed_as_well():
    ring = RingPubSub[int](maxsize=2, timeout=None)

    def make_room(number: int) -> bool:
        if number == 2 and ring.closed:
            for slow in others:
                slow.close()
        return True

    reader = ring.subscribe(where=make_room)
    others = [ring.subscribe()]
    publishing = start(ring.publish_many(range(5)))
    await let_all_run()
    assert [reader.get_nowait() for _ in range(2)] == [0, 1]
    await ring.shutdown(timeout=1)
    deliveries = await publishing
    missed = [number for number, subscription in deliveries.missed if subscription == reader]
    assert unread(reader) + missed == [2, 3, 4]
    assert reader.stats.received + reader.stats.dropped == ring.stats.published == 5


@in_virtual_time
async def test_a_filter_that_publishes_whenever_it_is_asked_is_told_so_and_holds_up_nobody():
    ring = RingPubSub[int](maxsize=2, timeout=0)

    def publish_more(number: int) -> bool:
        ring.publish_nowait(number + 1)
        return True

    reader, other = ring.subscribe(where=publish_more), ring.subscribe()
    await ring.publish_many([0, 1])
    with pytest.raises(RuntimeError, match="publishes whenever it is asked"):
        reader.get_nowait()
    assert reader.closed
    for stats in (reader.stats, other.stats):
        assert stats.received + stats.dropped == ring.stats.published


@each_broker
@in_virtual_time
async def test_a_message_taken_while_a_filter_closes_the_subscription_is_waited_for_by_nobody(
    broker_class,
):
    broker = broker_class(maxsize=4, timeout=0)

    def close_at_two(number: int) -> bool:
        if number == 2:
            reader.close()
        return True

    reader = broker.subscribe(where=close_at_two)
    await broker.publish_many(range(2))
    await broker.publish(2)
    batch = [each async for each in reader.batches()]
    assert len(batch) <= 1
    assert reader.unfinished == 0
    await asyncio.wait_for(reader.join(), 1)
    assert await broker.shutdown() == ShutdownReport(0, 0)
    assert now() == 0.0


@pytest.mark.parametrize("many", [False, True])
@in_virtual_time
async def test_an_interrupt_in_a_filter_reaches_nobody_and_is_not_counted_as_published(many):
    broker = AsyncPubSub[int]()

    def interrupt(number: int) -> bool:
        raise KeyboardInterrupt

    inboxes = broker.subscribe(), broker.subscribe(where=interrupt)
    with pytest.raises(KeyboardInterrupt):
        await (broker.publish_many([1]) if many else broker.publish(1))
    assert broker.stats.published == 0
    assert [inbox.qsize() for inbox in inboxes] == [0, 0]


@each_broker
@pytest.mark.parametrize(
    "error", [StopIteration, StopAsyncIteration, GeneratorExit, asyncio.CancelledError]
)
@pytest.mark.parametrize("how", ["get", "get_nowait", "iterate", "batches"])
@in_virtual_time
async def test_an_error_that_steers_coroutines_reaches_the_reader_as_the_cause(
    broker_class, error, how
):
    def steer(number: int) -> bool:
        raise error("steered")

    broker = broker_class()
    inbox = broker.subscribe(where=steer)
    await broker.publish(0)
    with pytest.raises(RuntimeError, match=f"{error.__name__}.*steered") as raised:  # noqa: PT012
        if how == "get":
            await inbox.get()
        elif how == "get_nowait":
            inbox.get_nowait()
        elif how == "iterate":
            await anext(aiter(inbox))
        else:
            await anext(inbox.batches())
    assert type(raised.value.__cause__) is error
    assert await inbox.get() is None
    assert error.__name__ in inbox.closed_because


class Unspeakable(Exception):
    """An error whose text is one, too."""

    def __str__(self) -> str:
        raise FilterError

    __repr__ = __str__


class UnspeakableStop(Unspeakable, StopIteration):
    """The same, of an error that steers coroutines."""


@each_broker
@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("error", [Unspeakable, UnspeakableStop])
@in_virtual_time
async def test_a_filters_error_that_cannot_be_shown_reaches_its_reader_and_nobody_else(
    broker_class, many, error
):
    def refuse(number: int) -> bool:
        raise error

    broker = broker_class()
    refusing, other = broker.subscribe(where=refuse), broker.subscribe()
    reading = start(refusing.get())
    await let_all_run()
    await (broker.publish_many([1]) if many else broker.publish(1))
    with pytest.raises((error, RuntimeError)) as raised:
        await reading
    assert error in (type(raised.value), type(raised.value.__cause__))
    assert refusing.closed_because == f"{error.__name__}, whose text raised FilterError"
    assert unread(other) == [1]


# Handlers of a log.


class RaisingHandler(logging.Handler):
    """Raises whatever is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        raise FilterError


@pytest.mark.parametrize("wait", [False, True])
@in_virtual_time
async def test_a_log_that_raises_leaves_no_publisher_waiting_and_is_none_of_its_errors(
    wait, request
):
    handler = RaisingHandler()
    logging.getLogger("pubsub_lib").addHandler(handler)
    request.addfinalizer(lambda: logging.getLogger("pubsub_lib").removeHandler(handler))
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # it would be logged
    broker = AsyncPubSub[int](maxsize=1, overflow=Overflow.DISCONNECT)
    inboxes = tuple(broker.subscribe() for _ in range(2))
    await broker.publish(0)
    delivery = await broker.publish(1) if wait else broker.publish_nowait(1)
    assert delivery == Delivery(0, inboxes)
    assert broker.stats.subscribers == 0


class PublishingHandler(logging.Handler):
    """Publishes what is logged, to whom the log is about."""

    def __init__(self, broker) -> None:
        super().__init__()
        self.broker = broker
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        with contextlib.suppress(PubSubFull, PubSubClosed):
            self.broker.publish_nowait(record.getMessage())


@each_broker
@pytest.mark.parametrize("overflow", Overflow)
@pytest.mark.parametrize("many", [False, True])
@in_virtual_time
async def test_a_log_that_is_published_to_those_whom_it_is_about_ends(
    broker_class, overflow, many, request
):
    options = {"overflow": overflow} if broker_class is AsyncPubSub else {}
    broker = broker_class(maxsize=2, timeout=0, **options)
    inbox = broker.subscribe()
    handler = PublishingHandler(broker)
    logging.getLogger("pubsub_lib").addHandler(handler)
    request.addfinalizer(lambda: logging.getLogger("pubsub_lib").removeHandler(handler))
    for number in range(0, 10, 5):
        with contextlib.suppress(PubSubFull):
            if many:
                await broker.publish_many(range(number, number + 5))
            else:
                for each in range(number, number + 5):
                    await broker.publish(each)
        await let_all_run()
    await broker.shutdown(timeout=0)
    assert 1 <= len(handler.lines) <= 3
    stats = inbox.stats
    assert stats.depth <= 2
    if overflow is not Overflow.DISCONNECT:
        assert stats.received + stats.dropped == broker.stats.published
    await read_on(inbox)


@each_broker
@in_virtual_time
async def test_every_loss_is_in_the_log_once_the_broker_is_shut_down(broker_class, caplog):
    broker = broker_class(maxsize=1, timeout=0)
    inbox = broker.subscribe()
    for number in range(100):
        await broker.publish(number)
        await let_all_run()
    await broker.shutdown(timeout=0)
    await let_all_run()
    lines = [r.args for r in caplog.records if r.name == "pubsub_lib.in_process.losses"]
    assert sum(count for _, count in lines) == inbox.stats.dropped == 99
    assert len(lines) == 2


# Messages that do something when they are freed.


class Dying:
    """A message that does something when it is freed."""

    def __init__(self, number: int, last_words) -> None:
        self.number = number
        self.last_words = last_words

    def __del__(self) -> None:
        self.last_words(self.number)


@each_broker
@pytest.mark.parametrize("policy", [Overflow.DROP_NEWEST, Overflow.DROP_OLDEST])
@in_virtual_time
async def test_messages_that_publish_when_they_are_freed_find_state_whole(broker_class, policy):
    options = {"overflow": policy} if broker_class is AsyncPubSub else {}
    broker = broker_class(maxsize=3, timeout=0, **options)
    inbox = broker.subscribe()
    errors, freed = [], []

    def publish(number: int) -> None:
        freed.append(number)
        try:
            if number < 100:
                stats = inbox.stats
                assert stats.depth == inbox.qsize() <= 3
                # One may be in line, of a publish that waits.
                accounted = stats.received + stats.dropped
                assert accounted <= broker.stats.published <= accounted + 1
                broker.publish_nowait(Dying(number + 100, publish))
        except Exception as error:
            errors.append(error)

    read = []
    messages = aiter(inbox)
    for number in range(40):
        await broker.publish(Dying(number, publish))
        if number % 3 == 2:
            with contextlib.suppress(Lagged):
                read.append((await anext(messages)).number)
            with contextlib.suppress(Lagged):
                read.append((await anext(messages)).number)
            assert inbox.qsize() <= 3
    assert not errors
    assert len(set(read)) == len(read)
    stats = inbox.stats
    assert stats.received + stats.dropped == broker.stats.published
    assert stats.high_water_mark <= 3
    await broker.shutdown(timeout=0)
    inbox.close()


# For the ring as many as let it delete what was read.
@pytest.mark.parametrize(("broker_class", "more"), [(AsyncPubSub, 1), (RingPubSub, 3)])
@pytest.mark.parametrize("how", ["one", "all"])
@in_virtual_time
async def test_who_reads_when_what_was_read_is_freed_gets_what_comes_then(broker_class, more, how):
    broker, found = broker_class(maxsize=4, timeout=0), []
    inbox = broker.subscribe()

    def read(number: int) -> None:
        if number == 3 and how == "one":
            found.append(inbox.get_nowait().number)
        elif number == 3:
            found.append(inbox.qsize())

    await broker.publish_many([Dying(number, read) for number in range(2)])
    assert [inbox.get_nowait().number for _ in range(2)] == [0, 1]
    await broker.publish_many([Dying(number, read) for number in range(2, 6)])
    messages = aiter(inbox)
    assert [(await anext(messages)).number for _ in range(3)] == [2, 3, 4]
    for number in range(6, 6 + more):
        await broker.publish(Dying(number, read))
    assert not found  # those that were not read yet are in hand, and keep the others alive
    if how == "one":
        assert inbox.get_nowait().number == 5
        assert found == [6]
    else:
        assert [message.number for message in await anext(inbox.batches())][:2] == [5, 6]
        assert found == [0]
    await broker.shutdown(timeout=0)


@pytest.mark.parametrize("what", ["close", "shutdown", "read", "subscribe", "publish"])
@pytest.mark.parametrize("how", ["iterate", "get", "batches", "publish", "put", "close"])
@each_broker
@in_virtual_time
async def test_what_a_freed_message_does_leaves_counts_whole(broker_class, what, how):
    options = {"overflow": Overflow.DROP_OLDEST} if broker_class is AsyncPubSub else {}
    broker = broker_class(maxsize=3, timeout=0, **options)
    inbox = broker.subscribe()
    errors, others, armed = [], [], [False]

    def act(number: int) -> None:
        if not armed[0]:
            return
        try:
            if what == "close":
                inbox.close()
            elif what == "shutdown":
                inbox.shutdown()
            elif what == "read":
                with contextlib.suppress(asyncio.QueueEmpty, Lagged):
                    inbox.get_nowait()
            elif what == "subscribe":
                if len(others) < 50:
                    others.append(broker.subscribe())
            elif number < 100:
                broker.publish_nowait(Dying(number + 100, act))
        except Exception as error:
            errors.append(error)

    messages = aiter(inbox)
    await broker.publish_many([Dying(number, act) for number in range(3)])
    await anext(messages)
    await anext(messages)
    armed[0] = True
    await broker.publish_many([Dying(number, act) for number in range(3, 6)])
    for number in range(6, 16):
        await broker.publish(Dying(number, act))
        try:
            if how == "iterate" and (inbox.qsize() or inbox.closed):
                await anext(messages)
            elif how == "get":
                inbox.get_nowait()
            elif how == "batches":
                if inbox.qsize():
                    await anext(inbox.batches())
            elif how == "put" and broker_class is AsyncPubSub:
                inbox.put_nowait(Dying(number + 50, act))
            elif how == "close" and number == 12:
                inbox.close()
        except (Lagged, StopAsyncIteration, asyncio.QueueEmpty, asyncio.QueueFull):
            pass
        except RuntimeError:
            assert inbox.closed
        assert inbox.qsize() <= 3
    assert not errors
    stats = inbox.stats
    assert stats.high_water_mark <= 3
    if what in ("read", "publish", "subscribe") and how not in ("put", "close"):
        assert stats.received + stats.dropped == broker.stats.published
    armed[0] = False
    for each in others:
        each.close()
    del messages
    gc.collect()
    await let_all_run()
    inbox.close()
    assert inbox.unfinished == 0
    await asyncio.wait_for(inbox.join(), 1)
    assert await broker.shutdown() == ShutdownReport(0, 0)
    assert broker.stats.subscribers == 0


# Messages that cannot be compared, hashed, or asked for their truth.


class Untouchable:
    """A message that minds everything that can be done to it."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    def __hash__(self) -> int:
        raise AssertionError("hashed")

    def __bool__(self) -> bool:
        raise AssertionError("asked for its truth")

    def __len__(self) -> int:
        raise AssertionError("measured")

    def __repr__(self) -> str:
        raise AssertionError("shown")


@each_broker
@pytest.mark.parametrize("how", ["get", "get_nowait", "iterate", "batches", "cancel", "withdraw"])
@in_virtual_time
async def test_a_message_is_never_compared_hashed_shown_or_asked_for_its_truth(broker_class, how):
    broker = broker_class(maxsize=2, timeout=1)
    inbox = broker.subscribe(where=lambda message: True)
    publishing = start(broker.publish_many([Untouchable() for _ in range(5)]))
    await let_all_run()
    if how == "cancel":
        publishing.cancel()
        await asyncio.wait([publishing])
    elif how == "withdraw" and broker_class is AsyncPubSub:
        putting = start(inbox.put(Untouchable()))
        await let_all_run()
        inbox.get_nowait()
        putting.cancel()
    while inbox.qsize():
        if how == "get":
            await inbox.get()
        elif how == "iterate":
            await anext(aiter(inbox))
        elif how == "batches":
            await anext(inbox.batches())
        else:
            inbox.get_nowait()
        await let_all_run()
    inbox.close()
    await asyncio.wait([publishing])
    await broker.shutdown(timeout=0)


# A reader that is cut off.


@pytest.mark.parametrize("how", ["get", "get_nowait", "iterate", "batches"])
@in_virtual_time
async def test_who_is_cut_off_gets_what_it_has_then_the_reason_once_then_the_end(how):
    broker = AsyncPubSub[int](maxsize=2, timeout=0, overflow=Overflow.DISCONNECT)
    inbox = broker.subscribe()
    assert inbox.closed_because == ""
    await broker.publish_many(range(5))
    found: list[object] = []
    messages, batches = aiter(inbox), inbox.batches()
    for _ in range(5):
        try:
            if how == "get":
                found.append(await inbox.get())
            elif how == "get_nowait":
                found.append(inbox.get_nowait())
            elif how == "iterate":
                found.append(await anext(messages))
            else:
                found += await anext(batches)
        except Disconnected as error:
            found.append(error.missed)
        except StopAsyncIteration:
            found.append(None)
    assert found[:5] == [0, 1, 3, None, None]
    assert inbox.closed_because.startswith("Disconnected: this subscriber was too slow")


@each_broker
@in_virtual_time
async def test_why_a_subscription_ended_can_be_asked(broker_class):
    broker = broker_class()
    closed, left, ended = (broker.subscribe() for _ in range(3))
    closed.close()
    left.shutdown()
    await broker.shutdown(timeout=0)
    assert [each.closed_because for each in (closed, left, ended)] == [
        "it was closed by its reader",
        "its reader has shut it down",
        "the broker was shut down",
    ]


@each_broker
@in_virtual_time
async def test_deliveries_are_the_same_as_the_sum_of_single_ones(broker_class):
    broker = broker_class()
    assert await broker.publish_many(range(4)) == Deliveries(4, 0)
    inboxes = [broker.subscribe() for _ in range(3)]
    assert await broker.publish(0) == Delivery(3)
    assert await broker.publish_many(range(4)) == Deliveries(4, 12)
    assert [unread(inbox) for inbox in inboxes] == [[0, 0, 1, 2, 3]] * 3
