"""Say how long a notebook takes, and write it into its opening and the instructor's guide.

    python -m tools.reading_time [--write] [notebook ...]

The core path is everything but the sections headed `## Further: ...`, which are optional. Text is
read at 150 words a minute: slowly, as one reads what one wants to be able to do. So is code, where
a word is what stands between two spaces: a line takes 2 s, some need none and some 10. What is done
by hand is added: see `MINUTES`.
"""

import argparse
import math
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
GUIDE = "instructors_guide.md"

WORDS_A_MINUTE = 150
#: What is done by hand takes, in minutes, beside the reading of it: to think of a guess, to change
#: something and run it again, to answer three questions of an earlier notebook, and to solve an
#: exercise whose text does not say "Allow 10 minutes".
MINUTES = {"prediction": 0.5, "change": 0.5, "recall": 1.5, "exercise": 7.0}
#: Times are rounded up to a multiple of this.
STEP_MINUTES = 5
MOST_CORE_MINUTES = 45
MOST_COURSE_MINUTES = 600

LINK_TARGET = re.compile(r"\]\([^)]*\)|^ {0,3}\[[^\]]+\]:.*$|<[^>]+>", re.MULTILINE)
HEADING = re.compile(r"^## +(.+)$", re.MULTILINE)
OPTIONAL = "Further: "
FOOTER = re.compile(r"^\[←[^\n]*\Z|^\[[^\]\n]*→\]\([^)]*\)\s*\Z", re.MULTILINE)
EXERCISE = re.compile(r"^### Exercise ", re.MULTILINE)
ALLOWED = re.compile(r"\bAllow (\d+) minutes?\b")
TIME_LINE = re.compile(r"(\*\*Time:\*\* )(\d+) minutes(?:, and (\d+) for what is optional)?")


@dataclass(frozen=True)
class ReadingTime:
    """How long a notebook takes, in minutes.

    Attributes:
        core: what everybody is to read and do.
        optional: the sections at the end that go further.
    """

    core: float = 0.0
    optional: float = 0.0

    def __str__(self) -> str:
        """As the opening has it."""
        core = f"{rounded(self.core)} minutes"
        return (
            f"{core}, and {rounded(self.optional)} for what is optional" if self.optional else core
        )


def rounded(minutes: float) -> int:
    return math.ceil(round(minutes / STEP_MINUTES, 6)) * STEP_MINUTES


def reading_time(notebook: NotebookNode) -> ReadingTime:
    """How long a learner's copy of a notebook takes, which lacks what only the tests need."""
    minutes = {False: 0.0, True: 0.0}
    for is_optional, kind, text in parts(notebook):
        minutes[is_optional] += minutes_of(kind, text)
    return ReadingTime(minutes[False], minutes[True])


def parts(notebook: NotebookNode) -> Iterator[tuple[bool, str, str]]:
    """The texts and the code of a notebook; for each, whether it is optional, and what it is."""
    is_optional = False
    for cell in notebook.cells:
        if "remove-cell" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type != "markdown":
            yield is_optional, cell.cell_type, cell.source
            continue
        text = FOOTER.sub("", cell.source)
        before, *sections = HEADING.split(text)
        yield is_optional, "markdown", before
        for title, section in zip(sections[::2], sections[1::2], strict=True):
            is_optional = title.startswith(OPTIONAL)
            yield is_optional, "markdown", f"{title}\n{section}"


def minutes_of(kind: str, text: str) -> float:
    if kind == "code":
        by_hand = text.count("predict(") * MINUTES["prediction"]
        by_hand += text.count("recall(") * MINUTES["recall"]
        return len(text.split()) / WORDS_A_MINUTE + by_hand
    words = len(LINK_TARGET.sub(" ", text).split())
    by_hand = text.count("**Change it:**") * MINUTES["change"]
    if EXERCISE.search(text):
        allowed = ALLOWED.findall(text)
        unsaid = max(0, len(EXERCISE.findall(text)) - len(allowed))
        by_hand += sum(map(int, allowed)) + unsaid * MINUTES["exercise"]
    return words / WORDS_A_MINUTE + by_hand


def stated(notebook: NotebookNode) -> str:
    """What the opening says, without the words that may follow."""
    match = TIME_LINE.search(notebook.cells[0].source)
    return match[0].removeprefix(match[1]) if match else "nothing"


def write(path: Path, notebook: NotebookNode, time: ReadingTime) -> None:
    """Fill in the opening of a notebook, and its row in the guide beside it."""
    opening = notebook.cells[0]
    opening.source = TIME_LINE.sub(rf"\g<1>{time}", opening.source, count=1)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")
    guide = path.parent / GUIDE
    if guide.exists():
        text = guide.read_text(encoding="utf-8")
        row = re.compile(rf"^(\| \[\d\d [^\]]+\]\({re.escape(path.name)}\) \| )\d+ ", re.MULTILINE)
        text = row.sub(rf"\g<1>{rounded(time.core)} ", text)
        guide.write_text(text, encoding="utf-8", newline="\n")


def table(times: Iterable[tuple[str, ReadingTime, str]]) -> str:
    lines = [f"{'notebook':32} {'core':>6} {'optional':>9}  stated"]
    core = optional = 0.0
    for name, time, said in times:
        core, optional = core + time.core, optional + time.optional
        lines.append(f"{name:32} {time.core:6.1f} {time.optional:9.1f}  {said}")
    lines.append(f"{'in hours':32} {core / 60:6.1f} {optional / 60:9.1f}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="fill in the openings and the guide")
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of notebooks/")
    arguments = parser.parse_args()
    found = []
    for path in arguments.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        time = reading_time(notebook)
        if arguments.write:
            write(path, notebook, time)
        found.append((path.name, time, stated(notebook)))
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
