"""Which names of a notebook hold what was found about predictions that nobody has answered yet.

A figure two cells below a hidden result would tell it. So it is followed which names a cell binds
to what was found, and a later cell that uses one of them has to wait as well. So has one that runs
again what was run to find it: a film of the same run, or a table of all ways side by side. What
only says how to run, such as a load, tells nothing, nor does a name that a cell has bound itself
before it uses it.

>>> findings: Findings[str] = Findings()
>>> findings.told_in("rows = run(load)\\nmost = max(rows)", compared=["02.most"])
[]
>>> findings.told_in("print(most)")
['02.most']
>>> findings.told_in("most = 3\\nprint(most)")
[]
>>> _ = findings.told_in("def meet(): ...\\nmeeting.compare(meet())", compared=["02.meeting"])
>>> findings.told_in("film(meet())")
['02.meeting']
"""

import ast
from collections.abc import Iterable, Sequence

from pubsub_lib.lab.lesson import names
from pubsub_lib.lab.lesson.python_source import parsed

#: What these show is asked of the learner.
_SHOWN_AT_ONCE = {"check", "predict", "recall"}
#: What these return says how to run, and nothing of what was found.
_MAKE_SETTINGS = {
    *("open_loop", "closed_loop", "bursts", "random_arrivals"),
    *("fast_reader", "slow_reader", "dead_reader"),
}
_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)


class Findings[Prediction]:
    """Remembers what the names of a notebook tell."""

    def __init__(self) -> None:
        self._told_by: dict[str, list[Prediction]] = {}
        # Of a function or a class: what it was run for, and what it changes when it is run.
        self._run_for: dict[str, list[Prediction]] = {}
        self._changed_by: dict[str, set[str]] = {}
        self._told: list[Prediction] = []
        self._compared: Sequence[Prediction] = ()

    def told_in(self, source: str, compared: Sequence[Prediction] = ()) -> list[Prediction]:
        """Note what a cell binds its names to, and return what it tells by those of other cells.

        Args:
            source: the cell.
            compared: the predictions that it compares with what it finds.
        """
        cell = parsed(source)
        if cell is None:
            return []
        self._told, self._compared = [], compared
        self._follow(cell.body, [])
        used = {name for each in cell.body for name in names.used(each)}
        for name in _run_by(cell) & self._run_for.keys():
            self._run_for[name] += compared
        if used & _SHOWN_AT_ONCE:
            return []
        return [one for one in dict.fromkeys(self._told) if one not in compared]

    def _follow(self, statements: Iterable[ast.stmt], within: Sequence[Prediction]) -> None:
        """Go through statements in order; whether they run may depend on `within`."""
        for statement in statements:
            if isinstance(statement, names.DEFINITIONS):
                self._define(statement)
            elif isinstance(statement, ast.Import | ast.ImportFrom | ast.Delete):
                for name in names.bound(statement):
                    self._forget(name)
            else:
                self._follow_one(statement, within)

    def _define(self, definition: names.Definition) -> None:
        self._told += self._told_by_all(names.used_at_once(definition), or_run_for=False)
        inside = names.used(definition)
        changed = names.changed_when_called(definition) & self._told_by.keys()
        changed.update(*(self._changed_by[name] for name in inside & self._changed_by.keys()))
        self._bind(definition.name, self._told_by_all(inside, or_run_for=False))
        self._run_for[definition.name], self._changed_by[definition.name] = [], changed

    def _bind(self, name: str, told: Iterable[Prediction]) -> None:
        self._forget(name)
        self._told_by[name] = list(dict.fromkeys(told))

    def _forget(self, name: str) -> None:
        for known in (self._told_by, self._run_for, self._changed_by):
            known.pop(name, None)

    def _follow_one(self, node: ast.AST, within: Sequence[Prediction]) -> None:
        parts = list(ast.iter_child_nodes(node))
        heads = _as_evaluated([part for part in parts if not isinstance(part, _BLOCKS)])
        changed = names.bound(node.target) if isinstance(node, ast.AugAssign) else set()
        self._told += self._told_by_all(changed)
        told = [*within, *self._told_by_all(changed)]
        if isinstance(node, ast.Try | ast.TryStar):  # what is raised may tell what it was raised of
            told += self._told_by_all(name for each in node.body for name in names.used(each))
        for head in heads:
            used = self._told_by_all(names.used(head))
            self._told += used
            told += used if _says_how_to_run(head) else [*used, *self._compared]
            for name in names.bound(head):
                self._bind(name, told)
        if isinstance(node, ast.ExceptHandler) and node.name:
            self._bind(node.name, told)
        used_names = {name for head in heads for name in names.used(head)}
        by_running = [self._changed_by[name] for name in used_names & self._changed_by.keys()]
        for name in {n for head in heads for n in names.filled(head)}.union(*by_running):
            self._add(name, told)
        for name in names.asked_to_change(node) & self._told_by.keys():
            self._add(name, [*within, *self._told_by_all(used_names)])
        for name in {name for head in heads for name in _found(head)}:
            self._add(name, self._compared)
        for part in parts:
            if isinstance(part, ast.stmt):
                self._follow([part], told)
            elif isinstance(part, _BLOCKS):
                self._follow_one(part, told)

    def _add(self, name: str, told: Iterable[Prediction]) -> None:
        self._told_by[name] = list(dict.fromkeys([*self._told_by.get(name, []), *told]))

    def _told_by_all(self, used: Iterable[str], *, or_run_for: bool = True) -> list[Prediction]:
        told: list[Prediction] = []
        for name in sorted(set(used)):
            told += self._told_by.get(name, [])
            # A cell that asks something of its own may well begin with the same run.
            if or_run_for and not self._compared:
                told += self._run_for.get(name, [])
        return list(dict.fromkeys(told))


def _as_evaluated(heads: list[ast.AST]) -> list[ast.AST]:
    """Return parts of a statement in the order in which they run: a value before its names."""
    return sorted(heads, key=lambda head: isinstance(getattr(head, "ctx", None), ast.Store))


def _run_by(cell: ast.Module) -> set[str]:
    """Return what a cell uses when it runs, and not only in what it defines."""
    run = [each for each in cell.body if not isinstance(each, names.DEFINITIONS)]
    return {name for each in run for name in names.used(each)}


def _found(part: ast.AST) -> set[str]:
    """Return the names whose values are what was found: `guess.compare(found)`."""
    calls = [node for node in ast.walk(part) if isinstance(node, ast.Call)]
    found = [call for call in calls if isinstance(call.func, ast.Attribute)]
    compared = [call.args for call in found if getattr(call.func, "attr", "") == "compare"]
    used = {name for arguments in compared for each in arguments for name in names.used(each)}
    return used - {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def _says_how_to_run(head: ast.AST) -> bool:
    """Whether a part of a statement runs nothing, and only makes what says how to run."""
    match head:
        case ast.Call(func=ast.Name(id=maker)):
            return maker in _MAKE_SETTINGS
        case ast.Name(ctx=ast.Store()):
            return True
    return False
