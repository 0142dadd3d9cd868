"""Who has handled a message says so, and the server hears of that one and of no other."""

import asyncio
import gc

import pytest

from pubsub_lib.nats import JetStreamPubSub
from tests.nats.observing import Server, eventually, soon, take, until

NAME = "billing"


async def publish(broker: JetStreamPubSub[int], count: int) -> None:
    for number in range(count):
        await broker.publish(number)


async def with_waiting(broker: JetStreamPubSub[int], count: int):
    """Return a subscription in which so many messages wait."""
    inbox = await broker.subscribe(name=NAME)
    await publish(broker, count)
    await eventually(lambda: inbox.qsize() == count)
    return inbox


async def until_left(broker: JetStreamPubSub[int], server: Server, *numbers: int) -> None:
    """Return when these are the messages that the server keeps; they count from 0."""

    async def left() -> bool:
        state = (await server.jetstream.stream_info(broker.subject)).state
        return state.messages == len(numbers)

    await until(left)
    kept = [await server.jetstream.get_msg(broker.subject, number + 1) for number in numbers]
    assert [message.data for message in kept] == [str(number).encode() for number in numbers]


# With get() and task_done().


async def test_a_message_is_acknowledged_by_task_done_and_not_by_get(broker, server):
    inbox = await with_waiting(broker, 2)
    await inbox.get()
    assert inbox.get_nowait() == 1
    await until_left(broker, server, 0, 1)
    inbox.task_done()
    await until_left(broker, server, 1)
    inbox.task_done()
    await until_left(broker, server)
    inbox.close()


async def test_each_task_acknowledges_what_it_has_taken(broker, server):
    inbox = await with_waiting(broker, 3)
    done = [asyncio.Event() for _ in range(3)]
    taken: dict[int, int | None] = {}

    async def work(worker: int) -> None:
        taken[worker] = await inbox.get()
        await done[worker].wait()
        inbox.task_done()

    async with asyncio.TaskGroup() as workers:
        for worker in range(3):
            workers.create_task(work(worker))
        await eventually(lambda: len(taken) == 3)
        assert taken == {0: 0, 1: 1, 2: 2}
        done[1].set()
        await until_left(broker, server, 0, 2)
        done[2].set()
        await until_left(broker, server, 0)
        done[0].set()
    await until_left(broker, server)
    inbox.close()


async def test_a_task_acknowledges_in_the_order_in_which_it_took(broker, server):
    inbox = await with_waiting(broker, 3)
    for _ in range(3):
        await inbox.get()
    inbox.task_done()
    await until_left(broker, server, 1, 2)
    inbox.task_done()
    await until_left(broker, server, 2)
    inbox.close()


async def test_a_task_that_has_taken_none_acknowledges_what_any_took_first(broker, server):
    inbox = await with_waiting(broker, 4)

    async def take_two_and_finish_the_first(first: asyncio.Event, second: asyncio.Event) -> None:
        await inbox.get()
        first.set()
        await second.wait()
        await inbox.get()
        inbox.task_done()

    taken, go_on = asyncio.Event(), asyncio.Event()
    one = asyncio.create_task(take_two_and_finish_the_first(taken, go_on))  # takes 0 and 2
    await taken.wait()
    await asyncio.create_task(inbox.get())  # takes 1
    go_on.set()
    await one  # acknowledges 0
    await until_left(broker, server, 1, 2, 3)
    inbox.task_done()  # of a third task
    await until_left(broker, server, 2, 3)
    inbox.task_done()
    await until_left(broker, server, 3)
    inbox.close()


async def test_a_message_can_be_handed_to_another_task(broker, server):
    inbox = await with_waiting(broker, 1)
    message = await asyncio.create_task(inbox.get())

    async def handle(message: int) -> None:
        inbox.task_done()

    await asyncio.create_task(handle(message))
    await until_left(broker, server)
    inbox.close()


async def test_task_done_once_too_often_is_an_error(broker):
    inbox = await with_waiting(broker, 1)
    with pytest.raises(ValueError, match="more often than messages were taken"):
        inbox.task_done()
    await inbox.get()
    inbox.task_done()
    with pytest.raises(ValueError, match="more often than messages were taken"):
        inbox.task_done()
    inbox.close()


async def test_task_done_does_not_acknowledge_what_an_async_for_has(broker, server):
    inbox = await with_waiting(broker, 2)
    iterator = aiter(inbox)
    assert await anext(iterator) == 0
    assert await inbox.get() == 1
    inbox.task_done()
    await until_left(broker, server, 0)
    inbox.close()
    del iterator


async def test_what_was_taken_twice_can_be_acknowledged_twice(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await broker.publish(0)
        assert await soon(inbox.get()) == 0
        assert await soon(inbox.get()) == 0  # ack_wait has passed
        inbox.task_done()
        inbox.task_done()
        await broker.publish(1)
        assert await take(inbox, 1) == [1]
        await server.until_acknowledged(broker.subject, NAME)
        assert broker.network.redelivered >= 1


# With async for.


async def test_asking_for_the_next_acknowledges_the_last(broker, server):
    inbox = await with_waiting(broker, 3)
    iterator = aiter(inbox)
    assert await anext(iterator) == 0
    await until_left(broker, server, 0, 1, 2)
    assert await anext(iterator) == 1
    await until_left(broker, server, 1, 2)
    assert await anext(iterator) == 2
    waiting = asyncio.create_task(anext(iterator))
    await until_left(broker, server)
    waiting.cancel()
    await asyncio.wait([waiting])
    inbox.close()


async def test_the_last_message_before_a_close_in_the_loop_is_acknowledged(broker, server):
    inbox = await with_waiting(broker, 2)
    async for _ in inbox:
        inbox.close()
    await until_left(broker, server, 1)


async def test_a_list_is_acknowledged_by_asking_for_the_next(broker, server):
    inbox = await with_waiting(broker, 3)
    batches = inbox.batches()
    assert await anext(batches) == [0, 1, 2]
    await until_left(broker, server, 0, 1, 2)
    await broker.publish(3)
    assert await soon(anext(batches)) == [3]
    await until_left(broker, server, 3)
    inbox.close()
    del batches


# Leaving.


async def leave_by_break(inbox) -> None:
    async for _ in inbox:
        break


async def leave_by_an_exception(inbox) -> None:
    async for _ in inbox:
        raise LookupError


async def leave_by_cancellation(inbox) -> None:
    async for _ in inbox:
        asyncio.current_task().cancel()
        await asyncio.sleep(0)


async def leave_a_batch(inbox) -> None:
    async for _ in inbox.batches():
        break


@pytest.mark.parametrize(
    "leave", [leave_by_break, leave_by_an_exception, leave_by_cancellation, leave_a_batch]
)
async def test_who_leaves_an_async_for_gives_its_message_back(broker, server, leave):
    inbox = await with_waiting(broker, 2)
    leaving = asyncio.create_task(leave(inbox))
    await asyncio.wait([leaving])
    leaving.cancelled() or leaving.exception()
    del leaving
    gc.collect()
    assert sorted(await take(inbox, 2)) == [0, 1]
    await until_left(broker, server)
    assert inbox.unfinished == 0
    inbox.close()


async def test_the_next_reader_gets_at_once_what_a_closed_one_had_not_handled(broker):
    async with broker.subscribe(name=NAME) as inbox:
        await publish(broker, 5)
        await eventually(lambda: inbox.qsize() == 5)
        assert await take(inbox, 1) == [0]
        assert await inbox.get() == 1
    async with broker.subscribe(name=NAME) as inbox:
        assert sorted(await take(inbox, 4)) == [1, 2, 3, 4]
    assert broker.network.redelivered == 4  # each once: none came back to the closed one


async def test_another_reader_of_the_name_gets_at_once_what_a_closed_one_had(broker):
    async with broker.subscribe(name=NAME) as stays, broker.subscribe(name=NAME) as leaves:
        await publish(broker, 20)
        await eventually(lambda: stays.qsize() + leaves.qsize() == 20)
        assert leaves.qsize()
        leaves.close()
        assert sorted(await take(stays, 20)) == list(range(20))


async def test_a_reader_that_shuts_its_inbox_down_handles_what_is_left(broker, server):
    inbox = await with_waiting(broker, 3)
    inbox.shutdown()
    assert [number async for number in inbox] == [0, 1, 2]
    await until_left(broker, server)
    assert broker.network.redelivered == 0


async def test_what_a_crashed_handler_had_comes_to_the_next_reader_soon(broker):
    async def crash() -> None:
        async with broker.subscribe(name=NAME) as inbox:
            await broker.publish(0)
            async for _ in inbox:
                raise LookupError

    with pytest.raises(LookupError):
        await crash()
    async with broker.subscribe(name=NAME) as inbox:
        assert await take(inbox, 1) == [0]


async def test_a_nameless_reader_that_leaves_its_async_for_gets_the_message_again(broker):
    async with broker.subscribe() as inbox:
        await broker.publish(0)
        await leave_by_break(inbox)
        assert await take(inbox, 1) == [0]


async def test_a_subscription_that_nobody_holds_gives_back_what_it_has(broker):
    async def lose() -> None:
        await with_waiting(broker, 3)

    await lose()
    async with broker.subscribe(name=NAME) as inbox:
        assert sorted(await take(inbox, 3)) == [0, 1, 2]


# Too slow.


async def test_what_is_not_acknowledged_in_time_is_delivered_again_and_counted(
    url, subject, server
):
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await broker.publish(0)
        assert await soon(inbox.get()) == 0
        assert await soon(inbox.get()) == 0
        assert broker.network.redelivered >= 1  # more, where the machine is busy
        inbox.close()


async def test_what_waits_is_never_there_twice_however_often_it_is_delivered(url, subject, server):
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1) as broker,
        broker.subscribe(name=NAME) as inbox,
    ):
        await publish(broker, 3)
        await eventually(lambda: broker.network.redelivered >= 6)
        assert inbox.qsize() == 3
        assert await take(inbox, 3) == [0, 1, 2]
        await server.until_acknowledged(broker.subject, NAME)


async def test_another_reader_of_the_name_gets_what_one_does_not_acknowledge(url, subject):
    async with (
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1) as broker,
        JetStreamPubSub[int](subject, url=url, ack_wait=0.1) as another,
        broker.subscribe(name=NAME) as stalled,
        another.subscribe(name=NAME) as working,
    ):
        published = 0
        while not stalled.stats.received:  # the server chooses by chance who gets which
            await broker.publish(published)
            published += 1
        handled: set[int] = set()
        while len(handled) < published:
            handled.update(await take(working, 1))
        assert another.network.redelivered > 0
        stalled.close()


async def test_ack_wait_can_be_given_for_one_subscription(broker, server):
    async with broker.subscribe(name=NAME, ack_wait=0.1) as inbox:
        await broker.publish(0)
        assert [await soon(inbox.get()) for _ in range(2)] == [0, 0]
