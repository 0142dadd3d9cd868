"""A gap in what comes in is a loss on the way, which comes again, or a removal, which does not."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from nats.aio.msg import Msg

from pubsub_lib.nats.jetstream.position import Position, numbers_of, stored_at

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


def test_before_anything_is_known_nothing_is_counted():
    position = Position(WINDOW)
    assert (position.highest, position.pending, position.deliveries) == (0, 0, 0)
    assert (position.missing, position.absent) == (set(), 0)
    assert position.consecutive
    assert position.held


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


def test_of_one_lost_and_one_removed_nobody_knows_which_is_which_so_both_may_come_again():
    position = after(lambda p: p.note(1, 1, 9))
    assert position.note(4, 3, 0) == 0
    assert position.missing == {2, 3}


def test_as_many_as_can_be_on_their_way_may_be_missing():
    position = after(lambda p: p.note(1, 1, 9))
    assert position.note(WINDOW + 2, 3, 0) == 0
    assert len(position.missing) == WINDOW


def test_what_came_in_before_the_beginning_was_known_is_noted_then():
    position = Position(WINDOW)
    assert position.held
    assert position.note(8, 1, 2) == 0
    assert position.note(10, 2, 0) == 0
    assert not position.has_all_up_to(1)
    assert position.pending == 0
    assert position.begin(6) == 2  # the seventh and the ninth were removed
    assert not position.held
    assert (position.highest, position.deliveries) == (10, 2)


def test_what_a_reader_that_goes_on_has_passed_over_is_lost_but_not_what_has_just_come_in():
    position = after(lambda p: p.note(1, 1, 2), lambda p: p.note(4, 4, 0))
    assert position.missing == {2, 3}
    position.hold()
    position.note(3, 5, 9)  # one of the old deliveries, late
    position.note(7, 1, 0)
    assert position.begin(5) == 3  # the second and the fifth were not kept, the sixth was removed
    assert position.has_all_up_to(7)


def test_at_the_end_what_was_only_remembered_counts_as_come():
    position = Position(WINDOW)
    position.note(8, 1, 0)
    assert position.pass_over(9) == 1
    begun = after(lambda p: p.note(1, 1, 0))
    begun.hold()
    begun.note(2, 1, 0)
    assert begun.pass_over(4) == 2
    assert Position(WINDOW).pass_over(9) == 0  # it was never there


def selected(*steps: Callable[[Position], object]) -> Position:
    """Return one of a subscription that gets only some of the messages of a stream."""
    position = Position(WINDOW)
    position.consecutive = False
    position.begin(0)
    for step in steps:
        step(position)
    return position


SELECTED_FATES = st.lists(st.sampled_from(["comes", "is lost on its way", "is for others"]))


@given(SELECTED_FATES)
def test_where_some_are_for_others_only_a_missing_delivery_was_lost_on_its_way(fates):
    fates = [*fates, "comes"]
    position, delivery = selected(), 0
    for sequence, fate in enumerate(fates, start=1):
        delivery += fate != "is for others"
        if fate == "comes":
            assert position.note(sequence, delivery, pending=len(fates) - sequence) == 0
    lost = [place for place, fate in enumerate(fates, 1) if fate == "is lost on its way"]
    assert position.absent == len(lost)
    assert position.has_all_up_to(len(fates)) == (not lost)
    for sequence in lost:  # each comes again, and perhaps once more
        for _ in range(2):
            delivery += 1
            assert position.note(sequence, delivery, 0) == 0
    assert position.absent == 0
    assert position.has_all_up_to(len(fates))
    assert not position.has_all_up_to(len(fates) + 1)


def test_a_copy_of_what_has_come_in_is_not_what_is_missing():
    position = selected(lambda p: p.note(2, 1, 0), lambda p: p.note(6, 3, 0))
    position.note(2, 4, 0)
    position.note(6, 5, 0)
    assert position.absent == 1
    assert position.pass_over(9) == 1
    assert position.has_all_up_to(9)


def test_a_copy_after_a_lost_delivery_opens_no_gap():
    position = selected(lambda p: p.note(6, 1, 0), lambda p: p.note(6, 3, 0))
    assert position.absent == 0


def test_what_a_new_consumer_lacks_of_what_was_to_come_is_lost():
    position = selected(lambda p: p.note(4, 1, 7), lambda p: p.note(9, 3, 5))
    assert position.absent == 1
    position.hold()
    position.note(12, 1, 1)
    assert position.begin(9, still_to_come=2) == 4  # three of five, and what was missing
    assert (position.absent, position.pending, position.highest) == (0, 1, 12)


def test_a_new_consumer_that_has_more_than_was_to_come_has_lost_nothing():
    position = selected(lambda p: p.note(4, 1, 2))
    position.hold()
    assert position.begin(4, still_to_come=3) == 0


def test_the_beginning_loses_nothing_whatever_is_still_to_come():
    position = Position(WINDOW)
    position.consecutive = False
    position.note(4, 1, 2)
    assert position.begin(0) == 0


def test_a_late_delivery_of_what_was_missing_is_not_lost_with_the_consumer():
    position = selected(lambda p: p.note(4, 1, 0), lambda p: p.note(9, 3, 0))
    position.hold()
    position.note(6, 4, 0)
    assert position.begin(9, still_to_come=0) == 0


def test_a_new_stream_loses_what_was_to_come_and_what_was_missing():
    position = selected(lambda p: p.note(4, 1, 7), lambda p: p.note(9, 3, 5))
    assert position.begin_anew() == 6
    assert position.begin(0) == 0
    assert position.note(1, 1, 0) == 0
    assert position.absent == 0


def test_numbers_are_found_behind_the_names_of_a_domain_and_an_account_too():
    names = "hub.ACCOUNT.orders.billing"
    envelope = Msg(None, reply=f"$JS.ACK.{names}.2.17.40.1700000000000000000.5.random")
    assert numbers_of(envelope) == (17, 40, 5, 2)
    assert stored_at(envelope) == 1_700_000_000.0
