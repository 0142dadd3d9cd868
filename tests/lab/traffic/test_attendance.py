"""Attendance: who was there for which message, and who received it."""

import asyncio
import math

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.attendance import Attended, Visit, leave, run_visits
from pubsub_lib.lab.traffic.loads import closed_loop, open_loop


class LeavablePubSub(ChapterPubSub):
    async def unsubscribe(self, queue):
        self.queues.remove(queue)


def attended(attendance, subscriber):
    return [attendance.attended(subscriber, n) for n in range(len(attendance.publishes))]


R, M, E, A = Attended.RECEIVED, Attended.MISSED, Attended.TOO_EARLY, Attended.ABSENT


def coming_and_going(broker):
    """The fifth publish lasts from 2 to 2.4 s, since it waits for the slow one; meanwhile, at
    2.25 s, one leaves and one joins.
    """
    visits = [
        Visit("leaver", leaves_s=2.25),
        Visit("slow", service_time_s=0.8),
        Visit("bystander"),
        Visit("newcomer", joins_s=2.25),
    ]
    return run_virtual(run_visits(broker, open_loop(messages=6, rate_hz=2), visits))


@pytest.fixture(params=[LeavablePubSub, AsyncPubSub])
def attendance(request):
    return coming_and_going(request.param(maxsize=1))


def test_it_notes_when_each_publish_began_and_ended(attendance):
    assert attendance.publishes == [(0, 0), (0.5, 0.5), (1, 1), (1.5, 1.6), (2, 2.4), (2.5, 3.2)]


def test_it_notes_when_each_subscriber_was_there(attendance):
    assert {name: (stay.joined_s, stay.left_s) for name, stay in attendance.stays.items()} == {
        "leaver": (0, 2.25),
        "slow": (0, math.inf),
        "bystander": (0, math.inf),
        "newcomer": (2.25, math.inf),
    }


def test_who_waits_for_nobody_else_receives_all(attendance):
    assert attended(attendance, "slow") == [R, R, R, R, R, R]


def test_after_leaving_nothing_is_missed(attendance):
    assert attended(attendance, "leaver")[5] == A


def test_a_list_that_changes_makes_a_bystander_miss_a_message():
    attendance = coming_and_going(LeavablePubSub(maxsize=1))
    assert attended(attendance, "bystander") == [R, R, R, R, M, R]
    assert attendance.count(Attended.MISSED) == 1


def test_a_list_that_changes_gives_a_newcomer_an_older_message():
    attendance = coming_and_going(LeavablePubSub(maxsize=1))
    assert attended(attendance, "newcomer") == [A, A, A, A, E, R]
    assert attendance.count(Attended.TOO_EARLY) == 1


def test_with_asyncpubsub_everybody_receives_what_is_theirs():
    attendance = coming_and_going(AsyncPubSub(maxsize=1))
    assert attended(attendance, "bystander") == [R, R, R, R, R, R]
    assert attended(attendance, "newcomer") == [A, A, A, A, A, R]


def test_the_table_has_a_row_for_each_subscriber_and_message(attendance):
    table = attendance.table()
    assert list(table.columns) == ["subscriber", "number", "attended"]
    assert len(table) == 4 * 6
    rows = table[(table["subscriber"] == "slow") & (table["number"] == 3)]
    assert rows["attended"].tolist() == ["received"]


def test_those_who_are_there_from_the_start_receive_the_first_message_of_a_closed_loop():
    attendance = run_virtual(
        run_visits(AsyncPubSub(), closed_loop(messages=2), [Visit("ada"), Visit("grace")])
    )
    assert attended(attendance, "ada") == attended(attendance, "grace") == [R, R]


def test_who_joins_after_the_last_message_is_waited_for():
    attendance = run_virtual(
        run_visits(AsyncPubSub(), closed_loop(messages=1), [Visit("late", joins_s=5)])
    )
    assert attended(attendance, "late") == [A]
    assert attendance.stays["late"].joined_s == 5


@pytest.mark.parametrize(
    "times",
    [{"joins_s": 2, "leaves_s": 1}, {"joins_s": -1}, {"joins_s": math.inf}, {"leaves_s": 0}],
)
def test_a_visit_that_ends_before_it_begins_is_refused(times):
    with pytest.raises(ValueError, match=r"^ada has to join, at 0 s or later, before it leaves"):
        Visit("ada", **times)


def test_a_slow_visit_that_ends_is_refused():
    with pytest.raises(ValueError, match=r"^ada takes its time, so it has to stay until the end"):
        Visit("ada", leaves_s=1, service_time_s=0.1)


@pytest.mark.parametrize("visits", [[], [Visit("ada"), Visit("ada")]])
def test_visits_without_a_name_of_their_own_are_refused(visits):
    with pytest.raises(ValueError, match="at least one visit, and each name only once"):
        run_virtual(run_visits(AsyncPubSub(), closed_loop(messages=1), visits))


def test_to_leave_is_to_close_an_inbox_and_to_unsubscribe_a_queue():
    async def main():
        for broker in (AsyncPubSub(), LeavablePubSub()):
            leaver, stayer = await broker.subscribe(), await broker.subscribe()
            await leave(broker, leaver)
            assert broker.queues == [stayer]

    asyncio.run(main())
