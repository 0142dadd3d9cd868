"""The chapter's broker: the contract that it keeps, and each of its faults, D1 to D13.

A fault that is shown here must stay: the course takes this broker apart. test_contract.py and
test_faults_mended.py have tests of the same numbers, which the library's own brokers pass.
"""

import asyncio
import gc
import inspect
import weakref

import pytest

from pubsub_lib import ChapterPubSub, Message, subscriber_task
from pubsub_lib.lab.clock.background_loop import BackgroundLoop
from pubsub_lib.lab.clock.virtual_time import Deadlock, run_virtual
from tests.stepping import in_virtual_time, now, read_all, unread

TIME_LIMIT_S = 10


# The contract.


def test_the_signatures_are_the_chapters():
    assert list(inspect.signature(ChapterPubSub).parameters) == ["maxsize"]
    assert inspect.signature(ChapterPubSub).parameters["maxsize"].default == 100
    assert list(inspect.signature(ChapterPubSub.publish).parameters) == ["self", "message"]
    for method in (ChapterPubSub.subscribe, ChapterPubSub.publish, ChapterPubSub.shutdown):
        assert inspect.iscoroutinefunction(method)
    assert list(inspect.signature(subscriber_task).parameters) == ["queue"]


@in_virtual_time
async def test_each_subscriber_has_a_bounded_queue_of_its_own():
    broker = ChapterPubSub[int](maxsize=7)
    queues = [await broker.subscribe() for _ in range(3)]
    assert broker.queues == queues
    assert broker.maxsize == 7
    assert all(type(queue) is asyncio.Queue and queue.maxsize == 7 for queue in queues)


@in_virtual_time
async def test_every_subscriber_reads_every_message_and_then_the_sentinel():
    broker = ChapterPubSub[int]()
    queues = [await broker.subscribe() for _ in range(2)]
    for number in range(3):
        await broker.publish(number)
    await broker.shutdown()
    assert [unread(queue) for queue in queues] == [[0, 1, 2, None]] * 2


@in_virtual_time
async def test_the_example_prints_what_it_received(capsys):
    broker = ChapterPubSub[Message](maxsize=100)
    task = asyncio.create_task(subscriber_task(await broker.subscribe()))
    await broker.publish(Message(content="Hello"))
    await broker.shutdown()
    await task
    assert capsys.readouterr().out == "Received: Hello\n"


@in_virtual_time
async def test_it_waits_one_second_for_a_full_queue_then_drops_and_prints(capsys):
    broker = ChapterPubSub[int](maxsize=1)
    queue = await broker.subscribe()
    await broker.publish(0)
    assert now() == 0.0
    await broker.publish(1)
    assert now() == 1.0
    assert unread(queue) == [0]
    assert capsys.readouterr().out == "Queue full, dropping message\n"


@in_virtual_time
async def test_a_message_gets_in_when_room_is_made_within_the_second(capsys):
    broker = ChapterPubSub[int](maxsize=1)
    queue = await broker.subscribe()
    await broker.publish(0)
    asyncio.get_running_loop().call_later(0.75, queue.get_nowait)
    await broker.publish(1)
    assert now() == 0.75
    assert unread(queue) == [1]
    assert capsys.readouterr().out == ""


# The faults.


def test_d1_join_hangs_after_the_sentinel():
    async def main() -> None:
        broker = ChapterPubSub[Message]()
        queue = await broker.subscribe()
        task = asyncio.create_task(subscriber_task(queue))
        await broker.shutdown()
        await task
        await queue.join()

    with pytest.raises(Deadlock, match=r"main: .*Queue\.join waits for task_done\(\)"):
        run_virtual(main())


def test_d2_shutdown_returns_before_anything_was_handled():
    handled = []

    async def handle(queue: asyncio.Queue[int | None]) -> None:
        while (message := await queue.get()) is not None:
            await asyncio.sleep(0.001)
            handled.append(message)

    async def main() -> None:
        broker = ChapterPubSub[int]()
        task = asyncio.create_task(handle(await broker.subscribe()))
        for number in range(50):
            await broker.publish(number)
        await broker.shutdown()
        assert not task.done()

    run_virtual(main())
    assert handled == []


def test_d2_a_task_that_nobody_keeps_is_collected_while_it_waits():
    reports = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: reports.append(context["message"])
        )
        broker = ChapterPubSub[Message]()
        asyncio.create_task(subscriber_task(await broker.subscribe()))  # noqa: RUF006
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 2
        del broker
        gc.collect()
        assert len(asyncio.all_tasks()) == 1

    run_virtual(main())
    assert reports == ["Task was destroyed but it is pending!"]


@pytest.mark.parametrize("dead", [1, 3])
@in_virtual_time
async def test_d3_each_dead_subscriber_costs_every_publish_a_second(dead):
    broker = ChapterPubSub[int](maxsize=1)
    for _ in range(dead):
        await broker.subscribe()
    await broker.publish(0)
    for publish in range(1, 4):
        await broker.publish(publish)
        assert now() == publish * dead


@in_virtual_time
async def test_d3_a_dead_subscriber_delays_the_healthy_ones_after_it():
    broker = ChapterPubSub[int](maxsize=1)
    await broker.subscribe()
    healthy = await broker.subscribe()
    await broker.publish(0)
    assert await healthy.get() == 0
    publisher = asyncio.create_task(broker.publish(1))
    assert await healthy.get() == 1
    assert now() == 1.0
    await publisher


@in_virtual_time
async def test_d3_one_slow_subscriber_sets_everybodys_pace():
    broker = ChapterPubSub[int](maxsize=1)
    slow, fast = await broker.subscribe(), await broker.subscribe()

    async def read_slowly() -> None:
        while await slow.get() is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    async def arrival_times() -> list[float]:
        times = []
        while await fast.get() is not None:
            times.append(now())
        return times

    async with asyncio.TaskGroup() as group:
        group.create_task(read_slowly())
        times = group.create_task(arrival_times())
        for number in range(6):
            await broker.publish(number)
        await broker.shutdown()
    assert times.result() == [0.0, 0.0, 0.02, 0.04, 0.06, 0.08]


def test_d4_shutdown_hangs_on_a_full_queue_that_nobody_reads():
    async def main() -> None:
        broker = ChapterPubSub[int](maxsize=1)
        await broker.subscribe()
        await broker.publish(0)
        await broker.shutdown()

    with pytest.raises(Deadlock, match=r"ChapterPubSub\.shutdown > Queue\.put waits for room"):
        run_virtual(main())


@in_virtual_time
async def test_d4_subscribers_after_a_full_queue_never_get_their_sentinel():
    broker = ChapterPubSub[int](maxsize=1)
    before, full, after = [await broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    assert (before.get_nowait(), after.get_nowait()) == (0, 0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(broker.shutdown(), timeout=60)
    assert (unread(before), unread(full), unread(after)) == ([None], [0], [])


@in_virtual_time
async def test_d5_removing_a_subscriber_during_a_publish_makes_another_miss_the_message():
    broker = ChapterPubSub[int](maxsize=1)
    a, b, c = [await broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    assert (a.get_nowait(), c.get_nowait()) == (0, 0)
    publisher = asyncio.create_task(broker.publish(1))
    await asyncio.sleep(0.5)  # the publisher has served A and waits for B
    broker.queues.remove(a)
    assert b.get_nowait() == 0
    await publisher
    assert (unread(b), unread(c)) == ([1], [])


@in_virtual_time
async def test_d5_a_newcomer_receives_the_older_message():
    broker = ChapterPubSub[int](maxsize=1)
    full = await broker.subscribe()
    await broker.publish(0)
    publisher = asyncio.create_task(broker.publish(1))
    await asyncio.sleep(0.5)
    newcomer = await broker.subscribe()
    full.get_nowait()
    await publisher
    assert unread(newcomer) == [1]


def test_d6_there_is_no_way_to_leave():
    assert {name for name in dir(ChapterPubSub) if not name.startswith("_")} == {
        "publish",
        "shutdown",
        "subscribe",
    }


@in_virtual_time
async def test_d6_a_crashed_subscriber_keeps_its_messages_and_costs_each_publish_a_second():
    async def crash(queue: asyncio.Queue[Message | None]) -> None:
        await queue.get()
        raise ValueError("crashed")

    broker = ChapterPubSub[Message](maxsize=100)
    task = asyncio.create_task(crash(await broker.subscribe()))
    message = Message("Hello")
    await broker.publish(message)
    await asyncio.wait([task])
    assert str(task.exception()) == "crashed"
    del task
    first_kept = weakref.ref(broker.queues[0])
    for _ in range(103):
        await broker.publish(message)
    gc.collect()
    assert first_kept().qsize() == 100
    assert now() == 3.0


@in_virtual_time
async def test_d7_publishing_after_shutdown_is_accepted_and_never_read():
    broker = ChapterPubSub[int]()
    queue = await broker.subscribe()
    reader = asyncio.create_task(read_all(queue))
    await broker.shutdown()
    await broker.publish(1)
    assert await reader == []
    assert queue.qsize() == 1


def test_d7_subscribing_after_shutdown_waits_for_ever():
    async def main() -> None:
        broker = ChapterPubSub[int]()
        await broker.shutdown()
        await read_all(await broker.subscribe())

    with pytest.raises(Deadlock, match=r"Queue\.get waits for a message in an empty queue"):
        run_virtual(main())


@in_virtual_time
async def test_d8_publishing_none_ends_the_subscribers():
    broker = ChapterPubSub[int | None]()
    queue = await broker.subscribe()
    reader = asyncio.create_task(read_all(queue))
    for message in (1, None, 2):
        await broker.publish(message)
    assert await reader == [1]
    assert unread(queue) == [2]


@in_virtual_time
async def test_d9_a_cancelled_publish_has_reached_only_some():
    broker = ChapterPubSub[int](maxsize=1)
    first, full, last = [await broker.subscribe() for _ in range(3)]
    await broker.publish(0)
    assert (first.get_nowait(), last.get_nowait()) == (0, 0)
    publisher = asyncio.create_task(broker.publish(1))
    await asyncio.sleep(0.5)
    publisher.cancel()
    await asyncio.wait([publisher])
    assert publisher.cancelled()
    assert (unread(first), unread(full), unread(last)) == ([1], [0], [])


def test_d9_a_cancelled_handler_loses_its_message_and_join_hangs():
    async def main() -> None:
        broker = ChapterPubSub[Message]()
        queue = await broker.subscribe()

        async def handle() -> None:
            await queue.get()
            await asyncio.sleep(1)
            queue.task_done()

        handler = asyncio.create_task(handle())
        await broker.publish(Message("lost"))
        await asyncio.sleep(0.5)
        handler.cancel()
        await asyncio.wait([handler])
        assert queue.empty()
        await queue.join()

    with pytest.raises(Deadlock, match=r"main: .*Queue\.join waits for task_done\(\)"):
        run_virtual(main())


@in_virtual_time
async def test_d10_ten_thousand_puts_leave_ten_thousand_dead_timers():
    loop = asyncio.get_running_loop()
    set_timer = loop.call_at
    timers = []

    def call_at(*args, **kwargs):
        timer = set_timer(*args, **kwargs)
        timers.append(weakref.ref(timer))
        return timer

    loop.call_at = call_at
    broker = ChapterPubSub[int](maxsize=10_000)
    await broker.subscribe()
    for number in range(10_000):
        await broker.publish(number)
    # Only the loop still refers to them, but for the newest, which a frame may hold.
    kept = [timer() for timer in timers if timer() is not None]
    assert len(kept) >= 9_999
    assert all(timer.cancelled() for timer in kept)


@in_virtual_time
async def test_d10_puts_on_a_queue_with_room_let_no_other_task_run():
    broker = ChapterPubSub[int](maxsize=10_000)
    await broker.subscribe()
    ran = asyncio.Event()

    async def other() -> None:
        ran.set()

    other_task = asyncio.create_task(other())
    for number in range(10_000):
        await broker.publish(number)
    assert not ran.is_set()
    await other_task


@in_virtual_time
async def test_d11_two_subscribers_see_two_publishers_in_different_orders():
    broker = ChapterPubSub[int](maxsize=2)
    a, b = await broker.subscribe(), await broker.subscribe()
    b.put_nowait(0)
    b.put_nowait(0)
    first = asyncio.create_task(broker.publish(1))
    await asyncio.sleep(0.1)  # A has the first message, whose publisher waits for B
    b.get_nowait()
    await broker.publish(2)  # takes the room before the first publisher has woken up
    b.get_nowait()
    await first
    assert (unread(a), unread(b)) == ([1, 2], [2, 1])


def test_d12_it_cannot_be_used_in_a_second_event_loop():
    broker = ChapterPubSub[int](maxsize=1)

    async def wait_for_a_message() -> None:
        queue = (broker.queues or [await broker.subscribe()])[0]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.get(), timeout=1)

    run_virtual(wait_for_a_message())
    with pytest.raises(RuntimeError, match="is bound to a different event loop"):
        run_virtual(wait_for_a_message())


@pytest.mark.parametrize(
    ("wake_the_loop", "woken_by"), [(False, "a timer"), (True, "another thread")]
)
def test_d13_a_message_from_another_thread_is_noticed_when_the_loop_next_wakes(
    wake_the_loop, woken_by
):
    broker = ChapterPubSub[Message]()

    async def wake_up_every(seconds: float) -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(seconds)

    with BackgroundLoop() as background:
        queue = background.start(broker.subscribe()).result(TIME_LIMIT_S)
        reader = background.start(queue.get())
        background.start(wake_up_every(TIME_LIMIT_S if wake_the_loop else 0.3))
        background.wait_until_asleep()
        if wake_the_loop:
            background.loop.call_soon_threadsafe(queue.put_nowait, Message("Hello"))
        else:
            queue.put_nowait(Message("Hello"))
        assert reader.result(TIME_LIMIT_S) == Message("Hello")
        assert background.woken_by == woken_by
