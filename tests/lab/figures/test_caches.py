"""What the figures of the caches draw, and what their captions say."""

import pandas as pd
import pytest
from matplotlib.colors import same_color

from pubsub_lib.lab.figures.caches import answers, stale_share
from pubsub_lib.lab.figures.style import DROP
from tests.lab.figures.drawn import axis_labels, cut_off, legends, points, titles


def reads(*rows: tuple[float, float, int, int]) -> pd.DataFrame:
    """A table of what was asked when, answered when, with what, and what the store held."""
    table = pd.DataFrame(rows, columns=["asked_s", "answered_s", "answer", "stored"])
    return table.assign(stale=table["answer"] != table["stored"])


FRESH = reads((0.1, 0.1, 1, 1), (0.2, 0.2, 1, 1))
STALE_AND_WAITING = reads((0.1, 0.4, 2, 2), (0.2, 0.2, 1, 2), (0.3, 0.3, 1, 2))


# Answers over time.


def test_answers_draws_fresh_and_stale_answers_apart_beside_the_store():
    plot = answers({"one": STALE_AND_WAITING}, value="price (€)")
    (axes,) = plot.figure.axes
    assert points(axes, line=0) == [(0.2, 2), (0.3, 2), (0.4, 2), (0.4, 2)]
    assert points(axes, line=1) == [(0.4, 2)]
    assert points(axes, line=2) == [(0.2, 1), (0.3, 1)]
    assert same_color(axes.lines[2].get_color(), DROP)
    assert axes.lines[1].get_marker() != axes.lines[2].get_marker()
    assert axis_labels(plot) == [("time (s)", "price (€)")]
    assert cut_off(plot) == []


def test_answers_draws_a_read_that_waits_from_the_question_to_the_answer():
    (axes,) = answers({"one": STALE_AND_WAITING}, value="price").figure.axes
    (bars,) = axes.collections
    assert [bar.tolist() for bar in bars.get_segments()] == [[[0.1, 2.0], [0.4, 2.0]]]


def test_answers_draws_what_the_store_held_if_it_is_told():
    plot = answers({"one": FRESH}, value="price", stored=[(0.0, 1), (0.15, 3)])
    assert points(plot.figure.axes[0]) == [(0.0, 1), (0.15, 3), (0.2, 3)]


def test_answers_explains_only_what_is_drawn_in_any_panel():
    plot = answers({"one": FRESH}, value="price")
    assert legends(plot) == [["in the store", "answered, fresh"]]
    plot = answers({"one": FRESH, "two": STALE_AND_WAITING}, value="price")
    assert titles(plot) == ["one", "two"]
    assert sorted(legends(plot)[0]) == [
        "answered, fresh",
        "answered, stale",
        "asked, waiting",
        "in the store",
    ]


def test_answers_counts_the_stale_ones_in_its_caption():
    one_stale = reads((0.1, 0.1, 1, 1), (0.2, 0.2, 1, 2))
    plot = answers({"a": FRESH, "b": one_stale, "c": STALE_AND_WAITING}, value="price")
    assert plot.caption == (
        "a: none of 2 answers is stale. b: 1 of 2 answers is stale, the last after 0.2 s. "
        "c: 2 of 3 answers are stale, the last after 0.3 s."
    )


@pytest.mark.parametrize("tables", [{}, {"one": FRESH, "two": FRESH.iloc[:0]}])
def test_where_nothing_was_read_the_figure_says_so(tables):
    assert answers(tables, value="price").caption == "There is nothing to draw: nothing was read."


def test_answers_takes_tables_by_name():
    with pytest.raises(TypeError, match="by name, not a DataFrame"):
        answers(FRESH, value="price")


# Shares by delay.


def test_stale_share_draws_a_line_for_each_name_in_milliseconds_and_percent():
    plot = stale_share({"update": {0.02: 0.2, 0.0: 0.0}, "invalidation": {0.02: 0.1}})
    (axes,) = plot.figure.axes
    assert points(axes, line=0) == [(0.0, 0.0), (20.0, 20.0)]
    assert points(axes, line=1) == [(20.0, 10.0)]
    assert axis_labels(plot) == [("from a write to its message (ms)", "stale reads (%)")]
    assert legends(plot) == [["update", "invalidation"]]


def test_stale_share_shows_a_line_under_another_one():
    lines = stale_share({"one": {0.0: 0.0}, "two": {0.0: 0.0}}).figure.axes[0].lines
    assert lines[0].get_linewidth() > lines[1].get_linewidth()
    assert lines[0].get_linestyle() != lines[1].get_linestyle()


def test_stale_share_draws_any_number_of_lines():
    shares = {str(number): {0.1: number / 10} for number in range(6)}
    assert len(stale_share(shares).figure.axes[0].lines) == 6


def test_stale_share_says_both_ends_in_its_caption():
    assert stale_share({"update": {0.0: 0.0, 0.0125: 0.125}}).caption == (
        "update: 0 % of the reads are stale at a delay of 0 ms, 12.5 % at 12.5 ms."
    )


@pytest.mark.parametrize("shares", [{}, {"one": {}}, {"one": {0.1: 0.5}, "two": {}}])
def test_without_shares_the_figure_says_so(shares):
    assert stale_share(shares).caption == "There is nothing to draw: there are no shares."


@pytest.mark.parametrize("point", [(0.1, 1.5), (0.1, -0.1), (-0.1, 0.5), (float("inf"), 0.5)])
def test_stale_share_refuses_what_is_no_share_or_no_delay(point):
    with pytest.raises(ValueError, match="a share is from 0 to 1"):
        stale_share({"one": dict([point])})


def test_stale_share_takes_shares_by_name():
    with pytest.raises(TypeError, match="by name, not a list"):
        stale_share([0.1])
