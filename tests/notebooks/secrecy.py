"""What would tell a learner the answer before the guess, found as far as a machine can.

Between the heading above the question and the end of the cell that compares nothing may tell the
answer: no text, no claim, no constant caption, no name, and nothing that a cell between them shows.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from pubsub_lib.lab.lesson.answers.kinds import Answer, Choice, Number
from pubsub_lib.lab.lesson.learners_copy import REMOVED
from pubsub_lib.lab.lesson.quantities import quantity

from .checks import Notebook, saved_text, syntax_tree, tags
from .predictions import Asked, Passage, Window, asked_in, called, calls_in, comparing

MOST_IN_A_CELL = 2
#: A choice of fewer letters is a common word: it is looked for near the question alone, and there
#: in headings, claims and captions.
LEAST_LETTERS = 12
CHANGED = "The experiment as given finds something else."


# The form.


def is_asked_once_and_compared_once(window: Window) -> Iterator[str]:
    asked = window.asked
    where = window.notebook.named(asked.cell)
    if not asked.name.startswith(f"{window.notebook.number}."):
        yield f"{where}: {asked.name} is to begin with the notebook's number"
    if asked.has_guess:
        yield f"{where}: {asked.name} has a guess; take it out"
    in_cell = [one for one in asked_in(window.notebook) if one.cell == asked.cell]
    if len(in_cell) > MOST_IN_A_CELL:
        yield f"{where} asks {len(in_cell)} questions; ask at most {MOST_IN_A_CELL} in a cell"
    if len(window.compared) != 1 or window.compared[0] <= asked.cell:
        yield f"{where}: compare {asked.name} in one later cell; it is in {window.compared}"


def is_compared_with_what_was_measured(window: Window) -> Iterator[str]:
    for index in window.compared:
        for call in comparing(syntax_tree(window.notebook.cells[index]), window.asked.variable):
            if not call.args or any(_is_literal(one, window.notebook) for one in call.args):
                yield (
                    f"{window.notebook.named(index)}: {ast.unparse(call)} tells the answer; give "
                    "compare() what was measured"
                )


def _is_literal(expression: ast.AST, notebook: Notebook) -> bool:
    """Whether an expression is made of constants, or is a name that is bound to such alone."""
    names = [node.id for node in ast.walk(expression) if isinstance(node, ast.Name)]
    if not names:
        return True
    if not isinstance(expression, ast.Name):
        return False
    values = [
        node.value
        for _, cell in notebook.code
        for node in ast.walk(syntax_tree(cell))
        if isinstance(node, ast.Assign)
        if any(isinstance(one, ast.Name) and one.id == names[0] for one in node.targets)
    ]
    return bool(values) and all(isinstance(value, ast.Constant) for value in values)


# The secret.


def nothing_tells_the_answer(window: Window, answer: Answer) -> Iterator[str]:
    for passage in window.passages:
        is_near = passage.cell in window.cells
        if told := told_by(passage, window.asked, answer, is_near=is_near):
            yield (
                f"{window.notebook.named(passage.cell)}: {passage.kind} tells the answer of "
                f"{window.asked.name}, {told!r}: {passage.text.strip()[:80]!r}"
            )


def told_by(passage: Passage, asked: Asked, answer: Answer, *, is_near: bool) -> str:
    """What a passage tells of the answer; nothing if it is as good as silent."""
    text = plain(passage.text)
    match answer:
        case Number(value=float() | int() as value):
            told = quantity(value, asked.unit)
            is_given = has_words(
                plain(asked.question), told
            )  # as one of the question's own numbers
            return told if is_near and asked.unit and not is_given and has_words(text, told) else ""
        case Number():
            return answer.sentence if has_words(text, answer.sentence) else ""
        case Choice():
            is_long = len(answer.choice) >= LEAST_LETTERS
            if not is_long and not (is_near and passage.is_weighty):
                return ""
            # Where all choices are named, none is told apart.
            silent = [one for one in asked.choices if not has_words(text, one)]
            return answer.choice if silent and answer.choice not in silent else ""


def has_words(text: str, words: str) -> bool:
    return re.search(rf"(?<![\w.,-]){re.escape(plain(words))}(?![\w]|[.,]\d)", text) is not None


def plain(text: str) -> str:
    return " ".join(re.sub(r"[`*]", "", text).casefold().split())


def no_claim_tells_the_number(window: Window, answer: Answer) -> Iterator[str]:
    if not isinstance(answer, Number) or isinstance(answer.value, tuple):
        return
    for index in range(window.asked.cell, window.cells_below.stop):
        cell = window.notebook.cells[index]
        if cell.cell_type != "code" or REMOVED in tags(cell):
            continue
        for claim in _claims_in(syntax_tree(cell)):
            if answer.value in _numbers_compared(claim):
                yield (
                    f"{window.notebook.named(index)}: {ast.unparse(claim)[:60]!r} tells the answer "
                    f"of {window.asked.name}; compare() is the claim"
                )


def _claims_in(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) or (isinstance(node, ast.Call) and called(node) == "holds"):
            yield node


def _numbers_compared(claim: ast.AST) -> set[float]:
    return {
        node.value
        for comparison in ast.walk(claim)
        if isinstance(comparison, ast.Compare)
        for node in ast.walk(comparison)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
    }


def captions_are_computed(window: Window) -> Iterator[str]:
    """A caption that is there beforehand may name what is drawn, such as "How late each is"."""
    for index in range(window.asked.cell, window.cells.stop):
        if window.notebook.cells[index].cell_type != "code":
            continue
        for call in calls_in(syntax_tree(window.notebook.cells[index])):
            constants = [one for one in call.args if isinstance(one, ast.Constant)]
            if called(call) == "with_caption" and not all(map(_names_what_is_drawn, constants)):
                yield (
                    f"{window.notebook.named(index)}: the caption is there before "
                    f"{window.asked.name} is guessed; compute it from what was measured"
                )


def _names_what_is_drawn(caption: ast.Constant) -> bool:
    return re.match(r"(How|What|When|Where|Which|Who)\b[^.?!]*\.?$", str(caption.value)) is not None


def no_figure_comes_before_the_guess(window: Window) -> Iterator[str]:
    """What the cell that compares shows is hidden until the guess; those before it are not."""
    for index in range(window.asked.cell, window.cells.stop - 1):
        cell = window.notebook.cells[index]
        if cell.cell_type == "code" and any(
            "image/png" in one.get("data", {}) for one in cell.outputs
        ):
            yield (
                f"{window.notebook.named(index)} shows a figure before {window.asked.name} is "
                "compared; compare right after the run, and draw then"
            )


def its_name_tells_nothing(window: Window, answer: Answer) -> Iterator[str]:
    asked = window.asked
    for name in (asked.name, asked.variable):
        words = set(re.split(r"[._]", name.partition(".")[2] or name))
        match answer:
            case Number(value=float() | int() as value):
                telling = {f"{value:g}"}
            case Number():
                continue
            case Choice():
                others = {word for one in answer.replies for word in words_in(one)}
                telling = set(words_in(answer.choice)) - others
        if telling and telling <= words:
            yield f"{window.notebook.named(asked.cell)}: the name {name} tells the answer"


def words_in(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


# The run.


def the_run_finds_what_the_answer_says(window: Window, answer: Answer) -> Iterator[str]:
    for index in window.compared:
        shown = saved_text(window.notebook.cells[index])
        value = answer.value if isinstance(answer, Number) else ""
        found = "" if isinstance(value, tuple | str) else quantity(value, window.asked.unit)
        sentence = answer.sentence.format(found=found)
        if sentence not in shown or CHANGED in shown:
            yield (
                f"{window.notebook.named(index)}: the run does not find what the answer of "
                f"{window.asked.name} says, {sentence!r}: correct one of them"
            )


# The positions.


def crowded_positions(positions: Iterable[tuple[int, int]]) -> list[str]:
    """Return which positions have more than half of all right choices.

    Args:
        positions: of each right choice the position, from 0, and the number of choices.
    """
    positions = list(positions)
    counts = Counter(f"number {place + 1}" for place, _ in positions)
    counts["the last"] = sum(place == of - 1 for place, of in positions)
    allowed = (len(positions) + 1) // 2  # of an odd number one half has to be larger
    return [
        f"{place} is right in {n} of {len(positions)}" for place, n in counts.items() if n > allowed
    ]
