"""In a kernel of a Jupyter server a prediction is a form, and a result waits for its answer."""

import pytest

from pubsub_lib.lab.lesson.form import SHOW_ME, number_in
from pubsub_lib.lab.lesson.verdicts import VERDICTS_MIME

from .front_end import WIDGET, FrontEnd, front_end, progress_in

SET_UP = """
from pubsub_lib.lab import predict
from pubsub_lib.lab.lesson.answers import ANSWERS
from pubsub_lib.lab.lesson.answers.kinds import Choice, Number
ANSWERS["98.seconds"] = Number(2, "It takes {found}.", replies={3: "Counted twice."})
ANSWERS["98.who"] = Choice("all", "All get `it`.", replies={"nobody": "Nobody raised."})
"""
HOW_LONG = 'seconds = predict("98.seconds", "How long?", unit="s")'
WHO = 'who = predict("98.who", "Who gets it?", choices=["nobody", "all"])'
HIDDEN = "What this cell found stays hidden until you have guessed."
HIDDEN_TOO = "What this cell shows stays hidden until you have guessed further up: “How long?”"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """One kernel for all tests, as starting one takes a second; nothing is left from the last."""
    with front_end(tmp_path_factory.mktemp("my_course")) as kernel:
        kernel.run(SET_UP)
        yield kernel


@pytest.fixture
def page(kernel, tmp_path) -> FrontEnd:
    forget = "from pubsub_lib.lab.lesson import predictions; predictions._PREDICTIONS.clear()"
    file = f"import os; os.environ['COURSE_PROGRESS'] = {str(tmp_path / 'progress.json')!r}"
    kernel.run(f"{forget}; {file}")
    return kernel


def test_a_choice_is_clicked_and_the_form_gives_way_to_it(page):
    (asked,) = page.run(WHO)
    assert {"nobody", "all", SHOW_ME} <= set(page.labels(asked))
    page.click(asked, "all")
    assert asked.text == "Your guess: all."
    assert WIDGET not in asked.kinds


def test_a_number_is_typed_and_entered(page):
    (asked,) = page.run(HOW_LONG)
    assert "Your guess, in s:" in page.labels(asked)
    page.enter(asked, "2.5")
    assert asked.text == "Your guess: 2.5 s."


def test_a_number_is_typed_and_the_button_clicked(page):
    (asked,) = page.run(HOW_LONG)
    page.type(asked, "3 s")
    page.click(asked, "Guess")
    assert asked.text == "Your guess: 3 s."


def test_what_is_no_number_is_asked_for_again(page):
    (asked,) = page.run(HOW_LONG)
    page.enter(asked, "two")
    assert "'two' is no number." in page.labels(asked)[-1]
    page.enter(asked, "2")
    assert asked.text == "Your guess: 2 s."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (" ", "Enter a number such as 2 or 0.5."),
        ("9" * 400, f"'{'9' * 40}…' is no number."),
        ("<b>7</b>", "'&lt;b&gt;7&lt;/b&gt;' is no number."),
    ],
)
def test_odd_text_is_answered_in_a_line(page, typed, said):
    (asked,) = page.run(HOW_LONG)
    page.type(asked, typed)
    page.click(asked, "Guess")
    assert said in page.labels(asked)[-1]


def test_with_a_guess_the_result_is_shown_at_once(page):
    (asked,) = page.run(WHO)
    page.click(asked, "nobody")
    (compared,) = page.run("who.compare('all')")
    assert compared.text == "All get `it`.\nYour guess: nobody. Nobody raised."


def test_who_asks_to_be_shown_sees_the_result_at_once(page, tmp_path):
    (asked,) = page.run(HOW_LONG)
    page.click(asked, SHOW_ME)
    (compared,) = page.run("seconds.compare(2)")
    assert asked.text == "You asked to be shown."
    assert compared.text == "It takes 2 s."
    assert progress_in(tmp_path)["guesses"]["98.seconds"] == {"guess": None, "is_right": False}


EXPERIMENT = """
import asyncio, sys
import matplotlib.pyplot as plt
from IPython.display import Markdown, display
from pubsub_lib.lab import holds
print("it took 2 s")
await asyncio.sleep(0)
seconds.compare(2)
display(Markdown("**bold**"))
print("on stderr", file=sys.stderr)
shown = holds("It is quick.", True, 2)
lines = plt.plot([1, 2])
"the last line"
"""


def test_without_a_guess_all_that_a_cell_shows_is_hidden(page):
    _, compared, later = page.run(HOW_LONG, EXPERIMENT, "print('not hidden')")
    assert compared.text.startswith(HIDDEN)
    for secret in ("2 s", "bold", "stderr", "quick", "last line"):
        assert secret not in compared.text
    assert "image/png" not in compared.kinds
    assert later.text == "not hidden"


@pytest.mark.parametrize("where", ["asked", "compared"])
def test_a_late_click_fills_both_cells_in_order(page, where):
    asked, compared = page.run(HOW_LONG, EXPERIMENT)
    page.enter({"asked": asked, "compared": compared}[where], "3")
    assert asked.text == "Your guess: 3 s."
    assert compared.text.splitlines() == [
        "it took 2 s",
        "It takes 2 s.",
        "Your guess: 3 s. Counted twice.",
        "<IPython.core.display.Markdown object>",
        "on stderr",
        "✓ It is quick.",
        "'the last line'",
        "<Figure size 640x480 with 1 Axes>",
    ]
    assert {"text/markdown", "image/png"} <= set(compared.kinds)
    assert WIDGET not in asked.kinds + compared.kinds


def test_two_predictions_in_a_cell_have_both_to_be_answered(page):
    asked, compared = page.run(f"{HOW_LONG}\n{WHO}", "seconds.compare(2); who.compare('all')")
    page.click(compared, "all")
    assert compared.text.startswith(HIDDEN)
    assert "All get" not in compared.text
    page.enter(asked, "2")
    assert compared.text.splitlines() == [
        "It takes 2 s.",
        "Your guess: 2 s. Right.",
        "All get `it`.",
        "Your guess: all. Right.",
    ]


def test_a_later_cell_that_would_tell_the_result_waits_too(page):
    found = "took_s = 2\nseconds.compare(took_s)"
    twice = "twice_s = 2 * took_s"
    asked, _, nothing, later, _, other = page.run(
        HOW_LONG, found, twice, "print('in all', twice_s)", "twice_s = 7", "print(twice_s)"
    )
    assert nothing.text == ""
    assert later.text == HIDDEN_TOO
    assert other.text == "7"
    page.enter(asked, "2")
    assert later.text == "in all 4"


def test_a_cell_that_waits_says_for_which_questions_and_forgets_those_that_are_answered(page):
    compared = "took_s = 2\nseconds.compare(took_s)\nwhose = 'all'\nwho.compare(whose)"
    asked, other, _, later = page.run(HOW_LONG, WHO, compared, "print(took_s, whose)")
    assert "“Who gets it?”" in later.text
    assert "“How long?”" in later.text
    page.enter(asked, "2")
    assert later.text == HIDDEN_TOO.replace("How long?", "Who gets it?")
    page.click(other, "all")
    assert later.text == "2 all"


def test_a_cell_that_waits_for_another_answer_says_what_was_guessed_last(page):
    asked, other, compared = page.run(
        HOW_LONG,
        WHO,
        "found = 2\nwho.compare('all')",
    )
    assert compared.text.startswith(HIDDEN)
    page.enter(asked, "3")
    (both,) = page.run("seconds.compare(found)")
    (asked,) = page.run(HOW_LONG)
    page.click(asked, SHOW_ME)
    page.click(other, "all")
    assert both.text == "It takes 2 s."


def test_verdicts_that_would_tell_a_result_are_hidden_and_saved_all_the_same(page):
    verdict = (
        "from pubsub_lib.lab.lesson.verdicts import Standing, Verdict, show_verdicts\n"
        "show_verdicts(Verdict('C2', Standing.HOLDS, f'it takes {took_s} s'))"
    )
    asked, _, shown = page.run(HOW_LONG, "took_s = 2\nseconds.compare(took_s)", verdict)
    assert shown.text == HIDDEN_TOO
    (data,) = [one["data"][VERDICTS_MIME] for one in shown.outputs if VERDICTS_MIME in one["data"]]
    assert data[0]["evidence"] == "it takes 2 s"
    page.enter(asked, "2")
    assert "it takes 2 s" in shown.text


def test_what_is_asked_of_a_learner_is_not_hidden_for_its_names(page):
    found = "took_s = 2\nseconds.compare(took_s)"
    _, _, another = page.run(HOW_LONG, found, f"{WHO}; took_s")
    assert {"nobody", "all", SHOW_ME} <= set(page.labels(another))


@pytest.mark.parametrize(
    ("shows", "shown"),
    [
        ("print('first')\nclear_output(wait=True)\nprint('second')", "second"),
        ("print('first')\nclear_output()\nprint('second')", "second"),
        ("print('kept')\nclear_output(wait=True)", "kept"),
        ("for n in range(3):\n    print(f'{n} done', end='\\r')", "2 done"),
        ("handle = display('old', display_id=True)\nhandle.update('new')", "'new'"),
        ("import sys\nprint('ä'.encode(sys.stdout.encoding).decode())", "ä"),
        ("get_ipython().run_cell('found = 3')\nprint(f'found {found}')", "found 3"),
        ("!echo said by a shell", "said by a shell"),
        (
            "import threading\nthread = threading.Thread(target=print, args=('by a thread',))\n"
            "thread.start()\nthread.join()",
            "by a thread",
        ),
    ],
)
def test_what_a_cell_shows_in_other_ways_is_hidden_and_then_shown_as_on_a_page(page, shows, shown):
    source = f"from IPython.display import clear_output\nfound = 2\n{shows}"
    asked, compared = page.run(HOW_LONG, f"if False: seconds.compare(2)\n{source}")
    assert compared.text.startswith(HIDDEN)
    assert shown not in compared.text
    page.enter(asked, "2")
    assert compared.text == shown


def test_what_a_later_cell_puts_in_the_place_of_something_hidden_is_hidden_too(page):
    held = "handle = display('old', display_id=True)\nseconds.compare(2)"
    asked, compared, _ = page.run(HOW_LONG, held, "handle.update('new')")
    assert "new" not in compared.text
    page.enter(asked, "2")
    assert compared.text == "'new'\nIt takes 2 s.\nYour guess: 2 s. Right."


@pytest.mark.parametrize(
    "source",
    [
        "other = seconds\nother.compare(2)",
        "[seconds][0].compare(2)",
        'predict("98.seconds", "How long?", unit="s").compare(2)',
    ],
)
def test_a_comparison_in_disguise_waits_for_the_guess_too(page, source):
    asked, compared = page.run(HOW_LONG, source)
    assert "It takes" not in compared.text
    page.enter(asked, "2")
    assert "It takes 2 s.\nYour guess: 2 s. Right." in compared.text


def test_who_only_writes_of_a_comparison_hides_nothing(page):
    _, shown = page.run(HOW_LONG, "# seconds.compare(2)\nprint('seconds.compare(2)')")
    assert shown.text == "seconds.compare(2)"


def test_a_timed_comparison_is_hidden(page):
    asked, compared = page.run(HOW_LONG, "%%time\nseconds.compare(2)")
    assert compared.text.startswith(HIDDEN)
    page.enter(asked, "2")
    assert "It takes 2 s." in compared.text


def test_a_prediction_that_nobody_has_answered_in_the_lab_is_said_to_be_missing(page):
    (asked,) = page.run('predict("98.nothing", "What?", unit="s")')
    assert "there is no answer to '98.nothing'" in asked.text


def test_an_exception_is_shown_at_once_with_what_came_before_it(page):
    _, compared = page.run(HOW_LONG, "print('before'); seconds.compare(2); 1 / 0")
    assert "division by zero" in compared.text
    assert "before" in compared.text


def test_after_an_exception_nothing_is_held_back_any_more(page):
    page.run(HOW_LONG, "seconds.compare(2); 1 / 0")
    (later,) = page.run("print('printed'); 'a value'")
    assert later.text == "printed\n'a value'"


def test_a_cell_that_was_hidden_can_be_run_again(page):
    asked, _, compared = page.run(HOW_LONG, "seconds.compare(2)", "seconds.compare(2)")
    page.enter(asked, "2")
    assert compared.text == "It takes 2 s.\nYour guess: 2 s. Right."
    (again,) = page.run("seconds.compare(2)")
    assert again.text == compared.text


def test_run_again_the_form_is_there_and_the_guess_still_counts(page):
    (asked,) = page.run(HOW_LONG)
    page.enter(asked, "3")
    again, compared = page.run(HOW_LONG, "seconds.compare(2)")
    assert again.text == "Your guess: 3 s."
    assert compared.text.endswith("Your guess: 3 s. Counted twice.")
    page.enter(again, "2")
    assert compared.text.endswith("Your guess: 2 s. Right.")


def test_what_is_hidden_in_a_cell_is_a_value_all_the_same(page):
    asked, _, later = page.run(HOW_LONG, "found = 2\nseconds.compare(found)\nfound", "found, _")
    page.enter(asked, "2")
    assert later.text == "(2, 2)"


def test_an_argument_is_a_guess_here_too(page):
    asked, compared = page.run(HOW_LONG.replace(")", ", guess=3)"), "seconds.compare(2)")
    assert asked.text == "Your guess: 3 s."
    assert compared.text.endswith("Counted twice.")


def test_after_a_restart_the_guess_is_known_and_can_be_made_anew(tmp_path):
    with front_end(tmp_path) as page:
        _, asked, _ = page.run(SET_UP, HOW_LONG, "seconds.compare(2)")
        page.enter(asked, "3")
        page.restart()
        _, asked, compared = page.run(SET_UP, HOW_LONG, "seconds.compare(2)")
        assert compared.text == "It takes 2 s.\nYour guess: 3 s. Counted twice."
        page.enter(asked, "2")
        assert compared.text == "It takes 2 s.\nYour guess: 2 s. Right."
        assert progress_in(tmp_path)["guesses"]["98.seconds"]["guess"] == 3


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        (" 2 ", "", 2.0),
        ("2ms", "ms", 2.0),
        ("5 %", "%", 5.0),
        ("1,000", "", 1000.0),
        ("1,000,000", "", 1_000_000.0),
        ("2,5", "", 2.5),
        ("0,125", "", 0.125),
        ("1,000.5", "", 1000.5),
        ("inf", "s", float("inf")),
        ("", "s", None),
        ("nan", "s", None),
        ("two", "s", None),
        ("2 3 x", "s", None),
        ("2 3", "s", None),
        ("1 000", "", 1000.0),
        ("1\u202f000\u202f000", "", 1_000_000.0),
        ("1,2,3", "", None),
        ("1,000,00", "", None),
        ("\u22123", "s", -3.0),
        ("1 message", "messages", 1.0),
        ("2 messages", "messages", 2.0),
        ("5 m", "ms", None),
        ("5 s s", "s", None),
        ("1e400", "s", None),
        ("9" * 400, "s", None),
    ],
)
def test_a_number_may_be_written_in_several_ways(text, unit, number):
    assert number_in(text, unit) == number
