"""Handlers under one TaskGroup: one that fails is reported, and the others do not notice."""

import asyncio
import functools
import gc
import logging
import warnings

import pytest

from pubsub_lib import (
    AsyncPubSub,
    Delivery,
    Disconnected,
    Failure,
    HandlerGroup,
    Lagged,
    Overflow,
    PubSubClosed,
    RingPubSub,
    ShutdownReport,
)
from tests.stepping import free_what_others_left, in_virtual_time, let_all_run, now, start

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


class Recorder:
    """A handler that keeps what it was given, and raises on what it is told to."""

    def __init__(self, *bad: object, error: type[BaseException] = ValueError) -> None:
        self.handled = []
        self.bad = bad
        self.error = error

    async def __call__(self, message: object) -> None:
        if message in self.bad:
            raise self.error(message)
        self.handled.append(message)


async def publish_all(broker, messages) -> None:
    for message in messages:
        await broker.publish(message)
    await broker.shutdown()


# Handling.


@each_broker
@in_virtual_time
async def test_every_handler_gets_every_message_that_comes_after_it_was_added(broker_class):
    broker = broker_class()
    early, late = Recorder(), Recorder()
    async with HandlerGroup(broker) as handlers:
        first = handlers.add(early)
        await broker.publish(0)
        second = handlers.add(late)
        await publish_all(broker, [1, 2])
    assert (early.handled, late.handled) == ([0, 1, 2], [1, 2])
    assert (first.handled, first.failed) == (3, 0)
    assert (second.handled, second.failed) == (2, 0)


@each_broker
@in_virtual_time
async def test_a_handler_may_want_only_some_messages(broker_class):
    broker = broker_class()
    even = Recorder()
    async with HandlerGroup(broker) as handlers:
        handler = handlers.add(even, where=lambda number: number % 2 == 0)
        await publish_all(broker, range(5))
    assert even.handled == [0, 2, 4]
    assert handler.handled == 3


@in_virtual_time
async def test_a_handler_takes_its_messages_one_after_another():
    times = []

    async def handle(message: int) -> None:
        await asyncio.sleep(1)
        times.append(now())

    broker = AsyncPubSub[int]()
    async with HandlerGroup(broker) as handlers:
        handlers.add(handle)
        await publish_all(broker, range(3))
    assert times == [1.0, 2.0, 3.0]


async def handle_nothing(message: object) -> None:
    pass


@in_virtual_time
async def test_a_handler_is_called_by_its_own_name_or_the_one_it_is_given():
    broker = AsyncPubSub[int]()
    async with HandlerGroup(broker) as handlers:
        added = [
            handlers.add(handle_nothing),
            handlers.add(handle_nothing, name="ada"),
            handlers.add(Recorder()),
            handlers.add(functools.partial(handle_nothing)),
        ]
        assert [handler.name for handler in added] == [
            "handle_nothing",
            "ada",
            "Recorder",
            "partial",
        ]
        assert [inbox.name for inbox in broker.queues] == [handler.name for handler in added]
        tasks = {task.get_name() for task in asyncio.all_tasks()}
        assert "handler ada" in tasks
        await broker.shutdown()


# Failing.


@each_broker
@in_virtual_time
async def test_one_that_raises_is_counted_and_reported_and_goes_on_and_so_do_the_others(
    broker_class,
):
    broker = broker_class()
    buggy, sound = Recorder(1, 3), Recorder()
    failures = []
    async with HandlerGroup(broker, report=failures.append) as handlers:
        first, second = handlers.add(buggy, name="buggy"), handlers.add(sound)
        await publish_all(broker, range(5))
    assert (buggy.handled, sound.handled) == ([0, 2, 4], [0, 1, 2, 3, 4])
    assert (first.handled, first.failed) == (3, 2)
    assert (second.handled, second.failed) == (5, 0)
    assert [(each.handler, each.message, repr(each.error)) for each in failures] == [
        ("buggy", 1, "ValueError(1)"),
        ("buggy", 3, "ValueError(3)"),
    ]


@in_virtual_time
async def test_a_message_that_a_handler_raised_on_counts_as_done():
    broker = AsyncPubSub[int]()
    async with HandlerGroup(broker, report=lambda failure: None) as handlers:
        handlers.add(Recorder(0))
        await broker.publish(0)
        assert await broker.shutdown() == ShutdownReport(0, 0)
    assert now() == 0.0


@in_virtual_time
async def test_failures_are_logged_with_their_traceback_unless_told_otherwise(caplog):
    broker = AsyncPubSub[int]()
    async with HandlerGroup(broker) as handlers:
        handlers.add(Recorder(7), name="ada")
        await publish_all(broker, [7])
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("pubsub_lib.handlers", logging.ERROR)
    assert record.getMessage() == "handler ada failed on 7"
    assert repr(record.exc_info[1]) == "ValueError(7)"
    assert record.exc_info[2] is not None


class Unspeakable:
    """A message that cannot be shown."""

    def __repr__(self) -> str:
        raise LookupError


@in_virtual_time
async def test_a_failure_on_a_message_that_cannot_be_shown_is_logged_all_the_same(caplog):
    broker = AsyncPubSub[object]()
    async with HandlerGroup(broker) as handlers:
        handlers.add(Recorder(message := Unspeakable(), error=KeyError), name="ada")
        await publish_all(broker, [message])
    assert caplog.messages == ["handler ada failed on a Unspeakable whose repr raised LookupError"]


@pytest.mark.parametrize("report", [None, "print", Recorder()])
def test_what_cannot_be_called_at_once_with_a_failure_is_refused_as_a_report(report):
    with pytest.raises(TypeError, match=r"^report is a function of one Failure, called at once"):
        HandlerGroup(AsyncPubSub[int](), report=report)


@pytest.mark.parametrize("error", [asyncio.CancelledError, TimeoutError, KeyError])
@in_virtual_time
async def test_it_makes_no_difference_what_a_handler_raises(error):
    broker = AsyncPubSub[int]()
    buggy = Recorder(0, error=error)
    failures = []
    async with HandlerGroup(broker, report=failures.append) as handlers:
        handler = handlers.add(buggy)
        await publish_all(broker, range(3))
    assert buggy.handled == [1, 2]
    assert (handler.handled, handler.failed) == (2, 1)
    assert error in (type(failures[0].error), type(failures[0].error.__cause__))


@in_virtual_time
async def test_a_handler_that_awaits_a_task_which_is_cancelled_goes_on():
    broker = AsyncPubSub[int]()
    helper = start(asyncio.sleep(60))
    failures = []

    async def handle(message: int) -> None:
        if message == 0:
            await helper

    async with HandlerGroup(broker, report=failures.append) as handlers:
        handler = handlers.add(handle)
        await broker.publish(0)
        await let_all_run()
        helper.cancel()
        await let_all_run()
        await publish_all(broker, [1, 2])
    assert (handler.handled, handler.failed) == (2, 1)
    assert str(failures[0].error) == "something that the handler awaits was cancelled"


@in_virtual_time
async def test_one_that_is_too_slow_for_a_ring_is_reported_and_goes_on_and_so_do_the_others():
    broker = RingPubSub[int](maxsize=2, timeout=0)
    quick, failures = Recorder(), []

    async def slow(message: int) -> None:
        await asyncio.sleep(1)

    async with HandlerGroup(broker, report=failures.append) as handlers:
        overtaken = handlers.add(slow)
        handlers.add(quick)
        for number in range(6):
            await broker.publish(number)
            await let_all_run()
        await broker.shutdown()
    assert quick.handled == [0, 1, 2, 3, 4, 5]
    (failure,) = failures
    assert (failure.handler, failure.message) == ("slow", None)
    assert isinstance(failure.error, Lagged)
    assert overtaken.failed == 1
    assert overtaken.handled + failure.error.missed == 6


@each_broker
@in_virtual_time
async def test_one_whose_filter_raises_is_reported_and_ends_and_the_others_go_on(broker_class):
    def refuse_one(number: int) -> bool:
        if number == 1:
            raise ValueError("one!")
        return True

    broker = broker_class()
    picky, other = Recorder(), Recorder()
    failures = []
    async with HandlerGroup(broker, report=failures.append) as handlers:
        ended = handlers.add(picky, name="picky", where=refuse_one)
        handlers.add(other)
        for number in range(3):
            await broker.publish(number)
            await let_all_run()
        await broker.shutdown()
    assert (picky.handled, other.handled) == ([0], [0, 1, 2])
    assert (ended.handled, ended.failed) == (1, 1)
    (failure,) = failures
    assert (failure.handler, failure.message, str(failure.error)) == ("picky", None, "one!")


@in_virtual_time
async def test_what_the_report_itself_raises_stops_all_and_is_not_hidden():
    def report(failure: Failure) -> None:
        raise OSError("no log")

    async def run(broker) -> None:
        async with HandlerGroup(broker, report=report) as handlers:
            handlers.add(Recorder(0))
            handlers.add(Recorder())
            await broker.publish(0)
            await asyncio.sleep(60)

    broker = AsyncPubSub[int]()
    with pytest.raises(ExceptionGroup) as raised:
        await run(broker)
    assert now() == 0.0
    assert [str(error) for error in raised.value.exceptions] == ["no log"]
    assert broker.stats.subscribers == 0


# Stopping all.


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
@in_virtual_time
async def test_the_caller_may_have_one_failure_stop_all(error):
    added = []
    failures = []
    buggy, other = Recorder(1, error=error), Recorder()

    async def run(broker) -> None:
        async with HandlerGroup(broker, report=failures.append, stop_all=True) as handlers:
            added.extend(handlers.add(recorder) for recorder in (buggy, other))
            for number in range(5):
                await broker.publish(number)
                await asyncio.sleep(1)

    broker = AsyncPubSub[int]()
    with pytest.raises(ExceptionGroup) as raised:
        await run(broker)
    assert now() == 1.0
    assert list(raised.value.exceptions) == [failures[0].error]
    assert (added[0].handled, added[0].failed) == (1, 1)
    assert other.handled in ([0], [0, 1])
    assert broker.stats.subscribers == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


# Ending.


@in_virtual_time
async def test_the_block_ends_when_the_broker_is_shut_down_and_everything_is_handled():
    broker = AsyncPubSub[int]()
    handled = []

    async def handle(message: int) -> None:
        await asyncio.sleep(2)
        handled.append(message)

    async with HandlerGroup(broker) as handlers:
        handlers.add(handle)
        await broker.publish(0)
        await broker.publish(1)
        asyncio.get_running_loop().call_later(1, start, broker.shutdown())
    assert handled == [0, 1]
    assert now() == 4.0


@each_broker
@in_virtual_time
async def test_a_group_inside_a_broker_ends_with_it(broker_class):
    broker = broker_class()
    recorder = Recorder()
    async with HandlerGroup(broker) as handlers, broker:
        handlers.add(recorder)
        for number in range(3):
            await broker.publish(number)
    assert recorder.handled == [0, 1, 2]
    assert broker.closed


@each_broker
@in_virtual_time
async def test_closing_its_subscription_ends_one_handler_alone(broker_class):
    broker = broker_class()
    one, other = Recorder(), Recorder()
    async with HandlerGroup(broker) as handlers:
        closing = handlers.add(one)
        handlers.add(other)
        await broker.publish(0)
        await let_all_run()
        closing.subscription.close()
        await publish_all(broker, [1])
    assert (one.handled, other.handled) == ([0], [0, 1])


@in_virtual_time
async def test_a_group_without_handlers_ends_at_once():
    async with HandlerGroup(AsyncPubSub[int]()):
        pass
    assert now() == 0.0


@each_broker
@in_virtual_time
async def test_an_error_in_the_block_cancels_all_handlers_and_their_subscriptions_end(broker_class):
    added = []

    async def run(broker) -> None:
        async with HandlerGroup(broker) as handlers:
            added.append(handlers.add(handle_nothing))
            await let_all_run()
            added.append(handlers.add(handle_nothing))  # which has not started when it is cancelled
            raise ZeroDivisionError

    broker = broker_class()
    with pytest.raises(ExceptionGroup) as raised:
        await run(broker)
    assert [type(error) for error in raised.value.exceptions] == [ZeroDivisionError]
    assert [handler.subscription.closed for handler in added] == [True, True]
    assert broker.stats.subscribers == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}
    await broker.shutdown()


@each_broker
@in_virtual_time
async def test_cancelling_the_block_cancels_all_handlers_in_the_middle_of_their_work(broker_class):
    broker = broker_class()
    cancelled = []

    async def handle(message: int) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(message)
            raise

    async def run() -> None:
        async with HandlerGroup(broker) as handlers:
            handlers.add(handle)
            handlers.add(handle)
            await broker.publish(0)

    running = start(run())
    await asyncio.sleep(1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert cancelled == [0, 0]
    assert broker.stats.subscribers == 0
    await broker.shutdown()
    assert now() == 1.0


# Adding what cannot be added.


def handle_at_once(message: object) -> None:
    pass


@pytest.mark.parametrize("handle", [handle_at_once, print, Recorder, "handle_nothing", None])
@in_virtual_time
async def test_what_is_no_coroutine_function_is_refused_and_does_not_subscribe(handle):
    broker = AsyncPubSub[int]()
    async with HandlerGroup(broker) as handlers:
        with pytest.raises(
            TypeError,
            match=r"^a handler is a coroutine function of one message, as `async def`",
        ):
            handlers.add(handle)
        assert broker.stats.subscribers == 0


@each_broker
@in_virtual_time
async def test_after_shutdown_it_is_refused(broker_class):
    broker = broker_class()
    async with HandlerGroup(broker) as handlers:
        await broker.shutdown()
        with pytest.raises(PubSubClosed, match="subscribe to a new one"):
            handlers.add(handle_nothing)


@pytest.mark.parametrize("when", ["before", "after"])
@in_virtual_time
async def test_outside_the_block_it_is_refused_and_leaves_nothing_behind(when):
    broker = AsyncPubSub[int]()
    handlers = HandlerGroup(broker)
    if when == "after":
        async with handlers:
            pass
    free_what_others_left()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        with pytest.raises(
            RuntimeError, match=r"^handlers are added inside `async with HandlerGroup\(\.\.\.\)`"
        ):
            handlers.add(handle_nothing)
        gc.collect()
    assert warned == []  # of a coroutine that nobody awaited
    assert broker.stats.subscribers == 0


# Several at a time.


@each_broker
@in_virtual_time
async def test_one_that_may_handle_several_begins_them_in_order_and_no_more_at_a_time(broker_class):
    broker = broker_class()
    begun, ended = [], []

    async def handle(message: int) -> None:
        begun.append((now(), message))
        await asyncio.sleep([3, 2, 1, 1.5, 0.7, 0.1][message])
        ended.append(message)

    async with HandlerGroup(broker) as handlers:
        handler = handlers.add(handle, concurrency=3)
        await broker.publish_many(range(6))
        await broker.shutdown()
    assert begun == [(0.0, 0), (0.0, 1), (0.0, 2), (1.0, 3), (2.0, 4), (2.5, 5)]
    assert ended == [2, 1, 3, 5, 4, 0]
    assert (handler.handled, handler.failed) == (6, 0)


@each_broker
@pytest.mark.parametrize("many", [False, True])
@in_virtual_time
async def test_while_one_message_is_handled_the_others_are_not_held_up(broker_class, many):
    broker = broker_class()
    times = []

    async def handle(message: int) -> None:
        await asyncio.sleep(10 if message == 0 else 1)
        times.append((now(), message))

    async with HandlerGroup(broker) as handlers:
        handlers.add(handle, concurrency=2)
        if many:
            await broker.publish_many(range(4))
        else:
            for number in range(4):
                await broker.publish(number)
        await broker.shutdown(timeout=None)
    assert times == [(1.0, 1), (2.0, 2), (3.0, 3), (10.0, 0)]


@each_broker
@in_virtual_time
async def test_a_shutdown_waits_for_all_that_are_handled_at_a_time(broker_class):
    broker = broker_class()

    async def handle(message: int) -> None:
        await asyncio.sleep(message)

    async with HandlerGroup(broker) as handlers:
        handler = handlers.add(handle, concurrency=4)
        await broker.publish_many([1, 5, 3])
        await let_all_run()
        assert await broker.shutdown(timeout=2) == ShutdownReport(unread=0, unfinished=2)
        assert await broker.shutdown() == ShutdownReport(0, 0)
        assert now() == 5.0
    assert handler.handled == 3


@each_broker
@in_virtual_time
async def test_each_failure_of_several_at_a_time_is_reported_once(broker_class):
    broker = broker_class()
    failures = []

    async def handle(message: int) -> None:
        await asyncio.sleep(1)
        if message % 2:
            raise ValueError(message)

    async with HandlerGroup(broker, report=failures.append) as handlers:
        handler = handlers.add(handle, concurrency=3)
        await broker.publish_many(range(7))
        await broker.shutdown()
    assert [failure.message for failure in failures] == [1, 3, 5]
    assert (handler.handled, handler.failed) == (4, 3)


@in_virtual_time
async def test_a_ring_tells_several_at_a_time_once_what_was_missed():
    broker = RingPubSub[int](maxsize=2, timeout=0)
    failures = []

    async def handle(message: int) -> None:
        await asyncio.sleep(1)

    async with HandlerGroup(broker, report=failures.append) as handlers:
        handler = handlers.add(handle, concurrency=2)
        for number in range(8):
            await broker.publish(number)
            await let_all_run()
        await broker.shutdown()
    (failure,) = failures
    assert isinstance(failure.error, Lagged)
    assert handler.handled + failure.error.missed == 8


@pytest.mark.parametrize("concurrency", [1, 3])
@in_virtual_time
async def test_one_that_is_cut_off_handles_what_it_has_is_reported_and_ends(concurrency):
    broker = AsyncPubSub[int](maxsize=2, timeout=0, overflow=Overflow.DISCONNECT)
    failures, other = [], Recorder()
    handled = []

    async def slow(message: int) -> None:
        await asyncio.sleep(1)
        handled.append(message)

    async with HandlerGroup(broker, report=failures.append) as handlers:
        cut_off = handlers.add(slow, concurrency=concurrency)
        handlers.add(other)
        for number in range(concurrency + 3):
            await broker.publish(number)
            await let_all_run()
        assert await broker.publish(99) == Delivery(1)
        await broker.shutdown()
    (failure,) = failures
    assert (failure.handler, failure.message) == ("slow", None)
    assert isinstance(failure.error, Disconnected)
    assert failure.error.missed == 1
    assert sorted(handled) == list(range(concurrency + 2))
    assert (cut_off.handled, cut_off.failed) == (concurrency + 2, 1)
    assert cut_off.subscription.closed_because.startswith("Disconnected")
    assert other.handled == [*range(concurrency + 3), 99]


@in_virtual_time
async def test_one_failure_of_several_at_a_time_may_stop_all():
    broker = AsyncPubSub[int]()
    cancelled = []

    async def handle(message: int) -> None:
        try:
            await asyncio.sleep(message)
        except asyncio.CancelledError:
            cancelled.append(message)
            raise
        raise ValueError(message)

    async def run() -> None:
        async with HandlerGroup(broker, report=lambda failure: None, stop_all=True) as handlers:
            handlers.add(handle, concurrency=3)
            await broker.publish_many([5, 1, 3])
            await asyncio.sleep(60)

    with pytest.raises(ExceptionGroup) as raised:
        await run()
    assert [str(error) for error in raised.value.exceptions] == ["1"]
    assert sorted(cancelled) == [3, 5]
    assert now() == 1.0
    assert broker.stats.subscribers == 0


@each_broker
@in_virtual_time
async def test_closing_the_subscription_ends_all_that_it_does_at_a_time(broker_class):
    broker = broker_class()
    recorder = Recorder()
    async with HandlerGroup(broker) as handlers:
        handler = handlers.add(recorder, concurrency=3)
        await broker.publish(0)
        await let_all_run()
        handler.subscription.close()
        await let_all_run()
        assert await broker.publish(1) == Delivery(0)
    assert recorder.handled == [0]
    assert now() == 0.0


@pytest.mark.parametrize(
    ("concurrency", "error", "says"),
    [
        (0, ValueError, "must be at least 1, not 0"),
        (-1, ValueError, "must be at least 1, not -1"),
        (1.5, TypeError, "is a whole number of messages, not 1.5"),
    ],
)
@in_virtual_time
async def test_a_number_at_a_time_that_makes_no_sense_is_refused(concurrency, error, says):
    broker = AsyncPubSub[int]()
    async with HandlerGroup(broker) as handlers:
        with pytest.raises(error, match=f"^concurrency {says}"):
            handlers.add(handle_nothing, concurrency=concurrency)
        assert broker.stats.subscribers == 0


@in_virtual_time
async def test_a_handler_that_is_refused_leaves_no_coroutine_that_nobody_awaits():
    handlers = HandlerGroup(AsyncPubSub[int]())

    async def ada(number: int) -> None: ...

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError, match="handlers are added inside"):
            handlers.add(ada)
        gc.collect()
    assert [str(each.message) for each in caught if "never awaited" in str(each.message)] == []
