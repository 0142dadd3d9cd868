"""Verdicts on the chapter's claims, and the faults of its broker, as tables."""

import pytest
from IPython.display import Markdown

from pubsub_lib.lab.lesson import verdicts
from pubsub_lib.lab.lesson.verdicts import (
    CLAIMS,
    FAULTS,
    Fault,
    Verdict,
    fault_table,
    show_faults,
    show_verdicts,
    verdict_table,
)


def test_a_verdict_is_a_row_with_its_claim():
    rows = verdict_table([Verdict("C1", "holds", "10 of 10")]).splitlines()[2:]
    assert rows == [f"| C1 | {CLAIMS['C1']} | **holds** | 10 of 10 |"]


def test_verdicts_stand_in_the_order_in_which_they_are_given():
    table = verdict_table(Verdict(claim, "holds", "seen") for claim in ("C9", "C10", "C1"))
    assert [row.split(" | ")[0] for row in table.splitlines()[2:]] == ["| C9", "| C10", "| C1"]


def test_evidence_may_hold_a_bar_which_would_otherwise_begin_another_column():
    table = verdict_table([Verdict("C15", "holds", "`Message | None` was refused")])
    assert r"`Message \| None` was refused |" in table


def test_no_claim_breaks_the_table():
    for row in verdict_table(Verdict(claim, "holds", "") for claim in CLAIMS).splitlines():
        assert row.count("|") == 5


def test_a_claim_that_does_not_exist_is_refused_and_those_that_do_are_named():
    with pytest.raises(ValueError, match=r"^there is no claim 'C99'; there are C1, C2, "):
        Verdict("C99", "holds", "nothing")


def test_the_numbers_of_the_claims_rise():
    numbers = [(int(claim[1:].rstrip("b")), claim[-1] == "b") for claim in CLAIMS]
    assert numbers == sorted(set(numbers))


def test_a_notebook_shows_the_table_as_markdown(monkeypatch):
    shown = []
    monkeypatch.setattr(verdicts, "display", shown.append)
    verdict = Verdict("C1", "holds", "10 of 10")
    show_verdicts(verdict)
    (table,) = shown
    assert isinstance(table, Markdown)
    assert table.data == verdict_table([verdict])


WAITING = Fault("D3", "waiting", "1 s", "2 s", "all together")
OVERTAKEN = Fault("D11", "waiting", "order", "[2, 1]", "all together")
UNOWNED = Fault("D9", "no owner", "a message", "hangs", "finally")


def test_a_table_of_faults_names_each_cause_and_its_remedy_once():
    assert fault_table([WAITING, OVERTAKEN, UNOWNED]).splitlines()[2:] == [
        f"| **waiting** | D3 | {FAULTS['D3']} | 1 s (2 s) | all together |",
        f"| | D11 | {FAULTS['D11']} | order ([2, 1]) | |",
        f"| **no owner** | D9 | {FAULTS['D9']} | a message (hangs) | finally |",
    ]


def test_the_evidence_of_a_fault_may_hold_a_bar():
    table = fault_table([Fault("D8", "no state", "a day", "`int | None`", "a state")])
    assert r"a day (`int \| None`) |" in table


def test_no_fault_breaks_the_table():
    table = fault_table(Fault(number, "cause", "cost", "run", "remedy") for number in FAULTS)
    assert [row.count("|") for row in table.splitlines()] == [6] * (2 + len(FAULTS))


def test_a_fault_that_nobody_found_is_refused_and_those_that_were_are_named():
    with pytest.raises(ValueError, match=r"^there is no fault 'D99'; there are D1, D2, "):
        Fault("D99", "", "", "", "")


def test_a_notebook_shows_the_faults_as_markdown(monkeypatch):
    shown = []
    monkeypatch.setattr(verdicts, "display", shown.append)
    show_faults(WAITING, UNOWNED)
    (table,) = shown
    assert isinstance(table, Markdown)
    assert table.data == fault_table([WAITING, UNOWNED])
