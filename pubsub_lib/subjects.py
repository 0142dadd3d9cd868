"""What a message is about: its subject, and the patterns by which a subscriber asks for subjects.

A subject is a name in tokens, separated by dots: `prices.gold.eur`. In a pattern `*` stands for
exactly one token and `>`, at the end, for one or more. These are the rules of NATS
(docs.nats.io/nats-concepts/subjects).

>>> gold_in_any_currency = subject_filter("prices.gold.*")
>>> gold_in_any_currency(Published("prices.gold.eur", 1900))
True
>>> gold_in_any_currency(Published("prices.silver.eur", 23))
False
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeGuard, final


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


def is_published(message: object) -> TypeGuard[Published[Any]]:
    """Return whether a message has a subject; its own `__class__`, which may be anything, is not
    asked.
    """
    return issubclass(type(message), Published)


@final
@dataclass(frozen=True, slots=True)
class SubjectFilter:
    """Says whether a message was published to a subject that matches: a broker's `where=`.

    A broker knows it from other filters, and need not ask it (see `in_process.subject_tree`).

    Attributes:
        pattern: a subject in which `*` stands for one token, and a last `>` for one or more.

    Raises:
        TypeError: if the pattern is not a string.
        ValueError: if the pattern cannot match any subject.
    """

    pattern: str
    _matches: Callable[[str], object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_matches", _matcher(self.pattern))

    def __call__(self, message: object) -> bool:
        """Return whether the message is `Published`, to a subject that matches."""
        return is_published(message) and bool(self._matches(message.subject))


def subject_filter(pattern: str) -> SubjectFilter:
    """Return what says whether a message matches the pattern: a broker's `where=`.

    Raises:
        TypeError: if the pattern is not a string.
        ValueError: if the pattern cannot match any subject.
    """
    return SubjectFilter(pattern)


def _matcher(pattern: str) -> Callable[[str], object]:
    """Return what says, by a true value, whether a subject matches the pattern."""
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
            return lambda subject: subject == pattern
        beginning = pattern[:-1]
        return lambda subject: subject.startswith(beginning)
    expressions = {"*": "[^.]+", ">": ".+"}
    expression = r"\.".join(expressions.get(token) or re.escape(token) for token in tokens)
    return re.compile(expression).fullmatch


def check_subject(subject: str) -> None:
    """Check that something can be published to it.

    Raises:
        TypeError: if the subject is not a string.
        ValueError: if the subject has an empty token, whitespace or a wildcard.
    """
    _require_string(subject, "subject")
    _check_subject(subject)


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
