"""What was removed before a reader got it is counted once; what others got, or comes yet, never."""

import pytest

from pubsub_lib.nats.jetstream.position import Position
from pubsub_lib.nats.jetstream.removals import LOOKS, Look, Removals

WINDOW = 10


def named(*, consecutive: bool = True) -> tuple[Position, Removals]:
    """Return those of a subscription with a name, whose messages others may get, too."""
    return _begun(durable=True, consecutive=consecutive)


def nameless(*, consecutive: bool = True) -> tuple[Position, Removals]:
    """Return those of a subscription that gets all its messages by itself."""
    return _begun(durable=False, consecutive=consecutive)


def _begun(*, durable: bool, consecutive: bool) -> tuple[Position, Removals]:
    position = Position(WINDOW)
    position.consecutive = consecutive
    removals = Removals(position, durable=durable)
    position.begin(0)
    removals.begin(0, 0)
    return position, removals


def looks(removals: Removals, *seen: Look, unanswered: int = 0) -> list[int]:
    return [removals.look(look, unanswered=unanswered) for look in seen]


# What the numbers of a message that comes in tell.


def test_without_a_name_a_message_tells_what_its_numbers_do():
    position, removals = nameless()
    assert removals.note(1, 1, pending=3, tries=1) == 0
    assert removals.note(4, 2, pending=0, tries=1) == 2
    assert (position.highest, position.deliveries, position.pending) == (4, 2, 0)


def test_what_is_missing_between_two_messages_in_a_row_was_removed():
    position, removals = named()
    assert removals.note(1, 1, pending=7, tries=1) == 0
    assert removals.note(5, 2, pending=4, tries=1) == 3
    assert removals.note(6, 3, pending=3, tries=1) == 0
    assert (position.deliveries, position.pending) == (3, 3)


def test_what_was_removed_before_the_first_message_counts_from_where_the_consumer_began():
    position = Position(WINDOW)
    removals = Removals(position, durable=True)
    removals.begin(deliveries=20, highest=6)
    assert removals.note(9, 21, pending=0, tries=1) == 2


def test_before_it_is_known_where_the_consumer_began_nothing_is_counted():
    removals = Removals(Position(WINDOW), durable=True)
    assert removals.note(9, 1, pending=0, tries=1) == 0
    removals.begin(deliveries=0, highest=0)  # it has come in too late to matter
    assert removals.note(11, 2, pending=0, tries=1) == 1


def test_what_others_were_sent_meanwhile_was_not_removed():
    _, removals = named()
    removals.note(1, 1, pending=9, tries=1)
    assert removals.note(5, 4, pending=5, tries=1) == 0
    assert removals.note(8, 5, pending=2, tries=1) == 2  # these two follow each other again


def test_where_some_messages_are_for_others_a_gap_tells_nothing():
    _, removals = named(consecutive=False)
    removals.note(1, 1, pending=9, tries=1)
    assert removals.note(5, 2, pending=5, tries=1) == 0


def test_a_late_message_counts_for_nothing():
    _, removals = named()
    removals.note(5, 1, pending=5, tries=1)
    assert removals.note(3, 2, pending=5, tries=1) == 0


def test_a_copy_is_no_gap_and_what_was_removed_after_it_is_counted():
    _, removals = named()
    removals.note(1, 1, pending=9, tries=1)
    removals.note(2, 2, pending=8, tries=1)
    assert removals.note(5, 3, pending=8, tries=2) == 0
    assert removals.note(4, 4, pending=6, tries=1) == 1


def test_after_a_copy_that_does_not_follow_nobody_knows_what_was_removed():
    _, removals = named()
    removals.note(1, 1, pending=9, tries=1)
    assert removals.note(1, 3, pending=9, tries=2) == 0
    assert removals.note(5, 4, pending=5, tries=1) == 0
    assert removals.note(7, 5, pending=3, tries=1) == 1


def test_a_copy_that_comes_first_tells_nothing():
    removals = Removals(Position(WINDOW), durable=True)
    assert removals.note(3, 1, pending=9, tries=2) == 0
    assert removals.note(6, 2, pending=9, tries=1) == 0


def test_a_new_stream_has_other_numbers():
    position, removals = named()
    removals.note(1, 1, pending=9, tries=1)
    looks(removals, Look(5, 9, 10), Look(5, 9, 10))
    removals.begin_anew()
    assert looks(removals, Look(5, 3, 4), Look(5, 3, 4)) == [0, 0]
    assert removals.note(5, 2, pending=0, tries=1) == 0
    removals.begin_anew()
    position.deliveries = 0
    removals.begin(deliveries=7, highest=2)
    assert removals.note(4, 8, pending=0, tries=1) == 1


# What the server says when it is asked.


def test_what_it_has_no_longer_to_send_was_removed_when_three_looks_agree():
    position, removals = named()
    removals.note(1, 1, pending=5, tries=1)
    assert looks(removals, *[Look(1, 2, 6)] * 4) == [0, 3, 0, 0]  # the delivery was the first
    assert position.pending == 2


def test_three_looks_agree_where_no_delivery_has_told_what_was_to_be_sent():
    position, removals = named()
    position.deliveries = 1
    assert looks(removals, *[Look(2, pending, 9) for pending in (7, 4, 3, 3)]) == [0, 0, 3, 1]


def test_what_was_stored_meanwhile_was_not_removed():
    _, removals = named()
    removals.note(1, 1, pending=2, tries=1)
    assert looks(removals, Look(1, 4, 5), Look(1, 3, 5)) == [0, 0]


def test_the_most_that_was_to_be_sent_later_is_what_is_left():
    _, removals = named()
    removals.note(1, 1, pending=9, tries=1)
    assert looks(removals, Look(1, 2, 10), Look(1, 5, 10)) == [0, 4]


@pytest.mark.parametrize("sent", [(1, 2, 2), (2, 1, 2), (2, 2, 1)])
def test_looks_between_which_something_was_sent_do_not_agree(sent: tuple[int, ...]):
    position, removals = named()
    position.deliveries = 0
    assert looks(removals, *[Look(each, 9 - at, 9) for at, each in enumerate(sent)]) == [0, 0, 0]


def test_what_the_looks_have_told_is_not_counted_again_by_the_next_message():
    _, removals = named()
    removals.note(1, 1, pending=3, tries=1)
    assert looks(removals, *[Look(1, 0, 4)] * 2) == [0, 3]
    assert looks(removals, *[Look(1, 2, 6)] * 3, *[Look(1, 1, 6)] * 2) == [0, 0, 0, 0, 1]
    assert removals.note(8, 2, pending=0, tries=1) == 2  # six are missing, four of them told
    assert removals.note(10, 3, pending=0, tries=1) == 1  # they are told of once


def test_a_message_that_comes_in_begins_the_looks_anew():
    position, removals = named()
    removals.note(1, 1, pending=5, tries=1)
    looks(removals, Look(2, 4, 6))  # when it was sent, and had not come in
    removals.note(2, 2, pending=4, tries=1)
    position.deliveries = 0  # so that the delivery is not the first look
    assert looks(removals, *[Look(2, 1, 6)] * LOOKS) == [0, 0, 0]


def test_what_the_last_delivery_said_is_a_look_only_if_nothing_was_sent_since():
    _, removals = named()
    removals.note(1, 1, pending=5, tries=1)
    assert looks(removals, *[Look(2, 1, 6)] * LOOKS) == [0, 0, 0]


def test_nothing_is_counted_while_it_is_not_known_where_the_consumer_begins():
    position, removals = named()
    removals.note(1, 1, pending=5, tries=1)
    position.hold()
    assert looks(removals, *[Look(1, 0, 6)] * LOOKS) == [0, 0, 0]
    assert position.pending == 0


# Without a name nobody else gets what does not come in here.


def test_without_a_name_what_is_not_to_be_sent_any_more_was_removed():
    position, removals = nameless()
    removals.note(1, 1, pending=5, tries=1)
    assert looks(removals, Look(1, 0, 6), *[Look(1, 0, 9)] * 3) == [0, 0, 5, 3]
    assert position.has_all_up_to(9)


def test_without_a_name_what_was_sent_and_has_not_come_in_is_waited_for():
    position, removals = nameless()
    removals.note(1, 1, pending=5, tries=1)
    assert looks(removals, *[Look(2, 0, 6)] * LOOKS) == [0, 0, 0]
    assert position.highest == 1


@pytest.mark.parametrize("pending", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_without_a_name_what_is_still_to_be_sent_is_waited_for(pending: tuple[int, ...]):
    position, removals = nameless()
    removals.note(1, 1, pending=5, tries=1)
    assert looks(removals, *[Look(1, each, 6) for each in pending]) == [0, 0, 0]
    assert position.highest == 1


def test_without_a_name_what_was_lost_on_its_way_may_come_again_while_it_is_not_acknowledged():
    position, removals = nameless()
    removals.note(1, 1, pending=2, tries=1)
    removals.note(3, 3, pending=0, tries=1)
    assert looks(removals, *[Look(3, 0, 3)] * LOOKS, unanswered=1) == [0, 0, 0]
    assert position.missing == {2}
    assert looks(removals, Look(3, 0, 3)) == [1]
    assert not position.missing


def test_without_a_name_what_came_and_is_not_acknowledged_holds_nothing_up():
    _, removals = nameless()
    removals.note(1, 1, pending=2, tries=1)
    assert looks(removals, *[Look(1, 0, 3)] * LOOKS, unanswered=1) == [0, 0, 2]


def test_a_name_leaves_to_others_what_is_not_to_be_sent_any_more():
    position, removals = named()
    removals.note(1, 1, pending=0, tries=1)
    assert looks(removals, *[Look(1, 0, 6)] * LOOKS) == [0, 0, 0]
    assert position.highest == 0


def test_where_some_messages_are_for_others_what_is_no_longer_to_be_sent_tells():
    position, removals = nameless(consecutive=False)
    removals.note(1, 1, pending=4, tries=1)
    assert looks(removals, *[Look(1, 0, 6)] * 3) == [0, 4, 0]
    assert position.has_all_up_to(6)


def test_where_some_messages_are_for_others_what_was_lost_on_its_way_counts_too():
    position, removals = nameless(consecutive=False)
    removals.note(1, 1, pending=6, tries=1)
    removals.note(5, 3, pending=4, tries=1)
    assert position.absent == 1
    assert looks(removals, *[Look(3, 0, 9)] * 4) == [0, 4, 1, 0]  # the delivery was the first
    assert position.absent == 0


def test_where_some_messages_are_for_others_a_delivery_does_not_tell_what_was_stored_since():
    position, removals = nameless(consecutive=False)
    assert looks(removals, *[Look(0, 0, 5)] * 2) == [0, 0]
    assert position.highest == 0
    assert looks(removals, Look(0, 0, 5)) == [0]
    assert position.has_all_up_to(5)
