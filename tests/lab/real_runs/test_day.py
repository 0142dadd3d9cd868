"""A day at the desks: as recorded, as it is in earnest, and what a film shows of it."""

import asyncio

import pytest

from pubsub_lib.lab.real_runs.commands import film_a_day
from pubsub_lib.lab.real_runs.day import Day, Event, What
from pubsub_lib.lab.real_runs.filming import film_of_day
from pubsub_lib.lab.real_runs.recorded import (
    RECORDED_DAYS,
    read_day,
    recorded_day,
    recording_of,
    write_day,
)
from pubsub_lib.lab.replay.events import ChangeKind, State
from pubsub_lib.nats import why_no_server

NO_SERVER = why_no_server(of_our_own=True)
needs_a_server = [
    pytest.mark.real_time,
    pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER)),
]
QUEUE = 0


async def serve(inbox, ledger):
    while (order := await inbox.get()) is not None:
        inbox.task_done()
        await ledger.carry_out(order)


async def not_written(inbox, ledger):
    raise NotImplementedError


async def misspells(inbox, ledger):
    await inbox.got()


async def returns_at_once(inbox, ledger):
    pass


#: A desk has carried out an order, and is killed; the next one gets it again.
KILLED_AFTER_ITS_EFFECT = (
    (What.STORED, 1, 0),
    (What.TOOK, 1, 1),
    (What.CARRIED_OUT, 1, 1),
    (What.KILLED, 0, 1),
    (What.TOOK, 1, 2),
)


def day_of(*steps: tuple[What, int, int]) -> Day:
    """Return a day in which each step comes a tenth of a second after the last."""
    events = [Event(number / 10, *step) for number, step in enumerate(steps)]
    return Day("async def serve(inbox, ledger):\n    ...", events)


def count(day: Day, kind: ChangeKind, *numbers: int) -> int:
    return film_of_day(day).recordings[""].count(kind, *numbers)


# In earnest.


@pytest.mark.parametrize("name", [pytest.param(one, marks=needs_a_server) for one in RECORDED_DAYS])
async def test_a_fresh_run_shows_the_events_of_a_recording_in_their_order(name):
    from pubsub_lib.lab.real_runs.running import run_day

    recorded = recorded_day(name)
    assert (await run_day(recorded.source)).names == recorded.names


@pytest.mark.real_time
@pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
async def test_a_desk_that_returns_too_early_is_told_of():
    film = await asyncio.to_thread(film_a_day, returns_at_once)
    assert "a desk ends with no error, while orders wait" in film.caption


@pytest.mark.real_time
@pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
async def test_a_desk_that_ends_with_an_error_is_filmed_as_far_as_it_comes():
    film = await asyncio.to_thread(film_a_day, misspells)
    assert "a desk ends with AttributeError: " in film.caption
    assert "has no attribute 'got'" in film.recordings[""].error
    assert film.recordings[""].texts[-1] == "desk 1 ends"


# As recorded.


def test_the_loop_of_the_notebook_is_not_run_again():
    assert film_a_day(serve).html == film_of_day(recorded_day("acknowledges_first")).html


def test_of_another_source_there_is_no_recording():
    assert recording_of("async def serve(inbox, ledger): ...") is None


def test_a_loop_that_is_not_written_yet_has_no_film():
    assert film_a_day(not_written) is None


def test_a_day_is_read_as_it_was_written(tmp_path):
    day = recorded_day("acknowledges_first")
    file = tmp_path / "day.json"
    write_day(day, file)
    assert read_day(file.read_text("utf-8")) == day


# On film.


def test_an_order_that_was_not_acknowledged_waits_again_when_its_desk_is_killed():
    day = day_of((What.STORED, 1, 0), (What.TOOK, 1, 1), (What.KILLED, 0, 1))
    assert count(day, ChangeKind.BACK, QUEUE, 0) == 1
    assert count(day, ChangeKind.DROP) == 0


def test_an_order_that_was_acknowledged_and_not_carried_out_is_lost():
    day = day_of(
        (What.STORED, 1, 0), (What.TOOK, 1, 1), (What.ACKNOWLEDGED, 1, 1), (What.KILLED, 0, 1)
    )
    assert count(day, ChangeKind.DROP, QUEUE, 0) == 1
    assert count(day, ChangeKind.BACK) == 0


def test_what_a_dead_desk_has_carried_out_is_handled_when_the_next_one_acknowledges_it():
    day = day_of(*KILLED_AFTER_ITS_EFFECT, (What.ACKNOWLEDGED, 1, 2))
    assert count(day, ChangeKind.HANDLE, QUEUE, 0) == 1
    assert day.repeated == []


def test_an_order_that_is_carried_out_twice_is_told():
    day = day_of(*KILLED_AFTER_ITS_EFFECT, (What.CARRIED_OUT, 1, 2), (What.ACKNOWLEDGED, 1, 2))
    film = film_of_day(day)
    assert "desk 2 carries out order 1 a second time" in film.recordings[""].texts
    assert "order 1 more than once" in film.caption


def test_while_there_is_no_server_the_publisher_waits():
    day = day_of((What.SERVER_KILLED, 0, 0), (What.PUBLISHER_WAITS, 5, 0), (What.STORED, 5, 0))
    assert count(day, ChangeKind.WAIT, 4, QUEUE) == 1
    assert count(day, ChangeKind.PUBLISH) == 1


def test_an_order_that_was_taken_is_kept_until_it_is_acknowledged():
    day = day_of((What.STORED, 1, 0), (What.TOOK, 1, 1), (What.ACKNOWLEDGED, 1, 1))
    assert count(day, ChangeKind.HELD, QUEUE, 0) == 1
    assert count(day, ChangeKind.ACKNOWLEDGED, QUEUE, 0) == 1


def killed_in(day: Day) -> list[str]:
    recording = film_of_day(day).recordings[""]
    states = [change[1:3] for change in recording.changes(ChangeKind.STAND)]
    return [recording.tasks[process] for process, state in states if state == State.KILLED]


def test_who_is_killed_is_marked_as_that_a_desk_and_the_server():
    assert killed_in(recorded_day("acknowledges_first")) == ["desk 1", "desk 2", "server"]


def test_it_is_the_server_that_keeps_the_orders():
    recording = film_of_day(day_of((What.STORED, 1, 0))).recordings[""]
    *_, keeper = recording.as_data()["queues"][QUEUE]
    assert recording.tasks[keeper] == "server"
