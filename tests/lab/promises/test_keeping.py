"""What is said of a broker that keeps a promise, and of one that breaks it."""

import asyncio
import contextlib
from typing import Any

import pytest

from pubsub_lib import AsyncPubSub, ChapterPubSub
from pubsub_lib.lab.clock.virtual_time import run_virtual
from pubsub_lib.lab.promises import (
    ASYNC_PUB_SUB,
    CHAPTER_PUB_SUB,
    Kind,
    Promise,
    Stage,
    Trait,
    Trial,
    keeps,
    try_case,
)
from pubsub_lib.lab.promises.stages import ending, fan_out, overflow


def promise_of(program: Any, *needs: Trait, **options: Any) -> Promise:
    return Stage.FAN_OUT.promise(*needs, **options)(program)


def kind_of(broker_class: type) -> Kind:
    return Kind(broker_class, CHAPTER_PUB_SUB.traits)


async def finds_one(broker: Any, trial: Trial) -> None:
    """It finds one."""
    trial.found("how many there are", 1, expected=1)


async def finds_two_and_goes_on(broker: Any, trial: Trial) -> None:
    """It finds one, and then one again."""
    trial.found("how many there are", 1, expected=1)
    trial.found("how many there are then", 2, expected=1)
    raise AssertionError("it went on")


def test_a_promise_is_kept_if_all_was_found_as_expected():
    outcome = keeps(ASYNC_PUB_SUB, promise_of(finds_one))
    assert outcome.kept
    assert str(outcome) == "AsyncPubSub keeps this promise: It finds one."


def test_the_first_finding_that_is_not_as_expected_ends_the_program_and_is_told():
    outcome = keeps(ASYNC_PUB_SUB, promise_of(finds_two_and_goes_on))
    assert not outcome.kept
    assert outcome.reason == "how many there are then: 2; expected was 1"
    assert [finding.holds for finding in outcome.findings] == [True, False]


def test_a_finding_in_a_task_group_is_told_as_any_other():
    async def finds_it_in_a_group(broker: Any, trial: Trial) -> None:
        """It finds one."""
        async with asyncio.TaskGroup() as group:
            group.create_task(finds_two_and_goes_on(broker, trial))

    outcome = keeps(ASYNC_PUB_SUB, promise_of(finds_it_in_a_group))
    assert outcome.reason == "how many there are then: 2; expected was 1"


def test_a_program_that_looks_at_nothing_proves_nothing():
    async def looks_at_nothing(broker: Any, trial: Trial) -> None:
        """It does nothing."""

    assert keeps(ASYNC_PUB_SUB, promise_of(looks_at_nothing)).reason == (
        "the program looked at nothing"
    )


def test_an_error_that_nobody_expected_is_told_with_its_type():
    class Broken(ChapterPubSub[Any]):
        async def publish(self, message: Any) -> None:
            raise KeyError("queue")

    outcome = keeps(kind_of(Broken), fan_out.publishing_to_nobody_is_no_error)
    assert outcome.reason == "the program ends with KeyError: 'queue'"


def test_a_broker_that_waits_for_ever_is_told_so_at_once():
    class Stuck(ChapterPubSub[Any]):
        async def publish(self, message: Any) -> None:
            await asyncio.Event().wait()

    reason = keeps(kind_of(Stuck), fan_out.publishing_to_nobody_is_no_error).reason
    assert reason.startswith("the program comes to a stop: at 0.0 s every task waits")
    said = " ".join(reason.split())  # it is broken into lines
    assert "Stuck.publish > Event.wait waits for an event that nobody sets" in said


def test_a_broker_that_cancels_its_caller_breaks_its_promise():
    class Cancelled(ChapterPubSub[Any]):
        async def publish(self, message: Any) -> None:
            raise asyncio.CancelledError

    assert not keeps(kind_of(Cancelled), fan_out.publishing_to_nobody_is_no_error).kept


def test_a_program_in_real_time_has_a_limit(monkeypatch: pytest.MonkeyPatch):
    async def waits_for_ever(broker: Any, trial: Trial) -> None:
        """It is over soon."""
        trial.found("whether it has begun", True, expected=True)
        await asyncio.Event().wait()

    monkeypatch.setattr("pubsub_lib.lab.promises.keeping.LIMIT_S", 0.01)
    outcome = keeps(ASYNC_PUB_SUB, promise_of(waits_for_ever, Trait.THREADS))
    assert outcome.reason == "the program was not over after 0.01 s"


def test_the_case_that_breaks_a_promise_is_told():
    async def is_small(broker: Any, trial: Trial, number: int) -> None:
        """A number is small."""
        trial.found("whether it is under 3", number < 3, expected=True)

    promise = promise_of(is_small, cases=[{"number": 2}, {"number": 4}, {"number": 5}])
    assert str(keeps(ASYNC_PUB_SUB, promise)).splitlines() == [
        "AsyncPubSub breaks this promise: A number is small.",
        "number=4",
        "whether it is under 3: False; expected was True",
    ]
    assert try_case(ASYNC_PUB_SUB, promise, {"number": 1}).kept


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (None, "giving up: nothing was raised; expected was ValueError, saying 'so be it'"),
        (
            ValueError("never"),
            "giving up: ValueError: never; expected was ValueError, saying 'so be it'",
        ),
        (TypeError("so be it"), "the program ends with TypeError: so be it"),
        (ValueError("well, so be it then"), ""),
    ],
)
def test_what_is_to_be_refused_has_to_be_refused_in_the_right_words(
    raised: Exception | None, reason: str
):
    async def gives_up(broker: Any, trial: Trial) -> None:
        """It gives up."""
        with trial.refused("giving up", ValueError, "so be it"):
            if raised is not None:
                raise raised

    assert keeps(ASYNC_PUB_SUB, promise_of(gives_up)).reason == reason


def test_a_long_finding_is_cut_and_compared_whole():
    async def counts(broker: Any, trial: Trial) -> None:
        """It counts to a thousand."""
        trial.found("the numbers", list(range(1000)), expected=[*range(999), -1])

    outcome = keeps(ASYNC_PUB_SUB, promise_of(counts))
    assert not outcome.kept
    assert len(outcome.reason) < 300


def test_a_film_can_run_the_program_alone_on_its_own_loop():
    trial = Trial(ASYNC_PUB_SUB, overflow.timeout_zero_waits_for_no_dead_subscriber)
    run_virtual(trial.run())
    assert [finding.holds for finding in trial.findings] == [True, True, True]


# Brokers that are wrong as a learner's may be.


class EndsFirst(AsyncPubSub[Any]):
    async def shutdown(self, *, timeout: float | None = 10.0) -> Any:
        return await super().shutdown(timeout=0)


class AcceptsNone(AsyncPubSub[Any]):
    async def publish(self, message: Any) -> Any:
        return await super().publish("nothing" if message is None else message)


class OneAfterTheOther(AsyncPubSub[Any]):
    async def publish(self, message: Any) -> None:
        for inbox in self.queues:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(inbox.put(message), timeout=1)


@pytest.mark.parametrize(
    ("broker_class", "promise", "reason"),
    [
        (
            EndsFirst,
            ending.shutdown_returns_when_everything_was_handled,
            "what was handled by then: []; expected was [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "
            "12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, ...]",
        ),
        (
            AcceptsNone,
            ending.none_cannot_be_published,
            "publishing None: nothing was raised; expected was TypeError, saying "
            "'^None cannot be published: it tells a reader'",
        ),
        (
            OneAfterTheOther,
            overflow.a_dead_subscriber_delays_the_healthy_by_no_more_than_its_second,
            "when the healthy one got each message, in s: [0.0, 1.0, 2.0, 3.0]; expected was "
            "[0.0, 0.0, 1.0, 1.0]",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None) or getattr(value, "name", None) or "",
)
def test_a_wrong_broker_is_told_what_is_wrong(broker_class: type, promise: Promise, reason: str):
    outcome = keeps(Kind(broker_class, ASYNC_PUB_SUB.traits), promise)
    assert outcome.reason == reason
