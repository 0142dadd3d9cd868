"""What the figures of latencies draw, and say, is what the numbers say."""

import math

import numpy as np
import pandas as pd
import pytest

from pubsub_lib.lab.figures.latency import ecdf, histogram, over_time, tail
from tests.lab.figures.drawn import axis_labels, legends, points, texts, titles
from tests.lab.figures.recorded import LATENCIES_MS


@pytest.mark.parametrize("draw", [tail, lambda values: ecdf({"": values})])
def test_numbers_without_a_name_are_refused(draw):
    with pytest.raises(TypeError, match="pass numbers by name, not a list"):
        draw([1, 2, 3])


def test_a_number_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="all of them finite"):
        tail({"all": [1.0, math.inf]})


# The histogram.


def test_the_bars_of_a_histogram_hold_every_message():
    (axes,) = histogram(LATENCIES_MS, marks={}).figure.axes
    assert sum(bar.get_height() for bar in axes.patches) == len(LATENCIES_MS)


def test_what_is_marked_is_named_with_its_value():
    plot = histogram(LATENCIES_MS, marks={"mean": 2.8, "p99": 10.0})
    assert texts(plot) == ["mean: 2.8 ms", "p99: 10 ms"]
    assert plot.caption == "100 messages: mean 2.8 ms, p99 10 ms."


@pytest.mark.parametrize(
    "draw",
    [
        lambda: histogram([0.0, 1.0], marks={}),
        lambda: ecdf({"": {"all": [0.0, 1.0]}}, logarithmic=True),
    ],
)
def test_a_latency_of_0_has_no_place_on_a_logarithmic_axis(draw):
    with pytest.raises(ValueError, match="no place for a latency of 0"):
        draw()


# The ECDF.


def test_an_ecdf_rises_by_a_share_at_each_latency_and_goes_on_to_the_edge():
    (axes,) = ecdf({"": {"all": [4.0, 1.0]}}).figure.axes
    assert points(axes)[:3] == [(1.0, 0.0), (1.0, 0.5), (4.0, 1.0)]
    assert points(axes)[3] == (axes.get_xlim()[1], 1.0)


def test_an_ecdf_marks_the_median_and_the_p99():
    plot = ecdf({"": {"all": LATENCIES_MS}}, logarithmic=True)
    (axes,) = plot.figure.axes
    assert points(axes, line=1) == [(1.0, 0.5)]
    assert points(axes, line=2) == [(10.0, 0.99)]
    assert texts(plot) == ["p50: 1 ms", "p99: 10 ms"]
    assert plot.caption == "all: half within 1 ms, 99 % within 10 ms."


def test_panels_of_several_lines_share_their_axes_and_one_legend():
    plot = ecdf({"one": {"a": [0, 1], "b": [3]}, "two": {"a": [2], "b": [2]}}, unit="s")
    assert titles(plot) == ["one", "two"]
    assert legends(plot) == [["a", "b"]]
    assert axis_labels(plot)[0] == ("latency (s)", "share of messages")
    left, right = plot.figure.axes
    assert left.get_xlim() == right.get_xlim()
    assert plot.caption.startswith("one: a: half within 0 s, 99 % within 1 s; b: half within 3 s")


def test_latencies_that_are_all_0_are_drawn():
    (axes,) = ecdf({"": {"all": [0.0, 0.0]}}).figure.axes
    assert axes.get_xlim() == (0, 1)


# Over time.


def test_it_is_counted_how_many_messages_wait():
    plot = over_time({"one": ([0, 1], [0, 5]), "many": ([0, 1, 2], [3, 2_000, 1])})
    assert texts(plot) == ["1 of 2 waits", "3 of 3 wait"]
    assert plot.caption == "one: 1 of 2 waits, up to 5 ms. many: 3 of 3 wait, up to 2 s."
    assert points(plot.figure.axes[1]) == [(0, 3), (1, 2_000), (2, 1)]


def test_a_latency_needs_its_time():
    with pytest.raises(ValueError, match="a time for each latency"):
        over_time({"": ([0, 1], [5])})


# The tail.


def test_each_tick_of_the_tail_leaves_out_ten_times_fewer():
    (axes,) = tail({"all": list(range(1_000))}).figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "0 %",
        "90 %",
        "99 %",
        "99.9 %",
    ]
    assert list(axes.get_xticks()) == [0, 1, 2, 3]


def test_the_line_of_the_tail_goes_through_its_percentiles():
    plot = tail({"all": pd.Series(range(1, 1_001))})
    (axes,) = plot.figure.axes
    marked = [points(axes, line=line)[0] for line in (1, 2)]
    assert [(round(place, 6), value) for place, value in marked] == [(1, 900), (2, 990)]
    nines, values = np.transpose(points(axes))
    assert values[np.searchsorted(nines, 0.9999)] == 901
    assert plot.caption == "all: 90 % within 900 ms, 99 % within 990 ms, all within 1 s."
