"""The faults of the chapter's broker, as a table."""

import pytest
from IPython.display import Markdown

from pubsub_lib.lab.lesson import faults
from pubsub_lib.lab.lesson.faults import FAULTS, Fault, fault_table, show_faults

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
    monkeypatch.setattr(faults, "display", shown.append)
    show_faults(WAITING, UNOWNED)
    (table,) = shown
    assert isinstance(table, Markdown)
    assert table.data == fault_table([WAITING, UNOWNED])
