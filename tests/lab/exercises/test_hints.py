"""Hints come one at a time, and then where the solution is."""

import pytest

from pubsub_lib.lab.exercises import EXERCISES, hint
from pubsub_lib.lab.exercises.hints import HINTS, hints
from pubsub_lib.lab.own_broker.stages import STAGES, own


@pytest.fixture(autouse=True)
def two_hints(monkeypatch):
    monkeypatch.setattr("pubsub_lib.lab.exercises.hints._GIVEN", {})
    monkeypatch.setitem(HINTS, "02.1", ())
    hints("02.1", "Look at full().", "Then at get_nowait().")


def given(capsys: pytest.CaptureFixture[str], number: str = "02.1") -> str:
    hint(number)
    return capsys.readouterr().out


def test_each_time_the_next_hint_is_given_and_at_last_the_solution(capsys):
    assert given(capsys) == "Hint 1 of 2 for exercise 02.1: Look at full().\n"
    assert given(capsys) == "Hint 2 of 2 for exercise 02.1: Then at get_nowait().\n"
    assert given(capsys) == (
        "There are no more hints for exercise 02.1. A solution is in\n"
        "solutions/02_queues_and_backpressure.py.\n"
    )


def test_after_the_last_the_first_is_given_again(capsys):
    said = [given(capsys) for _ in range(4)]
    assert said[3] == said[0]


def test_exercises_have_hints_of_their_own(capsys, monkeypatch):
    monkeypatch.setitem(HINTS, "02.2", ("Own the workers.",))
    given(capsys)
    assert given(capsys, "02.2") == "Hint 1 of 1 for exercise 02.2: Own the workers.\n"


def test_a_hint_for_an_unknown_exercise_names_those_that_exist():
    with pytest.raises(ValueError, match=r"no exercise '77.7'; there are 00.1"):
        hint("77.7")


@pytest.mark.parametrize("number", sorted(HINTS))
def test_no_hint_is_broken_in_the_middle_of_a_word(capsys, number):
    said = "".join(given(capsys, number) for _ in range(len(HINTS[number]) + 1))
    assert max(map(len, said.splitlines())) <= 88


def test_hints_are_for_exercises_that_exist():
    stages = {own(stage.notebook) for stage in STAGES}
    assert set(HINTS) <= set(EXERCISES) | stages
    assert stages <= set(HINTS)


def test_after_the_hints_for_an_own_broker_one_may_go_on_with_that_of_the_course(capsys):
    said = [given(capsys, "06.own") for _ in range(len(HINTS["06.own"]) + 1)]
    assert said[-1] == (
        "There are no more hints for exercise 06.own. start_my_broker_at('07') gives you a broker\n"
        "that has come so far, and keeps yours beside it.\n"
    )
