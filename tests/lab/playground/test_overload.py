"""Overloads: what is run, and what is said of it."""

from dataclasses import replace

import pytest

from pubsub_lib import Overflow
from pubsub_lib.lab.playground.overload import SECONDS, Overload
from pubsub_lib.lab.traffic.readers import Pace


def findings(**settings) -> str:
    overload = Overload(**settings)
    return overload.findings(overload.run())


def test_the_settings_are_told_in_words():
    assert Overload(timeout_s=0.1, overflow=Overflow.DISCONNECT, slow=2, dead=1).settings() == (
        "100 messages per second, 2 slow subscribers of 20 ms, 1 dead subscriber, bound 50, "
        "wait 100 ms, then disconnect"
    )


def test_who_waits_for_ever_has_no_policy():
    assert Overload(slow=0, timeout_s=None, overflow=Overflow.RAISE).settings() == (
        "100 messages per second, only a fast subscriber, bound 50, wait for ever"
    )


def test_each_subscriber_has_a_name_and_a_pace():
    readers = Overload(slow=2, dead=1).readers()
    assert [(reader.name, reader.pace) for reader in readers] == [
        ("fast", Pace.FAST),
        ("slow 1", Pace.SLOW),
        ("slow 2", Pace.SLOW),
        ("dead", Pace.DEAD),
    ]
    assert readers[1].service_time_s == 0.02


def test_it_lasts_four_seconds_even_if_the_publisher_is_stuck():
    recording = Overload(timeout_s=None, dead=1).run()
    assert recording.publishes()["finished_s"].max() == SECONDS
    assert recording.queue_fill()["time_s"].max() == SECONDS


@pytest.mark.parametrize("wrong", [{"bound": 0}, {"timeout_s": -1.0}, {"publish_rate_hz": 0}])
def test_a_setting_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        replace(Overload(), **wrong).run()


# What is said of a run.


def test_dropping_keeps_the_publisher_on_time_and_costs_messages():
    assert findings() == (
        "The publisher is on time. The fast subscriber gets 400 messages, at once. "
        "The slow one misses 150 of them, and reads what is up to 1 s old."
    )


def test_dropping_the_oldest_costs_as_many_and_keeps_newer_ones():
    assert findings(overflow=Overflow.DROP_OLDEST).endswith(
        "The slow one misses 150 of them, and reads what is up to 500 ms old."
    )


def test_waiting_costs_everybody_time():
    assert findings(timeout_s=None, slow=2) == (
        "The publisher sends 251 of 400 messages, up to 1.48 s late. The fast subscriber gets 251 "
        "messages, up to 1.48 s late. Each slow one misses none of them, and reads what is up to "
        "1.99 s old."
    )


def test_a_publisher_that_is_stuck_is_said_to_be():
    assert findings(timeout_s=None, slow=0, dead=1) == (
        "The publisher sends 51 of 400 messages, and has been waiting in the last one since 0.5 s. "
        "The fast subscriber gets 51 messages, at once. The dead one misses none of them, and "
        "leaves 51 unread."
    )


def test_who_is_disconnected_is_said_to_be_with_the_time():
    assert findings(overflow=Overflow.DISCONNECT, dead=2).endswith(
        "The slow one is disconnected after 1.01 s. Each dead one is disconnected after 0.5 s."
    )


def test_the_publishes_that_raise_are_counted():
    assert findings(overflow=Overflow.RAISE).startswith(
        "The publisher is on time; 150 publishes raise PubSubFull."
    )


def test_a_delay_is_told_even_if_everything_is_sent_in_the_end():
    assert findings(slow=0, dead=1, timeout_s=0.1, overflow=Overflow.DISCONNECT) == (
        "The publisher sends 400 of 400 messages, up to 90 ms late. The fast subscriber gets 400 "
        "messages, up to 90 ms late. The dead one is disconnected after 0.6 s."
    )


def test_where_nobody_is_slow_there_is_nothing_to_tell():
    assert findings(slow=0) == (
        "The publisher is on time. The fast subscriber gets 400 messages, at once."
    )
