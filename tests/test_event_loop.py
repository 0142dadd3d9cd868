"""A broker stays on the event loop that it was first used on."""

import asyncio

import pytest

from pubsub_lib.event_loop import LoopBound
from pubsub_lib.lab.virtual_time import run_virtual


class Example(LoopBound):
    async def use(self) -> asyncio.AbstractEventLoop:
        return self.bind()


def test_it_returns_the_running_loop_however_often_it_is_used():
    async def main() -> None:
        example = Example()
        assert await example.use() is await example.use() is asyncio.get_running_loop()

    run_virtual(main())


def test_a_second_loop_is_refused_with_the_remedy():
    example = Example()
    run_virtual(example.use())
    with pytest.raises(
        RuntimeError,
        match=r"^this Example belongs to another event loop; create one inside each asyncio\.run",
    ):
        run_virtual(example.use())


def test_two_objects_do_not_share_a_loop():
    run_virtual(Example().use())
    run_virtual(Example().use())


def test_it_needs_a_running_loop():
    with pytest.raises(RuntimeError, match="no running event loop"):
        Example().bind()
