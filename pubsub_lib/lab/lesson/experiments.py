"""Puts several brokers to the same test, and shows side by side what comes of it.

An experiment is a function that makes a broker, does something with it, and says what came of it in
a few words. That it hangs or is refused is a result, too.

>>> from pubsub_lib import AsyncPubSub, ChapterPubSub
>>> async def publish_none(new_broker: NewBroker) -> str:
...     await new_broker(maxsize=1).publish(None)
...     return "is accepted"
>>> async def shut_down_while_full(new_broker: NewBroker) -> str:
...     broker = new_broker(maxsize=1)
...     _unread = await broker.subscribe()
...     await broker.publish(1)
...     await broker.shutdown()
...     return f"ends after {asyncio.get_running_loop().time():g} s"
>>> print(
...     run_experiments(
...         {"publish(None)": publish_none, "shutdown() while full": shut_down_while_full},
...         {"the chapter's": ChapterPubSub, "ours": AsyncPubSub},
...     )
... )
| | the chapter's | ours |
|---|---|---|
| publish(None) | is accepted | raises TypeError |
| shutdown() while full | hangs | ends after 10 s |
"""

import asyncio
import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from IPython.display import Markdown, display

from pubsub_lib.lab.clock.virtual_time import Deadlock, run_virtual
from pubsub_lib.lab.lesson.tables import markdown_table

type NewBroker = Callable[..., Any]
type Experiment = Callable[[NewBroker], object]


def outcome(experiment: Experiment, new_broker: NewBroker) -> object:
    """Return what comes of an experiment: its result, or the error that ended it.

    Args:
        experiment: what to do. If it is a coroutine function, it runs on the virtual clock.
        new_broker: the class of the broker to do it with.

    Raises:
        Exception: what the experiment raises, unless it is a Deadlock or another RuntimeError, or a
            TypeError; by these a broker refuses what it is asked to do.
    """
    try:
        result = experiment(new_broker)
        return run_virtual(result) if asyncio.iscoroutine(result) else result
    except (RuntimeError, TypeError) as error:
        return error


@dataclass(frozen=True, slots=True)
class OutcomeTable:
    """What came of each experiment with each broker, which shows itself as a table. Made by
    `run_experiments`.

    Attributes:
        outcomes: in words, by the name of the experiment and then of the broker.
    """

    outcomes: Mapping[str, Mapping[str, str]]

    def __getitem__(self, experiment: str) -> Mapping[str, str]:
        return self.outcomes[experiment]

    def of(self, broker: str) -> list[str]:
        """Return what came of all experiments with this broker, in their order."""
        return [row[broker] for row in self.outcomes.values()]

    def __str__(self) -> str:
        brokers = next(iter(self.outcomes.values()))
        rows = ([experiment, *row.values()] for experiment, row in self.outcomes.items())
        return markdown_table(["", *brokers], rows)

    def _ipython_display_(self) -> None:
        display(Markdown(str(self)))


def run_experiments(
    experiments: Mapping[str, Experiment], brokers: Mapping[str, NewBroker]
) -> OutcomeTable:
    """Do every experiment with every broker. What a broker prints meanwhile is not shown.

    Raises:
        ValueError: if there are no experiments or no brokers.
    """
    if not experiments or not brokers:
        raise ValueError("a comparison needs at least one experiment and one broker")
    with contextlib.redirect_stdout(io.StringIO()):
        return OutcomeTable(
            {
                name: {
                    broker: _in_words(outcome(experiment, new_broker))
                    for broker, new_broker in brokers.items()
                }
                for name, experiment in experiments.items()
            }
        )


def _in_words(result: object) -> str:
    if isinstance(result, Deadlock):
        return "hangs"
    if isinstance(result, Exception):
        return f"raises {type(result).__name__}"
    if isinstance(result, Mapping):
        return ", ".join(f"{name}: {value}" for name, value in result.items())
    return str(result)
