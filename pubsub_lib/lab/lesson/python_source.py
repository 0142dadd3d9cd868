"""Reads a cell of a notebook as Python, also where it has commands of IPython's.

>>> print(ast.unparse(parsed("%%time\\nmost = max(rows)")))
most = max(rows)
>>> print(ast.unparse(parsed("!cat {rows}")))
get_ipython().system(cat, rows)
>>> parsed("most = = 3") is None
True
"""

import ast
import re

from IPython.core.inputtransformer2 import TransformerManager


def parsed(source: str) -> ast.Module | None:
    """Return a cell as a syntax tree; `None` if it is in no language that is known here.

    Of `%%time` and its like it is what they run; of other commands, the words as names.
    """
    try:
        module: ast.Module = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):
        return None
    _WithoutCommands().visit(module)
    return module


class _WithoutCommands(ast.NodeTransformer):
    """Puts what IPython's commands are about in the place of the strings that they are given."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt]:
        below = parsed(text) if (text := _given_to_command(node.value)) is not None else None
        return below.body if below else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if (text := _given_to_command(node)) is not None:
            words = re.findall(r"[^\W\d]\w*", text)
            node.args = [ast.Name(word, ast.Load()) for word in words]
        return self.generic_visit(node)


def _given_to_command(node: ast.AST) -> str | None:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython"))),
            args=[*_, ast.Constant(value=str(text))],
        ):
            return text
    return None
