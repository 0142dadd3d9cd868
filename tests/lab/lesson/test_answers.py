"""An answer knows what the experiment finds, and what to say of a guess."""

import math

import pytest

from pubsub_lib.lab.lesson import cells
from pubsub_lib.lab.lesson.answers import ANSWERS, answer_of
from pubsub_lib.lab.lesson.answers.kinds import Choice, Number, Question
from pubsub_lib.lab.lesson.comparison import Comparison
from pubsub_lib.lab.lesson.quantities import quantity

FIFTH = Number(2, "It is in at {found}.", replies={3: "Counted twice.", 5: "That is join()."})
COST = Number((5, 50), "It costs more than 5 times as much.", within=0.1, real_time=True)
POLLING = Choice(
    "more",
    "To poll costs more.",
    replies={"less": "It looks idle."},
    chosen=lambda times: "more" if times > 1 else "less",
    real_time=True,
)
WHO = Choice("all", "All get it.", replies={"nobody": "Nobody raised."})


def compared(answer, *found, unit="s") -> Comparison:
    return Comparison.of(answer, found, unit=unit)


@pytest.fixture
def busy(monkeypatch):
    """A machine on which others are at work, whatever this one does."""

    class Contention:
        is_high = True

        def __str__(self) -> str:
            return "other programs were in the way"

    monkeypatch.setattr(cells.CELLS, "contention", Contention)


@pytest.fixture
def idle(monkeypatch):
    class Contention:
        is_high = False

    monkeypatch.setattr(cells.CELLS, "contention", Contention)


# Numbers with their units.


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (2.5, "s", "2.5 s"),
        (1, "s", "1 s"),
        (1, "ms", "1 ms"),
        (1, "messages", "1 message"),
        (1, "deliveries in 5 s", "1 delivery in 5 s"),
        (2, "messages", "2 messages"),
        (1_000_000, "messages", "1,000,000 messages"),
        (0.1 + 0.2, "", "0.3"),
        (math.inf, "s", "inf s"),
    ],
)
def test_a_number_is_written_with_its_unit(value, unit, written):
    assert quantity(value, unit) == written


# What was found.


def test_what_the_unchanged_experiment_finds_is_said_in_the_answers_words():
    assert compared(FIFTH, 2.0).result == "It is in at 2 s."
    assert compared(WHO, "all").result == "All get it."
    assert compared(POLLING, 30.0).result == "To poll costs more."


def test_a_changed_experiment_gets_its_own_result():
    assert compared(FIFTH, 4.0).result.startswith("It is in at 4 s.\nThe experiment as given ")
    assert compared(WHO, "nobody").result.startswith("Found here: nobody.\nThe experiment as ")


def test_a_sentence_that_does_not_fit_is_not_said():
    fixed = Number(2, "It takes as long as two of them.")
    assert compared(fixed, 4.0).result.startswith("Found here: 4 s.\n")


def test_what_differs_from_run_to_run_is_no_part_of_the_sentence():
    comparison = compared(COST, 23.4182, unit="times")
    assert comparison.result == "It costs more than 5 times as much."
    assert comparison.of_this_run == "Found here: 23.4 times."


def test_what_a_choice_was_made_from_can_be_told():
    late = Choice(
        "most",
        "Most are late.",
        replies={"few": "Few are early."},
        chosen=lambda share: "most" if share > 0.5 else "few",
        told=lambda share: f"{share:.0%} are late",
    )
    assert compared(late, 0.75).result == "Most are late."
    assert compared(late, 0.75).of_this_run == "Found here: 75% are late."
    assert compared(WHO, "all").of_this_run == ""


def test_a_sentence_that_would_differ_from_run_to_run_is_refused():
    with pytest.raises(ValueError, match="would be another in each run"):
        Number((5, 50), "It costs {found}.")
    with pytest.raises(ValueError, match="would be another in each run"):
        Number(5, "It costs {found}.", real_time=True)


def test_on_a_busy_machine_the_text_is_the_same_and_more_is_said(busy):
    for comparison in (compared(COST, 1.5, unit="times"), compared(POLLING, 0.5)):
        assert comparison.result == comparison.answer.sentence
        assert not comparison.is_changed
        assert "could not be seen on this busy machine. Found here: " in comparison.of_this_run
        assert "other programs were in the way" in comparison.of_this_run


def test_on_an_idle_machine_it_was_the_experiment_that_changed(idle):
    comparison = compared(POLLING, 0.5)
    assert comparison.is_changed
    assert comparison.result.startswith("Found here: less.\n")


def test_nothing_but_real_time_is_excused_by_a_busy_machine(busy):
    assert compared(FIFTH, 4.0).is_changed
    assert compared(WHO, "nobody").is_changed


# What is said of a guess.


def test_a_right_guess_is_called_so():
    assert compared(FIFTH, 2.0).reply(2) == "Right."
    assert compared(WHO, "all").reply("all") == "Right."


@pytest.mark.parametrize(("guess", "right"), [(4.4, False), (4.6, True), (50, True), (56, False)])
def test_a_guess_may_be_as_far_off_as_the_answer_allows(guess, right):
    assert compared(COST, 23.4, unit="times").is_right(guess) is right


def test_a_likely_wrong_guess_is_told_its_mistake():
    assert compared(FIFTH, 2.0).reply(3) == "Counted twice."
    assert compared(WHO, "all").reply("nobody") == "Nobody raised."


def test_the_nearest_of_several_mistakes_is_told():
    rough = Number(2, "It takes {found}.", replies={10: "ten", 11: "eleven"}, within=0.2)
    assert compared(rough, 2.0).reply(10.9) == "eleven"


def test_any_other_wrong_guess_sends_the_learner_on():
    assert compared(FIFTH, 2.0).reply(77) == "That is not what was found: read on."


def test_a_changed_experiment_decides_about_the_guess_and_no_mistake_is_told():
    assert compared(FIFTH, 3.0).reply(3) == "Right."
    assert compared(FIFTH, 4.0).reply(3) == "That is not what was found: read on."
    assert compared(WHO, "nobody").reply("nobody") == "Right."


def test_what_could_not_be_seen_does_not_decide_about_the_guess(busy):
    assert compared(POLLING, 0.5).reply("more") == "Right."
    assert compared(POLLING, 0.5).reply("less") == "It looks idle."


# The registry.


def test_an_answer_that_is_not_there_is_missed_with_its_notebooks_others(monkeypatch):
    monkeypatch.setitem(ANSWERS, "98.one", FIFTH)
    with pytest.raises(ValueError, match=r"no answer to '98.two'; those of notebook 98 are 98.one"):
        answer_of("98.two")


@pytest.mark.parametrize(
    ("name", "guesses"),
    [
        ("07.waits_to_join", (0, 0.5, 1, 1.5, 2, 3, 3.5)),
        ("12.unconditional", (0, 10, 20, 25, 30, 33, 60, 70, 80, 90, 100)),
        ("12.age", (0, 0.1, 2.5, 3, 10, 13, 20, 40)),
    ],
)
def test_what_others_have_guessed_gets_a_reply_of_its_own(name, guesses):
    assert None not in [answer_of(name).reply(guess) for guess in guesses]


def test_a_question_whose_right_choice_is_missing_is_refused():
    with pytest.raises(ValueError, match=r"'c', is none of its choices: 'a', 'b'"):
        Question("98.recall.x", "Which?", choices={"a": "Right.", "b": "No."}, right="c")
