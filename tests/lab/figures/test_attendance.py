"""The raster: a row for each subscriber, a mark for each message, and what went wrong in sight."""

from pubsub_lib import AsyncPubSub, ChapterPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.figures.attendance import who_received_what
from pubsub_lib.lab.traffic.attendance import Visit, run_visits
from pubsub_lib.lab.traffic.loads import open_loop
from tests.lab.figures.drawn import axis_labels, legends, points, titles


class LeavablePubSub(ChapterPubSub):
    async def unsubscribe(self, queue):
        self.queues.remove(queue)


def attendance_of(new_broker):
    visits = [
        Visit("leaver", leaves_s=2.25),
        Visit("slow", service_time_s=0.8),
        Visit("bystander"),
        Visit("newcomer", joins_s=2.25),
    ]
    return run_virtual(run_visits(new_broker(maxsize=1), open_loop(messages=6, rate_hz=2), visits))


def test_it_says_how_many_messages_were_missed_and_how_many_came_too_early():
    runs = {"a list": attendance_of(LeavablePubSub), "a snapshot": attendance_of(AsyncPubSub)}
    assert who_received_what(runs).caption == (
        "a list: 1 of 18 deliveries are missed, 1 come too early. "
        "a snapshot: 0 of 18 deliveries are missed, 0 come too early."
    )


def test_each_run_has_a_panel_with_a_row_for_each_subscriber_the_first_on_top():
    plot = who_received_what({"one": attendance_of(AsyncPubSub), "two": attendance_of(AsyncPubSub)})
    assert titles(plot) == ["one", "two"]
    assert axis_labels(plot) == [("message", ""), ("message", "")]
    rows = [label.get_text() for label in plot.figure.axes[0].get_yticklabels()]
    assert rows == ["leaver", "slow", "bystander", "newcomer"]
    bottom, top = plot.figure.axes[0].get_ylim()
    assert bottom > top


def test_what_went_wrong_has_marks_of_its_own():
    plot = who_received_what({"": attendance_of(LeavablePubSub)})
    (axes,) = plot.figure.axes
    marks = {line.get_label(): line.get_marker() for line in axes.lines[-2:]}
    assert marks == {"missed": "X", "too early": "<"}
    assert points(axes, line=-2) == [(5, 2)]  # the fifth message, the bystander
    assert points(axes, line=-1) == [(5, 3)]  # the newcomer
    assert len({line.get_marker() for line in axes.lines}) == 4
    assert legends(plot) == [["received", "received, slowly handled", "missed", "too early"]]


def test_who_was_absent_has_no_mark():
    plot = who_received_what({"": attendance_of(AsyncPubSub)})
    assert points(plot.figure.axes[0], line=3) == [(6, 3)]


def test_the_legend_is_not_cut_off():
    plot = who_received_what({"": attendance_of(LeavablePubSub)})
    plot.figure.draw_without_rendering()
    box = plot.figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= plot.figure.bbox.width


def test_without_a_run_it_says_so():
    assert who_received_what({}).caption.startswith("There is nothing to draw")
