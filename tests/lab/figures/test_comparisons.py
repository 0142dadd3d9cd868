"""Numbers by name are as long, or as high, as they are."""

from itertools import pairwise

import pytest
from matplotlib.colors import same_color

from pubsub_lib.lab import figures
from pubsub_lib.lab.figures.style import (
    HIGHLIGHT,
    NEUTRAL,
)
from tests.lab.figures.drawn import axis_labels, bars_of, cut_off, points, texts, x_ticks


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


@pytest.mark.parametrize("highlight", [["b"], "another"])
def test_bars_highlight_only_what_there_is(highlight):
    with pytest.raises(ValueError, match="highlights only names that are among the values"):
        figures.bars({"a": 1}, quantity="cost", unit="ns", highlight=highlight)


def test_where_there_is_nothing_to_compare_the_figure_says_so():
    nothing = "There is nothing to draw: there are no "
    assert figures.bars({}, quantity="cost", unit="ns").caption == f"{nothing}values."
    for costs in ({}, {"a": {}}):
        drawn = figures.cost_by_size(costs, size="subscribers", unit="µs")
        assert drawn.caption == f"{nothing}costs."


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
    assert sorted(texts(plot)) == ["a: 4,321 µs", "b: 5.5 µs"]
    assert cut_off(plot) == []
    a, b = plot.figure.axes[0].lines
    assert a.get_color() != b.get_color()
    assert a.get_marker() != b.get_marker()
    assert a.get_linestyle() != b.get_linestyle()


def test_the_names_of_lines_that_end_close_to_each_other_are_written_apart():
    costs = {name: {1: 1.0, 10: end} for name, end in zip("abcd", (5.0, 5.1, 5.0, 90), strict=True)}
    plot = figures.cost_by_size(costs, size="subscribers", unit="µs")
    plot.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in plot.figure.axes[0].texts]
    boxes.sort(key=lambda box: box.y0)
    assert len(boxes) == 4
    assert all(box.y1 < higher.y0 for box, higher in pairwise(boxes))
    assert cut_off(plot) == []


def test_a_note_stands_below_the_name_of_its_line_and_in_nobodys_way():
    costs = {name: {1: 1.0, 10: end} for name, end in zip("abc", (5.0, 5.1, 5.2), strict=True)}
    plot = figures.cost_by_size(
        costs, size="subscribers", unit="µs", notes={"a": "slope 1.03", "c": "slope 0.9"}
    )
    plot.figure.draw_without_rendering()
    assert "a: 5 µs\nslope 1.03" in texts(plot)
    boxes = sorted(
        (text.get_window_extent() for text in plot.figure.axes[0].texts), key=lambda box: box.y0
    )
    assert all(box.y1 < higher.y0 for box, higher in pairwise(boxes))
    assert cut_off(plot) == []


def test_a_note_on_a_line_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="no line for the notes on b"):
        figures.cost_by_size({"a": {1: 1.0}}, size="subscribers", unit="µs", notes={"b": "steep"})


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
    with pytest.raises(ValueError, match="costs and sizes that are positive and finite"):
        figures.cost_by_size(costs, size="subscribers", unit="µs")
