"""What travels through a broker: a small, immutable record with a type of its own.

A broker carries any type but `None`, which is what a reader gets when nothing more will come.

>>> Message(content="Hello")
Message(content='Hello')
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Every subscriber gets the same object, so it cannot be changed.

    Attributes:
        content: the text that is published.
    """

    content: str
