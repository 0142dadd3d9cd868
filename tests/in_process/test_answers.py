"""What code of others answers where it should say at once: something to await, or to be awaited."""

import asyncio
import inspect
import weakref

import pytest

from pubsub_lib import AsyncPubSub, RingPubSub
from pubsub_lib.handlers import HandlerGroup
from pubsub_lib.topics import Published, Topics
from tests.stepping import in_virtual_time, unread

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


async def answer_later(message: object) -> bool:
    return False


def task(message: object) -> asyncio.Future[bool]:
    future = asyncio.get_running_loop().create_future()
    future.set_result(False)
    return future


each_answer = pytest.mark.parametrize(
    "answer", [lambda message: answer_later(message), task], ids=["coroutine", "future"]
)


@each_broker
@each_answer
@pytest.mark.parametrize("many", [False, True])
@in_virtual_time
async def test_a_filter_that_returns_something_to_await_is_no_filter_and_its_reader_is_told(
    broker_class, answer, many
):
    broker = broker_class()
    inbox, other = broker.subscribe(where=answer), broker.subscribe()
    await (broker.publish_many([1]) if many else broker.publish(1))
    with pytest.raises(TypeError, match="says at once if a message is wanted, not one that"):
        await inbox.get()
    assert await inbox.get() is None
    assert unread(other) == [1]


@each_answer
@in_virtual_time
async def test_a_key_that_returns_something_to_await_is_refused_and_nothing_is_published(answer):
    broker = AsyncPubSub[int](history=3, key=answer)
    inbox = broker.subscribe()
    with pytest.raises(TypeError, match="says at once what a message is about, not one that"):
        await broker.publish(1)
    assert inbox.empty()
    assert unread(broker.subscribe(replay=1)) == []


async def fail(message: object) -> None:
    raise ValueError


@in_virtual_time
async def test_a_report_that_returns_a_coroutine_which_nobody_awaits_stops_all_and_says_so():
    broker = AsyncPubSub[int]()
    with pytest.raises(ExceptionGroup) as raised:  # noqa: PT012
        async with HandlerGroup(broker, report=lambda failure: answer_later(failure)) as handlers:
            handlers.add(fail)
            await broker.publish(1)
            await broker.shutdown()
    assert raised.group_contains(TypeError, match="report is a function of one Failure")


@in_virtual_time
async def test_a_report_may_begin_a_task_and_return_it():
    broker, reported = AsyncPubSub[int](), []

    async def note(failure: object) -> None:
        reported.append(failure)

    async with HandlerGroup(broker, report=lambda each: asyncio.create_task(note(each))) as group:
        group.add(fail)
        await broker.publish(1)
        await broker.shutdown()
    await asyncio.sleep(0)
    assert len(reported) == 1


class Evasive:
    """A message that does not say of what class it is."""

    @property
    def __class__(self) -> type[object]:
        raise ReferenceError("it is gone")


class Gone:
    """What a weak reference was to."""


@each_broker
@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize(
    "make", [Evasive, lambda: weakref.proxy(Gone())], ids=["evasive", "weak proxy"]
)
@in_virtual_time
async def test_a_message_that_does_not_say_its_class_is_published_beside_topics(
    broker_class, many, make
):
    broker, message = broker_class(), make()
    about_gold, everything = Topics(broker).subscribe("gold.>"), broker.subscribe()
    await (broker.publish_many([message]) if many else broker.publish(message))
    await broker.publish(Published("gold.eur", 1))
    assert everything.get_nowait() is message
    assert await about_gold.get() == Published("gold.eur", 1)


@in_virtual_time
async def test_what_is_to_be_awaited_is_named_in_the_error_and_a_coroutine_is_closed():
    coroutine = answer_later(None)
    broker = AsyncPubSub[int]()
    inbox = broker.subscribe(where=lambda number: coroutine)
    await broker.publish(0)
    with pytest.raises(TypeError) as raised:
        await inbox.get()
    assert str(raised.value) == (
        "where is a function that says at once if a message is wanted, not one that returns "
        "a coroutine, to be awaited"
    )
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED
