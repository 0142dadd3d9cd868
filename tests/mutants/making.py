"""Makes the mutants of a module: copies in each of which one thing is changed.

What is changed is up to mutmut, whose operators are applied to every function. (mutmut itself
leaves out those with a decorator, and so every property, because it puts all mutants into one copy
of the file; and it looks at which functions a test calls, and not at which lines it runs.) Two
operators are added, since they find most: a statement is left out, and a condition is turned round.

As with mutmut, nothing is changed in annotations, decorators, docstrings, or in calls of `len` and
`isinstance`.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import NEVER_MUTATE_FUNCTION_CALLS
from mutmut.mutation.mutators import mutation_operators

STATEMENTS = (
    cst.SimpleStatementLine,
    cst.BaseCompoundStatement,
    cst.ExceptHandler,
    cst.MatchCase,
)
LEFT_ALONE = (cst.Annotation, cst.Decorator, cst.TypeParameters)
DOES_SOMETHING = (cst.Expr, cst.Assign, cst.AugAssign, cst.Raise, cst.Del, cst.Return)


@dataclass(frozen=True)
class Mutant:
    """One changed copy of a module.

    Attributes:
        path: the module.
        original: its source.
        source: that of the copy.
        function: the outermost function that is changed, as `Class.method`.
        first_line: where that function begins, its decorators included.
        lines: the lines of the statement that is changed, without the statements inside it.
    """

    path: Path
    original: str
    source: str
    function: str
    first_line: int
    lines: range

    @cached_property
    def change(self) -> tuple[str, str]:
        """The lines that are changed, as they were and as they are."""
        old, new = self.original.splitlines(), self.source.splitlines()
        differing = list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]
        was = [line[1:].strip() for line in differing if line.startswith("-")]
        is_now = [line[1:].strip() for line in differing if line.startswith("+")]
        return " / ".join(was), " / ".join(is_now)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module that can be compiled, each once."""
    original = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(original))
    changes = _Changes()
    wrapper.visit(changes)
    seen = {original}
    for node, changed, function, first_line, lines in changes.found:
        source = wrapper.module.deep_replace(node, changed).code
        if source not in seen and _can_be_compiled(source):
            seen.add(source)
            yield Mutant(path, original, source, function, first_line, lines)


def _can_be_compiled(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _left_out(node: cst.SimpleStatementLine) -> Iterable[cst.CSTNode]:
    (statement, *others) = node.body
    if others or not isinstance(statement, DOES_SOMETHING):
        return
    if isinstance(statement, cst.Expr) and not isinstance(statement.value, cst.Call | cst.Await):
        return  # a docstring, or `...`
    yield node.with_changes(body=[cst.Pass()])


def _turned_round(node: cst.If | cst.While | cst.IfExp) -> Iterable[cst.CSTNode]:
    def in_brackets[N: cst.BaseExpression](expression: N) -> N:
        return expression.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])

    yield node.with_changes(test=in_brackets(cst.UnaryOperation(cst.Not(), in_brackets(node.test))))


OPERATORS = [
    *mutation_operators,
    (cst.SimpleStatementLine, _left_out),
    (cst.If, _turned_round),
    (cst.While, _turned_round),
    (cst.IfExp, _turned_round),
]


class _Changes(cst.CSTVisitor):
    """Finds what can be changed in the functions of a module.

    Attributes:
        found: a node, what may stand in its place, and where: the function, its first line, and
            the lines of the statement.
    """

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode, str, int, range]] = []
        self._names: list[str] = []  # of the classes, and of the function, around a node
        self._function: cst.FunctionDef | None = None
        self._statements: list[range] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _is_left_alone(node):
            return False
        if self._function is None and isinstance(node, cst.ClassDef | cst.FunctionDef):
            self._names.append(node.name.value)
            if isinstance(node, cst.FunctionDef):
                self._function = node
        if isinstance(node, STATEMENTS):
            self._statements.append(self._lines(node))
        if self._function is not None:
            begin = (self._function.decorators or [self._function])[0]
            where = ".".join(self._names), self._line(begin), self._statements[-1]
            self.found += [
                (node, changed, *where)
                for kind, operator in OPERATORS
                if isinstance(node, kind)
                for changed in operator(node)
            ]
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, STATEMENTS):
            self._statements.pop()
        if original_node is self._function:
            self._function = None
            self._names.pop()
        elif self._function is None and isinstance(original_node, cst.ClassDef):
            self._names.pop()

    def _line(self, node: cst.CSTNode) -> int:
        return int(self.get_metadata(PositionProvider, node).start.line)

    def _lines(self, node: cst.CSTNode) -> range:
        """Return the lines of a statement; of one with others inside, those of its head.

        A function is all its lines: if a default is changed, whoever calls it may notice.
        """
        first, body = self._line(node), getattr(node, "body", None)
        if isinstance(body, cst.IndentedBlock) and not isinstance(node, cst.FunctionDef):
            return range(first, max(first + 1, self._line(body.body[0])))
        if isinstance(node, cst.Match):
            return range(first, first + 1)
        return range(first, self.get_metadata(PositionProvider, node).end.line + 1)


def _is_left_alone(node: cst.CSTNode) -> bool:
    match node:
        case cst.Call(func=cst.Name(value=name)):
            return name in NEVER_MUTATE_FUNCTION_CALLS
        case cst.Param(default=default):
            return not isinstance(default, cst.Name | cst.BaseNumber | cst.BaseString)
    return isinstance(node, LEFT_ALONE)
