"""The predictions of a notebook, and what a learner can read before each of them is guessed.

A prediction is asked in one cell and compared in a later one. Cells are numbered from 0, Markdown
included.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from nbformat import NotebookNode

from pubsub_lib.lab.lesson.learners_copy import REMOVED

from .checks import HEADING, Notebook, saved_text, syntax_tree, tags, without_code

#: What a learner unfolds after the run.
FOLDED = re.compile(r"<details>.*?(?:</details>|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Asked:
    """A call of `predict` with a name.

    Attributes:
        cell: the number of the cell.
        variable: what it is bound to; empty if to nothing.
        name: the prediction's name.
        question: what is asked.
        choices: the answers to choose from.
        unit: the unit of a number.
        has_guess: whether a guess was left in the notebook.
    """

    cell: int
    variable: str
    name: str
    question: str
    choices: tuple[str, ...]
    unit: str
    has_guess: bool


@dataclass(frozen=True)
class Passage:
    """A piece of text that a learner can read before the guess.

    Attributes:
        cell: the number of the cell.
        kind: what it is.
        text: its words.
    """

    cell: int
    kind: str
    text: str

    @property
    def is_weighty(self) -> bool:
        """Whether even a common word in it says something about the result."""
        return self.kind in {"a heading", "a claim", "a caption"}


@dataclass(frozen=True)
class Window:
    """A prediction, and where it is compared.

    Attributes:
        notebook: where it stands.
        asked: the call of `predict`.
        compared: the numbers of the cells that compare it.
    """

    notebook: Notebook
    asked: Asked
    compared: tuple[int, ...]

    @property
    def cells(self) -> range:
        """From the heading above the question to the cell that compares."""
        above = [one.cell for one in self.notebook.headings if one.cell <= self.asked.cell]
        end = self.compared[0] if self.compared else self.asked.cell
        return range(max(above, default=0), end + 1)

    @cached_property
    def passages(self) -> list[Passage]:
        """All that can be read from the first cell on, but for the choices themselves."""
        return [one for cell in range(self.cells.stop) for one in self._passages_of(cell)]

    @cached_property
    def cells_below(self) -> range:
        """Those below the question, to the next heading or question after the one that compares.

        A learner sees them, too, as they are before they are run.
        """
        compared = self.cells.stop - 1
        ends = [one.cell for one in self.notebook.headings if one.cell > compared]
        ends += [one.cell for one in asked_in(self.notebook) if one.cell > compared]
        return range(self.asked.cell + 1, min(ends, default=len(self.notebook.cells) - 1) + 1)

    @cached_property
    def below(self) -> list[Passage]:
        """What stands open below the question, in code and in text."""
        return [one for cell in self.cells_below for one in self._open_passages_of(cell)]

    def _open_passages_of(self, number: int) -> Iterator[Passage]:
        cell = self.notebook.cells[number]
        is_the_last = number == self.cells_below.stop - 1
        if cell.cell_type == "markdown":
            text = FOLDED.sub("", cell.source)
            heading = HEADING.search(without_code(text)) if is_the_last else None
            text = text[: text.index(heading[0])] if heading else text
            yield from (Passage(number, "the text", one) for one in text.split("\n\n"))
        elif not is_the_last and REMOVED not in tags(cell):
            yield from self._passages_in_code(number)

    def _passages_of(self, number: int) -> Iterator[Passage]:
        cell = self.notebook.cells[number]
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                kind = "a heading" if line.startswith("#") else "the text"
                yield Passage(number, kind, line)
        elif cell.cell_type == "code" and REMOVED not in tags(cell):  # which learners' copies lack
            yield from self._passages_in_code(number)
            if self.asked.cell <= number < self.cells.stop - 1:
                yield Passage(number, "what it shows", saved_text(cell))

    def _passages_in_code(self, number: int) -> Iterator[Passage]:
        cell = self.notebook.cells[number]
        for line in cell.source.splitlines():
            if line.lstrip().startswith("#"):
                yield Passage(number, "a comment", line)
        yield from (Passage(number, kind, text) for kind, text in strings_of(cell))


def strings_of(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """The strings in a cell's source, but for the choices, with what they are."""
    kinds = {"holds": "a claim", "with_caption": "a caption", "predict": "the question"}
    left_out: set[ast.AST] = set()
    known: dict[ast.AST, str] = {}
    tree = syntax_tree(cell)
    for call in calls_in(tree):
        for keyword in call.keywords:
            if keyword.arg == "choices":
                left_out.update(ast.walk(keyword.value))
        known |= (
            dict.fromkeys(ast.walk(call), kinds.get(called(call), ""))
            if (called(call) in kinds)
            else {}
        )
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in left_out:
            yield known.get(node, "a string"), node.value


def calls_in(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def called(call: ast.Call) -> str:
    """The name of what is called, whatever it belongs to."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def asked_in(notebook: Notebook) -> list[Asked]:
    """The predictions with a name, in the order of the notebook."""
    return [
        asked
        for index, cell in notebook.code
        for statement in ast.walk(syntax_tree(cell))
        if isinstance(statement, ast.Assign | ast.Expr)
        if (asked := _asked(index, statement))
    ]


def _asked(cell: int, statement: ast.Assign | ast.Expr) -> Asked | None:
    match statement.value:
        case ast.Call(
            func=ast.Name(id="predict"),
            args=[ast.Constant(value=str(name)), ast.Constant(value=str(question))],
            keywords=keywords,
        ):
            given = {one.arg: one.value for one in keywords}
            variable = ast.unparse(statement.targets[0]) if hasattr(statement, "targets") else ""
            choices = ast.literal_eval(given.get("choices", ast.Tuple([])))
            unit = ast.literal_eval(given.get("unit", ast.Constant("")))
            return Asked(cell, variable, name, question, tuple(choices), unit, "guess" in given)
        case _:
            return None


def windows_of(notebook: Notebook) -> list[Window]:
    return [Window(notebook, one, _compared(notebook, one.variable)) for one in asked_in(notebook)]


def _compared(notebook: Notebook, variable: str) -> tuple[int, ...]:
    return tuple(
        index
        for index, cell in notebook.code
        if ".compare" in cell.source and comparing(syntax_tree(cell), variable)
    )


def comparing(tree: ast.AST, variable: str) -> list[ast.Call]:
    return [call for call in calls_in(tree) if ast.unparse(call.func) == f"{variable}.compare"]
