"""The deadline's sliders: what they say is what a service that is stopped so does."""

import asyncio
import re

import pytest

from pubsub_lib.lab.playground.deadline import open_deadline


async def read(queue, handle):
    while (message := await queue.get()) is not None:
        await handle(message)
        queue.task_done()


def drain(grace_s):
    async def stop(service):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one.run(read)) for one in service.subscribers]
            await service.publish_until_told()
            await service.broker.shutdown(timeout=grace_s)
            for task in tasks:
                task.cancel()

    return stop


@pytest.mark.parametrize("service_time_s", [1, 2, 5])
def test_the_slow_one_loses_nothing_from_the_deadline_on_that_its_work_takes(service_time_s):
    shown = open_deadline(drain)
    shown.controls["service time"].value = service_time_s
    needs_s = 6 * service_time_s - 5.5  # six messages, of which the first came at 0 s
    for deadline_s in (0, int(needs_s), int(needs_s) + 1):
        shown.controls["deadline"].value = deadline_s
        lost = re.search(r"slow (\d)", shown.caption)
        assert (lost is None) == (deadline_s >= needs_s), shown.caption
        assert "dead 6" in shown.caption
