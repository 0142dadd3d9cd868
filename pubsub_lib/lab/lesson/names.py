"""Which names a part of a program uses, binds and changes, seen from the notebook.

What a function, a comprehension or a lambda binds for itself alone is no name of the notebook.

>>> cell = ast.parse("late = {name: run for name, run in runs.items() if run > limit}")
>>> sorted(used(cell)), bound(cell)
(['limit', 'runs'], {'late'})
>>> changed(ast.parse("rows.append(late)"))
{'rows'}
"""

import ast
from collections.abc import Iterable, Iterator

type Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def used(node: ast.AST) -> set[str]:
    """Return the names whose values a part of a program uses, now or when it is called."""
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, _COMPREHENSIONS):
        outermost = node.generators[0].iter  # this alone does not see the names of the others
        parts = [part for part in _parts(node) if part is not outermost]
        inner = {name for part in node.generators for name in bound(part.target)}
        return used(outermost) | (_used_by_all(parts) - inner)
    if isinstance(node, ast.Lambda):
        return _used_by_all(_defaults(node.args)) | (used(node.body) - _arguments(node.args))
    if isinstance(node, DEFINITIONS):
        return used_at_once(node) | (_used_by_all(node.body) - _own(node))
    return _used_by_all(ast.iter_child_nodes(node))


def bound(node: ast.AST) -> set[str]:
    """Return the names that a part of a program binds around it."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return {name}
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {node.name}
        case ast.alias():
            return {node.asname or node.name.partition(".")[0]}
        case ast.Lambda():
            return set()
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            named = [each for each in ast.walk(node) if isinstance(each, ast.NamedExpr)]
            return {each.target.id for each in named}
        case ast.MatchAs() | ast.MatchStar() | ast.ExceptHandler():
            own = {node.name} if node.name else set()
        case ast.MatchMapping():
            own = {node.rest} if node.rest else set()
        case _:
            own = set()
    return own | {name for part in ast.iter_child_nodes(node) for name in bound(part)}


def changed(node: ast.AST) -> set[str]:
    """Return the names whose values a part of a program changes, or may change.

    `x[0] = 1` and `x.y = 1` do; `x.add(1)` may, if nobody takes what it returns.
    """
    return filled(node).union(*map(asked_to_change, ast.walk(node)))


def filled(node: ast.AST) -> set[str]:
    """Return the names whose values a part of a program changes, as `x[0] = 1` does."""
    parts = [each for each in ast.walk(node) if isinstance(each, ast.Attribute | ast.Subscript)]
    return {name for part in parts if isinstance(part.ctx, ast.Store) for name in _base(part)}


def asked_to_change(statement: ast.AST) -> set[str]:
    """Return the names whose values a call may change whose result nobody takes: `x.add(1)`."""
    if not isinstance(statement, ast.Expr):
        return set()
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    asked = [call.func for call in calls if isinstance(call.func, ast.Attribute)]
    return {name for part in asked for name in _base(part)}


def changed_when_called(definition: Definition) -> set[str]:
    """Return the names of the notebook that a function binds anew, or whose values it changes."""
    anew = _declared_global(definition) & _bound_inside(definition)
    return anew | (changed(definition) - _own(definition))


def comparing(node: ast.AST) -> list[str]:
    """Return the names of the predictions that a cell compares: `guess.compare(found)`.

    >>> comparing(ast.parse("guess.compare(2)  # other.compare(3)"))
    ['guess']
    """
    calls = [each.func for each in ast.walk(node) if isinstance(each, ast.Call)]
    asked = [each for each in calls if isinstance(each, ast.Attribute) and each.attr == "compare"]
    return [each.value.id for each in asked if isinstance(each.value, ast.Name)]


def used_at_once(definition: Definition) -> set[str]:
    """Return the names that a definition uses when it is made, and not when it is called."""
    if isinstance(definition, ast.ClassDef):
        inside = [each for each in definition.body if not isinstance(each, DEFINITIONS)]
        before = [*definition.decorator_list, *definition.bases, *definition.keywords]
        return _used_by_all(before) | (_used_by_all(inside) - _own(definition))
    return _used_by_all([*definition.decorator_list, *_defaults(definition.args)])


def _parts(comprehension: ast.AST) -> Iterator[ast.AST]:
    for part in ast.iter_child_nodes(comprehension):
        yield from ast.iter_child_nodes(part) if isinstance(part, ast.comprehension) else [part]


def _used_by_all(nodes: Iterable[ast.AST]) -> set[str]:
    return {name for node in nodes for name in used(node)}


def _own(definition: Definition) -> set[str]:
    """Return the names that a definition binds for itself alone."""
    arguments = set() if isinstance(definition, ast.ClassDef) else _arguments(definition.args)
    return arguments | (_bound_inside(definition) - _declared_global(definition))


def _bound_inside(definition: Definition) -> set[str]:
    return {name for part in definition.body for name in bound(part)}


def _declared_global(definition: Definition) -> set[str]:
    declared = [node for node in ast.walk(definition) if isinstance(node, ast.Global)]
    return {name for node in declared for name in node.names}


def _arguments(arguments: ast.arguments) -> set[str]:
    return {node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)}


def _defaults(arguments: ast.arguments) -> list[ast.AST]:
    return [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]


def _base(node: ast.AST) -> Iterator[str]:
    is_part = isinstance(node, ast.Attribute | ast.Subscript)
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if is_part and isinstance(node, ast.Name):
        yield node.id
