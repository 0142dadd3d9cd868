"""A message on which its reader fails comes again, later each time, and the reader can tell."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from pubsub_lib import Failure, HandlerGroup
from pubsub_lib.nats import JetStreamPubSub
from tests.nats.observing import eventually, soon, take

NAME = "billing"


@pytest.fixture
async def broker(url: str, subject: str) -> AsyncIterator[JetStreamPubSub[int]]:
    """Delivers again what has failed, soon, and what is only slow, after more than a test takes."""
    async with JetStreamPubSub[int](subject, url=url, ack_wait=600, backoff=(0.01,)) as broker:
        yield broker


@pytest.fixture
async def impatient_broker(url: str, subject: str) -> AsyncIterator[JetStreamPubSub[int]]:
    """Delivers again, after a moment, what was on its way to a reader that has left."""
    async with JetStreamPubSub[int](subject, url=url, ack_wait=0.5, backoff=(0.01,)) as broker:
        yield broker


class FailsAtFirst:
    """A handler that raises the first times that it gets a message."""

    def __init__(self, subscription_of, *, times: int, last: int) -> None:
        self.tries: list[tuple[int, int]] = []
        self.done = asyncio.Event()
        self._subscription_of = subscription_of
        self._times = times
        self._last = last

    async def __call__(self, message: int) -> None:
        await asyncio.sleep(0)
        self.tries.append((message, self._subscription_of().tries))
        if message == 0 and self._subscription_of().tries <= self._times:
            raise LookupError("the database is away")
        if len({number for number, _ in self.tries}) == self._last and self.tries[-1][0] == 0:
            self.done.set()


async def test_a_message_that_a_handler_raised_on_comes_to_it_again(broker, server):
    failures: list[Failure[int]] = []
    handle = FailsAtFirst(lambda: handler.subscription, times=2, last=3)
    async with HandlerGroup(broker, report=failures.append) as handlers:
        handler = handlers.add(handle, name=NAME)
        await handler.subscription
        for number in range(3):
            await broker.publish(number)
        await soon(handle.done.wait())
        await server.until_acknowledged(broker.subject, NAME)
        handler.subscription.close()
    assert [tries for number, tries in handle.tries if number == 0] == [1, 2, 3]
    assert sorted(number for number, _ in handle.tries if number) == [1, 2]
    assert [failure.message for failure in failures] == [0, 0]
    assert (handler.handled, handler.failed) == (3, 2)
    assert broker.network.redelivered == 2


async def test_a_handler_that_stops_all_gives_back_what_it_raised_on(impatient_broker):
    async def handle(message: int) -> None:
        raise LookupError(message)

    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(pytest.raises(ExceptionGroup))
        group = HandlerGroup(impatient_broker, stop_all=True)
        handlers = await stack.enter_async_context(group)
        await handlers.add(handle, name=NAME).subscription
        await impatient_broker.publish(7)
    async with impatient_broker.subscribe(name=NAME) as inbox:
        assert await soon(inbox.get()) == 7
        assert inbox.tries > 1  # it may have come while the handlers left, too
        inbox.task_done()


async def test_a_handler_that_is_cancelled_gives_back_what_it_had(impatient_broker):
    handling = asyncio.Event()

    async def handle(message: int) -> None:
        handling.set()
        await asyncio.Event().wait()

    async def run() -> None:
        async with HandlerGroup(impatient_broker) as handlers:
            await handlers.add(handle, name=NAME).subscription
            await impatient_broker.publish(7)

    running = asyncio.create_task(run())
    await soon(handling.wait())
    running.cancel()
    await asyncio.wait([running])
    async with impatient_broker.subscribe(name=NAME) as inbox:
        assert await take(inbox, 1) == [7]


async def test_each_try_waits_longer_than_the_last_one(url, subject):
    backoff = (0.05, 0.1, 0.2)
    async with (
        JetStreamPubSub[int](subject, url=url, backoff=backoff) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await broker.publish(7)
        failed_at: list[float] = []
        async for _ in inbox:
            waited = asyncio.get_running_loop().time() - failed_at[-1] if failed_at else 0.0
            if failed_at:
                assert waited >= [*backoff, backoff[-1]][len(failed_at) - 1]
            if len(failed_at) == 4:
                break
            failed_at.append(asyncio.get_running_loop().time())
            inbox.task_failed("the database is away")


async def test_a_delay_can_be_given_for_one_subscription(broker):
    async with broker.subscribe(name=NAME, backoff=(600,)) as inbox:
        await broker.publish(7)
        await soon(inbox.get())
        inbox.task_failed("not today")
        await broker.publish(8)
        assert await take(inbox, 1) == [8]
        assert inbox.empty()


async def test_a_loop_that_raises_gets_its_message_again_and_can_read_how_often(broker):
    tries = []

    async def crash() -> None:
        async for _ in inbox:
            tries.append(inbox.tries)
            raise LookupError

    async with broker.subscribe(name=NAME) as inbox:
        await broker.publish(7)
        for _ in range(3):
            with pytest.raises(LookupError):
                await soon(crash())
        assert tries == [1, 2, 3]


async def test_task_failed_in_a_loop_gives_one_message_back_and_goes_on(broker, server):
    handled = []
    async with broker.subscribe(name=NAME) as inbox:
        for number in range(3):
            await broker.publish(number)
        async for number in inbox:
            if number == 1 and inbox.tries == 1:
                inbox.task_failed(LookupError("no such order"))
                continue
            handled.append(number)
            if len(handled) == 3:
                inbox.shutdown()
        assert handled == [0, 2, 1]
        assert inbox.unfinished == 0
        await server.until_acknowledged(broker.subject, NAME)


async def test_task_failed_takes_the_place_of_task_done(broker, server):
    async with broker.subscribe(name=NAME) as inbox:
        await broker.publish(7)
        assert await soon(inbox.get()) == 7
        inbox.task_failed(LookupError())
        assert inbox.unfinished == 0
        assert inbox.tries == 0
        assert await soon(inbox.get()) == 7
        assert inbox.tries == 2
        inbox.task_done()
        await server.until_acknowledged(broker.subject, NAME)


async def test_task_failed_gives_a_whole_list_back(broker):
    async with broker.subscribe(name=NAME) as inbox:
        for number in range(3):
            await broker.publish(number)
        await eventually(lambda: inbox.qsize() == 3)
        seen: list[int] = []
        async for batch in inbox.batches():
            seen += batch
            if inbox.tries == 1:
                inbox.task_failed("the database is away")
            elif len(seen) == 6:
                break
        assert sorted(seen) == [0, 0, 1, 1, 2, 2]


async def test_each_task_reads_the_tries_of_what_it_has_taken_itself(broker):
    async with broker.subscribe(name=NAME) as inbox:
        await broker.publish(0)
        await soon(inbox.get())
        inbox.task_failed("not yet")
        assert await soon(inbox.get()) == 0
        await broker.publish(1)
        assert await asyncio.create_task(inbox.get()) == 1
        assert inbox.tries == 2
        inbox.task_done()
        assert inbox.tries == 1  # what the other task has


async def test_task_failed_without_a_message_is_an_error_and_after_a_close_it_is_nothing(broker):
    async with broker.subscribe(name=NAME) as inbox:
        with pytest.raises(ValueError, match="taken and is not handled"):
            inbox.task_failed("nothing")
    inbox.task_failed("nothing")


@pytest.mark.parametrize(
    ("backoff", "error", "match"),
    [
        ((), ValueError, "at least one"),
        ((1, 0), ValueError, "more than 0 seconds"),
        (5, TypeError, "several times in seconds"),
        ("5", TypeError, "several times in seconds"),
        ((None,), TypeError, "a number of seconds"),
    ],
)
def test_a_delay_that_is_none_is_refused_at_once(backoff, error, match):
    with pytest.raises(error, match=match):
        JetStreamPubSub[int]("orders", backoff=backoff)
    with pytest.raises(error, match=match):
        JetStreamPubSub[int]("orders").subscribe(backoff=backoff)
