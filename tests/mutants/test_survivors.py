"""The list of mutants that do the same as the library is about the library as it is."""

import ast
from pathlib import Path

import pytest

from tests.mutants.survivors import Change, equivalents

LIBRARY = Path(__file__).resolve().parents[2] / "pubsub_lib"


type Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_of(tree: ast.AST, outer: str = "") -> dict[str, list[Function]]:
    """Return the functions of a module by their qualified names; overloads have the same."""
    found: dict[str, list[Function]] = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            for name, nodes in functions_of(node, f"{outer}{node.name}.").items():
                found.setdefault(name, []).extend(nodes)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.setdefault(outer + node.name, []).append(node)
    return found


@pytest.mark.parametrize("change", equivalents(), ids=str)
def test_what_is_said_to_be_equivalent_stands_in_the_library_still(change: Change):
    source = (LIBRARY / change.module).read_text(encoding="utf-8")
    stripped = [line.strip() for line in source.splitlines()]
    lines = [
        line
        for node in functions_of(ast.parse(source)).get(change.function, [])
        for line in stripped[node.lineno - 1 : node.end_lineno]
    ]
    assert [line for line in change.was.split(" / ") if line not in lines] == []


def test_each_has_a_reason():
    assert all(equivalents().values())
