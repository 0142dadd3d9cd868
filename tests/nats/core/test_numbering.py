"""What is missing between two numbers of a publisher is lost; what cannot be true is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib.nats.core import numbering as numbering_module
from pubsub_lib.nats.core.numbering import MOST_LOST_AT_ONCE, Numbering

ONE, OTHER = "0" * 16, "f" * 16


@given(st.lists(st.tuples(st.sampled_from([ONE, OTHER]), st.booleans()), min_size=1))
def test_what_did_not_come_is_counted_of_each_publisher_once_a_later_one_comes(messages):
    numbering, sent, waiting, lost = Numbering(), {ONE: 0, OTHER: 0}, {}, 0
    for publisher, comes in messages:
        sent[publisher] += 1
        if comes:
            lost += waiting.get(publisher, 0)
            waiting[publisher] = 0
        elif publisher in waiting:
            waiting[publisher] += 1
    counted = 0
    again = {ONE: 0, OTHER: 0}
    for publisher, comes in messages:
        again[publisher] += 1
        if comes:
            counted += numbering.note(f"{publisher}.{again[publisher]}", "")
    assert counted == lost
    assert numbering.refused == 0


def test_a_number_that_comes_too_late_counts_nothing_twice():
    numbering = Numbering()
    assert [numbering.note(f"{ONE}.{number}", "") for number in (1, 4, 2, 5)] == [0, 2, 0, 0]


@pytest.mark.parametrize("digits", ["9" * 19, "9" * 4_001, "-1", "1x", "", "\u0663", "1_0"])
def test_what_is_no_number_of_a_known_publisher_is_refused(digits):
    numbering = Numbering()
    numbering.note(f"{ONE}.1", "")
    assert numbering.note(f"{ONE}.{digits}", "") == 0
    assert numbering.refused == 1
    assert numbering.note(f"{ONE}.3", "") == 1


def test_a_leap_that_no_loss_explains_is_refused_and_changes_nothing():
    numbering = Numbering()
    numbering.note(f"{ONE}.1", "")
    assert numbering.note(f"{ONE}.{3 + MOST_LOST_AT_ONCE}", "") == 0
    assert numbering.refused == 1
    assert numbering.note(f"{ONE}.3", "") == 1


def test_a_leap_that_a_loss_explains_is_believed():
    numbering = Numbering()
    numbering.note(f"{ONE}.1", "")
    assert numbering.note(f"{ONE}.{2 + MOST_LOST_AT_ONCE}", "") == MOST_LOST_AT_ONCE
    assert numbering.refused == 0


def test_all_that_is_refused_is_counted():
    numbering = Numbering()
    numbering.note(f"{ONE}.1", "")
    for number in ("x", "y", 10**17, 10**17 + 1):
        assert numbering.note(f"{ONE}.{number}", "") == 0
    assert numbering.refused == 4


def test_the_largest_numbers_have_eighteen_digits():
    numbering = Numbering()
    for expected, number in ((0, 10**18 - 4), (1, 10**18 - 2), (0, 10**18 - 1), (0, 10**18)):
        assert numbering.note(f"{ONE}.{number}", "") == expected
    assert numbering.refused == 1
    assert numbering.note(f"{OTHER}.{10**18}", "") == 0
    assert len(numbering) == 1


def test_what_has_two_numbers_is_none_of_ours():
    numbering = Numbering()
    numbering.note(f"{ONE}.1", "")
    assert numbering.note(f"{ONE}.1.9", "") == 0
    assert numbering.refused == 0
    assert len(numbering) == 1


def test_each_line_has_numbers_of_its_own():
    numbering = Numbering()
    for line in ("a", "b"):
        assert [numbering.note(f"{ONE}.{number}", line) for number in (1, 3)] == [0, 1]
    assert len(numbering) == 2


def test_who_was_not_seen_for_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(numbering_module, "KNOWN_LINES", 3)
    numbering = Numbering()
    numbering.note(f"{ONE}.1", "")
    for invented in range(1, 101):
        numbering.note(f"{invented:016x}.1", "")
        numbering.note(f"{invented:016x}.2", "")
        assert numbering.note(f"{ONE}.{1 + 2 * invented}", "") == 1
    assert len(numbering) == 3


def test_of_two_that_alternate_the_one_seen_last_is_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(numbering_module, "KNOWN_LINES", 2)
    numbering = Numbering()
    for number in (1, 2):
        for publisher in (ONE, OTHER):
            numbering.note(f"{publisher}.{number}", "")
    numbering.note(f"{'c' * 16}.1", "")
    assert numbering.note(f"{OTHER}.4", "") == 1
    assert numbering.note(f"{ONE}.4", "") == 0
