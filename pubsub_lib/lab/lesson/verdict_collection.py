"""Collects the verdicts of all notebooks from what they have saved.

Every notebook ends with the verdicts that its own runs made, as a table and, in the same output, as
data; the tests execute every notebook and compare both. So the saved notebooks are the results of
the course, and the table of all claims can be made from them: nothing is written down twice. Among
a learner's copies the runs are the learner's own, and a notebook that was not run yet has nothing.

>>> import tempfile
>>> verdict = Verdict("C9", Standing.CONDITIONAL, "0 s", "holds only if nobody waits")
>>> outputs = [{"data": {VERDICTS_MIME: [verdict.as_data()]}}]
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder, "03_build.ipynb")
...     _ = path.write_text(json.dumps({"cells": [{"outputs": outputs}]}), encoding="utf-8")
...     (finding,) = collect_verdicts(folder)
>>> finding.notebook, finding.verdict == verdict
('03_build.ipynb', True)
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.display import Markdown, display

from pubsub_lib.lab.lesson.learners_copy import NOTEBOOK_NAME
from pubsub_lib.lab.lesson.tables import markdown_table
from pubsub_lib.lab.lesson.verdicts import CLAIMS, VERDICTS_MIME, Standing, Verdict

#: What stands for a mark where no run has shown a verdict.
NO_MARK = "?"


@dataclass(frozen=True, slots=True)
class CollectedVerdict:
    """A verdict, and the notebook whose run it comes from.

    Attributes:
        verdict: the claim, what became of it, and the evidence.
        notebook: the name of the notebook's file.
    """

    verdict: Verdict
    notebook: str


def collect_verdicts(folder: Path | str) -> list[CollectedVerdict]:
    """Return what the course's notebooks in a folder have found out, claim by claim, in order.

    A claim that several notebooks have looked at is there several times. A notebook without
    verdicts, or without saved outputs, adds nothing; nor does one that goes by another name than
    the course's, such as `05_x.old.ipynb`.

    Raises:
        ValueError: if a file is no notebook, or its verdicts cannot be read or name a claim that
            does not exist.
    """
    findings = [
        CollectedVerdict(verdict, path.name)
        for path in _notebooks(folder)
        for cell in _cells(path)
        for verdict in _verdicts_in(cell, path.name)
    ]
    order = list(CLAIMS)
    return sorted(findings, key=lambda finding: order.index(finding.verdict.claim))


def not_run_yet(folder: Path | str) -> list[str]:
    """Return the names of the notebooks that give verdicts, but have not saved all of them.

    Raises:
        ValueError: as `collect_verdicts` does.
    """
    return [
        path.name
        for path in _notebooks(folder)
        if any(_gives_verdicts(cell) and not _has_verdicts(cell) for cell in _cells(path))
    ]


def unsettled(findings: Iterable[CollectedVerdict]) -> list[str]:
    """Return the numbers of the claims on which no run has shown a verdict, in order."""
    settled = {finding.verdict.claim for finding in findings if finding.verdict.is_shown}
    return [claim for claim in CLAIMS if claim not in settled]


def standings(findings: Iterable[CollectedVerdict]) -> dict[str, Standing]:
    """Return how each claim stands; where notebooks differ, the worst counts.

    A verdict that its run did not show, since the experiment was changed, does not count.
    """
    ranks = list(Standing)
    worst: dict[str, Standing] = {}
    for verdict in (finding.verdict for finding in findings if finding.verdict.is_shown):
        so_far = worst.get(verdict.claim, verdict.standing)
        worst[verdict.claim] = max(so_far, verdict.standing, key=ranks.index)
    return worst


def findings_table(findings: Sequence[CollectedVerdict]) -> str:
    """Return all verdicts as a Markdown table, each with a link to its notebook.

    The claim and its mark stand in the first of its rows.
    """
    mark_of = {claim: standing.mark for claim, standing in standings(findings).items()}
    rows = []
    last_claim = ""
    for finding in findings:
        verdict, name = finding.verdict, finding.notebook
        is_new = verdict.claim != last_claim
        last_claim = verdict.claim
        rows.append(
            [
                mark_of.get(verdict.claim, NO_MARK) if is_new else "",
                verdict.claim if is_new else "",
                CLAIMS[verdict.claim] if is_new else "",
                f"**{verdict}**",
                verdict.evidence,
                f"[{name.partition('_')[0]}]({name})",
            ]
        )
    return markdown_table(["", "", "the claim", "verdict", "what the run showed", "where"], rows)


def show_findings(findings: Sequence[CollectedVerdict]) -> None:
    """Show all verdicts as a table in a notebook."""
    display(Markdown(findings_table(findings)))


def show_not_run_yet(folder: Path | str) -> None:
    """Name in a notebook those whose verdicts are missing, with links; nothing if none is."""
    names = not_run_yet(folder)
    if names:
        links = ", ".join(f"[{name.partition('_')[0]}]({name})" for name in names)
        display(
            Markdown(
                f"**Not run yet**, or not saved since: {links}. Their verdicts are missing above. "
                "Run them to their end, save them, and run this cell again."
            )
        )


def _notebooks(folder: Path | str) -> list[Path]:
    paths = sorted(Path(folder).glob("*.ipynb"))
    return [path for path in paths if NOTEBOOK_NAME.fullmatch(path.name)]


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return [{"source": "", "outputs": []} | cell for cell in cells]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no notebook: {error!r}; restore it") from error


def _gives_verdicts(cell: dict[str, Any]) -> bool:
    return cell.get("cell_type") == "code" and "show_verdicts(" in "".join(cell["source"])


def _has_verdicts(cell: dict[str, Any]) -> bool:
    return any(VERDICTS_MIME in output.get("data", {}) for output in cell["outputs"])


def _verdicts_in(cell: dict[str, Any], notebook: str) -> Iterator[Verdict]:
    for output in cell["outputs"]:
        for data in output.get("data", {}).get(VERDICTS_MIME, []):
            try:
                yield Verdict.from_data(data)
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f"{notebook} has saved a verdict that cannot be read: {error}; run the "
                    "notebook again and save it"
                ) from error
