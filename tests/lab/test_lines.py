"""What is printed is broken between words, and an item's lines stand below its first word."""

import pytest

from pubsub_lib.lab.lines import in_lines

LONG = "a message that is longer than a line " * 4


@pytest.mark.parametrize("mark", ["- ", "2. ", "   b) ", "✓ ", "  ✗ ", ""])
def test_the_lines_of_an_item_stand_below_its_first_word(mark: str):
    first, second, *_ = in_lines(mark + LONG).splitlines()
    assert first.startswith(f"{mark}a message")
    assert second.startswith(" " * len(mark))
    assert not second.removeprefix(" " * len(mark)).startswith(" ")
    assert max(map(len, (first, second))) <= 88


def test_a_word_that_is_longer_than_a_line_stays_whole():
    path = "/".join(["a_folder"] * 20)
    assert in_lines(f"It is in {path}.").splitlines() == ["It is in", f"{path}."]


def test_lines_that_are_short_enough_stay_as_they_are():
    assert in_lines("first\n\n   second  two") == "first\n\n   second  two"
