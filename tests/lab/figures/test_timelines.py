"""Who did what when, and when the loop was late."""

import pandas as pd
import pytest
from matplotlib.colors import same_color

from pubsub_lib.lab import figures
from pubsub_lib.lab.traffic.recordings import Span
from tests.lab.figures.drawn import (
    axis_labels,
    bars_of,
    texts,
)
from tests.lab.figures.recorded import lags


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


def test_a_timeline_has_a_row_for_each_name_the_first_on_top():
    plot = figures.timeline({"A": [Span(0, 1, "working")], "B": [Span(1, 2, "working")]})
    (axes,) = plot.figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A", "B"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_a_timeline_writes_into_long_bars_and_explains_the_others_below():
    plot = figures.timeline({"A": [Span(0, 0.1, "waiting"), Span(0.1, 9, "working")]})
    assert texts(plot) == ["working"]
    (legend,) = plot.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["waiting"]


def test_a_timeline_says_for_how_long_each_did_what():
    rows = {"A": [Span(0, 1, "waiting"), Span(1, 2, "working"), Span(2, 4, "waiting")], "B": []}
    assert figures.timeline(rows).caption == "A: waiting for 3 s, working for 1 s."


def test_a_timeline_needs_spans_that_end_after_they_begin():
    with pytest.raises(ValueError, match="none may end before it begins"):
        figures.timeline({"A": [Span(2, 1, "going backwards")]})


@pytest.mark.parametrize("rows", [{}, {"A": []}])
def test_where_nobody_did_anything_the_timeline_says_so(rows: dict[str, list[Span]]):
    assert figures.timeline(rows).caption == "There is nothing to draw: nobody did anything."


# Loop lag.


def test_each_heartbeat_is_a_triangle_as_wide_and_as_high_as_it_was_late():
    plot = figures.loop_lag({"blocked": lags((0.5, 0.125), (1.0, 0.25))})
    (heartbeats,) = plot.figure.axes[0].collections
    assert [path.vertices[:3].tolist() for path in heartbeats.get_paths()] == [
        [[0.375, 0], [0.5, 125], [0.5, 0]],
        [[0.75, 0], [1.0, 250], [1.0, 0]],
    ]
    assert axis_labels(plot) == [("time (s)", "loop lag (ms)")]


def test_the_worst_lag_is_written_into_its_panel_and_told():
    plot = figures.loop_lag({"A": lags((1, 0.002), (2, 0.001)), "B": lags((1, 0.25))})
    assert texts(plot) == ["at worst 2 ms", "at worst 250 ms"]
    assert plot.caption == "A: at worst 2 ms late; B: at worst 250 ms late."


@pytest.mark.parametrize("tables", [{}, {"nothing": lags()}, {"some": lags((1, 1)), "no": lags()}])
def test_without_heartbeats_the_figure_of_loop_lag_says_so(tables):
    assert figures.loop_lag(tables).caption == "There is nothing to draw: there was no heartbeat."


@pytest.mark.parametrize("reverse", [False, True])
def test_the_highest_and_the_longest_panel_are_shown_whole_wherever_they_stand(reverse: bool):
    high = pd.DataFrame({"time_s": [0.1, 0.2], "lag_s": [0.09, 0.001]})
    long = pd.DataFrame({"time_s": [0.1, 0.9], "lag_s": [0.001, 0.002]})
    tables = {"long": long, "high": high} if reverse else {"high": high, "long": long}
    for axes in figures.loop_lag(tables).figure.axes:
        assert axes.get_xlim()[0] == axes.get_ylim()[0] == 0
        assert axes.get_xlim()[1] > 0.9
        assert axes.get_ylim()[1] > 90
