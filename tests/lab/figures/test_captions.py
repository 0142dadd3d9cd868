"""The sentences under the figures say what the numbers say."""

import math

import numpy as np
import pytest

from pubsub_lib.lab.figures.captions import (
    about_drops,
    about_each,
    about_latency,
    about_lateness,
    about_publish_time,
    about_queue_fill,
    about_spans,
    about_waits,
    milliseconds,
    plain,
    quantile,
)
from pubsub_lib.lab.traffic.readers import Pace, Reader
from pubsub_lib.lab.traffic.recordings import Recording, Span

FAST, SLOW = Reader("fast", Pace.FAST, 0.0), Reader("slow", Pace.SLOW, 0.01)


def filled(bound: int, *looks: tuple[float, str, int]) -> Recording:
    recording = Recording([FAST, SLOW], bound=bound)
    for look in looks:
        recording.depth(*look)
    return recording


def published(*times_s: tuple[float, float, float]) -> Recording:
    """A run of messages, each given by when it was due, sent and through."""
    recording = Recording([FAST, SLOW], bound=0)
    for number, (intended_s, started_s, finished_s) in enumerate(times_s):
        recording.sent(number, intended_s, started_s)
        recording.published(number, finished_s)
    return recording


# One sentence for each figure.


def test_the_fullest_inbox_is_named_with_the_time_at_which_it_was_so_full():
    recording = filled(10, (0.5, "fast", 3), (1.25, "slow", 7), (2.0, "slow", 1))
    assert about_queue_fill(recording) == "slow holds 7 messages at most, after 1.25 s"


def test_an_inbox_that_reaches_the_bound_is_said_to():
    recording = filled(7, (0.5, "fast", 3), (1.25, "slow", 7))
    assert about_queue_fill(recording) == "slow reaches the bound of 7 messages after 1.25 s"


def test_of_equally_full_inboxes_the_first_to_be_so_is_named():
    recording = filled(7, (0.5, "slow", 2), (1.0, "fast", 7), (2.0, "slow", 7), (3.0, "fast", 7))
    assert about_queue_fill(recording) == "fast reaches the bound of 7 messages after 1 s"


def test_without_a_bound_none_is_reached():
    assert about_queue_fill(filled(0, (1.0, "fast", 12_345))) == (
        "fast holds 12,345 messages at most, after 1 s"
    )


def test_everybody_who_missed_messages_is_named():
    recording = published(*[(0.0, 0.0, 0.0)] * 1_000)
    recording.left_unread("slow", 400)
    assert about_drops(recording) == (
        "fast misses 1,000 of 1,000 messages; slow misses 600 of 1,000 messages"
    )


def test_unread_is_not_missed():
    recording = published((0.0, 0.0, 0.0))
    recording.received(0, "fast", 0.0)
    recording.left_unread("slow", 1)
    assert about_drops(recording) == "nobody misses any of the 1 messages"


def test_latencies_are_told_for_each_pace():
    recording = published(*[(0.0, 0.0, 0.0)] * 100)
    for number in range(100):
        recording.received(number, "fast", (number + 1) / 1000)
        recording.received(number, "slow", (number + 1) / 10)
    assert about_latency(recording) == (
        "fast readers: half within 50 ms, 99 % within 99 ms; "
        "slow readers: half within 5 s, 99 % within 9.9 s"
    )


def test_publish_times_are_told_together_and_at_worst():
    recording = published((0.0, 0.0, 0.5), (0.1, 0.5, 0.75), (0.2, 0.75, 1.0))
    assert about_publish_time(recording) == "3 publishes take 1 s in all, the longest 500 ms"


def test_the_latest_message_need_not_be_the_last():
    recording = published((0.0, 0.0, 0.0), (1.0, 1.5, 1.5), (2.0, 2.25, 2.25))
    assert about_lateness(recording) == (
        "the last of 3 messages is sent 250 ms late, the latest 500 ms"
    )


def test_waits_are_told_before_the_inbox_and_in_it():
    recording = published((0.0, 0.0, 0.5))
    recording.received(0, "slow", 2.0)
    assert about_waits(recording, "slow") == (
        "the last message waits 500 ms to get into the inbox, and 1.5 s in it"
    )


def test_spans_are_added_up_for_each_who_did_anything():
    rows = {
        "A": [Span(0, 1, "waiting"), Span(1, 1.25, "working"), Span(2, 4, "waiting")],
        "B": [],
        "C": [Span(0, 0.001, "working")],
    }
    assert about_spans(rows) == "A: waiting for 3 s, working for 250 ms; C: working for 1 ms"


# Several recordings.


def test_a_single_recording_needs_no_name():
    assert about_each({"": filled(0)}, lambda _: "it is empty") == "it is empty."


def test_several_recordings_have_a_sentence_each():
    named = {"one": filled(1), "two": filled(2)}
    assert about_each(named, lambda r: f"bound {r.bound}") == "one: bound 1. two: bound 2."


# Nothing to tell.


@pytest.mark.parametrize(
    "about", [about_drops, about_publish_time, about_lateness], ids=lambda about: about.__name__
)
def test_of_a_run_in_which_nothing_was_published_that_is_said(about):
    assert about(published()) == "nothing was published"


def test_a_run_without_inboxes_has_no_queue_fill():
    assert about_queue_fill(published((0.0, 0.0, 0.0))).startswith("no inbox was looked at")


def test_a_run_without_deliveries_has_no_latency():
    assert about_latency(published((0.0, 0.0, 0.0))) == "nothing was received"


def test_nothing_has_no_quantile():
    assert math.isnan(quantile(np.empty(0), 0.99))


# Numbers.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 ms"),
        (0.001, "0.001 ms"),
        (0.12345, "0.123 ms"),
        (12.0, "12 ms"),
        (123.6, "124 ms"),
        (999.4, "999 ms"),
        (999.6, "1 s"),
        (1000.0, "1 s"),
        (1234.0, "1.23 s"),
        (1_234_567.0, "1,235 s"),
        (-0.0000001, "0 ms"),  # what is left of 0.3 - 0.1 - 0.2
    ],
)
def test_a_time_has_three_digits_and_a_fitting_unit(value: float, text: str):
    assert milliseconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.012345, "0.0123"),
        (1.0, "1"),
        (99.94, "99.9"),
        (99.96, "100"),
        (999.9, "1,000"),
        (4041.3, "4,041"),
        (1e9, "1,000,000,000"),
    ],
)
def test_a_number_is_written_without_powers_of_ten(value: float, text: str):
    assert plain(value) == text


@pytest.mark.parametrize("percent", range(101))
def test_a_share_of_a_hundred_values_is_as_many_of_them(percent: int):
    assert quantile(np.arange(1.0, 101.0), percent / 100) == max(percent, 1)


@pytest.mark.parametrize("share", [-0.1, 1.1, 99])
def test_a_quantile_of_no_share_is_refused(share: float):
    with pytest.raises(ValueError, match="a share between 0 and 1"):
        quantile(np.arange(4.0), share)


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.51, 3.0), (0.99, 4.0), (1.0, 4.0)])
def test_a_quantile_is_one_of_the_values(share: float, value: float):
    assert quantile(np.array([4.0, 1.0, 3.0, 2.0]), share) == value
