"""Every solution passes its check; every stub and every plausible wrong answer does not."""

import ast
import asyncio
import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from pubsub_lib.lab.exercises import EXERCISES, check, examine
from pubsub_lib.lab.exercises.checking import Outcome

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"


def module_at(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SOLUTIONS = {
    number: answer
    for path in sorted((NOTEBOOKS / "solutions").glob("*.py"))
    for number, answer in module_at(path).ANSWERS.items()
}
WRONG_ANSWERS = [
    wrong
    for path in sorted((Path(__file__).parent / "wrong_answers").glob("[!_]*.py"))
    for wrong in module_at(path).WRONG_ANSWERS
]
RIGHT_ANSWERS = [
    right
    for path in sorted((Path(__file__).parent / "right_answers").glob("[!_]*.py"))
    for right in module_at(path).RIGHT_ANSWERS
]


def stubs() -> dict[str, str]:
    """Return the source of the cell that checks each exercise in a notebook, by its number."""
    cells = [
        cell.source
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code"
    ]
    return {
        node.args[0].value: source
        for source in cells
        for node in ast.walk(ast.parse(source, mode="exec"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id == "check" and isinstance(node.args[0], ast.Constant)
    }


def test_every_exercise_of_a_notebook_has_a_check_a_solution_and_a_wrong_answer():
    assert set(stubs()) == set(EXERCISES)
    assert set(SOLUTIONS) == set(EXERCISES)
    assert {number for number, _, _ in WRONG_ANSWERS} == set(EXERCISES)


@pytest.mark.parametrize("number", sorted(SOLUTIONS))
def test_a_solution_passes_its_check(number):
    assert examine(number, SOLUTIONS[number]).state == "solved"


@pytest.mark.parametrize(
    ("number", "answer"),
    [pytest.param(*right, id=f"{right[0]}-{right[1].__name__}") for right in RIGHT_ANSWERS],
)
def test_an_answer_that_goes_another_way_passes_its_check_too(number, answer):
    assert examine(number, answer) == Outcome("solved", EXERCISES[number].praise)


@pytest.mark.parametrize(
    ("number", "answer", "explanation"),
    [pytest.param(*wrong, id=f"{wrong[0]}-{wrong[1].__name__}") for wrong in WRONG_ANSWERS],
)
def test_a_plausible_wrong_answer_is_refused_with_an_explanation(number, answer, explanation):
    outcome = examine(number, answer)
    assert outcome.state == "not yet"
    assert explanation in outcome.explanation
    assert outcome.explanation


def test_a_check_of_an_unknown_exercise_names_those_that_exist():
    with pytest.raises(ValueError, match=r"no exercise '77.7'; there are 00.1"):
        examine("77.7", None)


def test_an_await_that_is_missing_is_named_before_what_came_of_it():
    def never_puts(queue, message):
        queue.put(message)
        return 0

    explanation = examine("02.1", never_puts).explanation
    assert explanation.startswith("`put()` is called without `await`, and so never run; ")


def test_an_exception_is_explained_with_the_line_of_the_answer_that_raised_it():
    def misspells(queue, message):
        return queue.fill()

    outcome = examine("02.1", misspells)
    assert outcome.state == "not yet"
    assert "has no attribute 'fill'" in outcome.explanation
    assert outcome.explanation.endswith(", in `return queue.fill()`")


def test_an_exception_that_ends_with_a_full_stop_is_told_without_a_second_one():
    async def asks_too_soon(queue):
        return asyncio.current_task().result()

    explanation = examine("00.2", asks_too_soon).explanation
    assert "InvalidStateError: Result is not set, in `return" in explanation


def test_an_answer_that_ends_as_if_it_had_been_cancelled_is_refused_and_not_passed_on():
    async def gives_up(queue):
        raise asyncio.CancelledError

    explanation = examine("00.2", gives_up).explanation
    assert "nobody has cancelled it, in `raise asyncio.CancelledError`" in explanation


def test_an_explanation_that_asks_ends_with_its_question_mark(capsys):
    class RemembersForEver:
        def __init__(self, load):
            self.load, self.held, self.invalidated = load, {}, set()

        async def get(self, key):
            if key not in self.held:
                value = await self.load(key)
                if key in self.invalidated:
                    return value
                self.held[key] = value
            return self.held[key]

        def invalidate(self, key):
            self.held.pop(key, None)
            self.invalidated.add(key)

    check("10.2", RemembersForEver)
    assert capsys.readouterr().out.endswith("how long do you remember the invalidation?\n")
