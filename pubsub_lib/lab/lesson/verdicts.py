"""The chapter's claims, and the verdicts that the notebooks give on them.

A verdict is shown as a row of a table, and the same output carries it as data, which a table cannot
be parsed for. So whoever saves the notebook saves the data, too, and `verdict_collection` finds it.

>>> verdict = Verdict("C26", Standing.HOLDS, "0 of 100,000 lost")
>>> print(verdict_table([verdict]))
| | the claim | verdict | what the run showed |
|---|---|---|---|
| C26 | 10,000 messages reach 10 subscribers without loss | **holds** | 0 of 100,000 lost |
>>> Verdict.from_data(verdict.as_data()) == verdict
True

What it rests on are claims (`claims.holds`). Where one of them does not hold, there is none:

>>> str(Verdict("C26", Standing.HOLDS, "3 of 100,000 lost", provided=[True, False]))
'not shown by this run'
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self, assert_never

from IPython.display import display

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

#: What each claim is about, in two or three words, for where a sentence has no room.
SUBJECTS = {
    "C1": "fan-out",
    "C2": "bounded queues",
    "C3": "ending with None",
    "C3b": "one slow, nobody harmed",
    "C4": "queue.Full handled",
    "C5": "callbacks are O(n)",
    "C6": "callbacks, no backpressure",
    "C7": "a lock around callbacks",
    "C8": "queues scale, callbacks do not",
    "C9": "queues are O(n)",
    "C10": "a put is O(1)",
    "C11": "memory n * maxsize",
    "C12": "linear scaling",
    "C14": "errors are handled",
    "C15": "type hints",
    "C16": "a lock blocks the loop",
    "C17": "polling wastes time",
    "C18": "unbounded queues grow",
    "C19": "ignored, so lost",
    "C20": "tasks left behind",
    "C21": "put() waits for ever",
    "C22": "never closed, so leaking",
    "C23": "locks for who comes and goes",
    "C24": "batches, or gather",
    "C25": "old Pythons",
    "C26": "10,000 without loss",
    "C27": "fresh caches",
    "C28": "protocols",
}

#: Under which type an output carries verdicts as data: a list of what `Verdict.as_data` returns.
VERDICTS_MIME = "application/vnd.pubsub-course.verdicts+json"
#: What a table says of a verdict that rests on a claim which did not hold.
NOT_SHOWN = "not shown by this run"


class Standing(Enum):
    """How a claim stands after a run. The later in the list, the worse."""

    HOLDS = "holds"
    CONDITIONAL = "holds, on a condition"
    IMPRECISE = "imprecise"
    WRONG = "wrong"

    @property
    def mark(self) -> str:
        """A sign for a table, which can be told without its colour."""
        match self:
            case Standing.HOLDS:
                return "✓"
            case Standing.CONDITIONAL:
                return "(✓)"
            case Standing.IMPRECISE:
                return "~"
            case Standing.WRONG:
                return "✗"
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a notebook found out about one claim.

    Attributes:
        claim: its number, such as `C5`.
        standing: how the claim stands, going by what the run showed. What was run decides: a claim
            is `WRONG` if the opposite was seen, though it may hold where something else is run.
        evidence: what the run showed; made from its results.
        words: the verdict as the table has it; the standing's name if it is not given.
        provided: what came of the claims that it rests on, as `holds` returns it. If one of
            them does not hold, the verdict is not shown by this run.

    Raises:
        ValueError: if there is no claim of this number.
        TypeError: if the standing is none.
    """

    claim: str
    standing: Standing
    evidence: str
    words: str = ""
    provided: Sequence[object] = ()

    def __post_init__(self) -> None:
        if self.claim not in CLAIMS:
            raise ValueError(f"there is no claim {self.claim!r}; there are {', '.join(CLAIMS)}")
        if not isinstance(self.standing, Standing):
            kinds = ", ".join(map(str, Standing))
            raise TypeError(f"how {self.claim} stands is one of {kinds}, not {self.standing!r}")

    @property
    def is_shown(self) -> bool:
        """Whether all that it rests on held in this run."""
        return all(self.provided)

    def __str__(self) -> str:
        return self.words or self.standing.value if self.is_shown else NOT_SHOWN

    def as_data(self) -> dict[str, str | bool]:
        """Return it as what JSON can hold."""
        data: dict[str, str | bool] = {
            "claim": self.claim,
            "standing": self.standing.name,
            "evidence": self.evidence,
            "words": self.words,
        }
        return data if self.is_shown else data | {"is_shown": False}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the verdict that `as_data` made this of.

        Raises:
            KeyError: if a part is missing, or there is no such standing.
            ValueError: if there is no such claim.
        """
        standing = Standing[data["standing"]]
        provided = () if data.get("is_shown", True) else (False,)
        return cls(data["claim"], standing, data["evidence"], data["words"], provided)


def verdict_table(verdicts: Iterable[Verdict]) -> str:
    """Return the verdicts as a Markdown table."""
    return markdown_table(
        ["", "the claim", "verdict", "what the run showed"],
        ([v.claim, CLAIMS[v.claim], f"**{v}**", v.evidence] for v in verdicts),
    )


def show_verdicts(*verdicts: Verdict) -> None:
    """Show the verdicts as a table in a notebook; what is saved holds them as data as well."""
    table = verdict_table(verdicts)
    data = [verdict.as_data() for verdict in verdicts]
    display({"text/markdown": table, "text/plain": table, VERDICTS_MIME: data}, raw=True)
