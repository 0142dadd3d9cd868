"""What the figure of the deliveries draws, and what its caption says."""

from typing import Any

import pytest
from matplotlib.axes import Axes

from pubsub_lib.lab.figures.deliveries import deliveries
from pubsub_lib.lab.figures.style import Plot
from tests.lab.figures.drawn import axis_labels, cut_off, legends, points, titles

SENT = [(0.1, 1), (0.2, 2), (0.3, 3)]
ALL = [(0.11, 1), (0.21, 2), (0.31, 3)]
LOSES = [(0.11, 1), (0.31, 3)]
REPEATS = [*ALL, (0.5, 1), (0.51, 2)]


def drawn(axes: Axes) -> dict[str, list[tuple[float, float]]]:
    """The points of each kind, by what the legend calls them."""
    return {
        str(line.get_label()): points(axes, line=index) for index, line in enumerate(axes.lines)
    }


def markers(plot: Plot) -> list[Any]:
    return [line.get_marker() for axes in plot.figure.axes for line in axes.lines]


def test_what_was_handled_lies_beside_what_was_sent():
    plot = deliveries(SENT, {"one": ALL})
    assert drawn(plot.figure.axes[0]) == {"sent": SENT, "handled": ALL}
    assert plot.caption == "one: 3 of 3 messages handled."


def test_what_was_never_handled_is_marked_where_it_was_sent():
    plot = deliveries(SENT, {"one": LOSES})
    assert drawn(plot.figure.axes[0])["never handled"] == [(0.2, 2)]
    assert plot.caption == "one: 2 of 3 messages handled, 1 never."


def test_what_was_handled_again_is_marked_apart_from_the_first_time():
    plot = deliveries(SENT, {"one": REPEATS})
    assert drawn(plot.figure.axes[0]) == {
        "sent": SENT,
        "handled": ALL,
        "handled again": [(0.5, 1), (0.51, 2)],
    }
    assert plot.caption == "one: 3 of 3 messages handled, 2 of them again."


def test_every_subscriber_has_a_row_of_its_own_which_says_its_count():
    plot = deliveries(SENT, {"one": LOSES, "other": REPEATS})
    assert titles(plot) == [
        "one: 2 of 3 handled, 1 never",
        "other: 3 of 3 handled, 2 of them again",
    ]
    assert axis_labels(plot)[-1] == ("time (s)", "")
    assert plot.caption == (
        "one: 2 of 3 messages handled, 1 never; other: 3 of 3 handled, 2 of them again."
    )
    assert cut_off(plot) == []


def test_the_legend_fits_into_the_figure_when_it_has_every_kind():
    plot = deliveries(SENT, {"one": LOSES, "other": REPEATS}, outages=[(0.15, 0.25)])
    plot.figure.draw_without_rendering()
    box = plot.figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= plot.figure.bbox.width


def test_the_kinds_differ_in_more_than_colour_and_are_explained_once():
    plot = deliveries(SENT, {"one": LOSES, "other": REPEATS}, outages=[(0.15, 0.25)])
    assert len({"o", "x", "D"} & set(markers(plot))) == 3
    assert sorted(legends(plot)[0]) == [
        "handled",
        "handled again",
        "never handled",
        "sent",
        "server away",
    ]


def test_an_outage_is_shaded_in_every_row():
    plot = deliveries(SENT, {"one": ALL, "other": ALL}, outages=[(0.15, 0.25)])
    for axes in plot.figure.axes:
        (area,) = axes.patches
        assert area.get_window_extent().width > 0
        assert (area.get_x(), area.get_width()) == pytest.approx((0.15, 0.1))


def test_who_has_seen_nothing_has_missed_everything():
    plot = deliveries(SENT, {"one": []})
    assert plot.caption == "one: 0 of 3 messages handled, 3 never."


def test_a_message_that_was_published_again_counts_once():
    assert deliveries([*SENT, (0.4, 3)], {"one": ALL}).caption == "one: 3 of 3 messages handled."


@pytest.mark.parametrize(("published", "handled"), [([], {"one": ALL}), (SENT, {})])
def test_where_there_is_nothing_to_draw_the_figure_says_so(published, handled):
    assert deliveries(published, handled).caption == (
        "There is nothing to draw: nothing was published, or nobody subscribed."
    )


def test_a_table_without_a_name_is_refused():
    with pytest.raises(TypeError, match="by name, not a list"):
        deliveries(SENT, ALL)  # type: ignore[arg-type]
