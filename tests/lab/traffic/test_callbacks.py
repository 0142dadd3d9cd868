"""Callbacks under load, in real time, where a sleep may last longer than asked, but never less."""

import pytest

from pubsub_lib.lab.traffic.callbacks import run_callbacks
from pubsub_lib.lab.traffic.loads import closed_loop, open_loop
from pubsub_lib.lab.traffic.readers import dead_reader, fast_reader, slow_reader


def test_a_publish_to_callbacks_takes_as_long_as_all_of_them():
    readers = [slow_reader(name, service_time_s=0.002) for name in ("a", "b")]
    durations_s = run_callbacks(closed_loop(messages=3), readers).publishes()["duration_s"]
    assert len(durations_s) == 3
    assert durations_s.min() >= 0.0039


def test_callbacks_are_called_in_the_order_in_which_they_subscribed():
    recording = run_callbacks(closed_loop(messages=2), [fast_reader("a"), fast_reader("b")])
    table = recording.deliveries()
    assert table["subscriber"].tolist() == ["a", "b", "a", "b"]
    assert table["number"].tolist() == [0, 0, 1, 1]


def test_no_message_is_sent_to_callbacks_before_it_is_due():
    table = run_callbacks(open_loop(messages=3, rate_hz=500), [fast_reader()]).publishes()
    assert table["intended_s"].tolist() == [0.0, 0.002, 0.004]
    assert (table["sent_s"] >= table["intended_s"] - 1e-4).all()


def test_a_message_that_callbacks_hold_up_is_sent_late():
    # A message is due each millisecond, and each takes 4.
    recording = run_callbacks(
        open_loop(messages=4, rate_hz=1000), [slow_reader(service_time_s=0.004)]
    )
    table = recording.publishes()
    late_s = table["sent_s"] - table["intended_s"]
    assert all(late_s >= [number * 0.0029 for number in range(4)])
    assert recording.deliveries()["latency_s"].iloc[-1] >= late_s.iloc[-1]


def test_callbacks_miss_nothing_and_have_no_inbox():
    recording = run_callbacks(closed_loop(messages=3), [fast_reader("a"), fast_reader("b")])
    assert recording.drops().to_numpy().tolist() == [["a", 3, 0, 0], ["b", 3, 0, 0]]
    assert recording.bound == 0
    assert recording.queue_fill().empty


def test_a_callback_that_never_returns_is_refused():
    with pytest.raises(ValueError, match="stop the publisher for ever"):
        run_callbacks(closed_loop(messages=1), [fast_reader(), dead_reader()])


@pytest.mark.parametrize("readers", [[], [fast_reader(), fast_reader()]])
def test_callbacks_need_readers_with_names_of_their_own(readers):
    with pytest.raises(ValueError, match="at least one reader, and each name only once"):
        run_callbacks(closed_loop(messages=1), readers)


def test_callbacks_need_a_load():
    with pytest.raises(TypeError, match="a load is made by"):
        run_callbacks([0.0, 0.1], [fast_reader()])
