"""Figures of an overload: what is drawn is what the recording says, and all of it can be seen."""

from functools import cache

import pytest
from matplotlib.colors import same_color

from pubsub_lib import AsyncPubSub, Overflow
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.figures.overload import at_a_glance, side_by_side
from pubsub_lib.lab.figures.style import COLOURS, DROP, Plot
from pubsub_lib.lab.playground.overload import Overload
from pubsub_lib.lab.traffic.loads import open_loop
from pubsub_lib.lab.traffic.readers import Pace, dead_reader, fast_reader
from pubsub_lib.lab.traffic.workloads import run_workload
from tests.lab.figures.drawn import cut_off, legends, overlap, points, texts, titles, x_ticks

DROPPING = Overload(slow=2, dead=1)
RAISING = Overload(overflow=Overflow.RAISE)
DISCONNECTING = Overload(overflow=Overflow.DISCONNECT, timeout_s=0.1, dead=2)
WAITING = Overload(timeout_s=None, publish_rate_hz=110)


@cache
def glance(overload: Overload, **options: str) -> Plot:
    return at_a_glance(overload.run(), due=overload.messages, caption="a caption", **options)


@cache
def all_four() -> Plot:
    overloads = {"wait": WAITING, "drop": DROPPING, "raise": RAISING, "cut": DISCONNECTING}
    return side_by_side({name: overload.run() for name, overload in overloads.items()})


def test_a_glance_shows_fill_age_and_what_becomes_of_the_messages():
    assert titles(glance(DROPPING)) == [
        "messages waiting in the inbox",
        "age when read (s)",
        "what becomes of 400 messages",
    ]


def test_the_lines_are_those_of_the_recording():
    recording = RAISING.run()
    fill, ages, _ = glance(RAISING).figure.axes
    depths = recording.queue_fill().query("subscriber == 'slow'")["depth"]
    assert [y for _, y in points(fill, line=1)] == [0, *depths]
    slow = recording.deliveries().query("subscriber == 'slow'")
    assert points(ages, line=1) == list(zip(slow["received_s"], slow["latency_s"], strict=True))


def test_the_bars_are_what_was_read_is_unread_and_was_missed():
    *_, fates = glance(RAISING).figure.axes
    widths = [bar.get_width() for bar in fates.patches]
    assert widths == [400, 201, 49, 150]
    assert same_color(fates.patches[1].get_facecolor(), COLOURS[Pace.SLOW])
    assert fates.patches[3].get_hatch()
    assert texts(glance(RAISING))[-1].strip() == "150"


def test_every_subscriber_has_a_bar_and_every_pace_a_line_in_the_legend():
    plot = glance(DROPPING)
    *_, fates = plot.figure.axes
    assert [label.get_text() for label in fates.get_yticklabels()] == [
        "fast",
        "slow 1",
        "slow 2",
        "dead",
    ]
    assert legends(plot) == [["fast", "slow (2 of them)", "dead", "unread", "missed"]]


def test_the_legend_explains_only_what_there_is():
    nobody_misses = Overload(publish_rate_hz=50)
    assert legends(glance(nobody_misses)) == [["fast", "slow"]]
    assert legends(glance(WAITING)) == [["fast", "slow", "unread"]]


def test_a_run_in_which_nobody_reads_can_be_shown():
    load, broker = open_loop(messages=5, rate_hz=10), AsyncPubSub(2, timeout=0)
    recording = run_virtual(run_workload(broker, load, [dead_reader()]))
    plot = side_by_side({"dead": recording})
    assert plot.caption == "dead: dead misses 3 of 5 messages."


def test_what_was_not_sent_is_written_below_the_bars():
    *_, fates = glance(WAITING).figure.axes
    assert fates.get_xlabel() == "messages; 189 not sent"
    assert fates.get_xlim()[1] > 440


def test_a_disconnection_is_marked_once_for_all_that_happen_together():
    fill = glance(DISCONNECTING).figure.axes[0]
    assert [text.get_text() for text in fill.texts].count("disconnected") == 1
    assert points(fill, line=-1) == [(0.6, 50)]
    assert same_color(fill.lines[-1].get_color(), DROP)


def test_a_heading_and_the_caption_are_written_around_the_panels_if_wanted():
    assert not glance(DROPPING).figure.texts
    written = [text.get_text() for text in glance(DROPPING, heading="settings").figure.texts]
    assert written == ["settings", "a caption"]


def test_a_column_for_each_run_on_axes_that_a_row_shares():
    plot = all_four()
    assert [title for title in titles(plot) if title] == ["wait", "drop", "raise", "cut"]
    ages, fates = plot.figure.axes[:4], plot.figure.axes[4:]
    assert len(fates) == 4
    for row in (ages, fates):
        assert len({axes.get_ylim() for axes in row}) == 1
    assert len({axes.get_xlim() for axes in ages}) == 1


def test_the_caption_tells_who_misses_what():
    assert side_by_side({"raise": RAISING.run()}).caption == (
        "raise: fast misses none of 400 messages, and reads what is up to 0 ms old; "
        "slow misses 150 of 400 messages, and reads what is up to 1 s old."
    )


def test_a_run_that_takes_no_time_is_drawn():
    load = open_loop(messages=1, rate_hz=1)
    one = run_virtual(run_workload(AsyncPubSub(), load, [fast_reader()]))
    assert side_by_side({"one message": one}).png()


def test_without_a_recording_there_is_nothing_to_draw():
    assert side_by_side({}).caption.startswith("There is nothing to draw")


@pytest.mark.parametrize(
    "plot",
    [glance(DROPPING, heading="x"), glance(WAITING), glance(DISCONNECTING), all_four()],
    ids=["drop", "wait", "disconnect", "side by side"],
)
def test_nothing_is_cut_off_or_covered(plot):
    assert not cut_off(plot)
    for axes in plot.figure.axes:
        assert not overlap(x_ticks(axes))
