"""What notebook 08 says of random traffic holds for most seeds, not only for the one it uses."""

import math
from statistics import mean, median

from pubsub_lib.lab.traffic.loads import random_arrivals, random_times

SERVICE_S = 0.01
SEEDS = range(1_000, 1_060)


def response_times_s(utilisation: float, messages: int, seed: int) -> list[float]:
    """Return how long each message takes, by Lindley's recursion, without a broker."""
    arrivals_s = random_arrivals(
        messages=messages, rate_hz=utilisation / SERVICE_S, seed=seed
    ).intended_s
    service_s = random_times(count=messages, mean_s=SERVICE_S, seed=seed + 72)
    free_s, taken = 0.0, []
    for arrival_s, seconds in zip(arrivals_s, service_s, strict=True):
        free_s = max(free_s, arrival_s) + seconds
        taken.append(free_s - arrival_s)
    return taken


def p99_s(seconds: list[float]) -> float:
    return sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1]


def test_at_90_percent_a_message_takes_some_ten_service_times_on_average():
    means = [mean(response_times_s(0.9, 16_000, seed)) / SERVICE_S for seed in SEEDS]
    assert 8 < median(means) < 12
    assert sum(6 < one < 16 for one in means) > 0.9 * len(means)


def test_a_run_of_1_000_messages_reports_less_than_the_formula_most_of_the_time():
    formula_s = math.log(100) * SERVICE_S / (1 - 0.8)
    below = [p99_s(response_times_s(0.8, 1_000, seed)) < formula_s for seed in SEEDS]
    assert 0.6 < sum(below) / len(below) < 0.95


def test_among_thirty_runs_the_largest_p99_is_more_than_twice_the_smallest():
    for first in (1_000, 2_000, 3_000, 4_000):
        found = [p99_s(response_times_s(0.8, 1_000, seed)) for seed in range(first, first + 30)]
        assert max(found) > 2 * min(found)
