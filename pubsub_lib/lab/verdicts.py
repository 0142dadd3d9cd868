"""The chapter's claims, and the verdicts that the notebooks reach on them.

>>> print(verdict_table([Verdict("C26", "holds", "0 of 100,000 lost")]))
| | the claim | verdict | what the run showed |
|---|---|---|---|
| C26 | 10,000 messages reach 10 subscribers without loss | **holds** | 0 of 100,000 lost |
"""

from collections.abc import Iterable
from dataclasses import dataclass

from IPython.display import Markdown, display

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
    head = ["| | the claim | verdict | what the run showed |", "|---|---|---|---|"]
    return "\n".join(
        head
        + [
            f"| {v.claim} | {CLAIMS[v.claim]} | **{_cell(v.verdict)}** | {_cell(v.evidence)} |"
            for v in verdicts
        ]
    )


def _cell(text: str) -> str:
    return text.replace("|", r"\|")  # or it would begin another column


def show_verdicts(*verdicts: Verdict) -> None:
    """Show the verdicts as a table in a notebook."""
    display(Markdown(verdict_table(verdicts)))
