"""What is given for a number is checked where it is given, and the error says what would do."""

import math
from fractions import Fraction

import numpy as np
import pytest

from pubsub_lib import AsyncPubSub, RingPubSub
from pubsub_lib.arguments import checked_positive, checked_seconds, checked_timeout
from pubsub_lib.caching.cache import LRUCache


@pytest.mark.parametrize("value", [1, 0.5, 1e-9])
def test_a_positive_number_is_returned(value):
    assert checked_positive("rate_hz", value, unit="messages per second") == value


@pytest.mark.parametrize("value", [0, -1, -0.5, math.nan, math.inf])
def test_a_number_that_is_not_positive_and_finite_is_refused_by_name(value):
    with pytest.raises(ValueError, match=f"^every_s must be a positive .*, not {value}"):
        checked_positive("every_s", value, unit="seconds")


@pytest.mark.parametrize("value", ["10", None, True, 1j])
def test_what_is_no_number_is_refused_by_name(value):
    with pytest.raises(TypeError, match=r"^every_s is a number of seconds, not "):
        checked_positive("every_s", value, unit="seconds")


@pytest.mark.parametrize("number", [10**400, 2**1024, Fraction(10**400)])
def test_a_whole_number_that_no_event_loop_can_reckon_with_is_refused(number):
    with pytest.raises(ValueError, match=r"^timeout must be 0 or more seconds, or None"):
        checked_timeout(number)
    with pytest.raises(ValueError, match=r"^every_s must be more than 0 seconds"):
        checked_seconds("every_s", number)
    with pytest.raises(ValueError, match=r"^every_s must be a positive number of seconds"):
        checked_positive("every_s", number, unit="seconds")


@pytest.mark.parametrize("broker", [AsyncPubSub, RingPubSub])
async def test_numbers_of_other_libraries_are_taken_for_the_plain_numbers_that_they_are(broker):
    options = {"history": np.int64(2)} if broker is AsyncPubSub else {}
    made = broker[int](maxsize=np.int32(3), timeout=np.float32(0.5), **options)
    assert (type(made.maxsize), type(made.timeout)) == (int, float)
    assert (made.maxsize, made.timeout) == (3, 0.5)
    await made.publish_many([1, 2, 3])
    inbox = made.subscribe(replay=np.int64(2))
    assert await inbox.get() == 2
    assert await made.shutdown(timeout=np.int64(0)) == (1, 1)


def test_a_number_that_is_no_whole_one_is_none_for_numpy_either():
    with pytest.raises(TypeError, match="maxsize is a whole number of messages, not "):
        AsyncPubSub[int](maxsize=np.float64(3))
    with pytest.raises(TypeError, match="timeout is a number of seconds or None, not "):
        AsyncPubSub[int](timeout=np.array([1.0]))


def test_a_capacity_may_be_of_another_library_too():
    cache = LRUCache[str, int](capacity=np.int64(1))
    cache.put("a", 1)
    cache.put("b", 2)
    assert (len(cache), type(cache.capacity)) == (1, int)
