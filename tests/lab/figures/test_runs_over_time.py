"""Figures with a time axis show all of every panel's data."""

import pandas as pd
import pytest

from pubsub_lib.lab.figures import runs as figures
from pubsub_lib.lab.traffic.recordings import Recording, Span
from tests.lab.figures.drawn import texts


def recording_of(late_s: list[float]) -> Recording:
    """Return a run of messages due every second, each sent so much late."""
    recording = Recording([], bound=0)
    for number, late in enumerate(late_s):
        recording.sent(number, float(number), number + late)
        recording.published(number, number + late)
    return recording


@pytest.mark.parametrize("reverse", [False, True])
def test_the_highest_and_the_longest_panel_are_shown_whole_wherever_they_stand(reverse: bool):
    high = pd.DataFrame({"time_s": [0.1, 0.2], "lag_s": [0.09, 0.001]})
    long = pd.DataFrame({"time_s": [0.1, 0.9], "lag_s": [0.001, 0.002]})
    tables = {"long": long, "high": high} if reverse else {"high": high, "long": long}
    for axes in figures.loop_lag(tables).figure.axes:
        assert axes.get_xlim()[0] == axes.get_ylim()[0] == 0
        assert axes.get_xlim()[1] > 0.9
        assert axes.get_ylim()[1] > 90


def test_lateness_counts_from_when_a_message_was_due():
    plot = figures.lateness(recording_of([0.0, 0.5, 0.25]))
    assert plot.caption == "the last of 3 messages is sent 250 ms late, the latest 500 ms."
    assert texts(plot) == ["the last: 250 ms"]


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


@pytest.mark.parametrize("rows", [{}, {"A": []}, {"A": [Span(2, 1, "going backwards")]}])
def test_a_timeline_needs_spans_that_end_after_they_begin(rows: dict[str, list[Span]]):
    with pytest.raises(ValueError, match="needs spans"):
        figures.timeline(rows)
