"""Background tasks end with their broker, whether they notice its end or not."""

import asyncio

from pubsub_lib.in_process.event_loop import HomeLoop
from pubsub_lib.nats.background import NOTICED_AFTER_S, BackgroundTasks
from tests.stepping import in_virtual_time


def background_tasks() -> BackgroundTasks:
    home = HomeLoop("test")
    home.check()
    return BackgroundTasks(home)


@in_virtual_time
async def test_a_task_that_notices_the_end_is_waited_for():
    tasks = background_tasks()
    ending = tasks.start(asyncio.sleep(NOTICED_AFTER_S / 2, "ended"))
    await tasks.end()
    assert ending.result() == "ended"


@in_virtual_time
async def test_a_task_that_does_not_is_cancelled():
    tasks = background_tasks()
    going_on = tasks.start(asyncio.Event().wait())
    await tasks.end()
    assert going_on.cancelled()


@in_virtual_time
async def test_what_starts_at_once_has_begun_when_that_returns():
    seen = []

    async def look() -> None:
        seen.append("begun")

    background_tasks().start_at_once(look())
    assert seen == ["begun"]


@in_virtual_time
async def test_nothing_can_start_before_there_is_an_event_loop_nor_after_the_end():
    assert not BackgroundTasks(HomeLoop("test")).can_start
    tasks = background_tasks()
    assert tasks.can_start
    await tasks.end()
    assert not tasks.can_start
