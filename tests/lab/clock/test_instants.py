"""Instants: floats to look at, whole nanoseconds to reckon with."""

import copy
import math
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pubsub_lib.lab.clock.instants import Instant, nanoseconds

moments = st.integers(min_value=-(10**21), max_value=10**21)


@given(moments)
def test_an_instant_is_the_float_nearest_to_it(exactly):
    assert float(Instant(exactly)) == exactly / 10**9
    assert repr(Instant(exactly)) == repr(exactly / 10**9)


@given(moments, st.integers(min_value=0, max_value=10**15))
def test_what_is_added_comes_out_again(start, step):
    seconds = step / 10**9
    assert (Instant(start) + seconds) - Instant(start) == seconds
    assert (seconds + Instant(start)) - Instant(start) == seconds


@given(moments, moments)
@example(10**16, 10**16 + 1)  # which are the same float
def test_instants_are_in_order_however_close(first, second):
    one, other = Instant(first), Instant(second)
    assert (one < other, one <= other, one > other, one >= other, one == other, one != other) == (
        first < second,
        first <= second,
        first > second,
        first >= second,
        first == second,
        first != second,
    )


def test_an_instant_is_compared_with_a_float_as_floats_are():
    half = Instant(500_000_000)
    assert half == 0.5
    assert hash(half) == hash(0.5)
    assert half < 0.6
    assert half > 0.4
    assert half <= 0.5 <= half
    assert half >= 0.5 >= half
    assert half != "0.5"


def test_a_moment_is_never_lost():
    assert (Instant(0) + 1e-300).nanoseconds == 1
    assert (Instant(10**20) + 1e-300).nanoseconds == 10**20 + 1


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.1, 100_000_000),
        (0.1 + 0.2, 300_000_000),
        (-0.5, -500_000_000),
        (3, 3_000_000_000),
        (20_000_000.001, 20_000_000_001_000_000),
        (195 * 86_400, 16_848_000_000_000_000),
        (1e300, 10**309),
        (Instant(7), 7),
    ],
)
def test_seconds_become_the_nearest_nanosecond(seconds, expected):
    assert nanoseconds(seconds) == expected


@pytest.mark.parametrize("seconds", [math.inf, -math.inf, math.nan])
def test_what_is_no_time_is_refused(seconds):
    with pytest.raises(ValueError, match="a time is a finite number of seconds"):
        nanoseconds(seconds)


def test_for_ever_after_an_instant_is_for_ever():
    assert Instant(5) + math.inf == math.inf
    assert math.isnan(Instant(5) + math.nan)


def test_something_that_is_no_number_cannot_be_added():
    with pytest.raises(TypeError):
        Instant(5) + "seconds"  # type: ignore[operator]


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_copy_is_a_float_like_any_other(copied):
    assert type(copied(Instant(1_500_000_000))) is float
    assert copied(Instant(1_500_000_000)) == 1.5
