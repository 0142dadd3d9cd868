"""Random traffic: the same for the same seed, and as long or as frequent as was asked for."""

import math

import pytest

from pubsub_lib.lab.traffic.random_traffic import random_arrivals, random_times


def test_the_same_seed_gives_the_same_times():
    once, again, another = (random_times(count=50, mean_s=0.01, seed=seed) for seed in (1, 1, 2))
    assert once == again
    assert once != another


def test_times_are_exponentially_distributed_about_their_mean():
    times_s = random_times(count=20_000, mean_s=0.01, seed=8)
    assert sum(times_s) / len(times_s) == pytest.approx(0.01, rel=0.02)
    above = sum(time_s > 0.02 for time_s in times_s) / len(times_s)
    assert above == pytest.approx(math.exp(-2), rel=0.05)


def test_arrivals_have_the_rate_and_are_in_order():
    load = random_arrivals(messages=20_000, rate_hz=100, seed=8)
    assert load.messages == len(load.intended_s) == 20_000
    assert list(load.intended_s) == sorted(load.intended_s)
    assert load.intended_s[-1] == pytest.approx(200, rel=0.02)


@pytest.mark.parametrize(
    "make",
    [
        lambda: random_times(count=0, mean_s=0.01, seed=1),
        lambda: random_times(count=1, mean_s=0.0, seed=1),
        lambda: random_times(count=1, mean_s=math.nan, seed=1),
        lambda: random_arrivals(messages=0, rate_hz=100, seed=1),
        lambda: random_arrivals(messages=1, rate_hz=0, seed=1),
    ],
)
def test_nonsense_is_refused(make):
    with pytest.raises(ValueError, match="positive"):
        make()
