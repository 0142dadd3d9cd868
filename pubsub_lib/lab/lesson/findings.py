"""Which names of a notebook hold what was found about predictions that nobody has answered yet.

A figure two cells below a hidden result would tell it. So it is followed which names a cell binds
to what was found, and a later cell that uses one of them has to wait as well. What only says how to
run, such as a load, tells nothing, nor does a name that a cell has bound itself before it uses it.

>>> findings: Findings[str] = Findings()
>>> findings.told_in("rows = run(load)\\nmost = max(rows)", compared=["02.most"])
[]
>>> findings.told_in("print(most)")
['02.most']
>>> findings.told_in("most = 3\\nprint(most)")
[]
"""

import ast
from collections.abc import Iterable, Iterator, Sequence

#: What these show is asked of the learner.
_SHOWN_AT_ONCE = {"check", "predict", "recall"}
#: What these return says how to run, and nothing of what was found.
_MAKE_SETTINGS = {
    *("open_loop", "closed_loop", "bursts", "random_arrivals"),
    *("fast_reader", "slow_reader", "dead_reader"),
}
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)


class Findings[Prediction]:
    """Remembers what the names of a notebook tell."""

    def __init__(self) -> None:
        self._told_by: dict[str, list[Prediction]] = {}
        self._told: list[Prediction] = []

    def told_in(self, source: str, compared: Sequence[Prediction] = ()) -> list[Prediction]:
        """Note what a cell binds its names to, and return what it tells by those of other cells.

        Args:
            source: the cell.
            compared: the predictions that it compares with what it finds.
        """
        try:
            cell = ast.parse(source)
        except SyntaxError:  # a cell of another language, or with a magic command
            return []
        self._told = []
        self._follow(cell.body, compared, [])
        if {node.id for node in ast.walk(cell) if isinstance(node, ast.Name)} & _SHOWN_AT_ONCE:
            return []
        return [one for one in dict.fromkeys(self._told) if one not in compared]

    def _follow(
        self,
        statements: Iterable[ast.stmt],
        compared: Sequence[Prediction],
        within: Sequence[Prediction],
    ) -> None:
        """Go through statements in order; whether they run may depend on `within`."""
        for statement in statements:
            if isinstance(statement, _DEFINITIONS):
                self._told_by[statement.name] = self._told_by_all(_used_inside(statement))
            elif isinstance(statement, ast.Import | ast.ImportFrom):
                for alias in statement.names:
                    self._told_by.pop(alias.asname or alias.name.partition(".")[0], None)
            else:
                self._follow_one(statement, compared, within)

    def _follow_one(
        self, node: ast.AST, compared: Sequence[Prediction], within: Sequence[Prediction]
    ) -> None:
        parts = list(ast.iter_child_nodes(node))
        heads = _as_evaluated([part for part in parts if not isinstance(part, _BLOCKS)])
        changed = _bound(node.target) if isinstance(node, ast.AugAssign) else set()
        self._told += self._told_by_all(changed)
        told = [*within, *self._told_by_all(changed)]
        for head in heads:
            used = self._told_by_all(_used(head))
            self._told += used
            told += used if _says_how_to_run(head) else [*used, *compared]
            for name in _bound(head):
                self._told_by[name] = list(dict.fromkeys(told))
        if isinstance(node, ast.ExceptHandler) and node.name:
            self._told_by[node.name] = told
        for name in {name for head in heads for name in _filled(head)}:
            self._told_by[name] = [*self._told_by.get(name, []), *told]
        names = [name for head in heads for name in _used(head)]
        for name in _asked_to_change(node):
            if name in self._told_by:
                self._told_by[name] = [*self._told_by[name], *within, *self._told_by_all(names)]
        for name in {name for head in heads for name in _compared(head)}:
            self._told_by[name] = [*self._told_by.get(name, []), *compared]
        for part in parts:
            if isinstance(part, ast.stmt):
                self._follow([part], compared, told)
            elif isinstance(part, _BLOCKS):
                self._follow_one(part, compared, told)

    def _told_by_all(self, names: Iterable[str]) -> list[Prediction]:
        told = [about for name in sorted(set(names)) for about in self._told_by.get(name, [])]
        return list(dict.fromkeys(told))


def _as_evaluated(heads: list[ast.AST]) -> list[ast.AST]:
    """Return parts of a statement in the order in which they run: a value before its names."""
    return sorted(heads, key=lambda head: isinstance(getattr(head, "ctx", None), ast.Store))


def _used(node: ast.AST) -> set[str]:
    """Return the names that an expression uses, without those that it binds for itself alone."""
    inner: set[str] = set()
    if isinstance(node, _COMPREHENSIONS):
        inner = {name for part in node.generators for name in _stored(part.target)}
    elif isinstance(node, ast.Lambda):
        inner = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
    elif isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    used = {name for part in ast.iter_child_nodes(node) for name in _used(part)}
    return used - inner


def _used_inside(definition: ast.AST) -> set[str]:
    """Return the names that a function or a class uses and does not bind itself."""
    own = _stored(definition)
    own |= {node.arg for node in ast.walk(definition) if isinstance(node, ast.arg)}
    names = [node for node in ast.walk(definition) if isinstance(node, ast.Name)]
    return {node.id for node in names if isinstance(node.ctx, ast.Load)} - own


def _stored(node: ast.AST) -> set[str]:
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    return {each.id for each in names if isinstance(each.ctx, ast.Store)}


def _bound(node: ast.AST) -> set[str]:
    """Return the names that a part of a statement binds in the notebook."""
    if isinstance(node, _COMPREHENSIONS):
        return set()
    if isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        return {node.name} | {n for part in ast.iter_child_nodes(node) for n in _bound(part)}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    return {name for part in ast.iter_child_nodes(node) for name in _bound(part)}


def _filled(part: ast.AST) -> Iterator[str]:
    """Go through the names whose values a part of a statement changes, as `x[0] = 1` does."""
    for node in ast.walk(part):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield from _base(node)


def _asked_to_change(statement: ast.AST) -> Iterator[str]:
    """Go through the names whose values a call may change whose result nobody takes: `x.add(1)`."""
    if isinstance(statement, ast.Expr):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                yield from _base(node.func)


def _compared(part: ast.AST) -> set[str]:
    """Return the names whose values are what was found: `guess.compare(found)`."""
    calls = [node for node in ast.walk(part) if isinstance(node, ast.Call)]
    found = [call for call in calls if isinstance(call.func, ast.Attribute)]
    compared = [call.args for call in found if getattr(call.func, "attr", "") == "compare"]
    names = {name for arguments in compared for each in arguments for name in _used(each)}
    return names - {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def _base(node: ast.AST) -> Iterator[str]:
    is_part = isinstance(node, ast.Attribute | ast.Subscript)
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if is_part and isinstance(node, ast.Name):
        yield node.id


def _says_how_to_run(head: ast.AST) -> bool:
    """Whether a part of a statement runs nothing, and only makes what says how to run."""
    match head:
        case ast.Call(func=ast.Name(id=maker)):
            return maker in _MAKE_SETTINGS
        case ast.Name(ctx=ast.Store()):
            return True
    return False
