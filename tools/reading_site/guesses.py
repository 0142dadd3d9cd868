"""Which cells of a notebook would tell the answer of a prediction, so that a page folds them.

A learner's copy hides what a cell shows until there is a guess (`pubsub_lib.lab.lesson.held_back`).
A page has no kernel, so the same is found out here from the cells' sources alone.

>>> cells = [
...     'most = predict("02.most", "How many wait?", unit="messages")',
...     "rows = run()\\nmost.compare(max(rows))",
...     "plot(rows)",
...     "print('nothing of it')",
... ]
>>> for secret in secrets(cells):
...     print(secret.asks, secret.compares, secret.tells)
['02.most'] [] []
[] ['02.most'] []
[] [] ['02.most']
[] [] []
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pubsub_lib.lab.lesson.findings import Findings

#: What a notebook ends with sums up all that was found.
SUMS_UP = "show_verdicts("


@dataclass(frozen=True, slots=True)
class Asked:
    """A prediction as a notebook asks it.

    Attributes:
        name: by which its answer is found.
        question: what is asked.
        unit: of the number that is asked for.
        choices: the answers to choose from; none where a number is asked for.
    """

    name: str
    question: str
    unit: str = ""
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Secret:
    """What a cell has to do with predictions, each by its name.

    Attributes:
        asks: those that it asks.
        compares: those whose result it says.
        tells: those that its outputs would tell something about.
    """

    asks: list[str] = field(default_factory=list)
    compares: list[str] = field(default_factory=list)
    tells: list[str] = field(default_factory=list)


def secrets(sources: Iterable[str]) -> Iterator[Secret]:
    """Say of each code cell of a notebook, in order, what it has to do with predictions."""
    variables: dict[str, str] = {}
    findings: Findings[str] = Findings()
    for source in sources:
        asked = {variable: one.name for variable, one in predictions_in(source).items()}
        variables |= asked
        compares = [
            name
            for variable, name in variables.items()
            if re.search(rf"\b{re.escape(variable)}\.compare\(", source)
        ]
        told = findings.told_in(source, compares)
        if SUMS_UP in source:
            told = list(variables.values())
        tells = [name for name in told if name not in compares]
        yield Secret(list(asked.values()), compares, tells)


def predictions_in(source: str) -> dict[str, Asked]:
    """Return the predictions that a cell asks, by the variable that it gives each."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a cell of another language, or with a magic command
        return {}
    found = {}
    for statement in statements:
        match statement:
            case ast.Assign(
                targets=[ast.Name(id=variable)],
                value=ast.Call(func=ast.Name(id="predict"), args=args, keywords=keywords),
            ):
                name, question = map(ast.literal_eval, args)
                options = {one.arg: ast.literal_eval(one.value) for one in keywords}
                found[variable] = Asked(
                    name, question, options.get("unit", ""), tuple(options.get("choices", ()))
                )
    return found
