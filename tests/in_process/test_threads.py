"""Publishing from other threads: in order, with an answer, and without a moment's delay."""

import asyncio
import concurrent.futures
import gc
import threading

import pytest

from pubsub_lib import AsyncPubSub, Delivery, Overflow, PubSubClosed, PubSubFull, RingPubSub
from pubsub_lib.lab.clock.virtual_time import VirtualTimeError, run_virtual
from tests.stepping import let_all_run, unread

TIME_LIMIT_S = 10

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


async def in_a_thread(function, *arguments):
    """Run it in a thread of its own and return what it returns, or raise what it raises."""
    return await asyncio.wait_for(asyncio.to_thread(function, *arguments), TIME_LIMIT_S)


@each_broker
def test_a_message_arrives_and_the_thread_is_told(broker_class):
    async def main() -> None:
        async with broker_class() as broker:
            inboxes = [broker.subscribe() for _ in range(2)]

            def publish() -> Delivery:
                return broker.publish_threadsafe("Hello").result(TIME_LIMIT_S)

            assert await in_a_thread(publish) == Delivery(2)
            assert [unread(inbox) for inbox in inboxes] == [["Hello"]] * 2
            for inbox in inboxes:
                inbox.close()

    asyncio.run(main())


@each_broker
def test_each_threads_messages_arrive_in_its_order(broker_class):
    count = 200
    names = ("a", "b", "c", "d")

    async def main() -> None:
        broker = broker_class(maxsize=10, timeout=None)  # so small that publishes wait in line
        inbox = broker.subscribe()
        all_started = threading.Barrier(len(names))

        def publish(name: str) -> list[Delivery]:
            all_started.wait(TIME_LIMIT_S)
            futures = [broker.publish_threadsafe((name, number)) for number in range(count)]
            return [future.result(TIME_LIMIT_S) for future in futures]

        with concurrent.futures.ThreadPoolExecutor(len(names)) as threads:
            publishing = [
                asyncio.get_running_loop().run_in_executor(threads, publish, name) for name in names
            ]
            async with asyncio.timeout(TIME_LIMIT_S):
                messages = [await inbox.get() for _ in range(count * len(names))]
                deliveries = await asyncio.gather(*publishing)
        assert deliveries == [[Delivery(1)] * count] * len(names)
        for name in names:
            mine = [message for message in messages if message[0] == name]
            assert mine == [(name, number) for number in range(count)]
        inbox.close()
        await broker.shutdown()

    asyncio.run(main())


def test_the_thread_is_told_who_missed_it():
    async def main() -> None:
        async with AsyncPubSub[int](maxsize=1, timeout=0) as broker:
            inbox = broker.subscribe(name="full")
            await broker.publish(0)

            def publish() -> Delivery:
                return broker.publish_threadsafe(1).result(TIME_LIMIT_S)

            assert await in_a_thread(publish) == Delivery(0, (inbox,))
            inbox.close()

    asyncio.run(main())


def test_the_thread_gets_what_publish_raises():
    async def main() -> None:
        async with AsyncPubSub[int](maxsize=1, timeout=0, overflow=Overflow.RAISE) as broker:
            inbox = broker.subscribe()
            await broker.publish(0)

            def publish(message: int | None) -> BaseException | None:
                return broker.publish_threadsafe(message).exception(TIME_LIMIT_S)

            full = await in_a_thread(publish, 1)
            assert isinstance(full, PubSubFull)
            assert full.delivery == Delivery(0, (inbox,))
            assert isinstance(await in_a_thread(publish, None), TypeError)
            inbox.close()

    asyncio.run(main())


@each_broker
def test_the_thread_may_withdraw_its_message_while_it_waits(broker_class):
    async def main() -> None:
        async with broker_class(maxsize=1, timeout=None) as broker:
            inbox = broker.subscribe()
            await broker.publish(0)
            future = await in_a_thread(broker.publish_threadsafe, 1)
            await let_all_run()
            assert not future.done()
            await in_a_thread(future.cancel)
            await let_all_run()
            assert unread(inbox) == [0]
            await let_all_run()
            assert inbox.empty()
            inbox.close()

    asyncio.run(main())


@each_broker
def test_it_is_refused_in_the_loops_own_thread_which_would_wait_for_itself(broker_class):
    async def main() -> None:
        async with broker_class() as broker:
            with pytest.raises(
                RuntimeError, match=r"^this is the broker's own thread, which must not wait: await"
            ):
                broker.publish_threadsafe(1)
            assert broker.stats.published == 0

    asyncio.run(main())


@each_broker
def test_it_is_refused_before_the_loop_is_known(broker_class):
    name = broker_class.__name__
    with pytest.raises(
        RuntimeError, match=rf"^this {name} has no event loop yet; subscribe to it, or publish, on"
    ):
        broker_class().publish_threadsafe(1)


@each_broker
@pytest.mark.parametrize("use", ["subscribe", "publish", "enter"])
def test_the_loop_is_known_from_the_first_use_on_it(broker_class, use):
    async def main() -> None:
        broker = broker_class()
        if use == "subscribe":
            broker.subscribe()
        elif use == "publish":
            await broker.publish(0)
        else:
            await broker.__aenter__()

        def publish() -> Delivery:
            return broker.publish_threadsafe(1).result(TIME_LIMIT_S)

        assert await in_a_thread(publish) == Delivery(0)
        await broker.shutdown()

    asyncio.run(main())


@each_broker
def test_it_is_refused_after_shutdown_though_the_loop_runs(broker_class):
    async def main() -> None:
        broker = broker_class()
        await broker.shutdown()
        with pytest.raises(PubSubClosed, match=r"was shut down; publish to a new one"):
            await in_a_thread(broker.publish_threadsafe, 1)

    asyncio.run(main())


@each_broker
def test_a_message_on_its_way_when_the_broker_is_shut_down_is_refused(broker_class):
    async def main() -> None:
        broker = broker_class()
        inbox = broker.subscribe()
        published = threading.Event()

        def publish() -> BaseException | None:
            future = broker.publish_threadsafe(1)
            published.set()
            return future.exception(TIME_LIMIT_S)

        publishing = asyncio.create_task(asyncio.to_thread(publish))
        await asyncio.sleep(0)
        assert published.wait(TIME_LIMIT_S)  # the loop, which waits here, has not seen it
        await broker.shutdown(timeout=0)
        assert isinstance(await publishing, PubSubClosed)
        assert inbox.empty()

    asyncio.run(main())


@each_broker
@pytest.mark.filterwarnings("error:coroutine:RuntimeWarning")
def test_it_is_refused_after_the_loop_has_ended_and_leaves_nothing_behind(broker_class):
    async def main():
        broker = broker_class()
        await broker.publish(0)
        return broker

    broker = asyncio.run(main())
    with pytest.raises(PubSubClosed, match=r"^the event loop of this broker has ended$"):
        broker.publish_threadsafe(1)
    gc.collect()


@each_broker
def test_in_virtual_time_a_thread_is_told_why_it_cannot(broker_class):
    errors = []

    async def main() -> None:
        broker = broker_class()
        await broker.publish(0)

        def publish() -> None:
            try:
                broker.publish_threadsafe(1)
            except RuntimeError as error:
                errors.append(error)

        thread = threading.Thread(target=publish)
        thread.start()
        thread.join(TIME_LIMIT_S)

    run_virtual(main())
    assert [type(error) for error in errors] == [VirtualTimeError]


@each_broker
def test_no_other_way_to_publish_works_in_another_thread(broker_class):
    async def main() -> None:
        async with broker_class() as broker:
            inbox = broker.subscribe()
            with pytest.raises(RuntimeError, match="no running event loop"):
                await in_a_thread(broker.publish_nowait, 1)
            with pytest.raises(RuntimeError, match=r"belongs to another event loop"):
                await in_a_thread(lambda: asyncio.run(broker.publish(1)))
            assert inbox.empty()

    asyncio.run(main())
