"""The board of verdicts has a tile for each claim, in the row of its verdict."""

import pytest

from pubsub_lib.lab.figures.style import STANDINGS
from pubsub_lib.lab.figures.verdicts import verdict_board
from pubsub_lib.lab.lesson.verdicts import CLAIMS, SUBJECTS, Standing
from tests.lab.figures.drawn import cut_off, texts

FOUR = {
    "C1": Standing.HOLDS,
    "C5": Standing.HOLDS,
    "C3b": Standing.WRONG,
    "C4": Standing.IMPRECISE,
}


def test_every_claim_has_a_tile_that_says_what_it_is_about():
    tiles = [text.replace("\n", " ") for text in texts(verdict_board(FOUR))]
    assert tiles == [f"{claim} {SUBJECTS[claim]}" for claim in ("C1", "C5", "C4", "C3b")]


def test_no_claim_is_without_a_subject():
    assert list(SUBJECTS) == list(CLAIMS)


def test_a_tile_stands_in_the_row_of_its_verdict():
    (axes,) = verdict_board(FOUR).figure.axes
    rows = {text.get_text().split()[0]: text.get_position()[1] for text in axes.texts}
    assert (rows["C1"], rows["C4"], rows["C3b"]) == (0, 2, 3)
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "holds  ✓  2",
        "holds, on a condition  (✓)  0",
        "imprecise  ~  1",
        "wrong  ✗  1",
    ]


def test_a_verdict_of_many_claims_has_several_lines():
    (axes,) = verdict_board(dict.fromkeys(CLAIMS, Standing.HOLDS)).figure.axes
    lines = [text.get_position()[1] for text in axes.texts]
    assert sorted(set(lines)) == list(range(6))
    assert max(lines.count(line) for line in lines) == 5


def test_colour_is_never_the_only_cue():
    assert len({look.get("hatch") for look in STANDINGS.values()}) == len(Standing)


def test_the_caption_counts_in_words():
    assert verdict_board(dict.fromkeys(CLAIMS, Standing.HOLDS)).caption == (
        "Of 28 claims, 28 hold as they stand, 0 hold on a condition, 0 are imprecise and 0 are "
        "wrong."
    )


def test_the_caption_says_how_many_claims_have_a_verdict_so_far():
    assert verdict_board(FOUR).caption == (
        "Of the 28 claims, 4 have a verdict so far: 2 hold as they stand, 0 hold on a condition, "
        "1 is imprecise and 1 is wrong."
    )
    assert verdict_board({"C1": Standing.HOLDS}).caption.startswith(
        "Of the 28 claims, 1 has a verdict so far: 1 holds as it stands"
    )


@pytest.mark.parametrize("standing", Standing)
def test_nothing_is_cut_off_however_the_claims_stand(standing):
    assert cut_off(verdict_board(dict.fromkeys(CLAIMS, standing))) == []


def test_before_there_is_a_verdict_the_board_is_empty_and_says_so():
    assert verdict_board({}).caption == "No claim has a verdict yet."
