"""What a notebook suggests to change does what its folded answer says, and ends in no exception.

The changes are data, in `changes/`; `making_changes.py` makes them, all of a notebook in one run.
In the notebook each reads:

    **Change it:** give the queue room for five. When is the last message in it?

    <details>
    <summary>What happens</summary>

    After 2 s: ...

    </details>
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest

from pubsub_lib.nats.local_server.server import why_no_server
from tools.kernels import needs_server

from .changes import Change, changes_of
from .checks import Notebook, read
from .making_changes import Found, make_changes
from .test_structure import NOTEBOOKS

SUGGESTED = re.compile(r"\*\*Change it:\*\*(?P<what>.*?)(?=\*\*Change it:\*\*|^#|\Z)", re.S | re.M)
ANSWERED = re.compile(
    r"<details>\n<summary>What happens</summary>\n\n(?P<answer>.*?)\n\n</details>", re.DOTALL
)
NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")

CHANGED = [path for path in NOTEBOOKS if changes_of(path)]

# Threads that its cells leave behind cannot be forked, so that each change is a run of its own.
WITH_THREADS = {"01_locks_and_callbacks"}

# A run of a whole notebook, and what waits for its turn on a busy machine.
pytestmark = pytest.mark.timeout(480)


def suggestions(notebook: Notebook) -> Iterator[tuple[int, str]]:
    """The cell and the text of each "Change it", with all that belongs to it."""
    for index, cell in notebook.markdown:
        for match in SUGGESTED.finditer(cell.source):
            yield index, match["what"]


def by_suggestion(changes: list[Change]) -> list[list[tuple[int, Change]]]:
    """The changes of each "Change it", with their numbers."""
    groups: list[list[tuple[int, Change]]] = []
    for number, change in enumerate(changes):
        if change.same_text:
            groups[-1].append((number, change))
        else:
            groups.append([(number, change)])
    return groups


@cache
def made(path: Path) -> list[Found]:
    return make_changes(path, changes_of(path))


def found_by(path: Path) -> list[Found]:
    if needs_server(path) and (reason := why_no_server(of_our_own=True)):
        pytest.skip(reason)
    return made(path)


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def marks_of(path: Path) -> list[pytest.MarkDecorator]:
    """Where a notebook's changes take long, `make test-all` makes them."""
    return [pytest.mark.run_all] if path.stem in WITH_THREADS else []


def each_change() -> list[object]:
    return [
        pytest.param(path, number, id=f"{path.stem}-{change.cell}-{number}", marks=marks_of(path))
        for path in CHANGED
        for number, change in enumerate(changes_of(path))
    ]


@pytest.mark.parametrize(("path", "number"), each_change())
def test_a_change_shows_what_is_expected_of_it_and_ends_in_no_exception(path: Path, number: int):
    change, found = changes_of(path)[number], found_by(path)[number]
    if found.error:
        pytest.fail(f"{change}\nends in {found.error}\n{found.shown}", pytrace=False)
    shown = in_one_line(found.shown)
    missing = [text for text in change.expect if in_one_line(text) not in shown]
    if missing or not change.expect:
        pytest.fail(f"{change}\ndoes not show {missing}, but\n{found.shown}", pytrace=False)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_suggested_has_its_answer_folded_below_it_and_is_tried(path: Path):
    notebook, problems = read(path), []
    places = {cell.id: index for index, cell in enumerate(notebook.cells)}
    pairs = zip_longest(suggestions(notebook), by_suggestion(changes_of(path)))
    for suggestion, changes in pairs:
        if suggestion is None:
            problems.append(f"no text suggests {changes[0][1]}")
            continue
        index, what = suggestion
        if not ANSWERED.search(what):
            problems.append(f"{notebook.named(index)}: no answer is folded below {what[:60]!r}")
        if changes is None:
            problems.append(f"{notebook.named(index)}: nothing tries {what[:60]!r}")
            continue
        late = [one.cell for _, one in changes if places.get(one.cell, index) >= index]
        if late:
            problems.append(f"{notebook.named(index)}: no cell {late} stands before it")
    if problems:
        pytest.fail("\n".join([path.name, *problems]), pytrace=False)


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem, marks=marks_of(path)) for path in CHANGED]
)
def test_every_number_of_a_folded_answer_was_found_or_stands_in_the_change(path: Path):
    notebook, found, problems = read(path), found_by(path), []
    groups = by_suggestion(changes_of(path))
    for (index, what), changes in zip(suggestions(notebook), groups, strict=True):
        answer = "".join(ANSWERED.findall(what))
        asked = ANSWERED.sub("", what)
        known = [asked, *(found[number].shown + str(change) for number, change in changes)]
        known += [notebook.cells[at].source for at in places_of(notebook, changes)]
        left = numbers("".join(answer)) - numbers("\n".join(known))
        if left:
            problems.append(
                f"{notebook.named(index)}: {sorted(left)} is found by none of {changes}"
            )
    if problems:
        pytest.fail("\n".join([path.name, *problems]), pytrace=False)


def places_of(notebook: Notebook, changes: list[tuple[int, Change]]) -> list[int]:
    ids = {cell for _, change in changes for cell in (change.cell, *change.run)}
    return [index for index, cell in enumerate(notebook.cells) if cell.id in ids]


def numbers(text: str) -> set[str]:
    return {number.replace(",", "") for number in NUMBER.findall(text)}
