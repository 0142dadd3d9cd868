"""Readers: each has a name and a pace, and nonsense is refused."""

import math

import pytest

from pubsub_lib.lab.traffic.readers import Pace, Reader, dead_reader, fast_reader, slow_reader


def test_readers_have_a_name_a_pace_and_a_service_time():
    assert fast_reader() == Reader("fast", Pace.FAST, 0.0)
    assert slow_reader(service_time_s=0.5) == Reader("slow", Pace.SLOW, 0.5)
    assert dead_reader() == Reader("dead", Pace.DEAD, math.inf)


def test_readers_can_be_given_names():
    readers = [fast_reader("a"), slow_reader("b", service_time_s=1), dead_reader("c")]
    assert [reader.name for reader in readers] == ["a", "b", "c"]


@pytest.mark.parametrize("name", [3, None, 0.002])
def test_a_name_that_is_no_string_is_refused(name):
    with pytest.raises(TypeError, match=r"^a reader's name is a string, not "):
        fast_reader(name)


def test_an_empty_name_is_refused():
    with pytest.raises(ValueError, match="needs a name"):
        dead_reader("")


@pytest.mark.parametrize("service_time_s", [0, -1, math.nan, math.inf])
def test_a_slow_reader_takes_some_time_and_not_for_ever(service_time_s):
    with pytest.raises(ValueError, match=r"^service_time_s must be a positive number of seconds"):
        slow_reader(service_time_s=service_time_s)
