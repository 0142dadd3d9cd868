"""All promises, in the order of the course, and who has to keep which.

>>> from pubsub_lib.lab.promises.kinds import ASYNC_PUB_SUB, CHAPTER_PUB_SUB
>>> len(which_promises(CHAPTER_PUB_SUB)) < len(which_promises(ASYNC_PUB_SUB))
True
>>> from pubsub_lib.lab.lesson.tables import markdown_table
>>> print(markdown_table(*promise_table([CHAPTER_PUB_SUB, ASYNC_PUB_SUB], Stage.FILTERS)))
| stage | what is promised | ChapterPubSub | AsyncPubSub |
|---|---|---|---|
| filters | A filter lets only what is wanted through. | | ✓ |
| | A filter that raises closes its own subscription, whose reader sees the error. | | ✓ |
| | A filter that is no plain function is refused, and the error says what it has to be. | | ✓ |
"""

from collections.abc import Iterable, Sequence
from types import ModuleType

from pubsub_lib.lab.promises.kinds import Kind
from pubsub_lib.lab.promises.promise import Promise, Stage
from pubsub_lib.lab.promises.stages import (
    batches,
    bound,
    ending,
    event_loops,
    fan_out,
    filters,
    joining_and_leaving,
    last_value,
    overflow,
    publishing_many,
    reading,
    statistics,
    threads,
)

_MODULES: tuple[ModuleType, ...] = (
    fan_out,
    reading,
    event_loops,
    threads,
    bound,
    overflow,
    ending,
    joining_and_leaving,
    filters,
    statistics,
    batches,
    publishing_many,
    last_value,
)

PROMISES = tuple(
    value for module in _MODULES for value in vars(module).values() if isinstance(value, Promise)
)
"""All promises, in the order of the course."""


def which_promises(kind: Kind, *stages: Stage) -> list[Promise]:
    """Return the promises that a broker of this kind has to keep, of these stages or of all."""
    return [
        promise
        for promise in PROMISES
        if promise.applies_to(kind) and promise.stage in (stages or Stage)
    ]


def promise_table(kinds: Sequence[Kind], *stages: Stage) -> tuple[list[str], Iterable[list[str]]]:
    """Return which kind of broker promises what, as the head and the rows of a table."""
    promises = [promise for promise in PROMISES if promise.stage in (stages or Stage)]
    rows, titles = [], [""]
    for promise in promises:
        first_of_its_stage = promise.stage.title != titles[-1]
        titles.append(promise.stage.title)
        marks = ["✓" if promise.applies_to(kind) else "" for kind in kinds]
        rows.append([promise.stage.title if first_of_its_stage else "", promise.sentence, *marks])
    return ["stage", "what is promised", *(kind.name for kind in kinds)], rows
