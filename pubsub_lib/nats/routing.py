"""On which of the server's subjects a message travels, and for which a subscriber asks.

A broker has one subject. One that carries `Published` messages, as `Topics` sends them, has all
that begin with it: `kitchen` travels on `rooms.kitchen`. So the server sends a subscriber of a
pattern what matches it, and nothing else; and its permissions hold for each subject.

>>> from pubsub_lib.subjects import subject_filter
>>> routing = Routing("rooms", by_subject=True)
>>> routing.subject_of(Published("kitchen.door", 1))
'rooms.kitchen.door'
>>> routing.pattern_of(subject_filter("kitchen.*")), routing.pattern_of(None)
('rooms.kitchen.*', 'rooms.>')
>>> Routing("rooms").pattern_of(None)
'rooms'
"""

from typing import Any

from pubsub_lib.interfaces import Codec
from pubsub_lib.nats.parametrised_json import ParametrisedJson
from pubsub_lib.subjects import Published, SubjectFilter, is_published

# The server takes lines of 4,096 bytes, in which more stands than the subject.
LONGEST_SUBJECT = 4_000


class Routing:
    """Where the messages of one broker travel.

    Args:
        subject: what all processes call the broker.
        by_subject: whether each message has a subject of its own, below that.

    Attributes:
        by_subject: as given.
    """

    def __init__(self, subject: str, *, by_subject: bool = False) -> None:
        self.by_subject = by_subject
        self._subject = subject
        self._below = f"{subject}."

    def subject_of(self, message: object) -> str:
        """Return where a message travels.

        Raises:
            ValueError: if its subject is too long, or has no UTF-8.
        """
        if not self.by_subject or not is_published(message):
            return self._subject
        return sendable(self._below + message.subject)

    def pattern_of(self, where: object) -> str:
        """Return for what a subscriber asks the server whose filter this is.

        Raises:
            ValueError: if its pattern is too long, or has no UTF-8.
        """
        if not self.by_subject:
            return self._subject
        return sendable(self._below + (where.pattern if isinstance(where, SubjectFilter) else ">"))

    def check(self, subject: str, message: object) -> None:
        """Check that a message came in where it belongs.

        The server looks only at the subject, so who may not publish to one could else do so through
        another.

        Raises:
            ValueError: if not.
        """
        if is_published(message) and self._below + message.subject != subject:
            raise ValueError(f"it says that it belongs on {self._below + message.subject!r}")


def carries_subjects(codec: Codec[Any]) -> bool:
    """Whether the messages of this codec are `Published`, so that each has a subject of its own."""
    return isinstance(codec, ParametrisedJson) and codec.origin is Published


def sendable(subject: str) -> str:
    """Return a subject, or say why the server cannot take it.

    >>> sendable("a" * 4_001)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: a subject over NATS is at most 4,000 bytes, and this one 4,001: 'aaa...
    """
    try:
        size = len(subject.encode())
    except UnicodeEncodeError as error:
        raise ValueError(f"the subject {subject!r} cannot be sent: {error}") from None
    if size > LONGEST_SUBJECT:
        raise ValueError(
            f"a subject over NATS is at most {LONGEST_SUBJECT:,} bytes, and this one {size:,}: "
            f"{subject[:40]!r}..."
        )
    return subject
