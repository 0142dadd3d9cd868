"""On which of the server's subjects messages travel."""

import pytest

from pubsub_lib.codecs import Json
from pubsub_lib.nats.decoding import codec_of
from pubsub_lib.nats.routing import LONGEST_SUBJECT, Routing, carries_subjects, sendable
from pubsub_lib.subjects import Published, subject_filter


def test_the_longest_subject_is_taken_and_one_that_is_longer_is_shown_in_part():
    assert sendable("a" * LONGEST_SUBJECT) == "a" * LONGEST_SUBJECT
    with pytest.raises(ValueError, match=r"4,000 bytes, and this one 4,001: 'a{40}'\.\.\.$"):
        sendable("a" * (LONGEST_SUBJECT + 1))
    with pytest.raises(ValueError, match="4,002"):
        sendable("ä" * 2_001)  # bytes count, not characters


def test_only_the_codec_of_published_messages_gives_each_its_own_subject():
    assert carries_subjects(codec_of(Published[int]))
    assert not carries_subjects(codec_of(None))
    assert not carries_subjects(Json(Published))


def test_a_message_is_not_asked_of_what_class_it_is():
    class Evasive:
        @property
        def __class__(self) -> type[object]:
            raise ReferenceError("gone")

    assert Routing("rooms", by_subject=True).subject_of(Evasive()) == "rooms"


def test_a_message_belongs_where_it_says():
    routing = Routing("rooms", by_subject=True)
    routing.check("rooms.kitchen", Published("kitchen", 1))
    with pytest.raises(ValueError, match=r"belongs on 'rooms\.kitchen'"):
        routing.check("rooms.bath", Published("kitchen", 1))


def test_without_subjects_of_their_own_all_are_on_the_brokers():
    routing = Routing("rooms")
    assert routing.subject_of(Published("kitchen", 1)) == "rooms"
    assert routing.pattern_of(subject_filter("kitchen")) == "rooms"
