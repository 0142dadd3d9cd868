"""What a delivery costs is measured for every broker and size, and drawn."""

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub
from pubsub_lib.lab import figures
from pubsub_lib.lab.costs.processor_time import delivery_costs

BROKERS = {"chapter": ChapterPubSub, "ours": AsyncPubSub}


async def test_every_broker_is_measured_with_every_number_of_subscribers():
    costs = await delivery_costs(BROKERS, subscribers=(1, 7), deliveries=20, rounds=1)
    assert {name: list(by_size) for name, by_size in costs.items()} == {
        "chapter": [1, 7],
        "ours": [1, 7],
    }
    assert all(cost > 0 for by_size in costs.values() for cost in by_size.values())


@pytest.mark.parametrize(
    "wrong",
    [
        {"subscribers": (1, 21), "deliveries": 20},
        {"subscribers": (0,), "deliveries": 20},
        {"subscribers": (1,), "deliveries": 20, "rounds": 0},
    ],
)
async def test_nothing_to_measure_is_refused(wrong):
    with pytest.raises(ValueError, match="at least one"):
        await delivery_costs(BROKERS, **wrong)


def test_the_caption_of_a_cost_figure_has_both_ends_of_each_line():
    plot = figures.cost_by_size(
        {"a publish": {1: 4.0, 1000: 4321.0}, "a delivery": {1: 4.0, 1000: 4.5}},
        size="subscribers",
        unit="µs",
    )
    assert plot.caption == (
        "a publish: 4 µs at 1 subscribers, 4,321 µs at 1,000; "
        "a delivery: 4 µs at 1 subscribers, 4.5 µs at 1,000."
    )
    assert plot.png().startswith(b"\x89PNG")


def test_a_cost_figure_needs_positive_costs():
    with pytest.raises(ValueError, match="positive and finite"):
        figures.cost_by_size({"free": {1: 0.0}}, size="subscribers", unit="µs")


@pytest.mark.parametrize("costs", [{}, {"nothing": {}}])
def test_a_figure_of_no_costs_says_so(costs):
    plot = figures.cost_by_size(costs, size="subscribers", unit="µs")
    assert "no costs" in plot.caption
