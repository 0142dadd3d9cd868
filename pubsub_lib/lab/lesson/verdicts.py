"""The chapter's claims and its broker's faults, and what the notebooks find out about them.

>>> print(verdict_table([Verdict("C26", "holds", "0 of 100,000 lost")]))
| | the claim | verdict | what the run showed |
|---|---|---|---|
| C26 | 10,000 messages reach 10 subscribers without loss | **holds** | 0 of 100,000 lost |
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

CLAIMS = {
    "C1": "fan-out: every subscriber gets every message",
    "C2": "bounded queues protect a slow consumer",
    "C3": "`None` sentinels shut everybody down without loss",
    "C3b": "one slow subscriber harms nobody else (not claimed, but assumed)",
    "C4": "`wait_for` handles `queue.Full`",
    "C5": "publishing to callbacks takes time O(n), and can block",
    "C6": "callbacks give no backpressure",
    "C7": "a lock around callbacks invites races, and blocks the event loop",
    "C8": "callbacks scale poorly, queues scale well",
    "C9": "publishing to queues takes time O(n) in the number of subscribers",
    "C10": "queue operations take time O(1)",
    "C11": "memory is O(n * maxsize)",
    "C12": "the broker scales linearly in subscribers and messages",
    "C14": "errors are handled: `TimeoutError` is built in",
    "C15": "type hints catch mistakes before the program runs",
    "C16": "a `threading.Lock` in async code blocks the event loop",
    "C17": "polling with `sleep` wastes time; wait for the queue instead",
    "C18": "unbounded queues let memory grow without limit",
    "C19": "whoever ignores a full queue loses messages",
    "C20": "without a shutdown, tasks are left behind",
    "C21": "`put()` may wait for ever: use a time-out, then retry or drop",
    "C22": "queues and tasks that are never closed leak",
    "C23": "subscribers that come and go cause races: use locks",
    "C24": "many slow subscribers: use batches, or `asyncio.gather`",
    "C25": "old Pythons lack what is needed",
    "C26": "10,000 messages reach 10 subscribers without loss",
    "C27": "the broker keeps an `LRUCache` fresh",
    "C28": "protocols make the parts interchangeable",
}

VERDICT_HEAD = ("", "the claim", "verdict", "what the run showed")

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
class Verdict:
    """What a notebook found out about one claim.

    Attributes:
        claim: its number, such as `C5`.
        verdict: in a word or two: `holds`, `imprecise`, `holds only if ...`.
        evidence: what the run showed; made from its results.

    Raises:
        ValueError: if there is no claim of this number.
    """

    claim: str
    verdict: str
    evidence: str

    def __post_init__(self) -> None:
        if self.claim not in CLAIMS:
            raise ValueError(f"there is no claim {self.claim!r}; there are {', '.join(CLAIMS)}")


def verdict_table(verdicts: Iterable[Verdict]) -> str:
    """Return the verdicts as a Markdown table."""
    return markdown_table(
        VERDICT_HEAD,
        ([v.claim, CLAIMS[v.claim], f"**{v.verdict}**", v.evidence] for v in verdicts),
    )


def show_verdicts(*verdicts: Verdict) -> None:
    """Show the verdicts as a table in a notebook."""
    display(Markdown(verdict_table(verdicts)))


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
