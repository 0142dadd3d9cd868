"""The faults of the chapter's broker, and what the notebooks find out about them.

Several faults can have one cause, and what mends the cause mends all of them; so a table of faults
goes by causes.

>>> print(
...     fault_table(
...         [
...             Fault("D1", "no state", "no evening ends", "hangs", "a state"),
...             Fault("D8", "no state", "an empty page", "reads [1]", "a state"),
...         ]
...     )
... )
| the cause | | what is wrong | what it costs (and the run) | what mends it |
|---|---|---|---|---|
| **no state** | D1 | the sentinel is never marked as done | no evening ends (hangs) | a state |
| | D8 | `publish(None)` looks like the end | an empty page (reads [1]) | |
"""

from collections.abc import Iterable
from dataclasses import dataclass

from IPython.display import Markdown, display

from pubsub_lib.lab.lesson.tables import markdown_table

FAULTS = {
    "D1": "the sentinel is never marked as done",
    "D2": "`shutdown()` does not wait for the subscribers, and nobody keeps their tasks",
    "D3": "full queues are waited for one after another",
    "D4": "`shutdown()` waits for room in a full queue",
    "D5": "the list of queues changes while a publish goes through it",
    "D6": "there is no way to leave",
    "D7": "a broker that was shut down goes on accepting",
    "D8": "`publish(None)` looks like the end",
    "D9": "what is cancelled stays half done",
    "D10": "every put sets a timer, and lets nobody else run",
    "D11": "a publish that waits can be overtaken",
    "D12": "the broker belongs to one event loop, and does not say so",
    "D13": "another thread can put a message in, and wakes nobody",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What a notebook found out about one fault of the chapter's broker.

    Attributes:
        number: its number, such as `D3`.
        cause: what is behind it; several faults can have the same cause.
        cost: what it costs whoever runs into it.
        evidence: what the run showed; made from its results.
        remedy: what mends it, and the other faults of the same cause.

    Raises:
        ValueError: if there is no fault of this number.
    """

    number: str
    cause: str
    cost: str
    evidence: str
    remedy: str

    def __post_init__(self) -> None:
        if self.number not in FAULTS:
            raise ValueError(f"there is no fault {self.number!r}; there are {', '.join(FAULTS)}")


def fault_table(faults: Iterable[Fault]) -> str:
    """Return the faults as a Markdown table; a cause is named once for all that follow it."""
    rows = []
    last_cause = ""
    for fault in faults:
        is_new = fault.cause != last_cause
        last_cause = fault.cause
        rows.append(
            [
                f"**{fault.cause}**" if is_new else "",
                fault.number,
                FAULTS[fault.number],
                f"{fault.cost} ({fault.evidence})",
                fault.remedy if is_new else "",
            ]
        )
    head = ["the cause", "", "what is wrong", "what it costs (and the run)", "what mends it"]
    return markdown_table(head, rows)


def show_faults(*faults: Fault) -> None:
    """Show the faults as a table in a notebook."""
    display(Markdown(fault_table(faults)))
