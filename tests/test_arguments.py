"""What is given for a number is checked where it is given, and the error says what would do."""

import math

import pytest

from pubsub_lib.arguments import checked_positive, checked_seconds, checked_timeout


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


@pytest.mark.parametrize("number", [10**400, 2**1024])
def test_a_whole_number_that_no_event_loop_can_reckon_with_is_refused(number):
    with pytest.raises(ValueError, match=r"^timeout must be 0 or more seconds, or None"):
        checked_timeout(number)
    with pytest.raises(ValueError, match=r"^every_s must be more than 0 seconds"):
        checked_seconds("every_s", number)
    with pytest.raises(ValueError, match=r"^every_s must be a positive number of seconds"):
        checked_positive("every_s", number, unit="seconds")
