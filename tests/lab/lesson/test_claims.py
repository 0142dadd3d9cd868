"""Claims: sentences that hold, do not hold in this run, or could not be seen on a busy machine."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pubsub_lib.lab.costs.contention import Contention, MachineUsage
from pubsub_lib.lab.lesson import claims
from pubsub_lib.lab.lesson.cells import CELLS
from pubsub_lib.lab.lesson.claims import NOT_SEEN, REMEDY, Held, holds

QUIET = Contention(MachineUsage(wall_s=1.0, processors_s=0.5, own_s=0.4), processors=2)
BUSY = Contention(MachineUsage(wall_s=1.0, processors_s=2.0, own_s=0.4), processors=2)


@pytest.fixture
def shown(monkeypatch):
    """What a notebook displays, in all types, in a cell of its own."""
    bundles = []

    def display(bundle, *, raw):
        assert raw
        bundles.append(bundle)

    monkeypatch.setattr(claims, "display", display)
    monkeypatch.setattr(claims, "get_ipython", SimpleNamespace)
    CELLS.began()
    return bundles


@pytest.fixture
def on_a_busy_machine(monkeypatch):
    monkeypatch.setattr(CELLS, "contention", lambda: BUSY)


@pytest.fixture
def on_a_quiet_machine(monkeypatch):
    monkeypatch.setattr(CELLS, "contention", lambda: QUIET)


def test_what_holds_is_ticked(shown):
    assert holds("Nothing is lost.", True, 0) is Held.YES
    assert shown[0]["text/plain"] == "✓ Nothing is lost."
    assert "Nothing is lost." in shown[0]["text/html"]


def test_what_does_not_hold_says_what_was_found(shown):
    assert holds("Nothing is lost.", False, {"slow": 3.0}) is Held.NO
    assert shown[0]["text/plain"].splitlines() == [
        "✗ Not in this run: Nothing is lost. Found: {'slow': 3}.",
        REMEDY,
    ]


def test_what_to_do_is_said_once_in_a_cell(shown):
    for sentence in ("One", "Two"):
        holds(sentence, False, 0)
    CELLS.began()
    holds("Three", False, 0)
    assert [REMEDY in bundle["text/plain"] for bundle in shown] == [True, False, True]


@pytest.mark.usefixtures("on_a_busy_machine")
def test_on_a_busy_machine_the_tests_compare_what_would_hold_and_a_reader_sees_the_truth(shown):
    assert holds("It is fast.", False, 0.3, real_time=True) is Held.NOT_SEEN
    holds("It is fast.", True, 0.1, real_time=True)
    assert [bundle["text/plain"] for bundle in shown] == ["✓ It is fast."] * 2
    assert (
        "Could not be seen on this busy machine: It is fast. Found: 0.3." in shown[0]["text/html"]
    )
    assert "other programs used 1.6 of this machine's 2 processors" in shown[0]["text/html"]
    assert [NOT_SEEN in bundle["text/html"] for bundle in shown] == [True, False]


@pytest.mark.usefixtures("on_a_quiet_machine")
def test_on_a_quiet_machine_a_claim_about_real_time_can_fail(shown):
    assert holds("It is fast.", False, 0.3, real_time=True) is Held.NO
    assert shown[0]["text/plain"].startswith(
        "✗ Not in this run: It is fast. Found: 0.3. Measured while other programs used 0.1 of this"
    )


@pytest.mark.usefixtures("on_a_busy_machine")
def test_a_busy_machine_excuses_nothing_that_does_not_depend_on_it(shown):
    assert holds("Nothing is lost.", False, 3) is Held.NO


def test_only_what_does_not_hold_is_false():
    assert [bool(held) for held in Held] == [True, False, True]


def test_as_the_last_of_a_cell_it_shows_nothing_more(capsys):
    assert Held.YES._ipython_display_() is None
    assert capsys.readouterr().out == ""


def test_markup_in_a_sentence_is_shown_as_it_is_but_code_is_code(shown):
    holds("`a < b` & <b>", True, None)
    assert "<code>a &lt; b</code> &amp; &lt;b&gt;" in shown[0]["text/html"]


class Stubborn:
    def __bool__(self):
        raise RuntimeError("neither true nor false")

    def __repr__(self):
        raise RuntimeError("cannot be shown")


@pytest.mark.parametrize(
    "value",
    [Stubborn(), np.array([1, 2]), pd.DataFrame({"a": [1]}), pd.NA, [Stubborn()], float("nan")],
    ids=lambda value: type(value).__name__,
)
def test_nothing_that_it_is_given_makes_it_raise(shown, value):
    holds("It is so.", value, value)
    (bundle,) = shown
    json.dumps(bundle)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
)


@given(ANYTHING)
def test_whatever_was_found_is_written_on_one_line(value):
    assert "\n" not in claims.written(value)
