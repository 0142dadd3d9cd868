"""A guess without a name is noted, and shown beside the result that the notebook names."""

import math

import pytest

from pubsub_lib.lab.lesson.predictions import predict

YES_OR_NO = ("yes", "no")


def noted(capsys: pytest.CaptureFixture[str], guess, **options) -> str:
    predict("How many?", guess=guess, **options)
    return capsys.readouterr().out


def compared(capsys: pytest.CaptureFixture[str], guess, result, **options) -> str:
    prediction = predict("How many?", guess=guess, **options)
    capsys.readouterr()
    prediction.compare(result)
    return capsys.readouterr().out


# The guess.


def test_without_a_guess_the_learner_is_told_how_to_make_one(capsys):
    assert noted(capsys, None) == (
        "Your guess: none yet. Replace guess=None by yours and run this cell again.\n"
    )


def test_a_number_is_noted_with_its_unit(capsys):
    assert noted(capsys, 2.5, unit="s") == "Your guess is noted: 2.5 s.\n"


def test_a_number_without_a_unit_is_noted_alone(capsys):
    assert noted(capsys, 7) == "Your guess is noted: 7.\n"


@pytest.mark.parametrize("guess", [1_000_000, 1_000_000.0])
def test_a_large_number_is_written_out(capsys, guess):
    assert noted(capsys, guess, unit="messages") == "Your guess is noted: 1,000,000 messages.\n"


def test_one_of_the_choices_is_noted(capsys):
    assert noted(capsys, "yes", choices=YES_OR_NO) == "Your guess is noted: yes.\n"


def test_there_may_be_choices_and_no_guess_yet(capsys):
    assert noted(capsys, None, choices=YES_OR_NO).startswith("Your guess: none yet.")


@pytest.mark.parametrize("guess", ["Yes", "", 1])
def test_what_is_none_of_the_choices_is_refused_and_they_are_named(guess):
    with pytest.raises(ValueError, match=f"^guess one of 'yes', 'no', not {guess!r}$"):
        predict("Does it?", guess=guess, choices=YES_OR_NO)


@pytest.mark.parametrize("guess", ["3", [3], {}])
def test_what_is_no_number_is_refused_with_the_unit(guess):
    with pytest.raises(TypeError, match=r"^guess a number of seconds, not "):
        predict("How long?", guess=guess, unit="seconds")


def test_yes_and_no_are_no_numbers():
    with pytest.raises(TypeError, match=r"^guess a number, not True$"):
        predict("How many?", guess=True)


def test_a_refused_guess_is_not_noted(capsys):
    with pytest.raises(TypeError):
        predict("How many?", guess="3")
    assert capsys.readouterr().out == ""


# The comparison.


def test_without_a_guess_only_the_result_is_shown(capsys):
    assert compared(capsys, None, 3.0, unit="s") == "Your guess: none. The run: 3 s.\n"


def test_a_right_guess_is_called_so(capsys):
    assert compared(capsys, 3, 3.0, unit="s") == ("Your guess: 3 s. The run: 3 s. Exactly right.\n")


def test_a_right_choice_is_called_so(capsys):
    assert compared(capsys, "no", "no", choices=YES_OR_NO).endswith(" Exactly right.\n")


def test_a_wrong_choice_sends_the_learner_on(capsys):
    assert compared(capsys, "yes", "no", choices=YES_OR_NO) == (
        "Your guess: yes. The run: no. Not what you expected: read on.\n"
    )


@pytest.mark.parametrize(
    ("guess", "result", "factor"),
    [(2, 3, "1.5"), (2, 0.5, "0.25"), (1, 30, "30"), (1, 30_456, "30,456"), (1, 123.4, "123")],
)
def test_two_positive_numbers_are_compared_by_a_factor(capsys, guess, result, factor):
    assert compared(capsys, guess, result).endswith(f"The run's is {factor} times your guess.\n")


@pytest.mark.parametrize(("guess", "result"), [(0, 3), (3, 0), (-1, 2)])
def test_where_there_is_no_factor_the_difference_is_told(capsys, guess, result):
    assert compared(capsys, guess, result, unit="s").endswith("They are 3 s apart.\n")


def test_for_ever_can_be_guessed(capsys):
    assert compared(capsys, math.inf, math.inf, unit="s") == (
        "Your guess: inf s. The run: inf s. Exactly right.\n"
    )


def test_a_guess_can_be_compared_more_than_once(capsys):
    prediction = predict("How many?", guess=1)
    prediction.compare(2)
    prediction.compare(3)
    assert capsys.readouterr().out.count("Your guess: 1.") == 2
