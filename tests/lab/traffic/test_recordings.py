"""The tables that a recording makes of its events: their columns, units and rows."""

import pandas as pd
import pytest

from pubsub_lib.lab.traffic.readers import Pace, Reader
from pubsub_lib.lab.traffic.recordings import Recording

FAST, SLOW, DEAD = (Reader(pace.value, pace, 0.0) for pace in Pace)


def two_messages() -> Recording:
    """Message 0 is sent when due, 1 a quarter second late; the fast reader alone gets both."""
    recording = Recording([FAST, SLOW, DEAD], bound=3)
    recording.sent(0, intended_s=0.0, started_s=0.0)
    recording.received(0, "fast", 0.0)
    recording.published(0, finished_s=0.5)
    recording.depth(0.5, "fast", 0)
    recording.depth(0.5, "slow", 1)
    recording.sent(1, intended_s=0.25, started_s=0.5)
    recording.received(0, "slow", 0.75)
    recording.received(1, "fast", 1.0)
    recording.published(1, finished_s=1.5)
    recording.depth(1.5, "slow", 2)
    recording.left_unread("dead", 1)
    return recording


def empty() -> Recording:
    return Recording([FAST], bound=0)


def test_publishes_have_a_row_per_message_in_the_order_of_sending():
    assert two_messages().publishes().to_dict("list") == {
        "number": [0, 1],
        "intended_s": [0.0, 0.25],
        "sent_s": [0.0, 0.5],
        "finished_s": [0.5, 1.5],
        "duration_s": [0.5, 1.0],
    }


def test_deliveries_have_a_row_per_message_taken_in_the_order_of_taking():
    assert two_messages().deliveries().to_dict("list") == {
        "subscriber": ["fast", "slow", "fast"],
        "number": [0, 0, 1],
        "received_s": [0.0, 0.75, 1.0],
        "sent_s": [0.0, 0.0, 0.5],
        "latency_s": [0.0, 0.75, 0.75],  # from 0.25, when message 1 was due, not from 0.5
    }


def test_queue_fill_has_a_row_per_look_at_an_inbox():
    assert two_messages().queue_fill().to_dict("list") == {
        "time_s": [0.5, 0.5, 1.5],
        "subscriber": ["fast", "slow", "slow"],
        "depth": [0, 1, 2],
    }


def test_drops_have_a_row_per_reader_and_account_for_every_message():
    assert two_messages().drops().to_dict("list") == {
        "subscriber": ["fast", "slow", "dead"],
        "received": [2, 1, 0],
        "unread": [0, 0, 1],
        "dropped": [0, 1, 1],
    }


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (Recording.publishes, ["number", "intended_s", "sent_s", "finished_s", "duration_s"]),
        (Recording.deliveries, ["subscriber", "number", "received_s", "sent_s", "latency_s"]),
        (Recording.queue_fill, ["time_s", "subscriber", "depth"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_table_of_an_empty_run_has_its_columns_and_no_rows(table, columns):
    result = table(empty())
    assert isinstance(result, pd.DataFrame)
    assert result.columns.tolist() == columns
    assert len(result) == 0


def test_in_an_empty_run_nobody_misses_anything():
    assert empty().drops().to_dict("records") == [
        {"subscriber": "fast", "received": 0, "unread": 0, "dropped": 0}
    ]


def test_a_table_is_the_callers_own():
    recording = two_messages()
    table = recording.publishes()
    table["sent_s"] = 99.0
    assert recording.publishes()["sent_s"].tolist() == [0.0, 0.5]


def test_a_recording_goes_on_after_a_table_was_made():
    recording = two_messages()
    assert len(recording.queue_fill()) == 3
    recording.depth(2.0, "slow", 1)
    assert len(recording.queue_fill()) == 4


def test_latencies_are_grouped_by_pace_in_milliseconds():
    latencies = two_messages().latencies_ms()
    assert {pace: values.tolist() for pace, values in latencies.items()} == {
        Pace.FAST: [0.0, 750.0],
        Pace.SLOW: [750.0],
    }


def test_readers_of_one_pace_are_taken_together():
    recording = Recording([Reader("a", Pace.FAST, 0.0), Reader("b", Pace.FAST, 0.0)], bound=0)
    recording.sent(0, intended_s=0.0, started_s=0.0)
    recording.received(0, "a", 0.001)
    recording.received(0, "b", 0.002)
    assert recording.latencies_ms()[Pace.FAST].tolist() == [1.0, 2.0]


def test_a_latency_of_less_than_a_nanosecond_is_none():
    recording = Recording([FAST], bound=0)
    recording.sent(0, intended_s=0.3, started_s=0.3)
    recording.received(0, "fast", 0.1 + 0.2)  # which is not 0.3
    assert recording.latencies_ms()[Pace.FAST].tolist() == [0.0]


def test_without_deliveries_there_are_no_latencies():
    recording = Recording([DEAD], bound=1)
    recording.sent(0, intended_s=0.0, started_s=0.0)
    assert recording.latencies_ms() == {}


def test_waits_are_split_where_the_publish_returned():
    recording = Recording([SLOW], bound=1)
    recording.sent(0, intended_s=1.0, started_s=1.25)
    recording.published(0, finished_s=2.0)
    recording.received(0, "slow", 2.75)
    assert recording.waits("slow").to_dict("list") == {
        "number": [0],
        "intended_s": [1.0],
        "before_s": [1.0],
        "queued_s": [0.75],
    }


def test_a_message_taken_while_its_publish_still_waits_for_others_did_not_wait_in_the_inbox():
    waits = two_messages().waits("fast")
    assert waits["before_s"].tolist() == [0.0, 0.75]
    assert waits["queued_s"].tolist() == [0.0, 0.0]


def test_waits_add_up_to_the_latency():
    recording = two_messages()
    for name in ("fast", "slow"):
        waits = recording.waits(name)
        deliveries = recording.deliveries()
        latency_s = deliveries.loc[deliveries["subscriber"] == name, "latency_s"].tolist()
        assert (waits["before_s"] + waits["queued_s"]).tolist() == latency_s


@pytest.mark.parametrize("name", ["dead", "nobody"])
def test_who_took_nothing_has_no_waits(name):
    waits = two_messages().waits(name)
    assert (len(waits), list(waits)) == (0, ["number", "intended_s", "before_s", "queued_s"])
