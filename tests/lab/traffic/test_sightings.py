"""What a subscriber saw is in order, with what is missing and what came twice."""

import asyncio

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.sightings import Sightings


def seen(*numbers: int) -> Sightings:
    sightings = Sightings(clock=lambda: 0.0)
    for number in numbers:
        sightings.note(number)
    return sightings


def test_numbers_keep_the_order_of_seeing():
    assert seen(3, 1, 2, 1).numbers == [3, 1, 2, 1]


def test_what_came_twice_is_told_once():
    assert seen(1, 2, 1, 3, 1, 2).repeated == [1, 2]


def test_what_was_published_and_not_seen_is_missing():
    assert seen(1, 4, 9).missing(range(1, 5)) == [2, 3]


def test_each_is_noted_at_its_time():
    async def main() -> list[tuple[float, int]]:
        sightings = Sightings(asyncio.get_running_loop().time)
        sightings.note(1)
        await asyncio.sleep(0.5)
        sightings.note(2)
        (start_s, _), *_ = sightings.table
        return [(time_s - start_s, number) for time_s, number in sightings.table]

    assert run_virtual(main()) == [(0, 1), (0.5, 2)]


def test_a_count_is_waited_for():
    async def main() -> float:
        loop = asyncio.get_running_loop()
        start_s, sightings = loop.time(), Sightings(loop.time)

        async def see() -> None:
            for number in range(4):
                await asyncio.sleep(1)
                sightings.note(number)

        async with asyncio.TaskGroup() as group:
            group.create_task(see())
            await sightings.reach(3)
            return loop.time() - start_s

    assert run_virtual(main()) == 3


def test_a_count_that_is_reached_is_not_waited_for():
    run_virtual(seen(1, 2).reach(2))
