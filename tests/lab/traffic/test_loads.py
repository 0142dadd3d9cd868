"""Loads: when messages are meant to be sent, on schedule or at random."""

import math

import pytest

from pubsub_lib.lab.traffic.loads import (
    Load,
    bursts,
    closed_loop,
    open_loop,
    random_arrivals,
    random_times,
)


def test_an_open_loop_sends_at_a_steady_rate():
    assert open_loop(messages=4, rate_hz=8) == Load(4, [0.0, 0.125, 0.25, 0.375])


def test_a_closed_loop_has_no_schedule():
    assert closed_loop(messages=3) == Load(3)


def test_bursts_send_a_few_at_once_and_then_pause():
    assert bursts(messages=5, size=2, every_s=0.5) == Load(5, [0.0, 0.0, 0.5, 0.5, 1.0])


NO_POSITIVE_NUMBERS = [0, -1, -0.5, math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("value", NO_POSITIVE_NUMBERS)
@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("rate_hz", lambda value: open_loop(messages=10, rate_hz=value)),
        ("every_s", lambda value: bursts(messages=10, size=5, every_s=value)),
        ("rate_hz", lambda value: random_arrivals(messages=1, rate_hz=value, seed=1)),
        ("mean_s", lambda value: random_times(count=1, mean_s=value, seed=1)),
    ],
)
def test_what_is_not_positive_is_refused_by_name(argument, make, value):
    with pytest.raises(ValueError, match=f"^{argument} must be a positive .*, not {value}$"):
        make(value)


@pytest.mark.parametrize("value", [0, -1])
@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("messages", lambda value: open_loop(messages=value, rate_hz=10)),
        ("messages", lambda value: closed_loop(messages=value)),
        ("messages", lambda value: bursts(messages=value, size=5, every_s=1)),
        ("size", lambda value: bursts(messages=10, size=value, every_s=1)),
        ("messages", lambda value: random_arrivals(messages=value, rate_hz=100, seed=1)),
        ("count", lambda value: random_times(count=value, mean_s=0.01, seed=1)),
    ],
)
def test_too_few_of_something_are_refused_by_name(argument, make, value):
    with pytest.raises(ValueError, match=f"^{argument} must be at least 1, not {value}$"):
        make(value)


@pytest.mark.parametrize(
    ("argument", "make"),
    [
        ("messages", lambda value: open_loop(messages=value, rate_hz=10)),
        ("messages", lambda value: closed_loop(messages=value)),
        ("size", lambda value: bursts(messages=10, size=value, every_s=1)),
    ],
)
def test_part_of_a_message_is_refused_by_name(argument, make):
    with pytest.raises(TypeError, match=rf"^{argument} is a whole number of messages, not 2\.5$"):
        make(2.5)


def test_a_number_in_quotes_is_refused_by_name():
    with pytest.raises(TypeError, match=r"^rate_hz is a number of messages per second, not '10'$"):
        open_loop(messages=10, rate_hz="10")


def test_a_message_of_an_open_loop_is_due_on_schedule_and_of_a_closed_one_now():
    assert open_loop(messages=4, rate_hz=8).due_s(2, now_s=9.0) == 0.25
    assert closed_loop(messages=4).due_s(2, now_s=9.0) == 9.0


# At random.


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
