"""Collects the verdicts of all notebooks from what they have saved.

Every notebook ends with a table of verdicts that its own runs made, and the tests execute every
notebook and compare that table. So the saved notebooks are the results of the course, and the table
of all claims can be made from them: nothing is written down twice.

>>> import tempfile
>>> from pubsub_lib.lab.lesson.verdicts import verdict_table
>>> table = verdict_table([Verdict("C9", "holds only if nobody waits", "0 s")])
>>> outputs = [{"data": {"text/markdown": table}}]
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder, "03_build.ipynb")
...     _ = path.write_text(json.dumps({"cells": [{"outputs": outputs}]}), encoding="utf-8")
...     (finding,) = collect_verdicts(folder)
>>> finding.notebook, finding.verdict.claim, finding.standing
('03_build.ipynb', 'C9', <Standing.CONDITIONAL: 'holds, on a condition'>)
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any

from IPython.display import Markdown, display

from pubsub_lib.lab.lesson.tables import markdown_table
from pubsub_lib.lab.lesson.verdicts import CLAIMS, VERDICT_HEAD, Verdict

_HEAD = markdown_table(VERDICT_HEAD, [])
_BORDER = re.compile(r"(?<!\\)\|")  # a bar inside a cell has a backslash before it


class Standing(Enum):
    """How a claim stands after a run. The later in the list, the worse."""

    HOLDS = "holds"
    CONDITIONAL = "holds, on a condition"
    IMPRECISE = "imprecise"
    WRONG = "wrong"

    @property
    def mark(self) -> str:
        """A sign for a table, which can be told without its colour."""
        return {"holds": "✓", "holds, on a condition": "(✓)", "imprecise": "~", "wrong": "✗"}[
            self.value
        ]


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the notebook whose run it comes from.

    Attributes:
        verdict: the claim, what became of it, and the evidence.
        notebook: the name of the notebook's file.
    """

    verdict: Verdict
    notebook: str

    @property
    def standing(self) -> Standing:
        """The kind of verdict, by its first word; what follows a colon explains and limits nothing.

        `holds` and `holds: why` are unconditional, every other `holds ...` has a condition, and so
        has `wrong if ...`; any other `wrong` is wrong, and what begins in another way corrects the
        claim.
        """
        words = self.verdict.verdict
        if words == "holds" or words.startswith("holds:"):
            return Standing.HOLDS
        if words.startswith(("holds", "wrong if ")):
            return Standing.CONDITIONAL
        return Standing.WRONG if words.startswith("wrong") else Standing.IMPRECISE


def collect_verdicts(folder: Path | str) -> list[Finding]:
    """Return what the saved notebooks in a folder have found out, claim by claim, in order.

    A claim that several notebooks have looked at is there several times. A notebook without a
    table of verdicts, or without saved outputs, adds nothing.

    Raises:
        ValueError: if a file is no notebook, or a table names a claim that does not exist.
    """
    findings = [
        Finding(verdict, path.name)
        for path in sorted(Path(folder).glob("*.ipynb"))
        for table in _tables_in(path)
        for verdict in _verdicts_in(table)
    ]
    order = list(CLAIMS)
    return sorted(findings, key=lambda finding: order.index(finding.verdict.claim))


def unsettled(findings: Iterable[Finding]) -> list[str]:
    """Return the numbers of the claims on which there is no verdict, in order."""
    settled = {finding.verdict.claim for finding in findings}
    return [claim for claim in CLAIMS if claim not in settled]


def standings(findings: Iterable[Finding]) -> dict[str, Standing]:
    """Return how each claim stands; where notebooks differ, the worst counts."""
    ranks = list(Standing)
    return {
        claim: max((finding.standing for finding in group), key=ranks.index)
        for claim, group in groupby(findings, key=lambda finding: finding.verdict.claim)
    }


def findings_table(findings: Sequence[Finding]) -> str:
    """Return all verdicts as a Markdown table, each with a link to its notebook.

    The claim and its mark stand in the first of its rows.
    """
    worst = standings(findings)
    rows = []
    last_claim = ""
    for finding in findings:
        verdict, name = finding.verdict, finding.notebook
        is_new = verdict.claim != last_claim
        last_claim = verdict.claim
        rows.append(
            [
                worst[verdict.claim].mark if is_new else "",
                verdict.claim if is_new else "",
                CLAIMS[verdict.claim] if is_new else "",
                f"**{verdict.verdict}**",
                verdict.evidence,
                f"[{name.partition('_')[0]}]({name})",
            ]
        )
    return markdown_table(["", "", "the claim", "verdict", "what the run showed", "where"], rows)


def show_findings(findings: Sequence[Finding]) -> None:
    """Show all verdicts as a table in a notebook."""
    display(Markdown(findings_table(findings)))


def _tables_in(path: Path) -> Iterator[str]:
    try:
        cells: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no notebook: {error!r}; restore it") from error
    for cell in cells:
        for output in cell.get("outputs", []):
            text = "".join(output.get("data", {}).get("text/markdown", ""))
            if text.startswith(_HEAD):
                yield text


def _verdicts_in(table: str) -> Iterator[Verdict]:
    for line in table.splitlines()[2:]:
        _, claim, _, verdict, evidence, _ = map(_unescaped, _BORDER.split(line))
        yield Verdict(claim, verdict.removeprefix("**").removesuffix("**"), evidence)


def _unescaped(cell: str) -> str:
    return cell.strip().replace(r"\|", "|")
