"""Tries a promise over a kind of broker, and says what came of it.

>>> from pubsub_lib.lab.promises.kinds import ASYNC_PUB_SUB, CHAPTER_PUB_SUB
>>> from pubsub_lib.lab.promises.stages import fan_out, ending
>>> print(keeps(CHAPTER_PUB_SUB, fan_out.publishing_to_nobody_is_no_error))
ChapterPubSub keeps this promise: Publishing to nobody is no error.

Of one that is not kept it says what was found. The chapter's broker does not promise this one:

>>> print(keeps(CHAPTER_PUB_SUB, ending.nobody_can_subscribe_after_shutdown))
ChapterPubSub breaks this promise: Subscribing after `shutdown()` is refused, with the remedy.
subscribing: nothing was raised; expected was PubSubClosed, saying 'subscribe to a new one'
"""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from pubsub_lib.lab.clock.virtual_time import MAX_STEPS, VirtualTimeError, run_virtual
from pubsub_lib.lab.promises.kinds import Kind
from pubsub_lib.lab.promises.promise import Promise
from pubsub_lib.lab.promises.traits import Trait
from pubsub_lib.lab.promises.trial import LIMIT_S, Finding, Trial


class TooLong(Exception):
    """Ends a program in real time that hangs, or that is far too slow."""


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What came of trying a promise.

    Attributes:
        kind, promise, case: what was tried.
        findings: what was found, in order; the last may be one that is not as expected.
        error: what ended the program early, if something did.
    """

    kind: Kind
    promise: Promise
    case: Mapping[str, Any]
    findings: tuple[Finding, ...]
    error: BaseException | None

    @property
    def kept(self) -> bool:
        """Whether the program came to its end, looked at something, and all was as expected."""
        return not self.reason

    @property
    def reason(self) -> str:
        """Why the promise is not kept, in plain words; empty if it is."""
        for finding in self.findings:
            if not finding.holds:
                return str(finding)
        match self.error:
            case None:
                return "" if self.findings else "the program looked at nothing"
            case TooLong():
                return str(self.error)
            case VirtualTimeError():
                return f"the program comes to a stop: {self.error}"
            case _:
                return f"the program ends with {type(self.error).__name__}: {self.error}"

    def __str__(self) -> str:
        keeps = "keeps" if self.kept else "breaks"
        case = ", ".join(f"{name}={value}" for name, value in self.case.items())
        lines = [
            f"{self.kind.name} {keeps} this promise: {self.promise.sentence}",
            case,
            self.reason,
        ]
        return "\n".join(line for line in lines if line)


def keeps(kind: Kind, promise: Promise) -> TrialOutcome:
    """Try a promise in all its cases, and return what came of it: of the first that is not kept."""
    outcomes = (try_case(kind, promise, case) for case in promise.cases)
    for outcome in outcomes:
        if not outcome.kept:
            break
    return outcome


def try_case(
    kind: Kind, promise: Promise, case: Mapping[str, Any], *, max_steps: int = MAX_STEPS
) -> TrialOutcome:
    """Try a promise in one of its cases, and return what came of it.

    It runs on the virtual clock; in real time if the broker needs a network, or the promise is
    about threads.

    Args:
        kind, promise, case: what to try.
        max_steps: how many steps the tasks may take on the virtual clock.
    """
    in_real_time = Trait.THREADS in promise.needs or Trait.IN_PROCESS not in kind.traits
    trial = Trial(kind, promise, case)
    error: BaseException | None = None
    try:
        if in_real_time:
            _run_in_real_time(trial.run())
        else:
            run_virtual(trial.run(), max_steps=max_steps)
    except (Exception, asyncio.CancelledError) as ended_by:
        error = ended_by
        while isinstance(error, BaseExceptionGroup):  # as a TaskGroup raises it
            error = error.exceptions[0]
    return TrialOutcome(kind, promise, case, tuple(trial.findings), error)


def _run_in_real_time(program: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        try:
            async with asyncio.timeout(LIMIT_S) as limit:
                await program
        except TimeoutError:
            if not limit.expired():
                raise
            raise TooLong(f"the program was not over after {LIMIT_S} s") from None

    asyncio.run(limited())
