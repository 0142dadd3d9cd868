"""Puts a mutant into the running program: the code of one function is replaced in place.

So nothing has to be imported anew, and whoever holds the function already, as a test module or a
bound method does, runs the mutant too. No file is written.
"""

import ast
import gc
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import CodeType, FunctionType

from tests.mutants.making import Mutant


class CannotPatch(Exception):
    """The function is not there to be replaced, or not in place."""


class Functions:
    """The functions of some modules that the program holds now."""

    def __init__(self, paths: Iterable[Path]) -> None:
        files = {str(path) for path in paths}
        self._all = [
            each
            for each in gc.get_objects()
            if isinstance(each, FunctionType) and each.__code__.co_filename in files
        ]

    def codes(self) -> Iterator[CodeType]:
        """Yield their code, and that of the functions in them."""
        for function in self._all:
            yield from _codes_of(function.__code__)

    def put_in(self, mutant: Mutant) -> None:
        """Let the mutated function do what the mutant says, from its next call on.

        Raises:
            CannotPatch: if the program holds no such function, or it cannot be replaced.
        """
        path = str(mutant.path)
        functions = [
            each
            for each in self._all
            if each.__code__.co_filename == path and _is_it(mutant, each.__code__)
        ]
        if not functions:
            raise CannotPatch("nobody has imported it")
        definition = _definition(mutant)
        code = _code(mutant, _keeping(mutant, definition, functions[0].__code__.co_freevars))
        for function in functions:
            function.__code__ = code
            _put_in_defaults(function, definition.args)


def _code(mutant: Mutant, source: str) -> CodeType:
    codes = _codes_of(compile(source, str(mutant.path), "exec"))
    (code,) = (code for code in codes if _is_it(mutant, code))
    return code


def _keeping(
    mutant: Mutant,
    definition: ast.FunctionDef | ast.AsyncFunctionDef,
    names: tuple[str, ...],
) -> str:
    """Return its source, in which it names all variables of the functions around it that it named.

    A function's code can only be replaced by one that takes the same.
    """
    lines = mutant.source.splitlines()
    if names:
        indent = " " * (definition.col_offset + 4)
        lines.insert(definition.end_lineno or 0, f"{indent}if 0: {', '.join(names)}")
    return "\n".join(lines)


def _codes_of(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_of(constant)


def _is_it(mutant: Mutant, code: CodeType) -> bool:
    return code.co_qualname == mutant.function and code.co_firstlineno == mutant.first_line


def _definition(mutant: Mutant) -> ast.FunctionDef | ast.AsyncFunctionDef:
    for node in ast.walk(ast.parse(mutant.source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = (node.decorator_list or [node])[0]
            if first.lineno == mutant.first_line:
                return node
    raise CannotPatch("it is not defined")


def _put_in_defaults(function: FunctionType, arguments: ast.arguments) -> None:
    """Replace the defaults that are literals; no others are ever mutated."""
    if function.__defaults__:
        function.__defaults__ = tuple(
            _literal(expression, default)
            for expression, default in zip(arguments.defaults, function.__defaults__, strict=True)
        )
    if function.__kwdefaults__:
        function.__kwdefaults__ = {
            argument.arg: _literal(expression, function.__kwdefaults__[argument.arg])
            for argument, expression in zip(
                arguments.kwonlyargs, arguments.kw_defaults, strict=True
            )
            if expression is not None
        }


def _literal(expression: ast.expr, otherwise: object) -> object:
    try:
        return ast.literal_eval(expression)
    except ValueError:
        return otherwise
