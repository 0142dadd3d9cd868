"""Every figure of numbers is whole, repeats, and says so where there is nothing to draw."""

from collections.abc import Callable
from typing import Any

import pytest

from pubsub_lib.lab.figures.estimates import against_utilisation, spread
from pubsub_lib.lab.figures.latency import ecdf, histogram, over_time, tail
from pubsub_lib.lab.figures.style import Plot
from tests.lab.figures.drawn import cut_off
from tests.lab.figures.recorded import LATENCIES_MS, expected_ms

EXAMPLES: dict[str, Callable[[], Plot]] = {
    "histogram": lambda: histogram(LATENCIES_MS, marks={"mean": 2.8, "p99": 10.0}),
    "ecdf": lambda: ecdf({"": {"all": LATENCIES_MS}}, logarithmic=True),
    "ecdf of several": lambda: ecdf({"one": {"a": [0, 1], "b": [3]}, "two": {"a": [2]}}, unit="s"),
    "over_time": lambda: over_time({"one": ([0, 1], [0, 5]), "two": ([0, 3], [0, 0])}),
    "tail": lambda: tail({"fast": [1.0] * 1_000, "slow": LATENCIES_MS}),
    "against_utilisation": lambda: against_utilisation(
        {"mean": {0.5: 21.0, 0.9: 98.0}, "steady": {0.5: 1.0, 0.9: 1.0}}, {"mean": expected_ms}
    ),
    "spread": lambda: spread({"3 runs": [5, 9, 7]}, quantity="p99", unit="ms", truth=8.0),
}
each_example = pytest.mark.parametrize("draw", EXAMPLES.values(), ids=EXAMPLES.keys())


@each_example
def test_no_text_is_cut_off(draw):
    assert cut_off(draw()) == []


@each_example
def test_the_same_numbers_make_the_same_picture(draw):
    assert draw().png() == draw().png()


@each_example
def test_the_caption_is_a_sentence(draw):
    assert draw().caption.endswith(".")


@pytest.mark.parametrize(
    ("draw", "nothing"),
    [
        (lambda values: histogram(values, marks={}), []),
        (ecdf, {}),
        (ecdf, {"": {}}),
        (ecdf, {"": {"all": []}}),
        (over_time, {}),
        (over_time, {"": ([], [])}),
        (tail, {}),
        (tail, {"all": []}),
        (lambda values: against_utilisation(values, {}), {}),
        (lambda values: spread(values, quantity="p99", unit="ms"), {}),
        (lambda values: spread(values, quantity="p99", unit="ms"), {"runs": []}),
    ],
)
def test_where_there_is_nothing_to_draw_the_figure_says_so(draw: Callable[[Any], Plot], nothing):
    plot = draw(nothing)
    assert plot.caption.startswith("There is nothing to draw: ")
    assert plot.png()
