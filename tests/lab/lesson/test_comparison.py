"""What a changed experiment has found is said, whatever it is."""

import pytest

from pubsub_lib.lab.lesson.answers.kinds import Choice, Number
from pubsub_lib.lab.lesson.comparison import Comparison

NUMBER = Number(2, "It takes {found}.", replies={3: "You counted one twice."})
CHOICE = Choice("a", "It is a.", replies={"b": "No."}, chosen=lambda times: "ab"[times > 2])


@pytest.mark.parametrize(
    ("answer", "guess", "found"),
    [(NUMBER, 3, (None,)), (NUMBER, 3, ()), (NUMBER, 2, ("late",)), (CHOICE, "b", (None,))],
)
def test_what_is_no_answer_at_all_is_shown_as_it_is(answer, guess, found):
    comparison = Comparison.of(answer, found, unit="s")
    shown = {(None,): "None", (): "nothing", ("late",): "'late'"}[found]
    assert comparison.result.startswith(f"Found here: {shown}.\nThe experiment as given finds")
    assert not comparison.is_right(guess)
