"""The figure of the ways to stop shows who ended when, and what was lost, in words as well."""

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import same_color

from pubsub_lib.lab.figures.stopping import about_ending, endings
from pubsub_lib.lab.figures.style import DROP, Plot
from pubsub_lib.lab.traffic.readers import Pace
from pubsub_lib.lab.traffic.recordings import Span
from pubsub_lib.lab.traffic.stopping import BROKEN_OFF, HANDLED, IN_HAND, PUBLISHED, Ending, Life
from tests.lab.figures.drawn import cut_off, legends, texts, titles

PUBLISHER = Life(None, (Span(0, 0, PUBLISHED), Span(1, 1, PUBLISHED)), 4.0, 0)
FAST = Life(Pace.FAST, (Span(0, 0, HANDLED), Span(1, 1, HANDLED)), 3.0, 0)
SLOW = Life(Pace.SLOW, (Span(0, 2, HANDLED), Span(2, 3, BROKEN_OFF)), 3.0, 1)
STUCK = Life(Pace.DEAD, (Span(0, 3600, IN_HAND),), None, 2)
ENDS = Ending(1.5, {"publisher": PUBLISHER, "fast": FAST, "slow": SLOW})
HANGS = Ending(1.5, {"publisher": PUBLISHER, "slow": SLOW, "dead": STUCK})
NOBODY_ENDS = Ending(1.5, {"slow": STUCK, "dead": STUCK})


def beside(plot: Plot, panel: int = 0) -> list[str]:
    """What is written beside the rows of a panel, below its two headings."""
    return [text.get_text() for text in plot.figure.axes[panel].texts][2:]


def markers(axes: Axes, marker: str) -> list[tuple[float, float]]:
    lines = [line for line in axes.lines if line.get_marker() == marker]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


@pytest.mark.parametrize(
    ("ending", "sentence"),
    [
        (ENDS, "all have ended after 4 s; lost: slow 1"),
        (HANGS, "dead never ends; lost: slow 1, dead 2"),
        (NOBODY_ENDS, "slow and dead never end; lost: slow 2, dead 2"),
        (Ending(1.5, {"fast": FAST}), "all have ended after 3 s; lost: none"),
        (
            Ending(1.5, {"a": STUCK, "b": STUCK, "c": STUCK}),
            "a, b and c never end; lost: a 2, b 2, c 2",
        ),
    ],
)
def test_the_caption_says_who_never_ends_and_what_is_lost(ending: Ending, sentence: str):
    assert about_ending(ending) == sentence
    assert endings({"a way": ending}).caption == f"a way: {sentence}."


def test_beside_each_row_stands_when_it_ended_and_what_it_lost():
    assert texts(endings({"a way": HANGS}))[:2] == ["ended", "lost"]
    assert beside(endings({"a way": ENDS})) == ["4 s", "3 s", "0", "3 s", "1"]
    assert beside(endings({"a way": HANGS})) == ["4 s", "3 s", "1", "never", "2"]


def test_the_key_has_only_what_is_drawn():
    ended = Ending(1.5, {"fast": FAST})
    assert legends(endings({"a way": ended})) == [["told to stop", "ended"]]
    waits = Ending(1.5, {"slow": Life(Pace.SLOW, (Span(0, 2, HANDLED),), 3.0, 0), "dead": STUCK})
    assert "broken off" not in legends(endings({"a way": waits}))[0]
    assert "ended" not in legends(endings({"a way": NOBODY_ENDS}))[0]


def test_losses_stand_out():
    plot = endings({"a way": ENDS})
    (none, one) = (text for text in plot.figure.axes[0].texts if text.get_text() in ("0", "1"))
    assert not same_color(none.get_color(), DROP)
    assert same_color(one.get_color(), DROP)
    assert one.get_weight() == "bold"


def test_each_message_is_marked_in_the_row_of_its_part():
    (axes,) = endings({"a way": ENDS}).figure.axes
    assert markers(axes, "s") == [(0, 0), (1, 0)]
    assert markers(axes, "o") == [(0, 1), (1, 1)]
    assert markers(axes, "^") == [(2, 2)]
    assert markers(axes, "x") == [(3, 2)]


def test_a_row_ends_with_a_bar_or_goes_on_for_ever():
    (axes,) = endings({"a way": HANGS}).figure.axes
    assert markers(axes, "|") == [(4, 0), (3, 1)]
    assert markers(axes, ">") == [(axes.get_xlim()[1], 2)]
    assert max(patch.get_x() + patch.get_width() for patch in axes.patches) <= axes.get_xlim()[1]


def test_a_part_has_the_same_row_in_every_panel_also_where_another_is_missing():
    plot = endings({"one": ENDS, "other": HANGS})
    first, second = plot.figure.axes
    assert titles(plot) == ["one", "other"]
    assert [label.get_text() for label in first.get_yticklabels()] == [
        "publisher",
        "fast",
        "slow",
        "dead",
    ]
    assert markers(first, "x") == markers(second, "x") == [(3, 2)]
    assert first.get_xlim() == second.get_xlim()


def test_the_panels_stand_in_two_columns_with_the_time_below_each():
    plot = endings({str(number): ENDS for number in range(5)})
    shown = [axes for axes in plot.figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in shown] == ["0", "1", "2", "3", "4"]
    assert [axes.get_xlabel() for axes in shown] == ["", "", "", "time (s)", "time (s)"]


def test_the_marks_are_explained_once():
    assert legends(endings({"one": ENDS, "other": HANGS})) == [
        [
            "told to stop",
            "handles a message",
            "has handled it",
            "never gets it done",
            "broken off",
            "ended",
        ]
    ]


@pytest.mark.parametrize("panels", [1, 2, 6])
def test_nothing_that_is_written_is_cut_off(panels: int):
    plot = endings({f"a way with a rather long name, {n}": HANGS for n in range(panels)})
    assert cut_off(plot) == []
    (legend,) = plot.figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= plot.figure.bbox.width


def test_endings_come_by_name():
    with pytest.raises(TypeError, match="by name"):
        endings(ENDS)
    with pytest.raises(TypeError, match="what observe"):
        endings({"a way": FAST})


def test_without_an_ending_the_figure_says_so():
    assert endings({}).caption.startswith("There is nothing to draw")
