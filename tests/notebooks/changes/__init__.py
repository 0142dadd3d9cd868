"""What the notebooks suggest to change, as data, with what is then found; one module a notebook.

Each module is named as its notebook is, without the number, and has `CHANGES`, in the order of the
notebook: one for each "Change it" whose answer is folded below it. `test_changes.py` makes the
change, runs the cell and those it names, and looks for the text that the answer states.

    CHANGES = [
        Change(
            cell="75dea355",
            replace=("maxsize=100", "maxsize=10"),
            run=["5460d8e3"],
            expect=["dropped for the slow one 290"],
        ),
    ]
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that a notebook suggests.

    Attributes:
        cell: the id of the cell that is changed.
        replace: what stands there, once, and what is to stand there; or several such pairs.
        run: the ids of the later cells that have to run as well, in their order.
        expect: what is then found in the outputs and captions of these cells, each word for word
            but for line breaks.
        same_text: whether it belongs to the same "Change it" as the change before it, which
            suggests several.
    """

    cell: str
    replace: tuple[str, str] | Sequence[tuple[str, str]]
    run: Sequence[str] = field(default=())
    expect: Sequence[str]
    same_text: bool = False

    @property
    def edits(self) -> list[tuple[str, str]]:
        """What to replace by what."""
        match self.replace:
            case (str(old), str(new)):
                return [(old, new)]
            case pairs:
                return [(str(old), str(new)) for old, new in pairs]

    def made_in(self, source: str) -> str:
        """Return the changed source.

        Raises:
            ValueError: if what is to be replaced does not stand there exactly once.
        """
        for old, new in self.edits:
            if source.count(old) != 1:
                raise ValueError(
                    f"{old!r} stands {source.count(old)} times in cell {self.cell!r}, not once"
                )
            source = source.replace(old, new)
        return source


def changes_of(notebook: Path) -> list[Change]:
    """Return the changes that a notebook suggests; none if it has no module here."""
    name = notebook.stem[3:]
    if not Path(__file__).with_name(f"{name}.py").exists():
        return []
    return list(importlib.import_module(f"{__name__}.{name}").CHANGES)
