"""Where no form can be shown, a guess is an argument, and what is said is printed."""

import pytest

from pubsub_lib.lab.lesson import predictions, progress
from pubsub_lib.lab.lesson.answers import ANSWERS
from pubsub_lib.lab.lesson.answers.kinds import Choice, Number
from pubsub_lib.lab.lesson.predictions import predict


@pytest.fixture(autouse=True)
def answers(monkeypatch, tmp_path):
    number = Number(2, "It takes {found}.", replies={3: "Counted twice."})
    choice = Choice("all", "All get it.", replies={"nobody": "Nobody raised."})
    costs = Number((2, 9), "It costs more than twice as much.")
    monkeypatch.setitem(ANSWERS, "98.seconds", number)
    monkeypatch.setitem(ANSWERS, "98.who", choice)
    monkeypatch.setitem(ANSWERS, "98.costs", costs)
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def seconds(guess=None):
    return predict("98.seconds", "How long?", unit="s", guess=guess)


def who(guess=None, choices=("nobody", "all")):
    return predict("98.who", "Who gets it?", choices=choices, guess=guess)


def test_without_a_guess_the_learner_is_told_how_to_make_one(capsys):
    seconds()
    assert capsys.readouterr().out == (
        "No guess yet: write guess=... into this cell and run it again.\n"
    )


def test_a_guess_is_noted_with_its_unit(capsys):
    seconds(3)
    who("all")
    assert capsys.readouterr().out == "Your guess: 3 s.\nYour guess: all.\n"


def test_without_a_guess_only_the_result_is_said(capsys):
    prediction = seconds()
    capsys.readouterr()
    prediction.compare(2.0)
    assert capsys.readouterr().out == "It takes 2 s.\n"


def test_with_a_guess_its_mistake_is_told(capsys):
    prediction = seconds(3)
    capsys.readouterr()
    prediction.compare(2.0)
    assert capsys.readouterr().out == "It takes 2 s.\nYour guess: 3 s. Counted twice.\n"


def test_what_differs_from_run_to_run_is_printed_for_a_learner_alone(capsys):
    predict("98.costs", "How much?").compare(5.0)
    predict("98.costs", "How much?", guess=3).compare(5.0)
    without, _, with_guess = capsys.readouterr().out.partition("Your guess: 3.\n")
    assert without.splitlines()[1:] == ["It costs more than twice as much."]
    assert "Found here: 5." in with_guess


def test_a_name_stands_for_one_prediction_whatever_cell_is_run_again():
    assert seconds() is seconds(3)
    assert seconds() is not who()


def test_a_guess_can_be_taken_back():
    seconds(3)
    assert seconds().guess is None


@pytest.mark.parametrize(("guess", "meant"), [("All", "all"), (" no", "nobody"), ("n", "nobody")])
def test_of_a_choice_its_beginning_will_do(guess, meant):
    assert who(guess).guess == meant


def test_a_beginning_that_two_choices_have_is_none():
    with pytest.raises(ValueError, match=r"^guess one of 'a second', 'a minute', not 'a'$"):
        predictions._checked_guess("a", "", ["a second", "a minute"])


@pytest.mark.parametrize("guess", ["everybody", "", " ", 1])
def test_what_is_none_of_the_choices_is_refused_and_they_are_named(guess):
    with pytest.raises(ValueError, match=f"^guess one of 'nobody', 'all', not {guess!r}$"):
        who(guess)


@pytest.mark.parametrize("guess", ["3", [3], True])
def test_what_is_no_number_is_refused_with_the_unit(guess):
    with pytest.raises(TypeError, match=r"^guess a number of s, not "):
        seconds(guess)


def test_choices_that_are_not_those_of_the_answer_are_refused():
    with pytest.raises(ValueError, match=r"98.who is asked with the choices 'nobody', 'everybody'"):
        who(choices=("nobody", "everybody"))


def test_the_first_guess_of_an_unchanged_experiment_is_remembered():
    seconds(3).compare(2.0)
    seconds(2).compare(2.0)
    who("all").compare("nobody")
    assert progress.guesses() == {"98.seconds": progress.NotedGuess(3, is_right=False)}


def test_nothing_is_remembered_where_nobody_guessed():
    seconds().compare(2.0)
    assert not progress.progress_file().exists()


def test_where_nothing_can_be_written_the_result_is_said_all_the_same(
    tmp_path, monkeypatch, capsys
):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "a file" / "progress.json"))
    seconds(3).compare(2.0)
    assert capsys.readouterr().out.endswith("Counted twice.\n")
