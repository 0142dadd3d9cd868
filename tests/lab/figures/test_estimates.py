"""What the figures of estimates draw, and say, is what the numbers say."""

import pytest

from pubsub_lib.lab.figures.estimates import against_utilisation, spread
from tests.lab.figures.drawn import points, texts
from tests.lab.figures.recorded import expected_ms

# Utilisation.


def test_points_are_measured_and_lines_expected():
    plot = against_utilisation({"mean": {0.5: 21.0, 0.9: 98.0}}, {"mean": expected_ms})
    (axes,) = plot.figure.axes
    (left, right) = points(axes)[0], points(axes)[-1]
    assert left == (0, 10)
    assert right == pytest.approx((90, 100))
    assert points(axes, line=1) == [(50, 21), (90, 98)]
    assert plot.caption == "mean: 21 ms at 50%, 98 ms at 90%."


def test_what_has_no_formula_has_points_alone():
    plot = against_utilisation({"steady": {0.5: 10.0}}, {})
    assert len(plot.figure.axes[0].lines) == 1


@pytest.mark.parametrize("utilisation", [0, 1, 90])
def test_a_utilisation_is_a_share(utilisation):
    with pytest.raises(ValueError, match="between 0 and 1"):
        against_utilisation({"mean": {utilisation: 10.0}}, {})


# The spread.


def test_each_result_is_a_dot_and_their_median_is_written():
    plot = spread({"3 runs": [5, 9, 7], "1 run": [6]}, quantity="p99", unit="ms")
    (axes,) = plot.figure.axes
    assert points(axes) == [(5, 0), (7, 0), (9, 0)]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["3 runs", "1 run"]
    assert texts(plot) == ["median 7", "6"]
    assert plot.caption == (
        "p99: 3 runs: 5 to 9 ms, half of them up to 7 ms; 1 run: 6 to 6 ms, half of them up to 6 "
        "ms."
    )


def test_the_truth_is_shown_where_it_is_known():
    assert "true: 8 ms" in texts(spread({"a": [5]}, quantity="p99", unit="ms", truth=8.0))
