"""No program of a notebook gets a server's address as an argument, where everybody may read it."""

import ast
from collections.abc import Iterator

import pytest
from nbformat.v4 import new_code_cell

from .checks import read, syntax_tree
from .test_structure import NOTEBOOKS


def addresses_in_arguments(tree: ast.AST) -> Iterator[str]:
    """The addresses, such as `server.url`, among the arguments of the programs that are started."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Program":
            for argument in call.args:
                for node in ast.walk(argument):
                    if isinstance(node, ast.Attribute) and node.attr == "url":
                        yield ast.unparse(node)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_an_address_is_given_to_programs_in_their_environment(path):
    trees = [syntax_tree(cell) for _, cell in read(path).code]
    assert [address for tree in trees for address in addresses_in_arguments(tree)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("Program(desk, server.url, name)", ["server.url"]),
        ("Program(desk, f'at {network.url}')", ["network.url"]),
        ("Program(desk, name, environment={'NATS_URL': server.url})", []),
        ("NatsPubSub('prices', url=server.url)", []),
    ],
)
def test_an_address_among_the_arguments_is_found(source: str, found: list[str]):
    assert list(addresses_in_arguments(syntax_tree(new_code_cell(source)))) == found
