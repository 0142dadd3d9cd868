"""Three servers that are restarted in turn: as recorded, and in earnest."""

from itertools import pairwise

import pytest

from pubsub_lib.lab.real_runs.restarts import (
    SERVERS,
    Happened,
    recorded_restarts,
    write_restarts,
)
from pubsub_lib.nats import why_no_server

NO_SERVER = why_no_server(of_our_own=True)
KILLED, STARTED, CAUGHT_UP = Happened.KILLED, Happened.STARTED, Happened.CAUGHT_UP


@pytest.mark.run_all
@pytest.mark.real_time
@pytest.mark.timeout(600)
@pytest.mark.skipif(NO_SERVER is not None, reason=str(NO_SERVER))
async def test_a_fresh_run_shows_the_events_of_the_recording_in_their_order_and_loses_nothing():
    from pubsub_lib.lab.real_runs.restarting import run_restarts

    fresh = await run_restarts()
    assert fresh.names == recorded_restarts().names
    assert fresh.lost == []


def test_in_the_recording_never_two_servers_are_away_at_once_and_the_leader_is_the_last():
    recorded = recorded_restarts()
    assert [name for what, name in recorded.names if what is KILLED] == list(SERVERS)
    away = [recorded.away[server] for server in SERVERS]
    assert all(before[1] <= after[0] for before, after in pairwise(away))


def test_in_the_recording_orders_are_stored_while_each_server_is_away():
    recorded = recorded_restarts()
    for from_s, to_s in recorded.away.values():
        assert any(from_s < at_s < to_s for at_s, _ in recorded.publishes)


def test_restarts_are_read_as_they_were_written(tmp_path):
    file = tmp_path / "restarts.json"
    write_restarts(recorded_restarts(), file)
    assert recorded_restarts(file) == recorded_restarts()
