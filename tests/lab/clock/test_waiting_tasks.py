"""What is said of a task that waits: where it stands, and what it waits for."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub, RingPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.clock.waiting_tasks import describe_waiting_tasks, reason_to_wait


def description_of(wait) -> str:
    """Let a task wait, and return what is said of it, in one line."""

    async def main() -> str:
        task = asyncio.create_task(wait(), name="waiter")
        await asyncio.sleep(0.5)
        description = describe_waiting_tasks([task])
        task.cancel()
        await asyncio.wait([task])
        return " ".join(description.split())

    return run_virtual(main())


async def get() -> None:
    await asyncio.Queue().get()


async def put() -> None:
    queue = asyncio.Queue(maxsize=1)
    await queue.put(1)
    await queue.put(2)


async def join() -> None:
    queue = asyncio.Queue()
    await queue.put(1)
    await queue.join()


async def lock() -> None:
    lock = asyncio.Lock()
    await lock.acquire()
    async with lock:
        pass


async def event() -> None:
    await asyncio.Event().wait()


async def semaphore() -> None:
    async with asyncio.Semaphore(0):
        pass


async def condition() -> None:
    condition = asyncio.Condition()
    async with condition:
        await condition.wait()


async def barrier() -> None:
    async with asyncio.Barrier(2):
        pass


async def task_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(event())


async def another_task() -> None:
    await asyncio.create_task(event(), name="the other")


async def a_future() -> None:
    await asyncio.get_running_loop().create_future()


async def gather() -> None:
    await asyncio.gather(a_future(), a_future())


async def be_forgotten() -> None:
    queue = asyncio.Queue[int]()
    asyncio.get_running_loop().call_soon(queue._put, 1)  # which wakes nobody
    await queue.get()


async def sleep() -> None:
    await asyncio.sleep(60)


async def publish() -> None:
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    dead = broker.subscribe()
    await broker.publish(1)
    await broker.publish(2)
    assert dead.closed, "it never comes to this"


async def publish_many() -> None:
    broker = AsyncPubSub[int](maxsize=1, timeout=None)
    _inbox = broker.subscribe()
    await broker.publish_many([0, 1])


async def publish_many_to_a_ring() -> None:
    ring = RingPubSub[int](maxsize=1, timeout=None)
    _reader = ring.subscribe()
    await ring.publish_many([0, 1])


async def publish_to_a_ring() -> None:
    broker = RingPubSub[int](maxsize=1, timeout=None)
    dead = broker.subscribe()
    await broker.publish(1)
    await broker.publish(2)
    assert dead.closed, "it never comes to this"


async def publish_to_the_chapters_broker() -> None:
    broker = ChapterPubSub[int](maxsize=1)
    await broker.subscribe()
    await broker.publish(1)
    await broker.publish(2)


async def shut_down() -> None:
    broker = AsyncPubSub[int]()
    dead = broker.subscribe()
    await broker.publish(1)
    await broker.shutdown(timeout=None)
    assert dead.empty(), "it never comes to this"


async def read() -> None:
    async for _ in AsyncPubSub[int]().subscribe():
        pass


async def read_in_batches() -> None:
    async for _ in AsyncPubSub[int]().subscribe().batches():
        pass


async def get_from_a_ring() -> None:
    await RingPubSub[int]().subscribe().get()


async def join_a_ring() -> None:
    broker = RingPubSub[int]()
    subscription = broker.subscribe()
    await broker.publish(1)
    await subscription.join()


async def put_into_an_inbox() -> None:
    inbox = AsyncPubSub[int](maxsize=1).subscribe()
    await inbox.put(1)
    await inbox.put(2)


@pytest.mark.parametrize(
    ("wait", "description"),
    [
        (get, "get > Queue.get waits for a message in an empty queue"),
        (put, "put > Queue.put waits for room in a full queue of 1"),
        (join, "join > Queue.join waits for task_done() for every message of a queue"),
        (event, "event > Event.wait waits for an event that nobody sets"),
        (condition, "condition > Condition.wait waits for a condition that nobody notifies"),
        (task_group, "task_group > TaskGroup.__aexit__ waits for the tasks of its group"),
        (another_task, "another_task waits for the task 'the other'"),
        (a_future, "a_future waits for a future that nobody completes"),
        (gather, "gather waits for the tasks that it gathers"),
        (
            be_forgotten,
            "be_forgotten > Queue.get waits for somebody to wake it, beside a queue that holds 1",
        ),
        (sleep, "sleep > sleep waits for 60.0 s on the clock"),
        (publish, "publish > AsyncPubSub.publish waits for room in a full inbox of 1"),
        (
            publish_many,
            "publish_many > AsyncPubSub.publish_many waits for room in a full inbox of 1",
        ),
        (
            publish_many_to_a_ring,
            "publish_many_to_a_ring > RingPubSub.publish_many "
            "waits for the slowest subscriber of a ring of 1",
        ),
        (
            publish_to_the_chapters_broker,
            "publish_to_the_chapters_broker > ChapterPubSub.publish > wait_for > Queue.put "
            "waits for room in a full queue of 1",
        ),
        (
            publish_to_a_ring,
            "publish_to_a_ring > RingPubSub.publish "
            "waits for the slowest subscriber of a ring of 1",
        ),
        (
            shut_down,
            "shut_down > BaseBroker.shutdown > SubscriberState.drained "
            "waits for a subscriber to handle its messages",
        ),
        (read, "read > MessageIterator.__anext__ waits for a message"),
        (read_in_batches, "read_in_batches > BatchIterator.__anext__ waits for a message"),
        (get_from_a_ring, "get_from_a_ring > BaseSubscription.get waits for a message"),
        (
            join_a_ring,
            "join_a_ring > BaseSubscription.join "
            "waits for task_done() for every message of a subscription",
        ),
        (
            put_into_an_inbox,
            "put_into_an_inbox > Inbox.put waits for room in a full queue of 1",
        ),
    ],
)
def test_it_says_where_a_task_stands_and_what_it_waits_for(wait, description):
    assert description_of(wait) == f"- waiter: {description}"


@pytest.mark.parametrize(
    ("wait", "reason"),
    [
        (lock, "a lock that nobody releases"),
        (semaphore, "a semaphore that nobody releases"),
        (barrier, "others to reach a barrier"),
    ],
)
def test_it_knows_what_is_entered_with_async_with(wait, reason):
    assert description_of(wait).startswith(f"- waiter: {wait.__name__} > ")
    assert description_of(wait).endswith(f" waits for {reason}")


def test_a_function_inside_another_is_named_alone():
    async def inner() -> None:
        await event()

    assert "- waiter: inner > event > Event.wait waits for" in description_of(inner)


def test_tasks_are_in_the_order_of_their_names_and_numbers():
    async def main() -> str:
        names = ["reader 10", "publisher", "reader 9", "reader 1"]
        tasks = [asyncio.create_task(event(), name=name) for name in names]
        await asyncio.sleep(0)
        description = describe_waiting_tasks(tasks)
        for task in tasks:
            task.cancel()
        return description

    names = [line.split(":")[0] for line in run_virtual(main()).splitlines()]
    assert names == ["- publisher", "- reader 1", "- reader 9", "- reader 10"]


def test_nothing_is_said_of_no_tasks():
    assert describe_waiting_tasks([]) == ""


@pytest.mark.parametrize(
    ("wait", "reason"),
    [
        (get, "a message in an empty queue"),
        (sleep, "60.0 s on the clock"),
        (a_future, "a future"),
        (gather, "the tasks that it gathers"),
    ],
)
def test_what_a_task_waits_for_can_be_had_without_the_way_there(wait, reason):
    async def main() -> str:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        return reason_to_wait(task)

    assert run_virtual(main()) == reason


def test_a_long_way_is_broken_between_words_below_its_beginning():
    async def wait_for_what_nobody_will_ever_put_into_the_queue_of_this_test() -> None:
        await asyncio.Queue[int]().get()

    async def main() -> str:
        task = asyncio.create_task(
            wait_for_what_nobody_will_ever_put_into_the_queue_of_this_test(), name="reader"
        )
        await asyncio.sleep(0)
        description = describe_waiting_tasks([task])
        task.cancel()
        return description

    assert run_virtual(main()).splitlines() == [
        "- reader: wait_for_what_nobody_will_ever_put_into_the_queue_of_this_test > Queue.get",
        "  waits for a message in an empty queue",
    ]
