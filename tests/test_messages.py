"""A message is a small record that nobody can change."""

import dataclasses

import pytest

from pubsub_lib import Message


def test_it_is_a_dataclass_with_a_content():
    assert [(field.name, field.type) for field in dataclasses.fields(Message)] == [("content", str)]
    assert Message(content="Hello").content == "Hello"


def test_two_messages_with_the_same_content_are_equal_and_hash_alike():
    assert {Message("Hello"), Message("Hello")} == {Message("Hello")}


def test_it_cannot_be_changed_since_every_subscriber_gets_the_same_object():
    message = Message("Hello")
    with pytest.raises(dataclasses.FrozenInstanceError):
        message.content = "Good-bye"


def test_it_carries_no_dictionary():
    assert not hasattr(Message("Hello"), "__dict__")
