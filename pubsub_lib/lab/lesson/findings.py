"""Which names of a notebook hold what was found about predictions that nobody has answered yet.

A figure two cells below a hidden result would tell it. So what a cell with an open prediction binds
to names is remembered, and a cell that uses one of them has to wait as well.

>>> findings: Findings[str] = Findings()
>>> findings.bound_in("rows = run()\\nmost = max(rows)", ["02.most"])
>>> findings.used_in("print(most)")
['02.most']
>>> findings.bound_in("most = 3", [])
>>> findings.used_in("print(most)")
[]
"""

import ast
from collections.abc import Iterable, Iterator

#: What these show is asked of the learner, or stands at the end.
_SHOWN_AT_ONCE = {"check", "predict", "recall", "show_verdicts"}


class Findings[Prediction]:
    """Remembers what the names of a notebook tell."""

    def __init__(self) -> None:
        self._told_by: dict[str, list[Prediction]] = {}

    def used_in(self, source: str) -> list[Prediction]:
        """Return the predictions that a cell would tell something about by the names it uses."""
        names = [node for node in _nodes(source) if isinstance(node, ast.Name)]
        used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
        if used & _SHOWN_AT_ONCE:
            return []
        told = [about for name in sorted(used) for about in self._told_by.get(name, [])]
        return list(dict.fromkeys(told))

    def bound_in(self, source: str, about: Iterable[Prediction]) -> None:
        """Note that a cell has bound its names to what was found about these predictions."""
        for node in _nodes(source):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self._told_by[node.id] = list(about)


def _nodes(source: str) -> Iterator[ast.AST]:
    """Go through a cell, but not into the functions and classes that it defines."""
    try:
        nodes: list[ast.AST] = [ast.parse(source)]
    except SyntaxError:  # a cell of another language, or with a magic command
        return
    while nodes:
        node = nodes.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            nodes += ast.iter_child_nodes(node)
