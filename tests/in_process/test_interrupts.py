"""An interrupt in a filter: it gets out, and leaves nothing lost, uncounted or waiting."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, Deliveries, Delivery, RingPubSub, ShutdownReport
from tests.stepping import in_virtual_time, unread


class Filter:
    """Wants every message, and interrupts once for each number that is put in `at`."""

    def __init__(self, *at: int) -> None:
        self.at = list(at)

    def __call__(self, number: int) -> bool:
        if number in self.at:
            self.at.remove(number)
            raise self.interrupt
        return True

    interrupt: type[BaseException] = KeyboardInterrupt


class Exits(Filter):
    """The same, where somebody ends the program."""

    interrupt = SystemExit


each_interrupt = pytest.mark.parametrize("filter_class", [Filter, Exits])


@each_interrupt
@pytest.mark.parametrize("then", ["get", "get_nowait", "iterate", "batches"])
@in_virtual_time
async def test_what_was_taken_for_a_batch_that_an_interrupt_ended_is_read_next(filter_class, then):
    ring = RingPubSub[int](maxsize=5)
    reader = ring.subscribe(where=filter_class(2))
    await ring.publish_many(range(5))
    with pytest.raises(filter_class.interrupt):
        await anext(reader.batches())
    assert (reader.qsize(), reader.unfinished) == (5, 0)
    assert await ring.shutdown(timeout=0) == ShutdownReport(unread=5, unfinished=0)
    found = []
    if then == "batches":
        async for batch in reader.batches():
            found += batch
    elif then == "iterate":
        found = [number async for number in reader]
    else:
        while reader.qsize():
            found.append(reader.get_nowait() if then == "get_nowait" else await reader.get())
    assert found == [0, 1, 2, 3, 4]
    assert (reader.stats.received, reader.stats.dropped, reader.qsize()) == (5, 0, 0)


@in_virtual_time
async def test_a_batch_that_is_interrupted_again_and_again_keeps_its_order():
    ring = RingPubSub[int](maxsize=9)
    reader = ring.subscribe(where=Filter(1, 2, 4))
    await ring.publish_many(range(5))
    batches = reader.batches()
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            await anext(batches)
    await ring.publish(5)
    assert await anext(batches) == [0, 1, 2, 3, 4, 5]


@in_virtual_time
async def test_what_an_interrupt_kept_is_given_up_by_who_closes():
    ring = RingPubSub[int](maxsize=5)
    reader = ring.subscribe(where=Filter(2))
    await ring.publish_many(range(5))
    with pytest.raises(KeyboardInterrupt):
        await anext(reader.batches())
    reader.close()
    assert (reader.qsize(), reader.stats.received) == (0, 5)
    assert reader.get_nowait() is None


def run_until_interrupted(loop: asyncio.AbstractEventLoop, coroutine) -> int:
    """Run to its end, however often it is interrupted; return how often that was."""
    task, interrupts = loop.create_task(coroutine), 0
    while not task.done():
        try:
            loop.run_until_complete(asyncio.wait_for(asyncio.shield(task), 10))
        except KeyboardInterrupt:
            interrupts += 1
    task.result()
    return interrupts


@pytest.mark.parametrize("batches", [False, True])
def test_another_reader_takes_what_the_interrupted_one_was_woken_for(batches):
    async def main() -> None:
        ring = RingPubSub[int](maxsize=5)
        async with ring.subscribe(where=Filter(0)) as reader:
            first = asyncio.create_task(anext(reader.batches()) if batches else reader.get())
            second = asyncio.create_task(reader.get())
            await asyncio.sleep(0)
            await ring.publish(0)
            assert await second == 0
            assert isinstance(first.exception(), KeyboardInterrupt)

    with asyncio.Runner() as runner:
        assert run_until_interrupted(runner.get_loop(), main()) == 1


def test_who_waits_gets_what_an_interrupt_kept_though_all_that_were_woken_for_it_are_cancelled():
    others: list[asyncio.Task[int | None]] = []
    seen = []

    def only_zero(number: int) -> bool:
        seen.append(number)
        if seen.count(1) == 1 and number == 1:
            others[0].cancel()  # it was woken for the second message
            for woken in others[1:3]:  # after the interrupt has woken them, before they run
                asyncio.get_running_loop().call_soon(woken.cancel)
            raise KeyboardInterrupt
        return number == 0

    async def main() -> None:
        ring = RingPubSub[int](maxsize=5)
        async with ring.subscribe(where=only_zero) as reader:
            first = asyncio.create_task(anext(reader.batches()))
            await asyncio.sleep(0)
            others.extend(asyncio.create_task(reader.get()) for _ in range(4))
            await asyncio.sleep(0)
            await ring.publish_many([0, 1])
            assert await others[3] == 0
            assert [one.cancelled() for one in others] == [True, True, True, False]
            assert isinstance(first.exception(), KeyboardInterrupt)

    with asyncio.Runner() as runner:
        assert run_until_interrupted(runner.get_loop(), main()) == 1


@pytest.mark.parametrize("how", ["publish_nowait", "publish_many", "shutdown"])
def test_an_interrupt_in_the_filter_of_who_is_overtaken_leaves_nobody_waiting(how):
    where = Filter()

    async def main() -> None:
        ring = RingPubSub[int](maxsize=2, timeout=None if how == "shutdown" else 0)
        slow, other = ring.subscribe(where=where), ring.subscribe()
        await ring.publish_many([0, 1])
        where.at.append(0 if how != "shutdown" else 2)
        if how == "publish_nowait":
            assert unread(other) == [0, 1]
            assert ring.publish_nowait(2) == Delivery(2, (slow,))
            assert unread(other) == [2]
        elif how == "publish_many":
            publishing = asyncio.create_task(ring.publish_many([2, 3]))
            assert [await other.get() for _ in range(4)] == [0, 1, 2, 3]
            assert await publishing == Deliveries(2, 4, ((0, slow), (1, slow)))
        else:
            publishing = asyncio.create_task(ring.publish_many([2, 3]))
            await asyncio.sleep(0)
            await ring.shutdown(timeout=0)
            assert len((await publishing).missed) == 4
        await asyncio.sleep(0)
        stats = slow.stats
        assert stats.received + stats.dropped == ring.stats.published
        slow.close()
        other.close()

    with asyncio.Runner() as runner:
        assert run_until_interrupted(runner.get_loop(), main()) == 1


def test_an_interrupt_in_a_filter_is_raised_at_once_where_there_is_no_event_loop_for_it():
    ring = RingPubSub[int](maxsize=2)
    where = Filter()

    async def main() -> None:
        ring.subscribe(where=where)
        subscriptions.append(ring.subscribe(where=where))
        await ring.publish_many([0, 1])

    subscriptions = []
    asyncio.run(main())
    where.at.append(0)
    with pytest.raises(KeyboardInterrupt):
        subscriptions[0].get_nowait()
    assert subscriptions[0].get_nowait() == 0


@pytest.mark.parametrize("many", [False, True])
@in_virtual_time
async def test_an_interrupt_in_a_filter_is_raised_by_the_publish_which_may_be_tried_again(many):
    broker = AsyncPubSub[int]()
    inbox, other = broker.subscribe(where=Filter(0)), broker.subscribe()

    async def publish() -> None:
        await (broker.publish_many([0]) if many else broker.publish(0))

    with pytest.raises(KeyboardInterrupt):
        await publish()
    await publish()
    assert (unread(inbox), unread(other)) == ([0], [0])
    assert broker.stats.published == 1
