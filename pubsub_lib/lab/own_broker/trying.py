"""Tries the promises of a stage over a learner's file, and films the first that is broken.

>>> from pubsub_lib.lab.own_broker.given import given_state
>>> report = try_stage(given_state("03"), "05")
>>> report.kept, len(report.marks)
(5, 11)
>>> print(report.first_broken)
Dead subscribers, however many, cost a publish one second in all.
>>> print(report.reason.partition(":")[0])
a method of your broker returns nothing where something is expected
"""

import contextlib
import io
from dataclasses import dataclass, field
from pathlib import Path

from pubsub_lib.lab.clock.never_awaited import noting_what_is_never_awaited, without_await
from pubsub_lib.lab.clock.virtual_time import LimitReached, Livelock
from pubsub_lib.lab.own_broker.beside import film_beside
from pubsub_lib.lab.own_broker.file import is_begun
from pubsub_lib.lab.own_broker.loading import CannotLoadError, load, method_in, place_in
from pubsub_lib.lab.own_broker.stages import promises_until, traits_after
from pubsub_lib.lab.promises.keeping import TrialOutcome, try_case
from pubsub_lib.lab.promises.kinds import Kind
from pubsub_lib.lab.promises.promise import Promise
from pubsub_lib.lab.promises.trial import Trial
from pubsub_lib.lab.replay import Film

MOST_STEPS = 20_000
_MOST_FILMED = 2_000  # of one that goes round and round, nobody watches more


@dataclass(slots=True)
class Report:
    """What came of trying a file.

    Attributes:
        notebook: the number of the stage's notebook.
        marks: each promise's sentence, and whether it is kept.
        first_broken: the sentence of the first that is not; "" if all are kept.
        reason: what was found there, in plain words; or why nothing could be tried at all.
        film: of the first broken one, beside a broker that keeps it.
        begun: whether there is more in the file than what it was given with.
    """

    notebook: str
    marks: list[tuple[str, bool]] = field(default_factory=list)
    first_broken: str = ""
    reason: str = ""
    film: Film | None = None
    begun: bool = True

    @property
    def kept(self) -> int:
        """How many promises are kept."""
        return sum(mark for _, mark in self.marks)


def try_stage(path: Path, notebook: str) -> Report:
    """Try all that a broker promises after the stage of this notebook.

    Raises:
        ValueError: if that notebook has no stage.
    """
    promises = promises_until(notebook)
    report = Report(notebook)
    try:
        kind = Kind(load(path), traits_after(notebook))
    except CannotLoadError as error:
        report.reason = str(error)
        return report
    for promise in promises:
        with noting_what_is_never_awaited() as forgotten:
            outcome = _first_broken_case(kind, promise)
            report.marks.append((promise.sentence, outcome.kept))
            if outcome.kept or report.first_broken:
                continue
            if isinstance(outcome.error, NotImplementedError) and not is_begun(path):
                report.begun = False
                return report
            report.first_broken = promise.sentence
            report.reason = without_await(forgotten) + reason_in_words(path, outcome)
            report.film = _film(kind, promise, outcome)
    return report


def reason_in_words(path: Path, outcome: TrialOutcome) -> str:
    """Say why a promise is not kept: what was found, or at which line of the file it broke off."""
    error = outcome.error
    if error is None or any(not finding.holds for finding in outcome.findings):
        return outcome.reason
    place = place_in(path, error)
    match error:
        case NotImplementedError():
            return f"`{method_in(path, error)}()` is still to be written"
        case RuntimeError() if "different event loop" in str(error):
            return (
                "what one broker has made is used by the next: make what each is to have for "
                "itself in `__init__`, and not in the body of the class"
            )
        case LimitReached() | Livelock():
            return (
                "your broker goes round and round without waiting for anything; await what it "
                "waits for"
            )
        case TypeError() if "__init__()" in str(error) and not place:
            return f"it cannot be opened as this promise wants it: {error}"
        case AttributeError() if "'NoneType'" in str(error) and not place:
            return f"a method of your broker returns nothing where something is expected: {error}"
        case AttributeError() if not place:
            return f"something is missing: {error}"
        case _:
            return outcome.reason + place


def _first_broken_case(kind: Kind, promise: Promise) -> TrialOutcome:
    with contextlib.redirect_stdout(io.StringIO()):
        for case in promise.cases:
            outcome = try_case(kind, promise, case, max_steps=MOST_STEPS)
            if not outcome.kept:
                break
    return outcome


def _film(kind: Kind, promise: Promise, outcome: TrialOutcome) -> Film | None:
    return film_beside(
        lambda broker_class: Trial(Kind(broker_class, kind.traits), promise, outcome.case).run(),
        kind.broker_class,
        title=promise.sentence.rstrip("."),
        source=[promise.program],
        max_steps=_MOST_FILMED,
    )
