"""Verdicts on the chapter's claims: a table to read, and beside it the data it was made from."""

import json

import nbformat
import pytest

from pubsub_lib.lab.lesson import verdicts
from pubsub_lib.lab.lesson.verdicts import (
    CLAIMS,
    NOT_SHOWN,
    VERDICTS_MIME,
    Standing,
    Verdict,
    show_verdicts,
    verdict_table,
)

HOLDS = Verdict("C1", Standing.HOLDS, "10 of 10")
BARRED = Verdict("C15", Standing.CONDITIONAL, "`Message | None` was refused", "once checked")


def holds(claim, evidence=""):
    return Verdict(claim, Standing.HOLDS, evidence)


@pytest.fixture
def shown(monkeypatch):
    """What is displayed: a bundle of the same thing in several types."""
    bundles = []

    def display(bundle, *, raw):
        assert raw
        bundles.append(bundle)

    monkeypatch.setattr(verdicts, "display", display)
    return bundles


def test_a_verdict_is_a_row_with_its_claim():
    rows = verdict_table([HOLDS]).splitlines()[2:]
    assert rows == [f"| C1 | {CLAIMS['C1']} | **holds** | 10 of 10 |"]


def test_verdicts_stand_in_the_order_in_which_they_are_given():
    table = verdict_table(holds(claim) for claim in ("C9", "C10", "C1"))
    assert [row.split(" | ")[0] for row in table.splitlines()[2:]] == ["| C9", "| C10", "| C1"]


def test_evidence_may_hold_a_bar_which_would_otherwise_begin_another_column():
    assert r"`Message \| None` was refused |" in verdict_table([BARRED])


def test_no_claim_breaks_the_table():
    for row in verdict_table(holds(claim) for claim in CLAIMS).splitlines():
        assert row.count("|") == 5


def test_a_claim_that_does_not_exist_is_refused_and_those_that_do_are_named():
    with pytest.raises(ValueError, match=r"^there is no claim 'C99'; there are C1, C2, "):
        holds("C99")


def test_how_a_claim_stands_is_said_not_read_from_the_words():
    with pytest.raises(
        TypeError, match=r"^how C1 stands is one of Standing\.HOLDS, .* not 'holds'"
    ):
        Verdict("C1", "holds", "10 of 10")


def test_each_standing_has_a_mark_of_its_own():
    assert [standing.mark for standing in Standing] == ["✓", "(✓)", "~", "✗"]


def test_the_numbers_of_the_claims_rise():
    numbers = [(int(claim[1:].rstrip("b")), claim[-1] == "b") for claim in CLAIMS]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("standing", Standing)
def test_a_verdict_survives_being_written_as_json(standing):
    verdict = Verdict("C15", standing, "in a few words", '`a | b`, and a " ✓')
    assert Verdict.from_data(json.loads(json.dumps(verdict.as_data()))) == verdict


def test_a_notebook_shows_the_table_and_keeps_the_data(shown):
    show_verdicts(HOLDS, BARRED)
    table = verdict_table([HOLDS, BARRED])
    assert shown == [
        {
            "text/markdown": table,
            "text/plain": table,
            VERDICTS_MIME: [HOLDS.as_data(), BARRED.as_data()],
        }
    ]


def test_the_format_of_notebooks_has_room_for_the_data(shown):
    show_verdicts(HOLDS)
    output = nbformat.v4.new_output("display_data", shown[0])
    cell = nbformat.v4.new_code_cell("show_verdicts()", outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    nbformat.validate(notebook)
    again = nbformat.reads(nbformat.writes(notebook), as_version=4)
    assert again.cells[0].outputs[0].data[VERDICTS_MIME] == [HOLDS.as_data()]


def test_a_verdict_that_rests_on_a_claim_which_does_not_hold_is_not_shown():
    assert str(Verdict("C1", Standing.HOLDS, "9 of 10", "in full", provided=[True, False])) == (
        NOT_SHOWN
    )
    assert str(Verdict("C1", Standing.HOLDS, "10 of 10", "in full", provided=[True])) == "in full"


def test_that_a_verdict_is_not_shown_survives_being_written_as_json():
    verdict = Verdict("C1", Standing.HOLDS, "9 of 10", provided=[False])
    assert str(Verdict.from_data(json.loads(json.dumps(verdict.as_data())))) == NOT_SHOWN
