"""What is drawn of a service: lags up to a cut-off, looks, and whom a price reaches."""

import pytest

from pubsub_lib.lab import figures
from pubsub_lib.lab.service.watching import Lags
from tests.lab.figures.drawn import axis_labels, cut_off, legends, points, texts, titles

FILLS = Lags([0.0, 5.0, 10.0], [0, 50, 100], 10.0, [7.5, 15.0])


def test_lags_are_drawn_with_the_bound_the_alarm_and_the_cut_off():
    plot = figures.service.lags(
        {"stops": FILLS, "reads": Lags([5.0], [1])}, bound=100, threshold=50, x="time (s)"
    )
    (axes,) = plot.figure.axes
    assert points(axes)[1:] == [(0.0, 0), (5.0, 50), (10.0, 100)]
    assert texts(plot) == ["cut off", "bound 100", "alarm above 50"]
    assert axis_labels(plot) == [("time (s)", "messages that wait in the inbox")]
    assert legends(plot) == [["stops", "a look", "reads"]]
    assert cut_off(plot) == []
    assert plot.caption == (
        "stops: 100 wait at most, and then it is cut off. reads: 1 wait at most."
    )


def test_a_look_is_drawn_at_what_it_saw():
    plot = figures.service.lags({"stops": FILLS}, bound=100, x="time (s)")
    (axes,) = plot.figure.axes
    assert points(axes, line=2) == [(7.5, 50), (15.0, 100)]


def test_whom_a_price_reaches_is_a_square_for_each_visitor():
    plot = figures.service.reached(
        {"alone": {"one": [True, True], "other": [False, False]}, "both": {"one": [True]}}
    )
    assert titles(plot) == ["alone", "both"]
    assert [len(axes.patches) for axes in plot.figure.axes] == [4, 1]
    assert [bar.get_hatch() for bar in plot.figure.axes[0].patches] == [None, None, *["////"] * 2]
    assert legends(plot) == [["has the price", "has not"]]
    assert plot.caption == "alone: one 2 of 2, other 0 of 2. both: one 1 of 1."


@pytest.mark.parametrize(
    "plot",
    [
        figures.service.lags({}, bound=1, x="time (s)"),
        figures.service.reached({}),
    ],
)
def test_nothing_to_draw_is_said(plot):
    assert plot.caption.startswith("There is nothing to draw: ")
