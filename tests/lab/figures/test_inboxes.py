"""How full the inboxes were, and who missed what, is drawn as it was recorded."""

from matplotlib.colors import same_color

from pubsub_lib.lab import figures
from pubsub_lib.lab.figures.style import (
    COLOURS,
    DROP,
    LINES,
)
from pubsub_lib.lab.traffic.callbacks import run_callbacks
from pubsub_lib.lab.traffic.loads import closed_loop
from pubsub_lib.lab.traffic.readers import Pace, dead_reader, fast_reader
from pubsub_lib.lab.traffic.recordings import Recording
from tests.lab.figures.drawn import axis_labels, bars_of, legends, points, texts
from tests.lab.figures.recorded import run, three_readers, two_readers


def test_the_fill_of_an_inbox_is_a_step_for_each_look_at_it():
    recording = Recording([fast_reader()], bound=0)
    recording.depth(0.5, "fast", 2)
    recording.depth(1.5, "fast", 1)
    (axes,) = figures.queue_fill(recording).figure.axes
    assert points(axes) == [(0, 0), (0.5, 2), (1.5, 1)]
    assert axes.lines[0].get_drawstyle() == "steps-post"


def test_a_line_that_rises_in_small_steps_up_and_down_follows_only_what_can_be_seen():
    recording = Recording([fast_reader()], bound=0)
    for step in range(1_000):  # dashes along each step would touch, and look like a solid line
        recording.depth(step + 0.0, "fast", step + 1)
        recording.depth(step + 0.5, "fast", step)
    recording.depth(1_000.0, "fast", 1_000)
    (axes,) = figures.queue_fill(recording).figure.axes
    depths = [depth for _, depth in points(axes)]
    assert depths == sorted(depths)
    assert 100 < len(depths) < 300
    assert (depths[0], depths[-1]) == (0, 1_000)


def test_every_step_of_a_few_messages_is_drawn():
    recording = Recording([fast_reader()], bound=0)
    for step, depth in enumerate([1, 2, 1, 2, 1, 0]):
        recording.depth(float(step), "fast", depth)
    (axes,) = figures.queue_fill(recording).figure.axes
    assert [depth for _, depth in points(axes)] == [0, 1, 2, 1, 2, 1, 0]


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
    run_of_callbacks = run_callbacks(closed_loop(messages=1), [fast_reader()])
    assert "callbacks have none" in figures.queue_fill(run_of_callbacks).caption


# Who missed what.


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
