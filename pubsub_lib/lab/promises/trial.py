"""One run of a promise's program, and what it found.

A program says what it looks at, what it found there and what it expected, in one line. What is kept
of this is text, so that looking at a message keeps no message alive.

>>> import asyncio
>>> from pubsub_lib.lab.promises.kinds import ASYNC_PUB_SUB
>>> from pubsub_lib.lab.promises.stages import fan_out
>>> trial = Trial(ASYNC_PUB_SUB, fan_out.falsy_messages_are_messages)
>>> asyncio.run(trial.run())
>>> print(trial.findings[0])
what the subscriber read: [0, '', [], False]
>>> print(Finding("messages that the subscriber read", "3", "4"))
messages that the subscriber read: 3; expected was 4
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from reprlib import Repr
from typing import Any

from pubsub_lib.lab.promises.kinds import Kind
from pubsub_lib.lab.promises.promise import Promise
from pubsub_lib.lab.promises.traits import Trait

LIMIT_S = 60
"""How long a program in real time may take before it counts as one that hangs, in seconds."""

_in_words = Repr(maxlevel=3, maxlist=24, maxtuple=24, maxstring=200, maxlong=40, maxother=200).repr


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a program looked at.

    Attributes:
        what: what was looked at, in plain words.
        found: what was found there, in short.
        expected: what a broker that keeps the promise shows there, in short.
        holds: whether the two are equal, also where shortening makes them look so.
    """

    what: str
    found: str
    expected: str
    holds: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.found}" + (
            "" if self.holds else f"; expected was {self.expected}"
        )


class BrokenPromise(Exception):
    """Ends a program at the first finding that is not as expected."""


class Trial:
    """One run of a promise's program over one kind of broker.

    Attributes:
        kind, promise, case: what is tried.
        findings: what was found so far, in order. The last may be one that is not as expected.
    """

    def __init__(self, kind: Kind, promise: Promise, case: Mapping[str, Any] | None = None) -> None:
        self.kind = kind
        self.promise = promise
        self.case = promise.cases[0] if case is None else case
        self.findings: list[Finding] = []

    async def run(self) -> None:
        """Open a broker and run the program, on whatever event loop is running.

        Raises:
            BrokenPromise: if something is not as expected; it is the last of the findings.
            Exception: whatever the broker raises at a place where the program expects nothing.
        """
        async with self.open(**self.promise.options) as broker:
            await self.promise.program(broker, self, **self.case)

    # What programs use.

    def has(self, trait: Trait) -> bool:
        """Return whether this is true of the broker, for a promise that depends on it."""
        return trait in self.kind.traits

    def open(self, **options: Any) -> AbstractAsyncContextManager[Any]:
        """Open another broker of this kind, for an `async with`."""
        return self.kind.open(**options)

    async def arrival(self, broker: Any) -> None:
        """Wait until what was published has reached the subscribers, where that takes time."""
        if self.kind.arrival is not None:
            await self.kind.arrival(broker)

    async def shutdown(self, broker: Any) -> Any:
        """Shut down, and return the report; over a network, however long the messages take."""
        if self.has(Trait.IN_PROCESS):
            return await broker.shutdown()
        return await broker.shutdown(timeout=None)

    def found(self, what: str, found: object, *, expected: object) -> None:
        """Note what was found, and end the program if it is not what was expected.

        Raises:
            BrokenPromise: if the two are not equal.
        """
        self._note(Finding(what, _in_words(found), _in_words(expected), bool(found == expected)))

    @contextmanager
    def refused(self, what: str, error: type[Exception], says: str = "") -> Iterator[None]:
        """Expect that the block below raises this error, with a text that matches `says`.

        Raises:
            BrokenPromise: if nothing is raised, or something else is said.
        """
        expected = f"{error.__name__}, saying {says!r}" if says else error.__name__
        try:
            yield
        except error as refusal:
            found = f"{type(refusal).__name__}: {refusal}" if str(refusal) else error.__name__
            finding = Finding(what, found, expected, re.search(says, str(refusal)) is not None)
        else:
            finding = Finding(what, "nothing was raised", expected)
        self._note(finding)

    def _note(self, finding: Finding) -> None:
        self.findings.append(finding)
        if not finding.holds:
            raise BrokenPromise(str(finding))
