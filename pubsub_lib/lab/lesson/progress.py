"""Remembers which exercises a learner has solved, in a small file beside the notebooks.

The file is not part of the course: git ignores it, and the notebooks' tests use one of their own,
so that what they compare does not depend on who has solved what. `COURSE_PROGRESS` names another.

>>> import tempfile
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder, "progress.json")
...     remember("00.1", path=path)
...     remember("00.2", path=path)
...     sorted(solved(path=path))
['00.1', '00.2']
>>> print(progress_table(["00.1", "00.2", "01.1"], {"00.1"}))
| notebook | solved | still open |
|---|---|---|
| 00 | 1 of 2 | 00.2 |
| 01 | 0 of 1 | 01.1 |
"""

import json
import os
from collections.abc import Collection
from itertools import groupby
from pathlib import Path

FILE = ".progress.json"


def progress_file() -> Path:
    """Return where the progress is kept: beside the notebooks, if the course is there."""
    if path := os.environ.get("COURSE_PROGRESS"):
        return Path(path)
    notebooks = Path(__file__).parents[3] / "notebooks"
    return (notebooks if notebooks.is_dir() else Path.cwd()) / FILE


def solved(*, path: Path | None = None) -> set[str]:
    """Return the numbers of the exercises that were solved; none if the file cannot be read."""
    try:
        numbers = json.loads((path or progress_file()).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {str(number) for number in numbers} if isinstance(numbers, list) else set()


def remember(number: str, *, path: Path | None = None) -> None:
    """Note that an exercise was solved. Where nothing can be written, nothing is remembered."""
    path = path or progress_file()
    before = solved(path=path)
    if number in before:
        return
    try:
        path.write_text(json.dumps(sorted(before | {number})) + "\n", encoding="utf-8")
    except OSError:
        return


def progress_table(exercises: Collection[str], done: Collection[str]) -> str:
    """Return a Markdown table with a row for each notebook that has exercises."""
    rows = ["| notebook | solved | still open |", "|---|---|---|"]
    for notebook, group in groupby(sorted(exercises), key=lambda number: number.partition(".")[0]):
        numbers = list(group)
        left = [number for number in numbers if number not in done]
        solved_here = f"{len(numbers) - len(left)} of {len(numbers)}"
        rows.append(f"| {notebook} | {solved_here} | {', '.join(left) or 'none'} |")
    return "\n".join(rows)
