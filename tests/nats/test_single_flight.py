"""`SingleFlight`: begun by whoever is first, waited for by all, and forgotten when it fails."""

import asyncio
import gc
import weakref

import pytest

from pubsub_lib.nats.single_flight import SingleFlight
from tests.stepping import in_virtual_time, let_all_run


class Work:
    """Work that a test lets end, and that counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return number


@pytest.fixture
def complaints() -> list[object]:
    """What asyncio has to complain of, as of an exception that nobody has looked at."""
    return []


def listen(complaints: list[object]) -> None:
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: complaints.append(context)
    )


@in_virtual_time
async def test_all_who_ask_share_one_run_and_its_result():
    work, flight = Work(), SingleFlight[int]()
    asking = [asyncio.create_task(flight.run(work)) for _ in range(3)]
    await let_all_run()
    work.may_end.set()
    assert await asyncio.gather(*asking) == [1, 1, 1]
    assert await flight.run(work) == 1


@in_virtual_time
async def test_work_that_failed_fails_for_all_who_wait_and_is_begun_again_by_the_next():
    work, flight = Work(), SingleFlight[int]()
    asking = [asyncio.create_task(flight.run(work)) for _ in range(3)]
    await let_all_run()
    work.error = ValueError("a bug")
    work.may_end.set()
    assert await asyncio.gather(*asking, return_exceptions=True) == [work.error] * 3
    assert not flight.begun
    work.error = None
    assert await flight.run(work) == 2


@in_virtual_time
async def test_work_that_is_not_to_be_begun_again_keeps_its_failure():
    work, flight = Work(), SingleFlight[int](again=False)
    work.error = ValueError("a bug")
    work.may_end.set()
    for _ in range(2):
        with pytest.raises(ValueError, match="a bug"):
            await flight.run(work)
    assert work.begun == 1
    assert flight.ended


@in_virtual_time
async def test_who_is_cancelled_while_it_waits_does_not_cancel_the_work_of_the_others():
    work, flight = Work(), SingleFlight[int]()
    one, other = (asyncio.create_task(flight.run(work)) for _ in range(2))
    await let_all_run()
    one.cancel()
    await let_all_run()
    assert one.cancelled()
    work.may_end.set()
    assert await other == 1


@in_virtual_time
async def test_work_goes_on_when_all_who_waited_were_cancelled():
    work, flight = Work(), SingleFlight[int]()
    asking = asyncio.create_task(flight.run(work))
    await let_all_run()
    asking.cancel()
    await let_all_run()
    assert flight.begun
    assert not flight.ended
    work.may_end.set()
    assert await flight.run(work) == 1


@in_virtual_time
async def test_a_failure_that_nobody_waits_for_is_no_complaint(complaints):
    listen(complaints)
    work, flight = Work(), SingleFlight[int]()
    work.error = ValueError("a bug")
    flight.begin(work)
    asking = asyncio.create_task(flight.run(work))
    await let_all_run()
    asking.cancel()
    await let_all_run()
    work.may_end.set()
    await flight.settled()
    del asking, work, flight
    gc.collect()
    await let_all_run()
    assert complaints == []


@in_virtual_time
async def test_cancelled_work_is_begun_again_by_the_next():
    work, flight = Work(), SingleFlight[int]()
    flight.begin(work)
    await let_all_run()
    flight.cancel()
    await flight.settled()
    assert not flight.begun
    work.may_end.set()
    assert await flight.run(work) == 2


@in_virtual_time
async def test_what_is_forgotten_goes_on_for_those_who_wait_and_the_next_begins_anew():
    work, flight = Work(), SingleFlight[int]()
    first = asyncio.create_task(flight.run(work))
    await let_all_run()
    flight.forget()
    second = asyncio.create_task(flight.run(work))
    await let_all_run()
    work.may_end.set()
    assert await asyncio.gather(first, second) == [1, 2]


@in_virtual_time
async def test_the_failure_of_what_was_forgotten_does_not_undo_what_was_begun_since():
    failing, work, flight = Work(), Work(), SingleFlight[int]()
    failing.error = ValueError("a bug")
    flight.begin(failing)
    await let_all_run()
    flight.forget()
    asking = asyncio.create_task(flight.run(work))
    await let_all_run()
    failing.may_end.set()
    await let_all_run()
    assert flight.begun
    work.may_end.set()
    assert await asking == 1


@in_virtual_time
async def test_settled_returns_when_the_work_has_ended_or_the_time_is_over_and_raises_nothing():
    work, flight = Work(), SingleFlight[int](again=False)
    await flight.settled()  # nothing was begun
    flight.begin(work)
    began = asyncio.get_running_loop().time()
    await flight.settled(0.5)
    assert asyncio.get_running_loop().time() == began + 0.5
    assert not flight.ended
    work.error = ValueError("a bug")
    work.may_end.set()
    await flight.settled()
    assert flight.ended


def test_work_that_cannot_be_begun_leaves_nothing_behind():
    work, flight = Work(), SingleFlight[int]()
    with pytest.raises(RuntimeError, match="no running event loop"):
        flight.begin(work)
    assert not flight.begun
    assert work.begun == 0


@in_virtual_time
async def test_work_that_is_done_holds_nobody():
    class Owner:
        def __init__(self) -> None:
            self.flight = SingleFlight[None]()

        async def work(self) -> None:
            await asyncio.sleep(1)

    owner = Owner()
    gone = weakref.ref(owner)
    await owner.flight.run(owner.work)
    gc.disable()
    try:
        del owner
        assert gone() is None
    finally:
        gc.enable()
