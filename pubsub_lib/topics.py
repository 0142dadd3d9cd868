"""Subjects: a subscriber asks for the messages it wants, by name or by pattern.

A subject names what a message is about, in tokens separated by dots: `prices.gold.eur`. A
subscriber gives a pattern, in which `*` stands for exactly one token and `>`, at the end, for one
or more. These are the rules of NATS (docs.nats.io/nats-concepts/subjects). The layer is thin: the
broker below, of any kind, carries `Published` messages and applies the pattern as its filter.

>>> import asyncio
>>> from pubsub_lib import AsyncPubSub, Message
>>> async def main() -> None:
...     async with AsyncPubSub[Published[Message]]() as broker:
...         topics = Topics(broker)
...         inbox = await topics.subscribe("prices.*.eur")
...         await topics.publish("prices.gold.usd", Message("2,100"))
...         await topics.publish("prices.gold.eur", Message("1,900"))
...         print(await inbox.get())
...         inbox.close()
>>> asyncio.run(main())
Published(subject='prices.gold.eur', message=Message(content='1,900'))
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from pubsub_lib.interfaces import ManagedBroker, ManagedSubscription
from pubsub_lib.reports import Delivery


@dataclass(frozen=True, slots=True)
class Published[T]:
    """A message and the subject it was published to, which a wildcard subscriber wants to know.

    Attributes:
        subject: what the message is about, without wildcards.
        message: what was published.

    Raises:
        TypeError: if the subject is not a string.
        ValueError: if the subject has an empty token, whitespace or a wildcard.
    """

    subject: str
    message: T

    def __post_init__(self) -> None:
        _require_string(self.subject, "subject")
        _check_subject(self.subject)


class Topics[T]:
    """Publishes to subjects and subscribes to patterns, over any broker.

    It keeps nothing of its own: closing, statistics and full inboxes are the broker's business, and
    several `Topics` over one broker share its messages. On a ring, which is one store for all, a
    subscriber that does not read holds up the publishers to every subject.
    """

    def __init__(self, broker: ManagedBroker[Published[T]]) -> None:
        self._broker = broker

    def subscribe(self, pattern: str, *, name: str = "") -> ManagedSubscription[Published[T]]:
        """Join, and receive what is published from now on to the subjects that match the pattern.

        Args:
            pattern: a subject in which `*` stands for one token, and a last `>` for one or more.
            name: what the subscriber is called, in reports.

        Returns:
            The broker's own subscription, which may be awaited, or entered by `async with`.

        Raises:
            TypeError: if the pattern is not a string.
            ValueError: if the pattern cannot match any subject.
            PubSubClosed: if the broker was shut down.
        """
        return self._broker.subscribe(where=subject_filter(pattern), name=name)

    async def publish(self, subject: str, message: T) -> Delivery:
        """Give the message to every subscriber whose pattern matches the subject.

        Raises:
            TypeError: if the subject is not a string.
            ValueError: if the subject has an empty token, whitespace or a wildcard.
            PubSubClosed: if the broker was shut down.
        """
        return await self._broker.publish(Published(subject, message))


def subject_filter(pattern: str) -> Callable[[Published[object]], bool]:
    """Return the function that says whether a message matches the pattern: a broker's `where=`.

    Raises:
        TypeError: if the pattern is not a string.
        ValueError: if the pattern cannot match any subject.
    """
    _require_string(pattern, "pattern")
    tokens = _tokens(pattern, "pattern")
    for token in tokens:
        if len(token) > 1 and ("*" in token or ">" in token):
            raise ValueError(
                f"no subject matches {pattern!r}, since a wildcard stands for a whole token; "
                f"put '*' in the place of {token!r}"
            )
    if ">" in tokens[:-1]:
        raise ValueError(
            f"no subject matches {pattern!r}, since '>' stands for all tokens that are left; "
            "put it last, or use '*' for one token"
        )
    # The subjects were checked when they were published, so the simplest comparison will do.
    if "*" not in tokens:
        if tokens[-1] != ">":
            return lambda published: published.subject == pattern
        beginning = pattern[:-1]
        return lambda published: published.subject.startswith(beginning)
    expressions = {"*": "[^.]+", ">": ".+"}
    expression = r"\.".join(expressions.get(token) or re.escape(token) for token in tokens)
    match = re.compile(expression).fullmatch
    return lambda published: match(published.subject) is not None


@lru_cache(maxsize=4096)  # a program publishes to the same subjects again and again
def _check_subject(subject: str) -> None:
    tokens = _tokens(subject, "subject")
    if any("*" in token or ">" in token for token in tokens):
        raise ValueError(
            f"a message has one subject, and {subject!r} is a pattern; publish to a subject "
            "without '*' and '>'"
        )


def _require_string(text: str, kind: str) -> None:
    if not isinstance(text, str):
        raise TypeError(f"a {kind} is a string such as 'prices.gold.eur', not {text!r}")


def _tokens(text: str, kind: str) -> list[str]:
    if any(character.isspace() or character == "\0" for character in text):
        raise ValueError(f"the {kind} {text!r} has whitespace in it; separate tokens by '.'")
    tokens = text.split(".")
    if "" in tokens:
        raise ValueError(
            f"the {kind} {text!r} has an empty token; put one '.' between tokens, none at the ends"
        )
    return tokens
