"""The page beside this, and the data that its results are made of.

What was measured is kept beside the page, and the page's sections are what the report makes of
that and of nothing else, so that a number which somebody changes in one of them can be found.

>>> Page(Path(__file__).parent).stale()
[]
"""

import json
from dataclasses import dataclass
from pathlib import Path

from .by_hand import BY_HAND, LIMITS
from .figure import draw
from .library import LIBRARY
from .network import network_report
from .peers import PEERS
from .report import report
from .rounds import Quantity
from .run import Run
from .systems import System

RESULTS = "results"
SECTIONS = (RESULTS, "results over a network")
NOTHING = "Nothing has been saved yet; `make bench ARGS=--save` does it."


@dataclass(frozen=True, slots=True)
class Page:
    """The page in a folder, and what was saved beside it."""

    folder: Path

    @property
    def readme(self) -> Path:
        return self.folder / "README.md"

    @property
    def figure(self) -> Path:
        return self.folder / "benchmark.png"

    @property
    def run(self) -> Path:
        return self.folder / "results.jsonl"

    @property
    def network(self) -> Path:
        return self.folder / "results_network.json"

    def save_run(self, run: Run) -> None:
        """Keep a run, and make the picture and the page of it."""
        self.run.write_text(run.to_text(), encoding="utf-8")
        self.figure.write_bytes(draw(run, _systems_of(run), LIMITS).png())
        self.write()

    def save_network(self, times: dict[str, list[float]]) -> None:
        """Keep what was measured over a network, and make the page of it."""
        digits = {name: [float(f"{us:.5g}") for us in values] for name, values in times.items()}
        self.network.write_text(f"{json.dumps(digits, indent=1)}\n", encoding="utf-8")
        self.write()

    def write(self) -> None:
        """Make the page's sections of what was saved."""
        text = self.readme.read_text(encoding="utf-8")
        for section in SECTIONS:
            before, _, after = split_at(section, text)
            begin, end = markers(section)
            text = f"{before}{begin}\n{self._made(section)}\n\n{end}{after}"
        self.readme.write_text(text, encoding="utf-8")

    def stale(self) -> list[str]:
        """Return the sections that are not what was saved."""
        text = self.readme.read_text(encoding="utf-8")
        return [
            section
            for section in SECTIONS
            if split_at(section, text)[1].strip() != self._made(section)
        ]

    def _made(self, section: str) -> str:
        saved = self.run if section == RESULTS else self.network
        if not saved.exists():
            return NOTHING
        text = saved.read_text(encoding="utf-8")
        return self._in_process(text) if section == RESULTS else network_report(json.loads(text))

    def _in_process(self, text: str) -> str:
        run = Run.from_text(text)
        systems = _systems_of(run)
        caption = draw(run, systems, LIMITS).caption
        picture = f"![{caption}]({self.figure.name})\n\n*{caption}*"
        return f"{picture}\n\n{report(run, systems, LIMITS)}"


def split_at(section: str, text: str) -> tuple[str, str, str]:
    """Return what stands before a section of the page, in it, and after it."""
    begin, end = markers(section)
    before, rest = text.split(begin)
    inside, after = rest.split(end)
    return before, inside, after


def markers(section: str) -> tuple[str, str]:
    """Return what a section of the page stands between."""
    return f"<!-- {section} -->\n", f"<!-- end of {section} -->\n"


def _systems_of(run: Run) -> list[System]:
    measured = run.results.values[Quantity.COST, run.sizes.few_subscribers]
    return [system for system in (*LIBRARY, *BY_HAND, *PEERS) if system.name in measured]
