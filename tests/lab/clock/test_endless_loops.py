"""A loop that goes round without end is ended, and no other loop is."""

import asyncio
import sys
import threading
from collections.abc import Callable

import pytest

from pubsub_lib.lab.clock.endless_loops import EndlessLoop, ending_endless_loops


def counts_up() -> None:
    number = 0
    while True:
        number += 1


def goes_on() -> None:
    for _ in iter(int, 1):
        continue


def catches_what_it_can() -> None:
    while True:
        try:
            [].pop()
        except Exception:
            continue


def asks_a_generator() -> None:
    all(number == 0 for number in iter(int, 1))


@pytest.mark.parametrize(
    "loop",
    [counts_up, goes_on, catches_what_it_can, asks_a_generator],
    ids=lambda loop: loop.__name__,
)
def test_a_loop_without_end_ends(loop: Callable[[], None]):
    with pytest.raises(EndlessLoop, match="gone round 1,000 times"), ending_endless_loops(1_000):
        loop()


def test_a_task_that_never_waits_ends_and_the_others_go_on():
    async def main() -> str:
        async def hog() -> None:
            queue = asyncio.Queue[int](maxsize=1)
            while True:
                await queue.put(1)
                await queue.get()

        hogging = asyncio.create_task(hog())
        await asyncio.wait([hogging])
        assert isinstance(hogging.exception(), EndlessLoop)
        return "went on"

    with ending_endless_loops(1_000):
        assert asyncio.run(main()) == "went on"


def test_loops_that_end_may_go_round_as_often_as_is_allowed():
    with ending_endless_loops(1_000):
        assert sum(1 for _ in range(900)) == 900


def test_the_loops_of_others_are_not_counted():
    with ending_endless_loops(1_000, others=(__file__,)):
        for _ in range(2_000):
            pass


def test_a_block_counts_from_the_beginning_and_leaves_nothing_behind():
    for _ in range(2):
        with ending_endless_loops(1_000):
            for _ in range(800):
                pass
    for _ in range(2_000):
        pass
    assert sys.monitoring.get_tool(4) is None


def test_where_other_tools_leave_no_room_no_loop_is_ended():
    free = [tool for tool in range(6) if sys.monitoring.get_tool(tool) is None]
    for tool in free:
        sys.monitoring.use_tool_id(tool, "another")
    try:
        with ending_endless_loops(10):
            for _ in range(100):
                pass
    finally:
        for tool in free:
            sys.monitoring.free_tool_id(tool)


def test_a_loop_in_another_thread_ends_as_well():
    ended: list[BaseException] = []

    def run() -> None:
        try:
            counts_up()
        except EndlessLoop as error:
            ended.append(error)

    with ending_endless_loops(1_000):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join(timeout=30)
    assert len(ended) == 1
