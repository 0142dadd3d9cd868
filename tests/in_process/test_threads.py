"""Publishing from other threads: in order, with an answer, and without a moment's delay."""

import asyncio
import concurrent.futures
import gc
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Coroutine

import pytest

from pubsub_lib import AsyncPubSub, Delivery, Overflow, PubSubClosed, PubSubFull, RingPubSub
from pubsub_lib.in_process import threads as thread_publishing
from pubsub_lib.lab.clock.virtual_time import VirtualTimeError, run_virtual
from tests.limits import TIME_LIMIT_S
from tests.stepping import let_all_run, read_all, start, unread

pytestmark = pytest.mark.real_time

each_broker = pytest.mark.parametrize("broker_class", [AsyncPubSub, RingPubSub])


async def in_a_thread(function, *arguments):
    """Run it in a thread of its own and return what it returns, or raise what it raises."""
    return await asyncio.wait_for(asyncio.to_thread(function, *arguments), TIME_LIMIT_S)


def run_and_cancel_nothing[R](main: Coroutine[object, object, R]) -> R:
    """Run it on an event loop that is closed with tasks in it, which asyncio.run() cancels."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()


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
        RuntimeError,
        match=rf"^this {name} has no event loop yet; subscribe to it, or publish, on "
        r"its event loop first$",
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


# Bounded, and with an end.


ENDS = ["shutdown", "run ends", "loop is closed"]


def publish_until_refused(broker, *, wait: bool, count: int, note: Callable[[], object]) -> list:
    """Publish so many, or until the broker is closed, and return the futures."""
    futures: list = []
    while len(futures) < count:
        try:
            futures.append(broker.publish_threadsafe(len(futures), wait=wait))
        except PubSubClosed:
            break
        except PubSubFull:  # many wait for the loop; ours among them, perhaps
            concurrent.futures.wait(futures[-1:], TIME_LIMIT_S)
        else:
            note()
    return futures


def settle_all(
    broker_class, *, wait: bool, end: str, threads: int, each: int, before_the_end: int
) -> Counter[str]:
    """Let threads publish so many each, and let the event loop end when some are on their way.

    Return how many futures were answered, and how; that all of them are is asserted.
    """
    opened: concurrent.futures.Future = concurrent.futures.Future()
    numbers = itertools.count(1)

    def publish() -> list:
        broker, loop, enough = opened.result(TIME_LIMIT_S)

        def note() -> None:
            if next(numbers) == before_the_end:
                loop.call_soon_threadsafe(enough.set)

        return publish_until_refused(broker, wait=wait, count=each, note=note)

    async def main():
        broker, enough = broker_class(maxsize=10, timeout=None), asyncio.Event()
        inbox = broker.subscribe()
        reader = start(read_all(inbox))
        opened.set_result((broker, asyncio.get_running_loop(), enough))
        await enough.wait()
        if end == "shutdown":
            await broker.shutdown(timeout=0)
        reader.cancel()
        return broker, inbox

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        publishing = [pool.submit(publish) for _ in range(threads)]
        if end == "loop is closed":
            loop = asyncio.new_event_loop()
            kept = loop.run_until_complete(main())
            loop.close()
        else:
            kept = asyncio.run(main())
        futures = [future for done in publishing for future in done.result(TIME_LIMIT_S)]
        errors = [future.exception(TIME_LIMIT_S) for future in futures]
    assert {type(error) for error in errors} <= {type(None), PubSubClosed, PubSubFull}
    broker, _inbox = kept
    told = sum(future.result().delivered for future in futures if not future.exception())
    assert told <= broker.stats.delivered
    del kept, broker, _inbox
    gc.collect()
    return Counter("answered" if error is None else type(error).__name__ for error in errors)


@each_broker
@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("end", ENDS)
def test_every_future_of_sixteen_threads_is_settled_whatever_ends_first(
    broker_class, wait, end, caplog, recwarn
):
    settled = settle_all(broker_class, wait=wait, end=end, threads=16, each=100, before_the_end=20)
    assert sum(settled.values()) >= 20
    assert not [record for record in caplog.records if record.name == "asyncio"]
    assert not [warning for warning in recwarn if "never awaited" in str(warning.message)]


@each_broker
def test_no_more_than_ten_thousand_messages_of_threads_wait_for_the_loop(broker_class):
    async def main() -> None:
        broker = broker_class()
        await broker.publish(0)
        begin = threading.Barrier(8)

        def publish() -> tuple[list, list]:
            begin.wait(TIME_LIMIT_S)
            futures, refused = [], []
            for number in range(2000):
                try:
                    futures.append(broker.publish_threadsafe(number, wait=False))
                except PubSubFull as full:
                    refused.append(full)
            return futures, refused

        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            publishing = [threads.submit(publish) for _ in range(8)]
            results = [each.result(TIME_LIMIT_S) for each in publishing]  # the loop waits here
        futures = [future for accepted, _ in results for future in accepted]
        refused = [full for _, each in results for full in each]
        assert len(futures) == 10_000
        assert len(refused) == 6_000
        assert str(refused[0]).startswith("10,000 messages of other threads wait for the event")
        assert refused[0].delivery == Delivery(0)
        assert not any(future.done() for future in futures)
        await let_all_run()
        assert all(future.result(0) == Delivery(0) for future in futures)
        # And then there is room again.
        again = await in_a_thread(broker.publish_threadsafe, 1)
        await let_all_run()
        assert again.result(0) == Delivery(0)
        await broker.shutdown()

    asyncio.run(main())


@each_broker
def test_a_thread_may_refuse_to_wait_for_room(broker_class):
    async def main() -> None:
        broker = broker_class(maxsize=1, timeout=60)
        inbox = broker.subscribe()
        await broker.publish(0)
        future = await in_a_thread(lambda: broker.publish_threadsafe(1, wait=False))
        await let_all_run()
        assert future.result(0).dropped == 1
        assert inbox.stats.dropped == 1
        await broker.shutdown(timeout=0)

    asyncio.run(main())


@each_broker
def test_a_thread_is_answered_in_the_turn_in_which_its_message_got_in(broker_class):
    async def main() -> None:
        broker = broker_class()
        inbox = broker.subscribe()
        published = threading.Thread(target=lambda: answers.append(broker.publish_threadsafe(1)))
        answers: list = []
        published.start()
        published.join(TIME_LIMIT_S)
        await asyncio.sleep(0)
        assert unread(inbox) == [1]
        assert answers[0].result(0) == Delivery(1)
        await broker.shutdown(timeout=0)

    asyncio.run(main())


@each_broker
def test_a_thread_that_waits_for_room_is_told_when_the_loop_ends(broker_class):
    refused: list = []

    async def main(begun: threading.Event):
        broker = broker_class(maxsize=1, timeout=None)
        inbox = broker.subscribe()
        await broker.publish(0)

        def publish() -> None:
            future = broker.publish_threadsafe(1)
            begun.set()
            refused.append(future.exception(TIME_LIMIT_S))

        thread = threading.Thread(target=publish)
        thread.start()
        assert begun.wait(TIME_LIMIT_S)
        await let_all_run()
        return thread, broker, inbox

    thread, *_kept = run_and_cancel_nothing(main(threading.Event()))
    thread.join(TIME_LIMIT_S)
    assert [str(error) for error in refused] == ["the event loop of this broker has ended"]
    assert type(refused[0]) is PubSubClosed


@each_broker
def test_who_is_refused_after_the_end_of_the_loop_does_not_count_as_waiting(
    broker_class, monkeypatch
):
    monkeypatch.setattr(thread_publishing, "MOST_WAITING", 2)

    async def main():
        broker = broker_class()
        await broker.publish(0)
        return broker

    broker = asyncio.run(main())
    for _ in range(4):
        with pytest.raises(PubSubClosed):
            broker.publish_threadsafe(1)


@each_broker
def test_a_message_that_is_withdrawn_before_the_loop_sees_it_is_not_published(broker_class):
    async def main() -> None:
        broker = broker_class()
        inbox = broker.subscribe()
        withdrawn = threading.Event()

        def publish_and_withdraw() -> None:
            assert broker.publish_threadsafe(1).cancel()
            withdrawn.set()

        publishing = asyncio.create_task(asyncio.to_thread(publish_and_withdraw))
        await asyncio.sleep(0)
        assert withdrawn.wait(TIME_LIMIT_S)  # the loop, which waits here, has not seen it
        await publishing
        await let_all_run()
        assert inbox.empty()
        assert broker.stats.published == 0
        await broker.shutdown(timeout=0)

    asyncio.run(main())


def watchers() -> list[threading.Thread]:
    """Return the threads that watch whether an event loop has ended."""
    return [thread for thread in threading.enumerate() if "_look" in thread.name]


def wait_for_room(broker) -> concurrent.futures.Future[Delivery]:
    """Publish from another thread, to somebody whose inbox is full."""
    futures: list[concurrent.futures.Future[Delivery]] = []
    thread = threading.Thread(target=lambda: futures.append(broker.publish_threadsafe(1)))
    thread.start()
    thread.join(TIME_LIMIT_S)
    return futures[0]


@each_broker
def test_the_thread_that_watches_the_loop_keeps_no_program_from_ending(broker_class):
    async def main() -> None:
        broker = broker_class(maxsize=1, timeout=None)
        inbox = broker.subscribe()
        await broker.publish(0)
        others = watchers()
        future = wait_for_room(broker)
        assert [thread.daemon for thread in watchers() if thread not in others] == [True]
        future.cancel()
        inbox.close()
        await broker.shutdown(timeout=0)

    asyncio.run(main())


@each_broker
def test_the_loop_is_watched_again_after_it_was_watched(broker_class):
    async def main():
        broker = broker_class(maxsize=1, timeout=None)
        inbox = broker.subscribe()
        others = watchers()
        first = wait_for_room(broker)
        assert await asyncio.wrap_future(first) == Delivery(1)
        for thread in watchers():
            if thread not in others:
                await in_a_thread(thread.join, TIME_LIMIT_S)
        second = wait_for_room(broker)
        await let_all_run()
        return second, broker, inbox

    second, *_kept = run_and_cancel_nothing(main())
    assert type(second.exception(TIME_LIMIT_S)) is PubSubClosed


class Door:
    """A lock at whose release somebody comes, before it is open."""

    def __init__(self, come: Callable[[], object]) -> None:
        self._lock = threading.Lock()
        self._come = come
        self.opened = threading.Event()

    def acquire(self, *, blocking: bool) -> bool:
        return self._lock.acquire(blocking=blocking)

    def release(self) -> None:
        if not self.opened.is_set():
            self._come()
        self._lock.release()
        self.opened.set()


@each_broker
def test_who_comes_as_the_thread_that_watches_the_loop_leaves_is_told_when_it_ends(broker_class):
    late: list[concurrent.futures.Future[Delivery]] = []

    async def main():
        broker = broker_class(maxsize=1, timeout=None)
        inbox = broker.subscribe()
        door = Door(lambda: late.append(broker.publish_threadsafe(2)))
        broker._threads._watching = door
        assert await asyncio.wrap_future(wait_for_room(broker)) == Delivery(1)
        assert await in_a_thread(door.opened.wait, TIME_LIMIT_S)
        await let_all_run()
        return broker, inbox

    _kept = run_and_cancel_nothing(main())
    assert type(late[0].exception(TIME_LIMIT_S)) is PubSubClosed


@each_broker
def test_a_thread_whose_publish_is_cancelled_with_all_other_tasks_is_told(broker_class):
    async def main() -> None:
        broker = broker_class(maxsize=1, timeout=None)
        inbox = broker.subscribe()
        await broker.publish(0)
        future = wait_for_room(broker)
        await let_all_run()
        (publishing,) = asyncio.all_tasks() - {asyncio.current_task()}
        publishing.cancel()
        await let_all_run()
        assert type(future.exception(0)) is PubSubClosed
        inbox.close()
        await broker.shutdown(timeout=0)

    asyncio.run(main())


@each_broker
def test_a_thread_that_withdraws_after_the_end_of_the_loop_is_not_disturbed(
    broker_class, monkeypatch, caplog
):
    monkeypatch.setattr(
        thread_publishing, "LOOK_EVERY_S", 0.3
    )  # so that nobody else settles it before

    async def main():
        broker = broker_class(maxsize=1, timeout=None)
        inbox = broker.subscribe()
        await broker.publish(0)
        future = wait_for_room(broker)
        await let_all_run()
        return future, broker, inbox

    loop = asyncio.new_event_loop()
    future, *_kept = loop.run_until_complete(main())
    loop.close()
    future.cancel()
    assert caplog.records == []


@each_broker
def test_where_no_thread_can_watch_the_loop_nothing_is_published_and_the_next_one_is_tried(
    broker_class, monkeypatch
):
    async def main() -> None:
        broker = broker_class()
        inbox = broker.subscribe()
        await broker.publish(0)

        def publish() -> None:
            with monkeypatch.context() as patch:
                patch.setattr(threading.Thread, "start", start_none)
                with pytest.raises(RuntimeError, match="no new thread"):
                    broker.publish_threadsafe(1)
            assert broker.publish_threadsafe(2).result(timeout=10)

        def start_none(thread: threading.Thread) -> None:
            raise RuntimeError("can't start: no new thread")

        await asyncio.to_thread(publish)
        assert unread(inbox) == [0, 2]

    asyncio.run(main())


@each_broker
def test_who_is_refused_since_no_thread_can_watch_does_not_count_as_waiting(
    broker_class, monkeypatch
):
    monkeypatch.setattr(thread_publishing, "MOST_WAITING", 2)

    def start_none(thread: threading.Thread) -> None:
        raise RuntimeError("can't start: no new thread")

    async def main() -> None:
        broker = broker_class()
        await broker.publish(0)

        def publish() -> None:
            with monkeypatch.context() as patch:
                patch.setattr(threading.Thread, "start", start_none)
                for _ in range(3):
                    with pytest.raises(RuntimeError, match="no new thread"):
                        broker.publish_threadsafe(1)

        await asyncio.to_thread(publish)

    asyncio.run(main())


@each_broker
def test_a_thread_that_withdraws_while_its_message_waits_raises_nothing_in_the_event_loop(
    broker_class,
):
    raised: list[dict[str, object]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, each: raised.append(each))
        async with broker_class(maxsize=1, timeout=None) as broker, broker.subscribe():
            await broker.publish(0)
            future = await asyncio.to_thread(broker.publish_threadsafe, 1)
            await let_all_run()
            assert future.cancel()
            await let_all_run()

    asyncio.run(main())
    assert raised == []


@pytest.mark.parametrize("turns", range(5))
@each_broker
def test_a_thread_that_withdraws_as_its_message_gets_in_raises_nothing_in_the_event_loop(
    broker_class, turns
):
    raised: list[dict[str, object]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, each: raised.append(each))
        async with broker_class(maxsize=1, timeout=None) as broker, broker.subscribe() as inbox:
            await broker.publish(0)
            future = await asyncio.to_thread(broker.publish_threadsafe, 1)
            await let_all_run()
            assert inbox.get_nowait() == 0
            for _ in range(turns):
                await asyncio.sleep(0)
            future.cancel()
            await let_all_run()

    asyncio.run(main())
    assert raised == []
