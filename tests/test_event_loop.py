"""A broker stays on the event loop that it was first used on."""

import asyncio

import pytest

from pubsub_lib.event_loop import HomeLoop
from pubsub_lib.lab.virtual_time import run_virtual


async def check(home: HomeLoop) -> asyncio.AbstractEventLoop:
    return home.check()


def test_it_returns_the_running_loop_however_often_it_is_asked():
    async def main() -> None:
        home = HomeLoop("Example")
        assert home.check() is home.check() is asyncio.get_running_loop()

    run_virtual(main())


def test_a_second_loop_is_refused_with_the_remedy():
    home = HomeLoop("Example")
    run_virtual(check(home))
    with pytest.raises(
        RuntimeError,
        match=r"^this Example belongs to another event loop; create one inside each asyncio\.run",
    ):
        run_virtual(check(home))


def test_two_objects_do_not_share_a_loop():
    run_virtual(check(HomeLoop("Example")))
    run_virtual(check(HomeLoop("Example")))


def test_it_needs_a_running_loop():
    with pytest.raises(RuntimeError, match="no running event loop"):
        HomeLoop("Example").check()
