"""The stages of a learner's own broker: what is asked of it after each notebook.

What was promised once has to be kept at every later stage, too.

>>> [(stage.notebook, len(promises_until(stage.notebook))) for stage in STAGES]
[('03', 4), ('05', 11), ('06', 17), ('07', 21), ('09', 24), ('10', 26)]
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pubsub_lib.lab.promises.promise import Promise
from pubsub_lib.lab.promises.stages import (
    batches,
    bound,
    ending,
    fan_out,
    joining_and_leaving,
    last_value,
    overflow,
)
from pubsub_lib.lab.promises.traits import Trait


@dataclass(frozen=True, slots=True)
class OwnStage:
    """A step of building one's own broker.

    Attributes:
        notebook: the number of the notebook that takes it.
        adds: what a broker offers from here on.
        promises: what it has to keep from here on.
    """

    notebook: str
    adds: frozenset[Trait]
    promises: Sequence[Promise]


STAGES = (
    OwnStage(
        "03",
        frozenset({Trait.IN_PROCESS, Trait.WAITS_FOR_ROOM, Trait.DROPS}),
        (
            fan_out.every_subscriber_reads_every_message,
            fan_out.the_end_comes_however_slow_the_reader,
            bound.a_full_subscriber_is_waited_for_up_to_one_second,
            bound.a_slow_subscriber_within_the_second_loses_nothing,
        ),
    ),
    OwnStage(
        "05",
        frozenset({Trait.TIMEOUT, Trait.DELIVERIES, Trait.POLICIES}),
        (
            overflow.any_number_of_dead_subscribers_costs_one_second,
            overflow.publish_nowait_never_waits,
            overflow.dropping_the_oldest_keeps_the_newest,
            overflow.raising_tells_the_publisher_and_harms_nobody_else,
            fan_out.everybody_sees_two_publishers_in_the_same_order,
            overflow.a_cancelled_publish_has_reached_all_who_had_room_or_nobody,
            bound.a_publish_that_waits_sets_one_timer_and_cancels_it,
        ),
    ),
    OwnStage(
        "06",
        frozenset({Trait.ENDING}),
        (
            ending.nothing_can_be_published_after_shutdown,
            ending.nobody_can_subscribe_after_shutdown,
            ending.none_cannot_be_published,
            ending.join_returns_after_the_end,
            ending.shutdown_returns_when_everything_was_handled,
            ending.shutdown_does_not_hang_on_one_that_is_full,
        ),
    ),
    OwnStage(
        "07",
        frozenset({Trait.LEAVING}),
        (
            joining_and_leaving.closing_releases_the_publisher_that_waits,
            joining_and_leaving.one_that_left_by_an_error_costs_nothing,
            joining_and_leaving.leaving_during_a_publish_makes_nobody_miss_the_message,
            joining_and_leaving.a_newcomer_gets_no_message_that_others_have_already,
        ),
    ),
    OwnStage(
        "09",
        frozenset({Trait.ITERATION}),
        (
            batches.a_batch_is_all_that_waits,
            batches.asking_for_the_next_batch_says_that_the_last_is_handled,
            batches.batches_end_at_shutdown,
        ),
    ),
    OwnStage(
        "10",
        frozenset({Trait.REPLAY, Trait.HISTORY}),
        (
            last_value.a_newcomer_gets_the_last_messages_first,
            last_value.of_each_key_the_latest_is_kept,
        ),
    ),
)


FINISHED = "12"
"""The notebook that begins with the broker as it is in the end."""


def own(notebook: str) -> str:
    """Return what the stage of a notebook is called among the exercises."""
    return f"{notebook}.own"


def following(notebook: str) -> str:
    """Return the number of the notebook that goes on after the stage of this one."""
    numbers = [stage.notebook for stage in STAGES]
    return dict(zip(numbers, [*numbers[1:], FINISHED], strict=True))[notebook]


def promises_until(notebook: str) -> list[Promise]:
    """Return what has to be kept after the stage of this notebook."""
    return [promise for stage in _until(notebook) for promise in stage.promises]


def traits_after(notebook: str) -> frozenset[Trait]:
    """Return what a broker offers after the stage of this notebook."""
    return frozenset().union(*(stage.adds for stage in _until(notebook)))


def _until(notebook: str) -> list[OwnStage]:
    numbers = [stage.notebook for stage in STAGES]
    if notebook not in numbers:
        raise ValueError(
            f"your broker has a stage in each of the notebooks {', '.join(numbers)}, and none in "
            f'{notebook!r}: write check_my_broker("05")'
        )
    return list(STAGES[: numbers.index(notebook) + 1])
