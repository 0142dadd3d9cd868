"""What each figure draws is what its data say; its caption is tested in test_captions.py."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color
from matplotlib.patches import Polygon, Rectangle

from pubsub_lib import AsyncPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.figures import captions
from pubsub_lib.lab.figures import runs as figures
from pubsub_lib.lab.figures.style import (
    COLOURS,
    DROP,
    HIGHLIGHT,
    LINES,
    MARKERS,
    NEUTRAL,
    PUBLISHER,
    WAITING,
    Plot,
)
from pubsub_lib.lab.traffic.callbacks import run_callbacks
from pubsub_lib.lab.traffic.loads import closed_loop, open_loop
from pubsub_lib.lab.traffic.readers import Pace, Reader, dead_reader, fast_reader, slow_reader
from pubsub_lib.lab.traffic.recordings import Recording, Span
from pubsub_lib.lab.traffic.workloads import run_workload
from tests.lab.figures.drawn import (
    axis_labels,
    cut_off,
    legends,
    overlap,
    points,
    texts,
    titles,
    x_ticks,
)

PACES = {pace.value: pace for pace in Pace}


def run(messages: int, *readers: Reader, bound: int = 3) -> Recording:
    load = open_loop(messages=messages, rate_hz=100)
    return run_virtual(run_workload(AsyncPubSub(maxsize=bound, timeout=0.05), load, readers))


def three_readers() -> Recording:
    return run(8, fast_reader(), slow_reader(service_time_s=0.025), dead_reader())


def two_readers() -> Recording:
    return run(4, fast_reader(), dead_reader(), bound=2)


def with_latencies_ms(**latencies_ms: list[float]) -> Recording:
    """A run in which each pace's reader takes the messages after so many milliseconds each."""
    recording = Recording([Reader(name, PACES[name], 0.0) for name in latencies_ms], bound=0)
    for number in range(max(map(len, latencies_ms.values()))):
        recording.sent(number, float(number), float(number))
        recording.published(number, float(number))
    for name, values in latencies_ms.items():
        for number, value in enumerate(values):
            recording.received(number, name, number + value / 1e3)
    return recording


def waits_of_the_slow_reader(recordings: figures.Recordings) -> Plot:
    return figures.waits(recordings, subscriber="slow")


# What all figures of recordings have in common.

OF_RECORDINGS: dict[Callable[[figures.Recordings], Plot], Callable[[Recording], str]] = {
    figures.queue_fill: captions.about_queue_fill,
    figures.drops: captions.about_drops,
    figures.latency_histogram: captions.about_latency,
    figures.latency_ecdf: captions.about_latency,
    figures.publish_time: captions.about_publish_time,
    figures.lateness: captions.about_lateness,
    waits_of_the_slow_reader: lambda recording: captions.about_waits(recording, "slow"),
}
each_figure = pytest.mark.parametrize("draw", OF_RECORDINGS, ids=lambda draw: draw.__name__)


@each_figure
def test_the_caption_is_about_the_recording(draw):
    recording = three_readers()
    assert draw(recording).caption == OF_RECORDINGS[draw](recording) + "."


@each_figure
def test_several_recordings_have_a_titled_panel_and_a_sentence_each(draw):
    one, two = three_readers(), three_readers()
    plot = draw({"before": one, "after": two})
    about = OF_RECORDINGS[draw]
    assert titles(plot) == ["before", "after"]
    assert plot.caption == f"before: {about(one)}. after: {about(two)}."


@each_figure
@pytest.mark.parametrize("reverse", [False, True])
def test_several_recordings_share_axes_that_hold_all_of_them(draw, reverse):
    small, large = (
        run(messages, fast_reader(), slow_reader(service_time_s=service_time_s))
        for messages, service_time_s in ((4, 0.03), (30, 0.04))
    )
    named = {"large": large, "small": small} if reverse else {"small": small, "large": large}
    left, right = draw(named).figure.axes
    (alone,) = draw(large).figure.axes
    assert left.get_xlim() == right.get_xlim()
    assert left.get_ylim() == right.get_ylim()
    assert left.get_xlim()[1] >= alone.dataLim.x1
    assert max(left.get_ylim()) >= alone.dataLim.y1


@each_figure
def test_the_same_data_make_the_same_picture(draw):
    assert draw(three_readers()).png() == draw(three_readers()).png()


@each_figure
def test_no_text_is_cut_off(draw):
    assert cut_off(draw(three_readers())) == []
    assert cut_off(draw({"one": three_readers(), "two": three_readers()})) == []


@each_figure
@pytest.mark.parametrize("thing", [None, 5, "recording", [1], {"name": 1}], ids=repr)
def test_what_is_no_recording_is_refused(draw, thing):
    with pytest.raises(TypeError, match=r"^a figure draws a recording, .*, or several by name"):
        draw(thing)


def test_a_workload_that_was_not_awaited_is_refused_with_a_hint():
    workload = run_workload(AsyncPubSub(), closed_loop(messages=1), [fast_reader()])
    with pytest.raises(TypeError, match=r"as awaiting run_workload\(\) returns it"):
        figures.drops(workload)
    workload.close()


@each_figure
def test_no_recording_is_refused(draw):
    with pytest.raises(ValueError, match="no recording to draw; pass one, or several by name"):
        draw({})


@each_figure
def test_a_run_in_which_nothing_happened_is_refused(draw):
    empty = Recording([fast_reader(), slow_reader(service_time_s=1)], bound=3)
    with pytest.raises(ValueError, match="in this run"):
        draw(empty)
    with pytest.raises(ValueError, match="in this run"):
        draw({"something": three_readers(), "nothing": empty})


# How full the inboxes are.


def test_the_fill_of_an_inbox_is_a_step_for_each_look_at_it():
    recording = Recording([fast_reader()], bound=0)
    recording.depth(0.5, "fast", 2)
    recording.depth(1.5, "fast", 1)
    (axes,) = figures.queue_fill(recording).figure.axes
    assert points(axes) == [(0, 0), (0.5, 2), (1.5, 1)]
    assert axes.lines[0].get_drawstyle() == "steps-post"


def test_each_reader_has_the_line_of_its_pace():
    (axes,) = figures.queue_fill(three_readers()).figure.axes
    drawn = [(line.get_color(), line.get_linestyle()) for line in axes.lines[:3]]
    assert drawn == [(COLOURS[pace], LINES[pace]) for pace in Pace]


def test_the_bound_is_drawn_and_named():
    plot = figures.queue_fill(run(2, dead_reader(), bound=7))
    (axes,) = plot.figure.axes
    assert {y for _, y in points(axes, line=-1)} == {7}
    assert texts(plot) == ["bound: 7"]
    assert axes.get_ylim()[1] > 7


def test_where_there_is_no_bound_none_is_drawn():
    recording = Recording([fast_reader()], bound=0)
    recording.depth(0.5, "fast", 2)
    plot = figures.queue_fill(recording)
    assert len(plot.figure.axes[0].lines) == 1
    assert texts(plot) == []


def test_the_axes_of_the_fill_name_what_they_count():
    plot = figures.queue_fill({"one": three_readers(), "two": three_readers()})
    assert axis_labels(plot) == [
        ("time (s)", "messages waiting in the inbox"),
        ("time (s)", ""),
    ]


def test_the_fill_is_counted_in_whole_messages():
    (axes,) = figures.queue_fill(run(2, dead_reader(), bound=1)).figure.axes
    assert all(float(tick).is_integer() for tick in axes.get_yticks())


def test_many_readers_of_one_pace_have_one_entry_in_the_legend():
    readers = [*(fast_reader(f"fast {number}") for number in range(3)), dead_reader()]
    assert legends(figures.queue_fill(run(4, *readers))) == [["fast (3 of them)", "dead"]]


def test_the_legend_explains_the_lines_of_every_panel():
    plot = figures.queue_fill({"two": two_readers(), "three": three_readers()})
    (entries,) = legends(plot)
    assert sorted(entries) == ["dead", "fast", "slow"]
    assert plot.figure.axes[1].get_legend() is not None  # where most of them are


def test_panels_of_one_line_each_are_explained_where_the_lines_differ():
    fast, dead = run(2, fast_reader()), run(2, dead_reader())
    assert legends(figures.queue_fill({"A": fast, "B": dead})) == [["fast", "dead"]]


def test_callbacks_have_no_inbox_that_could_be_drawn():
    with pytest.raises(ValueError, match="callbacks have none"):
        figures.queue_fill(run_callbacks(closed_loop(messages=1), [fast_reader()]))


# Who missed what.


def bars_of(plot: Plot, panel: int = 0) -> list[Rectangle]:
    return [patch for patch in plot.figure.axes[panel].patches if isinstance(patch, Rectangle)]


def ten_messages() -> Recording:
    """Of ten messages the only reader received 1, left 2 unread and missed 7."""
    recording = Recording([dead_reader()], bound=2)
    for number in range(10):
        recording.sent(number, 0.0, 0.0)
        recording.published(number, 0.0)
    recording.received(0, "dead", 0.0)
    recording.left_unread("dead", 2)
    return recording


def test_what_was_received_left_unread_and_dropped_are_bars_in_a_row():
    bars = bars_of(figures.drops(ten_messages()))
    assert [(bar.get_x(), bar.get_width()) for bar in bars] == [(0, 1), (1, 2), (3, 7)]


def test_drops_alone_are_hatched():
    received, unread, dropped = bars_of(figures.drops(ten_messages()))
    assert [bar.get_hatch() for bar in (received, unread, dropped)] == [None, None, "///"]
    assert same_color(dropped.get_edgecolor(), DROP)
    assert same_color(unread.get_facecolor(), "white")
    assert same_color(received.get_facecolor(), COLOURS[Pace.DEAD])


def test_numbers_of_messages_stand_beside_the_bars():
    plot = figures.drops(two_readers())
    assert [text.strip() for text in texts(plot)] == [
        "2 never read",
        "2 dropped",
        "none dropped",
    ]


def test_the_first_reader_has_the_upper_row():
    (axes,) = figures.drops(three_readers()).figure.axes
    axes.figure.draw_without_rendering()
    rows = {label.get_text(): label.get_position()[1] for label in axes.get_yticklabels()}
    assert sorted(rows, key=rows.__getitem__, reverse=True) == ["fast", "slow", "dead"]


def test_numbers_stand_in_their_readers_row_in_every_panel():
    plot = figures.drops({"three": three_readers(), "two": two_readers()})
    for axes in plot.figure.axes:
        rows = {round(bar.get_y() + bar.get_height() / 2, 6) for bar in axes.patches}
        assert {float(axes.convert_yunits(text.xy[1])) for text in axes.texts} == rows


def test_messages_are_what_the_bars_count():
    assert axis_labels(figures.drops(two_readers())) == [("messages", "")]


# Latencies.


def heights_of(patch: Polygon) -> tuple[list[float], list[float]]:
    """The edges and the heights of a histogram drawn as one outline."""
    outline = patch.get_xy()
    bins = (len(outline) - 1) // 4 if len(outline) % 2 else len(outline) // 4
    return outline[0 : 2 * bins + 1 : 2, 0].tolist(), outline[1 : 2 * bins : 2, 1].tolist()


def test_every_delivery_is_in_the_histogram():
    recording = with_latencies_ms(fast=[1, 2, 2, 3], slow=[10, 200, 3000])
    (axes,) = figures.latency_histogram(recording).figure.axes
    assert [sum(heights_of(patch)[1]) for patch in axes.patches] == [4, 3]


def test_the_histogram_has_its_highest_bin_where_most_deliveries_are():
    recording = with_latencies_ms(fast=[1, 20, 20, 20, 300])
    (axes,) = figures.latency_histogram(recording).figure.axes
    edges, heights = heights_of(axes.patches[0])
    highest = int(np.argmax(heights))
    assert heights[highest] == 3
    assert edges[highest] <= 20 < edges[highest + 1]


def test_no_time_at_all_is_in_the_first_bin():
    (axes,) = figures.latency_histogram(with_latencies_ms(fast=[0, 70, 0, 0])).figure.axes
    _, heights = heights_of(axes.patches[0])
    assert heights[0] == 3


def test_all_panels_have_the_same_bins():
    one, other = with_latencies_ms(fast=[1, 2]), with_latencies_ms(fast=[50, 6000], slow=[0, 0])
    plot = figures.latency_histogram({"one": one, "other": other})
    edges = [heights_of(patch)[0] for axes in plot.figure.axes for patch in axes.patches]
    assert len(edges) == 3
    assert edges[0] == edges[1] == edges[2]


def test_each_pace_has_its_colour_and_a_dash_of_its_own_in_the_histogram():
    recording = with_latencies_ms(fast=[1, 2], slow=[10, 20])
    fast, slow = figures.latency_histogram(recording).figure.axes[0].patches
    assert same_color(fast.get_edgecolor(), COLOURS[Pace.FAST])
    assert same_color(slow.get_edgecolor(), COLOURS[Pace.SLOW])
    assert fast.get_linestyle() != slow.get_linestyle()


def test_latencies_are_in_milliseconds_on_a_logarithmic_axis():
    recording = with_latencies_ms(fast=[1, 20])
    histogram, ecdf = figures.latency_histogram(recording), figures.latency_ecdf(recording)
    assert axis_labels(histogram) == [("latency (ms)", "deliveries")]
    assert axis_labels(ecdf) == [("latency (ms)", "share of deliveries")]
    assert histogram.figure.axes[0].get_xscale() == ecdf.figure.axes[0].get_xscale() == "log"


def test_the_ecdf_rises_by_the_share_of_deliveries():
    recording = with_latencies_ms(fast=[3, 1, 2, 2])
    (axes,) = figures.latency_ecdf(recording).figure.axes
    assert points(axes)[1:] == [(1, 0.25), (2, 0.5), (2, 0.75), (3, 1.0)]


def test_p50_and_p99_are_marked_and_named():
    recording = with_latencies_ms(slow=list(range(1, 101)))
    plot = figures.latency_ecdf(recording)
    (axes,) = plot.figure.axes
    assert points(axes, line=1) == [(50, 0.5)]
    assert points(axes, line=2) == [(99, 0.99)]
    assert [line.get_marker() for line in axes.lines[1:]] == [MARKERS[Pace.SLOW]] * 2
    assert texts(plot) == ["p50: 50 ms", "p99: 99 ms"]


@pytest.mark.parametrize("draw", [figures.latency_histogram, figures.latency_ecdf])
def test_no_time_at_all_has_a_place_called_0_below_every_other(draw):
    recording = with_latencies_ms(fast=[0, 0, 0, 7], slow=[30, 40, 50, 60])
    (axes,) = draw(recording).figure.axes
    first, *_ = x_ticks(axes)
    assert first.get_text() == "0"
    place, _ = first.get_position()
    assert 0.1 <= place < 7 / 2


def test_a_p50_of_no_time_at_all_is_named_so():
    plot = figures.latency_ecdf(with_latencies_ms(fast=[0, 0, 0, 7]))
    assert texts(plot) == ["p50: 0 ms", "p99: 7 ms"]


@pytest.mark.parametrize("draw", [figures.latency_histogram, figures.latency_ecdf])
def test_latencies_that_all_are_0_can_be_drawn(draw):
    (axes,) = draw(with_latencies_ms(fast=[0, 0])).figure.axes
    assert "0" in [label.get_text() for label in x_ticks(axes)]


@pytest.mark.parametrize("draw", [figures.latency_histogram, figures.latency_ecdf])
@pytest.mark.parametrize(
    "latencies_ms",
    [[1.1, 1.2], [400, 9000], [0, 3, 40]],
    ids=str,
)
def test_the_latency_axis_has_a_few_plain_numbers_that_do_not_touch(draw, latencies_ms):
    recording = with_latencies_ms(fast=latencies_ms)
    axes, *_ = draw({"one": recording, "two": recording, "three": recording}).figure.axes
    labels = x_ticks(axes)
    assert labels
    assert all(float(label.get_text()) >= 0 for label in labels)
    assert not overlap(labels)


# Time.


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
    plot = waits_of_the_slow_reader(recording)
    (axes,) = plot.figure.axes
    assert points(axes) == [(0, 0), (1, 1.5)]
    queued, before = (area.get_paths()[0].get_extents() for area in axes.collections)
    assert (queued.y0, queued.y1) == (0, 1)
    assert before.y1 == 1.5
    assert texts(plot) == ["the last: 1.5 s"]
    assert axis_labels(plot) == [("due (s)", "waits (s)")]


def test_what_waits_before_the_queue_alone_is_hatched_as_all_waiting_is():
    plot = waits_of_the_slow_reader(three_readers())
    queued, before = plot.figure.axes[0].collections
    assert queued.get_hatch() is None
    assert before.get_hatch() == WAITING["hatch"]
    assert legends(plot) == [["in the queue", "before the queue"]]


def test_waits_of_somebody_who_took_nothing_are_refused():
    with pytest.raises(ValueError, match="'dead' took no message"):
        figures.waits(two_readers(), subscriber="dead")


# Spans of time.


def test_a_span_is_a_bar_from_its_start_to_its_end():
    plot = figures.timeline({"A": [Span(0, 1, "waiting")], "B": [Span(1.5, 4, "working")]})
    bars = [(bar.get_x(), bar.get_width()) for bar in bars_of(plot)]
    assert bars == [(0, 1), (1.5, 2.5)]
    assert axis_labels(plot) == [("time (s)", "")]


def test_waiting_is_hatched_and_work_is_filled():
    rows = {"A": [Span(0, 1, "waiting"), Span(1, 2, "working"), Span(2, 3, "waits for the lock")]}
    bars = bars_of(figures.timeline(rows))
    assert [bar.get_hatch() for bar in bars] == ["///", None, "///"]
    assert not same_color(bars[1].get_facecolor(), "white")


def test_what_is_done_looks_the_same_whoever_does_it():
    rows = {"A": [Span(0, 1, "work"), Span(1, 2, "rest")], "B": [Span(0, 1, "rest")]}
    work, rest, rest_of_b = bars_of(figures.timeline(rows))
    assert rest.get_facecolor() == rest_of_b.get_facecolor() != work.get_facecolor()
    assert rest.get_hatch() == rest_of_b.get_hatch() != work.get_hatch()


@pytest.mark.parametrize("end_s", [float("nan"), float("inf")])
def test_a_span_without_an_end_is_refused(end_s):
    with pytest.raises(ValueError, match="needs spans of time"):
        figures.timeline({"A": [Span(0, end_s, "waiting")]})


# Loop lag.


def lags(*rows: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["time_s", "lag_s"])


def test_each_heartbeat_is_a_line_as_high_as_it_was_late():
    plot = figures.loop_lag({"blocked": lags((0.5, 0.001), (1.0, 0.25))})
    (heartbeats,) = plot.figure.axes[0].collections
    assert [segment.tolist() for segment in heartbeats.get_segments()] == [
        [[0.5, 0], [0.5, 1]],
        [[1.0, 0], [1.0, 250]],
    ]
    assert axis_labels(plot) == [("time (s)", "loop lag (ms)")]


def test_the_worst_lag_is_written_into_its_panel_and_told():
    plot = figures.loop_lag({"A": lags((1, 0.002), (2, 0.001)), "B": lags((1, 0.25))})
    assert texts(plot) == ["at worst 2 ms", "at worst 250 ms"]
    assert plot.caption == "A: at worst 2 ms late; B: at worst 250 ms late."


@pytest.mark.parametrize("tables", [{}, {"nothing": lags()}, {"some": lags((1, 1)), "no": lags()}])
def test_a_loop_lag_figure_needs_heartbeats(tables):
    with pytest.raises(ValueError, match="each with a heartbeat or more"):
        figures.loop_lag(tables)


# Bars.


def test_a_bar_is_as_long_as_its_value_and_has_it_written_at_its_end():
    plot = figures.bars({"first": 3, "second": 4041.3}, quantity="cost", unit="ns")
    (axes,) = plot.figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    lengths = [bar.get_width() for bar in bars_of(plot)]
    assert dict(zip(names, lengths, strict=True)) == {"first": 3, "second": 4041.3}
    assert names == ["second", "first"]  # from the bottom: the first is on top
    assert [text.strip() for text in texts(plot)] == ["4,041", "3"]
    assert axis_labels(plot) == [("cost (ns)", "")]


def test_the_caption_of_bars_names_the_largest_and_the_smallest():
    plot = figures.bars({"a": 2, "b": 3000, "c": 0.5}, quantity="cost", unit="ns")
    assert plot.caption == "cost: most for b, 3,000 ns; least for c, 0.5 ns."


def test_highlighted_bars_stand_out():
    plot = figures.bars({"a": 1, "b": 2}, quantity="cost", unit="ns", highlight=["b"])
    b, a = bars_of(plot)
    assert same_color(b.get_facecolor(), HIGHLIGHT)
    assert same_color(a.get_facecolor(), NEUTRAL)


def test_a_bar_may_be_0():
    assert cut_off(figures.bars({"a": 0}, quantity="cost", unit="ns")) == []


@pytest.mark.parametrize(
    ("values", "highlight"), [({}, []), ({"a": 1}, ["b"]), ({"a": 1}, "another")]
)
def test_bars_need_values_and_highlight_only_what_there_is(values, highlight):
    with pytest.raises(ValueError, match="highlights only names that are among them"):
        figures.bars(values, quantity="cost", unit="ns", highlight=highlight)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_a_bar_without_a_length_is_refused(value):
    with pytest.raises(ValueError, match="its value is 0 or more, and finite"):
        figures.bars({"a": value, "b": 1}, quantity="cost", unit="ns")


# Costs by size.


def test_a_cost_is_a_point_at_its_size_on_logarithmic_axes():
    costs = {"a": {1: 4.0, 10: 40.0}, "b": {1: 5.0, 10: 5.5}}
    plot = figures.cost_by_size(costs, size="subscribers", unit="µs")
    (axes,) = plot.figure.axes
    assert [points(axes, line=line) for line in range(2)] == [
        [(1, 4), (10, 40)],
        [(1, 5), (10, 5.5)],
    ]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axis_labels(plot) == [("subscribers", "cost (µs)")]


def test_each_line_of_costs_is_named_at_its_end_and_differs_from_the_others():
    costs = {"a": {1: 4.0, 10: 4321.0}, "b": {1: 5.0, 10: 5.5}}
    plot = figures.cost_by_size(costs, size="subscribers", unit="µs")
    assert texts(plot) == ["a: 4,321 µs", "b: 5.5 µs"]
    assert cut_off(plot) == []
    a, b = plot.figure.axes[0].lines
    assert a.get_color() != b.get_color()
    assert a.get_marker() != b.get_marker()
    assert a.get_linestyle() != b.get_linestyle()


def test_a_cost_that_is_no_cost_can_be_called_what_it_is():
    plot = figures.cost_by_size({"a": {1: 2, 10: 3}}, size="seconds", unit="kB", quantity="memory")
    assert axis_labels(plot) == [("seconds", "memory (kB)")]


def test_a_line_of_costs_goes_from_small_to_large():
    costs = {"a": {100: 3.0, 1: 1.0, 10: 2.0}}
    (axes,) = figures.cost_by_size(costs, size="subscribers", unit="µs").figure.axes
    assert points(axes) == [(1, 1), (10, 2), (100, 3)]


def test_the_sizes_that_were_measured_are_written_along_the_axis():
    costs = {"a": {1: 1.0, 30: 2.0}, "b": {1000: 3.0}}
    (axes,) = figures.cost_by_size(costs, size="subscribers", unit="µs").figure.axes
    assert [label.get_text() for label in x_ticks(axes)] == ["1", "30", "1,000"]


@pytest.mark.parametrize(
    "costs", [{"a": {0: 1.0}}, {"a": {1: 1.0, 2: float("nan")}}, {"a": {1: float("inf")}}], ids=str
)
def test_costs_and_sizes_that_no_logarithmic_axis_has_are_refused(costs):
    with pytest.raises(ValueError, match="needs positive costs by size"):
        figures.cost_by_size(costs, size="subscribers", unit="µs")


# What the figures that draw no recordings have in common.

OF_OTHER_DATA: dict[str, Callable[[object], Plot]] = {
    "timeline": figures.timeline,
    "loop_lag": figures.loop_lag,
    "bars": lambda values: figures.bars(values, quantity="cost", unit="ns"),
    "cost_by_size": lambda costs: figures.cost_by_size(costs, size="subscribers", unit="µs"),
}
EXAMPLES = {
    "timeline": {"A": [Span(0, 1, "waiting"), Span(1, 1.01, "working")]},
    "loop_lag": {"A": lags((1, 1), (2, 0.5))},
    "bars": {"A": 1.0, "B": 2.0},
    "cost_by_size": {"A": {1: 1.0, 10: 2.0}},
}


@pytest.mark.parametrize("function", OF_OTHER_DATA)
@pytest.mark.parametrize(
    "thing", [None, 5, ["a"], lags((1, 1))], ids=["None", "5", "list", "table"]
)
def test_what_has_no_name_is_refused(function, thing):
    with pytest.raises(
        TypeError, match=rf"^{function}\(\) draws .* by name, not a {type(thing).__name__}"
    ):
        OF_OTHER_DATA[function](thing)


@pytest.mark.parametrize("function", OF_OTHER_DATA)
def test_the_same_numbers_make_the_same_picture(function):
    draw = OF_OTHER_DATA[function]
    assert draw(EXAMPLES[function]).png() == draw(EXAMPLES[function]).png()
