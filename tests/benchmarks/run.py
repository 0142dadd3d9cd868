"""One run of the benchmark: what was measured, on which machine, and by which means.

It can be kept as text, one line of JSON for each row of values, so that the page is made from what
was measured and from nothing else.

>>> from .rounds import FULL, Quantity, Results
>>> results = Results()
>>> results.add(Quantity.COST, 10, "aio-broadcast", 271.46512)
>>> run = Run(results, FULL, "a machine", {"aio-broadcast": "1.0.3"}, seconds=240.0)
>>> read = Run.from_text(run.to_text())
>>> read.results.values
{(<Quantity.COST: 'processor time of a delivery (ns)'>, 10): {'aio-broadcast': [271.47]}}
>>> read.sizes == FULL
True
"""

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

from .rounds import Quantity, Results, Sizes


class ProfileRow(NamedTuple):
    """What one function costs: how often it is called, and its own time, in milliseconds."""

    calls: int
    own_ms: float
    where: str


@dataclass(frozen=True, slots=True)
class Run:
    """Everything that a report is made of.

    Attributes:
        results: what was measured.
        sizes: how much of it.
        machine: what it was measured on.
        versions: those of the peers, by their distribution's name.
        seconds: how long it took.
        profiles: where the time goes, for some systems, by quantity and system.
    """

    results: Results
    sizes: Sizes
    machine: str
    versions: dict[str, str]
    seconds: float
    profiles: dict[tuple[Quantity, str], list[ProfileRow]] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return it as lines of JSON, values with five digits."""
        return "".join(f"{json.dumps(line)}\n" for line in self._lines())

    def _lines(self) -> Iterator[list[Any]]:
        sizes = asdict(self.sizes)
        yield ["run", self.machine, round(self.seconds), self.versions, sizes]
        for (quantity, subscribers), by_system in self.results.values.items():
            for system, values in by_system.items():
                five_digits = [float(f"{value:.5g}") for value in values]
                yield ["values", quantity.name, subscribers, system, five_digits]
        for (quantity, system), rows in self.profiles.items():
            yield ["profile", quantity.name, system, rows]

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Return the run that was kept as this text."""
        first, *lines = map(json.loads, text.splitlines())
        _, machine, seconds, versions, sizes = first
        sizes["messages"] = {int(count): of for count, of in sizes["messages"].items()}
        run = cls(Results(), Sizes(**sizes), machine, versions, seconds)
        for kind, name, *line in lines:
            quantity = Quantity[name]
            if kind == "values":
                subscribers, system, values = line
                run.results.values.setdefault((quantity, subscribers), {})[system] = values
            else:
                system, rows = line
                run.profiles[quantity, system] = [ProfileRow(*row) for row in rows]
        return run


def this_machine() -> str:
    """Return what runs the benchmark, in words."""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} on "
        f"{platform.machine()}, {os.cpu_count()} cores"
    )
