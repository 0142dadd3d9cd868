"""What `observe` says of a service that is told to stop, to the nanosecond."""

import asyncio

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub
from pubsub_lib.lab.traffic.readers import Pace, fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Span
from pubsub_lib.lab.traffic.stopping import (
    BROKEN_OFF,
    HANDLED,
    IN_HAND,
    PUBLISHED,
    Ending,
    Handle,
    Service,
    observe,
)


async def read(queue: asyncio.Queue[int | None], handle: Handle) -> None:
    while (message := await queue.get()) is not None:
        await handle(message)
        queue.task_done()


async def just_end(service: Service) -> None:
    tasks = [asyncio.create_task(one.run(read), name=one.name) for one in service.subscribers]
    await service.publish_until_told()
    assert not any(task.done() for task in tasks)


async def close_and_wait(service: Service) -> str:
    async with asyncio.TaskGroup() as group:
        for one in service.subscribers:
            group.create_task(one.run(read), name=one.name)
        await service.publish_until_told()
        await service.broker.shutdown()
    return "has returned"


def spans(ending: Ending, name: str) -> list[tuple[float, float, str]]:
    return [(span.start_s, span.end_s, span.doing) for span in ending.lives[name].spans]


def test_when_it_is_told_to_stop_each_subscriber_is_where_it_is_said_to_be():
    ending = observe(just_end, AsyncPubSub)
    assert ending.told_s == 5.5
    assert spans(ending, "publisher") == [(at, at, PUBLISHED) for at in range(6)]
    assert spans(ending, "fast") == [(at, at, HANDLED) for at in range(6)]
    assert spans(ending, "slow") == [(0, 2, HANDLED), (2, 4, HANDLED), (4, 5.5, BROKEN_OFF)]
    assert spans(ending, "dead") == [(0, 5.5, BROKEN_OFF)]
    assert [life.pace for life in ending.lives.values()] == [None, *Pace]


@pytest.mark.parametrize("broker_class", [AsyncPubSub, ChapterPubSub])
def test_what_a_program_leaves_behind_is_cancelled(broker_class):
    ending = observe(just_end, broker_class)
    assert {life.ended_s for life in ending.lives.values()} == {5.5}
    assert ending.lost == {"slow": 4, "dead": 6}
    assert ending.never == []
    assert ending.waiting == ""


def test_the_result_of_the_way_to_stop_is_kept():
    living = [fast_reader(), slow_reader(service_time_s=2)]
    ending = observe(close_and_wait, AsyncPubSub, readers=living)
    assert ending.result == "has returned"
    assert list(ending.lives) == ["publisher", "fast", "slow"]
    assert [life.ended_s for life in ending.lives.values()] == [12.0, 5.5, 12.0]
    assert ending.lost == {}


def test_who_has_not_ended_an_hour_later_never_does():
    ending = observe(close_and_wait, ChapterPubSub)
    assert ending.never == ["publisher", "dead"]
    assert ending.result is None
    assert ending.lost == {"dead": 6}
    assert ending.lives["slow"].ended_s == 12.0
    assert spans(ending, "dead") == [(0, 3605.5, IN_HAND)]
    first, second = " ".join(ending.waiting.split()).removeprefix("- ").split(" - ")
    assert first.startswith("dead: ")
    assert second.endswith("Queue.put waits for room in a full queue of 5")


def test_a_subscriber_that_was_never_started_ends_with_the_program():
    async def publish_only(service: Service) -> None:
        await service.publish_until_told()

    ending = observe(publish_only, AsyncPubSub, readers=[fast_reader()])
    assert ending.lives["fast"].ended_s == ending.lives["publisher"].ended_s
    assert ending.lives["fast"].spans == ()
    assert ending.lost == {"fast": 6}


def test_the_pause_of_the_publisher_ends_when_it_is_told():
    async def publish_and_look(service: Service) -> float:
        service.subscribers[0].queue.shutdown()
        await service.publish_until_told()
        return asyncio.get_running_loop().time()

    assert observe(publish_and_look, AsyncPubSub, readers=[fast_reader()]).result == 5.5


def test_a_way_that_raises_is_heard_and_leaves_no_task_behind():
    ended: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("lingering")

    async def fail(service: Service) -> None:
        tasks = [asyncio.create_task(linger())]
        await asyncio.sleep(1)
        assert not tasks[0].done()
        raise LookupError("in the way")

    with pytest.raises(LookupError, match="in the way"):
        observe(fail, AsyncPubSub)
    assert ended == ["lingering"]


def test_messages_that_are_handled_at_the_same_time_are_each_noted():
    async def two_at_a_time(queue: asyncio.Queue[int], handle: Handle) -> None:
        first, second = await queue.get(), await queue.get()
        await asyncio.gather(handle(first), handle(second))

    async def run(service: Service) -> None:
        async with asyncio.TaskGroup() as group:
            for one in service.subscribers:
                group.create_task(one.run(two_at_a_time))
            await service.publish_until_told()

    ending = observe(run, AsyncPubSub, readers=[slow_reader(service_time_s=2)])
    assert ending.lives["slow"].spans == (Span(1, 3, HANDLED), Span(1, 3, HANDLED))


def test_a_message_sent_after_the_service_was_told_to_stop_counts_too():
    async def publish_one_more(service: Service) -> None:
        (one,) = service.subscribers
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(one.run(read), name=one.name)
            await service.publish_until_told()
            reading.cancel()
            await asyncio.wait([reading])
            await service.publish_next()

    ending = observe(publish_one_more, ChapterPubSub, readers=[fast_reader()])
    assert len(ending.lives["publisher"].spans) == 7
    assert ending.lost == {"fast": 1}
