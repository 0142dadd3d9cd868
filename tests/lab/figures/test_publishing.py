"""What a publisher went through is drawn as it was recorded."""

import pytest

from pubsub_lib.lab import figures
from pubsub_lib.lab.figures.style import (
    PUBLISHER,
    WAITING,
)
from pubsub_lib.lab.traffic.readers import fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Recording
from tests.lab.figures.drawn import axis_labels, legends, points, texts
from tests.lab.figures.recorded import three_readers, two_readers


def late_and_long() -> Recording:
    """Two messages, due at 0 and 1 s, sent at 0 and 1.5 s, through after 0.25 and 0.5 s."""
    recording = Recording([fast_reader()], bound=0)
    for number, (due_s, sent_s, finished_s) in enumerate([(0, 0, 0.25), (1, 1.5, 2)]):
        recording.sent(number, due_s, sent_s)
        recording.received(number, "fast", finished_s)
        recording.published(number, finished_s)
    return recording


def test_publish_times_stand_where_the_publish_began():
    plot = figures.publish_time(late_and_long())
    assert points(plot.figure.axes[0]) == [(0, 250), (1.5, 500)]
    assert axis_labels(plot) == [("time (s)", "publish takes (ms)")]


def test_publish_times_of_a_second_and_more_are_drawn_in_seconds():
    recording = Recording([fast_reader()], bound=0)
    for number, took_s in enumerate((0.5, 3.0)):
        recording.sent(number, 10.0 * number, 10.0 * number)
        recording.published(number, 10.0 * number + took_s)
    plot = figures.publish_time({"short": late_and_long(), "long": recording})
    assert points(plot.figure.axes[1]) == [(0, 0.5), (10, 3)]
    assert points(plot.figure.axes[0]) == [(0, 0.25), (1.5, 0.5)]
    assert {label for label in axis_labels(plot) if "publish" in label[1]} == {
        ("time (s)", "publish takes (s)")
    }


def test_lateness_stands_where_the_message_was_due():
    plot = figures.lateness(late_and_long())
    assert points(plot.figure.axes[0]) == [(0, 0), (1, 500)]
    assert axis_labels(plot) == [("due (s)", "sent late by (ms)")]


@pytest.mark.parametrize("draw", [figures.publish_time, figures.lateness])
def test_the_publisher_has_points_of_its_colour_and_no_line(draw):
    (line,) = draw(late_and_long()).figure.axes[0].lines
    assert (line.get_color(), line.get_marker(), line.get_linestyle()) == (PUBLISHER, "s", "None")


def test_waits_are_stacked_up_to_the_latency():
    recording = Recording([slow_reader(service_time_s=1)], bound=1)
    for number, received_s in enumerate((0.0, 2.5)):
        recording.sent(number, float(number), float(number))
        recording.published(number, number + 0.5)
        recording.received(number, "slow", received_s)
    plot = figures.waits(recording, subscriber="slow")
    (axes,) = plot.figure.axes
    assert points(axes) == [(0, 0), (1, 1.5)]
    queued, before = (area.get_paths()[0].get_extents() for area in axes.collections)
    assert (queued.y0, queued.y1) == (0, 1)
    assert before.y1 == 1.5
    assert texts(plot) == ["the last: 1.5 s"]
    assert axis_labels(plot) == [("due (s)", "waits (s)")]


def test_what_waits_before_the_inbox_alone_is_hatched_as_all_waiting_is():
    plot = figures.waits(three_readers(), subscriber="slow")
    queued, before = plot.figure.axes[0].collections
    assert queued.get_hatch() is None
    assert before.get_hatch() == WAITING["hatch"]
    assert legends(plot) == [["in the inbox", "before the inbox"]]


def test_the_key_of_waits_names_only_what_is_drawn():
    recording = Recording([fast_reader()], bound=1)
    for number in range(2):
        recording.sent(number, float(number), float(number))
        recording.published(number, number + 0.5)
        recording.received(number, "fast", number + 0.5)
    assert legends(figures.waits(recording, subscriber="fast")) == [["before the inbox"]]


def test_somebody_who_took_nothing_has_no_waits():
    assert figures.waits(two_readers(), subscriber="dead").caption == "dead took no message."


def recording_of(late_s: list[float]) -> Recording:
    """Return a run of messages due every second, each sent so much late."""
    recording = Recording([], bound=0)
    for number, late in enumerate(late_s):
        recording.sent(number, float(number), number + late)
        recording.published(number, number + late)
    return recording


def test_lateness_counts_from_when_a_message_was_due():
    plot = figures.lateness(recording_of([0.0, 0.5, 0.25]))
    assert plot.caption == "the last of 3 messages is sent 250 ms late, the latest 500 ms."
    assert texts(plot) == ["the last: 250 ms"]
