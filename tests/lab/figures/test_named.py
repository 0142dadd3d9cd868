"""What a figure is given has names, and what has none is refused."""

from collections.abc import Callable

import pytest

from pubsub_lib.lab import figures
from pubsub_lib.lab.figures.style import (
    Plot,
)
from pubsub_lib.lab.traffic.recordings import Span
from tests.lab.figures.recorded import lags

OF_OTHER_DATA: dict[str, Callable[[object], Plot]] = {
    "timeline": figures.timeline,
    "loop_lag": figures.loop_lag,
    "bars": lambda values: figures.bars(values, quantity="cost", unit="ns"),
    "cost_by_size": lambda costs: figures.cost_by_size(costs, size="subscribers", unit="µs"),
}
EXAMPLES = {
    "timeline": {"A": [Span(0, 1, "waiting"), Span(1, 1.01, "working")]},
    "loop_lag": {"A": lags((1, 1), (2, 0.5))},
    "bars": {"A": 1.0, "B": 2.0},
    "cost_by_size": {"A": {1: 1.0, 10: 2.0}},
}


@pytest.mark.parametrize("function", OF_OTHER_DATA)
@pytest.mark.parametrize(
    "thing", [None, 5, ["a"], lags((1, 1))], ids=["None", "5", "list", "table"]
)
def test_what_has_no_name_is_refused(function, thing):
    with pytest.raises(
        TypeError, match=rf"^{function}\(\) draws .* by name, not a {type(thing).__name__}"
    ):
        OF_OTHER_DATA[function](thing)


@pytest.mark.parametrize("function", OF_OTHER_DATA)
def test_the_same_numbers_make_the_same_picture(function):
    draw = OF_OTHER_DATA[function]
    assert draw(EXAMPLES[function]).png() == draw(EXAMPLES[function]).png()
