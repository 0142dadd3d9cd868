"""Workloads that are cut off, and what is noted of a publish that was refused, or a reader gone."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pubsub_lib import AsyncPubSub, ChapterPubSub, Overflow
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.loads import closed_loop, open_loop
from pubsub_lib.lab.traffic.readers import dead_reader, fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Recording
from pubsub_lib.lab.traffic.workloads import run_workload

TEN_PER_SECOND = open_loop(messages=100, rate_hz=10)
either_broker = pytest.mark.parametrize("broker_class", [ChapterPubSub, AsyncPubSub])


def run(broker, *readers, until_s: float | None = None, load=TEN_PER_SECOND) -> Recording:
    return run_virtual(run_workload(broker, load, readers, until_s=until_s))


def drops_of(recording: Recording) -> dict[str, tuple[int, int, int]]:
    """Return received, unread and dropped, by subscriber."""
    return {name: tuple(counts) for name, *counts in recording.drops().itertuples(index=False)}


@either_broker
def test_nothing_is_sent_once_it_is_cut_off(broker_class):
    recording = run(broker_class(), fast_reader(), until_s=1.0)
    assert recording.publishes()["intended_s"].tolist() == [number / 10 for number in range(10)]


@either_broker
def test_what_a_slow_reader_has_not_taken_then_is_unread(broker_class):
    recording = run(broker_class(), slow_reader(service_time_s=0.45), until_s=1.0)
    assert drops_of(recording) == {"slow": (3, 7, 0)}  # taken at 0, 0.45 and 0.9 s


@either_broker
def test_what_the_dead_were_sent_is_unread(broker_class):
    assert drops_of(run(broker_class(), dead_reader(), until_s=1.0)) == {"dead": (0, 10, 0)}


@either_broker
def test_no_delivery_is_noted_after_that(broker_class):
    recording = run(broker_class(), slow_reader(service_time_s=0.45), until_s=1.0)
    assert recording.deliveries()["received_s"].max() == 0.9


def test_a_publisher_that_waits_for_ever_is_cut_off_too():
    recording = run(AsyncPubSub(3, timeout=None), fast_reader(), dead_reader(), until_s=1.0)
    assert recording.publishes()["duration_s"].round(9).tolist() == [0, 0, 0, 0.7]
    assert drops_of(recording) == {"fast": (4, 0, 0), "dead": (0, 4, 0)}


def test_the_last_look_at_an_inbox_is_before_it_is_emptied():
    recording = run(AsyncPubSub(3, timeout=None), dead_reader(), until_s=1.0)
    assert recording.queue_fill().iloc[-1].tolist() == [1.0, "dead", 3]


@either_broker
def test_a_run_that_is_done_sooner_goes_on_until_then(broker_class):
    recording = run(broker_class(), fast_reader(), until_s=20.0)
    assert recording.queue_fill()["time_s"].iloc[-1] == 20.0
    assert drops_of(recording) == {"fast": (100, 0, 0)}


def test_a_closed_loop_can_be_cut_off():
    recording = run(
        AsyncPubSub(2, timeout=None),
        slow_reader(service_time_s=0.25),
        load=closed_loop(messages=100),
        until_s=1.0,
    )
    assert drops_of(recording) == {"slow": (4, 3, 0)}


@pytest.mark.parametrize("until_s", [0, -1.0, math.inf, math.nan])
def test_a_time_to_stop_is_positive(until_s):
    with pytest.raises(ValueError, match="until_s must be a positive number"):
        run(AsyncPubSub(), fast_reader(), until_s=until_s)


@settings(max_examples=60)
@given(
    bound=st.integers(1, 8),
    timeout=st.sampled_from([0, 0.05, 0.1, 0.35, None]),
    overflow=st.sampled_from([Overflow.DROP_NEWEST, Overflow.DROP_OLDEST, Overflow.RAISE]),
    service_time_s=st.sampled_from([0.05, 0.1, 0.13, 0.3, 2.0]),
    dead=st.integers(0, 2),
)
def test_every_message_is_accounted_for_as_the_broker_does(
    bound, timeout, overflow, service_time_s, dead
):
    broker = AsyncPubSub(bound, timeout=timeout, overflow=overflow)
    readers = [slow_reader(service_time_s=service_time_s), fast_reader()]
    readers += [dead_reader(f"dead {number}") for number in range(dead)]
    table = run(broker, *readers, until_s=3.0).drops()
    assert (table[["received", "unread", "dropped"]] >= 0).all().all()
    assert table["dropped"].sum() == broker.stats.dropped
    assert (table["received"] + table["unread"]).sum() == broker.stats.delivered


# What a broker does where it does not drop.


def test_a_publish_that_raises_is_noted_and_the_run_goes_on():
    recording = run(
        AsyncPubSub(3, timeout=0, overflow=Overflow.RAISE), fast_reader(), dead_reader()
    )
    assert recording.refusals == list(range(3, 100))
    assert drops_of(recording) == {"fast": (100, 0, 0), "dead": (0, 3, 97)}


def test_a_reader_that_is_disconnected_is_noted_with_the_time():
    broker = AsyncPubSub(3, timeout=0.25, overflow=Overflow.DISCONNECT)
    recording = run(broker, fast_reader(), dead_reader())
    assert recording.disconnections == {"dead": 0.55}


@either_broker
def test_nobody_is_noted_as_gone_who_stays(broker_class):
    recording = run(broker_class(), fast_reader())
    assert recording.disconnections == {}
    assert recording.refusals == []
