"""A gap in what comes in is a loss on the way, which comes again, or a removal, which does not."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib.nats.jetstream.position import Position

WINDOW = 10
FATES = st.lists(st.sampled_from(["comes", "is lost on its way", "was removed"]), max_size=WINDOW)


@given(FATES)
def test_what_was_removed_is_counted_if_nothing_is_lost_and_what_was_lost_is_missing(fates):
    fates = [*fates, "comes"]
    position, never, delivery = after(), 0, 0
    kinds = set(fates)
    for sequence, fate in enumerate(fates, start=1):
        delivery += fate != "was removed"
        if fate == "comes":
            never += position.note(sequence, delivery, pending=len(fates) - sequence)
    assert position.highest == len(fates)
    assert position.pending == 0
    if "is lost on its way" not in kinds:
        assert never == fates.count("was removed")
        assert not position.missing
    if "was removed" not in kinds:
        assert never == 0
        assert len(position.missing) == fates.count("is lost on its way")


def after(*steps: Callable[[Position], object]) -> Position:
    position = Position(WINDOW)
    position.begin(0)
    for step in steps:
        step(position)
    return position


def test_what_was_missing_is_not_when_it_comes_again():
    position = after(lambda p: p.note(1, 1, 2), lambda p: p.note(3, 3, 0))
    assert position.missing == {2}
    assert not position.has_all_up_to(3)
    assert position.note(2, 4, 0) == 0
    assert position.has_all_up_to(3)
    assert not position.has_all_up_to(4)


def test_more_than_can_be_on_their_way_were_removed():
    position = after(lambda p: p.note(1, 1, 50))
    assert position.note(52, 3, 0) == 49  # one of the fifty was on its way
    assert not position.missing


def test_what_is_passed_over_counts_each_message_once():
    position = after(lambda p: p.note(1, 1, 2), lambda p: p.note(3, 3, 0))
    assert position.pass_over(5) == 3  # the second, which is missing, the fourth and the fifth
    assert position.pass_over(5) == 0
    assert position.has_all_up_to(5)


def test_a_new_stream_loses_what_was_still_to_come_and_counts_from_its_first_message():
    position = after(lambda p: p.note(1, 1, 9), lambda p: p.note(3, 3, 7))
    assert position.begin_anew() == 8
    assert position.begin(0) == 0
    assert position.note(1, 1, 0) == 0
    assert position.has_all_up_to(1)
