"""The verdicts that the notebooks have saved are found, all of them, and nothing else."""

import json

import pytest
from IPython.display import Markdown

from pubsub_lib.lab.lesson import verdict_collection
from pubsub_lib.lab.lesson.verdict_collection import (
    Finding,
    Standing,
    collect_verdicts,
    findings_table,
    show_findings,
    standings,
    unsettled,
)
from pubsub_lib.lab.lesson.verdicts import CLAIMS, Fault, Verdict, fault_table, verdict_table

HOLDS = Verdict("C1", "holds", "10 of 10")
BARRED = Verdict("C15", "holds once a checker runs", "`Message | None` was refused")


@pytest.fixture
def save(tmp_path):
    """Save a notebook with these texts as Markdown outputs, one for each cell."""

    def save(name, *texts):
        cells = [{"cell_type": "markdown", "source": ["| | the claim |"]}]
        cells += [{"outputs": [{"data": {"text/markdown": text}}]} for text in texts]
        (tmp_path / name).write_text(json.dumps({"cells": cells}), encoding="utf-8")

    return save


def found(folder):
    return [(finding.verdict, finding.notebook) for finding in collect_verdicts(folder)]


def test_a_saved_verdict_is_read_as_it_was_shown(tmp_path, save):
    save("03_build.ipynb", verdict_table([HOLDS, BARRED]))
    assert found(tmp_path) == [(HOLDS, "03_build.ipynb"), (BARRED, "03_build.ipynb")]


def test_every_claim_survives_being_saved(tmp_path, save):
    verdicts = [Verdict(claim, "holds: so it is", "a | b") for claim in CLAIMS]
    save("03_build.ipynb", verdict_table(verdicts))
    assert [finding.verdict for finding in collect_verdicts(tmp_path)] == verdicts


def test_a_text_saved_in_lines_is_put_together(tmp_path, save):
    save("03_build.ipynb", verdict_table([HOLDS]).splitlines(keepends=True))
    assert found(tmp_path) == [(HOLDS, "03_build.ipynb")]


def test_other_tables_and_outputs_are_passed_over(tmp_path, save):
    faults = fault_table([Fault("D1", "cause", "cost", "run", "remedy")])
    save("03_build.ipynb", "*a caption*", faults, verdict_table([HOLDS]))
    assert found(tmp_path) == [(HOLDS, "03_build.ipynb")]


def test_a_notebook_without_verdicts_or_outputs_adds_nothing(tmp_path, save):
    save("01_first.ipynb")
    save("02_second.ipynb", "*a caption*")
    (tmp_path / "03_third.ipynb").write_text('{"cells": [{"outputs": [{"text": "hello"}]}]}')
    assert found(tmp_path) == []


def test_verdicts_stand_in_the_order_of_the_claims_and_then_of_the_notebooks(tmp_path, save):
    later = Verdict("C1", "holds, with live subscribers", "none lost")
    save("09_late.ipynb", verdict_table([later]))
    save("03_early.ipynb", verdict_table([BARRED, HOLDS]))
    assert found(tmp_path) == [
        (HOLDS, "03_early.ipynb"),
        (later, "09_late.ipynb"),
        (BARRED, "03_early.ipynb"),
    ]


def test_a_claim_that_nobody_settled_is_named(tmp_path, save):
    save("03_build.ipynb", verdict_table(Verdict(c, "holds", "") for c in CLAIMS if c != "C24"))
    assert unsettled(collect_verdicts(tmp_path)) == ["C24"]


def test_in_an_empty_folder_every_claim_is_unsettled(tmp_path):
    assert unsettled(collect_verdicts(tmp_path)) == list(CLAIMS)


@pytest.mark.parametrize("content", ["", "[]", "{}", "no JSON"])
def test_a_file_that_is_no_notebook_is_named(tmp_path, content):
    (tmp_path / "05_broken.ipynb").write_text(content)
    with pytest.raises(ValueError, match=r"^05_broken\.ipynb is no notebook"):
        collect_verdicts(tmp_path)


def test_a_table_with_an_unknown_claim_is_refused(tmp_path, save):
    save("03_build.ipynb", verdict_table([HOLDS]).replace("| C1 |", "| C99 |"))
    with pytest.raises(ValueError, match="no claim 'C99'"):
        collect_verdicts(tmp_path)


@pytest.mark.parametrize(
    ("words", "standing"),
    [
        ("holds", Standing.HOLDS),
        ("holds: the caller's thread is the queue", Standing.HOLDS),
        ("holds only if callbacks are slow", Standing.CONDITIONAL),
        ("holds, with live subscribers", Standing.CONDITIONAL),
        ("holds; the publisher pays", Standing.CONDITIONAL),
        ("imprecise: `put()` waits", Standing.IMPRECISE),
        ("only half: nobody is told", Standing.IMPRECISE),
        ("the races are real; a snapshot mends them better", Standing.IMPRECISE),
        ("wrong, for any broker that waits", Standing.WRONG),
        ("wrong", Standing.WRONG),
        ("wrong if callbacks do nothing: then they win", Standing.CONDITIONAL),
    ],
)
def test_the_first_word_says_how_a_claim_stands(words, standing):
    assert Finding(Verdict("C1", words, ""), "03.ipynb").standing is standing


def test_where_notebooks_differ_the_worst_counts():
    findings = [
        Finding(Verdict("C1", words, ""), "03.ipynb")
        for words in ("holds", "wrong", "holds, sometimes")
    ]
    assert standings(findings) == {"C1": Standing.WRONG}


def test_the_table_names_a_claim_once_and_links_each_notebook():
    again = Verdict("C1", "holds, with live subscribers", "a | b")
    table = findings_table([Finding(HOLDS, "03_build.ipynb"), Finding(again, "09_cost.ipynb")])
    assert table.splitlines()[2:] == [
        f"| (✓) | C1 | {CLAIMS['C1']} | **holds** | 10 of 10 | [03](03_build.ipynb) |",
        "| | | | **holds, with live subscribers** | a \\| b | [09](09_cost.ipynb) |",
    ]


def test_the_table_of_all_claims_is_not_taken_for_a_table_of_verdicts(tmp_path, save):
    save("12_verdicts.ipynb", findings_table([Finding(HOLDS, "03_build.ipynb")]))
    assert found(tmp_path) == []


def test_a_notebook_shows_the_table_as_markdown(monkeypatch):
    shown = []
    monkeypatch.setattr(verdict_collection, "display", shown.append)
    findings = [Finding(HOLDS, "03_build.ipynb")]
    show_findings(findings)
    (table,) = shown
    assert isinstance(table, Markdown)
    assert table.data == findings_table(findings)
