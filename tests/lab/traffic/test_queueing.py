"""Queues that are computed are those that are run; what notebook 08 says holds for most seeds."""

import math
from statistics import mean, median

import pytest

from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.traffic.loads import random_arrivals, random_times
from pubsub_lib.lab.traffic.queueing import (
    expected_mean_s,
    expected_response_s,
    responses_s,
)
from pubsub_lib.lab.traffic.responses import response_times

SERVICE_S = 0.01
SEEDS = range(1_000, 1_060)


def random_queue_s(utilisation: float, messages: int, seed: int) -> list[float]:
    """Return how long each message takes, as notebook 08 makes its traffic."""
    arrivals = random_arrivals(messages=messages, rate_hz=utilisation / SERVICE_S, seed=2 * seed)
    service_times_s = random_times(count=messages, mean_s=SERVICE_S, seed=2 * seed + 1)
    return responses_s(arrivals.intended_s, service_times_s)


def p99_s(seconds: list[float]) -> float:
    return sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1]


def near(found_s: list[float], truth_s: float) -> int:
    return sum(abs(seconds - truth_s) <= 0.1 * truth_s for seconds in found_s)


# Computed.


def test_what_is_computed_is_what_a_broker_on_the_virtual_clock_takes():
    load = random_arrivals(messages=200, rate_hz=90, seed=1)
    service_times_s = random_times(count=200, mean_s=SERVICE_S, seed=2)
    run_s = run_virtual(response_times(load, service_times_s))["response_s"]
    assert run_s.to_list() == pytest.approx(responses_s(load.intended_s, service_times_s))


def test_each_message_needs_a_service_time():
    with pytest.raises(ValueError, match="shorter"):
        responses_s([0.0, 1.0], [1.0])


def test_a_percentile_of_the_formula_is_above_the_mean_by_the_logarithm():
    mean_s = expected_response_s(0.5, service_time_s=1.0)
    assert mean_s == 2.0
    assert expected_response_s(0.5, service_time_s=1.0, share=1 - math.exp(-1)) == pytest.approx(2)


def test_with_exponential_times_both_formulas_agree():
    mean_s = expected_mean_s(0.8, service_time_s=1.0, variability=1.0)
    assert mean_s == pytest.approx(expected_response_s(0.8, service_time_s=1.0))


def test_half_of_the_waiting_remains_if_all_take_equally_long():
    assert expected_mean_s(0.8, service_time_s=1.0, variability=0.0) == pytest.approx(1 + 4 / 2)


@pytest.mark.parametrize("utilisation", [-0.1, 1, 90])
def test_there_is_no_mean_without_a_pause(utilisation):
    with pytest.raises(ValueError, match="below 1"):
        expected_response_s(utilisation, service_time_s=1.0)


@pytest.mark.parametrize("share", [0, 1, 99])
def test_a_percentile_is_a_share(share):
    with pytest.raises(ValueError, match=r"such as 0\.99"):
        expected_response_s(0.5, service_time_s=1.0, share=share)


# What notebook 08 says.


def test_at_90_percent_a_message_takes_some_ten_service_times_on_average():
    means = [mean(random_queue_s(0.9, 16_000, seed)) / SERVICE_S for seed in SEEDS]
    assert 8 < median(means) < 12
    assert sum(6 < one < 16 for one in means) > 0.9 * len(means)


def test_of_fifty_runs_of_1_000_messages_few_report_a_p99_near_the_true_one():
    truth_s = expected_response_s(0.8, service_time_s=SERVICE_S, share=0.99)
    for first in (1_000, 2_000, 3_000, 4_000):
        found_s = [p99_s(random_queue_s(0.8, 1_000, seed)) for seed in range(first, first + 50)]
        assert near(found_s, truth_s) in range(5, 18)
        assert sum(seconds < truth_s for seconds in found_s) > 30


def test_runs_of_10_000_messages_lie_around_the_true_p99_and_most_of_them_not_near_it():
    truth_s = expected_response_s(0.8, service_time_s=SERVICE_S, share=0.99)
    found_s = [p99_s(random_queue_s(0.8, 10_000, seed)) for seed in range(1_000, 1_100)]
    assert median(found_s) == pytest.approx(truth_s, rel=0.1)
    assert near(found_s, truth_s) < 0.5 * len(found_s)


@pytest.mark.run_all
def test_of_runs_of_100_000_messages_nearly_all_report_a_p99_near_the_true_one():
    truth_s = expected_response_s(0.8, service_time_s=SERVICE_S, share=0.99)
    found_s = [p99_s(random_queue_s(0.8, 100_000, seed)) for seed in range(1_000, 1_020)]
    assert near(found_s, truth_s) > 0.75 * len(found_s)


def test_of_fifty_with_independent_times_most_are_near():
    truth_s = -math.log(0.01) * SERVICE_S
    for first in (1_000, 2_000, 3_000, 4_000):
        found_s = [
            p99_s(random_times(count=1_000, mean_s=SERVICE_S, seed=seed))
            for seed in range(first, first + 50)
        ]
        assert near(found_s, truth_s) > 35
