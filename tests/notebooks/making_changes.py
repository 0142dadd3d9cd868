"""Makes the changes that a notebook suggests, each in a fork of one run of the notebook.

    found = make_changes(Path("notebooks/02_queues.ipynb"), CHANGES)

A notebook takes seconds to run, and suggests several changes, so it runs once, in this process, and
without the cells that no changed cell builds on. At a cell that is changed, a fork runs the changed
cell and those that the change names, and says what they showed; then the run goes on as if nothing
had been. A fork has one thread: where the notebook has others by then, a new process runs the
notebook up to that cell instead. What was found is printed as JSON, a line a change: what was
shown, and the error that ended it, if one did.

It is a program of its own because it holds an IPython shell, and because the tests take a warning
for an error.
"""

import ast
import asyncio
import contextlib
import json
import os
import re
import selectors
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import nbformat
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import RichOutput, capture_output
from traitlets.config import Config

from pubsub_lib.lab.lesson import names
from pubsub_lib.lab.lesson.learners_copy import REMOVED
from pubsub_lib.lab.lesson.python_source import parsed
from tests.notebooks.changes import Change

# A process in which a library for linear algebra keeps threads cannot be forked without a warning.
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
FROM_THE_START = "--from-the-start"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of a change.

    Attributes:
        shown: what the changed cell and those after it printed and displayed, with captions.
        error: the exception that ended it; empty if none did.
    """

    shown: str = ""
    error: str = ""


def make_changes(notebook: Path, changes: Sequence[Change]) -> list[Found]:
    """Run a notebook, in a process of its own, and return what came of each change.

    Raises:
        RuntimeError: if the notebook, unchanged, ends in an error, or this program does.
    """
    return _found_by_a_program(notebook, changes)


def _found_by_a_program(notebook: Path, changes: Sequence[Change], *options: str) -> list[Found]:
    program = [sys.executable, "-W", "error", "-m", "tests.notebooks.making_changes"]
    run = subprocess.run(
        [*program, *options, str(notebook), json.dumps([asdict(change) for change in changes])],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
    )
    if run.returncode:
        raise RuntimeError(run.stderr[-3000:])
    return [Found(**json.loads(line)) for line in run.stdout.splitlines()]


class Run:
    """A run of a notebook, as in a kernel: every cell in one event loop."""

    def __init__(self, notebook: Path) -> None:
        cells = nbformat.read(notebook, as_version=4).cells
        self.sources = {
            cell.id: cell.source
            for cell in cells
            if cell.cell_type == "code" and REMOVED not in cell.metadata.get("tags", [])
        }
        config = Config()
        config.HistoryManager.enabled = False  # or it would keep a thread
        config.InteractiveShell.colors = "nocolor"
        self.shell = InteractiveShell.instance(config=config)
        self.loop = asyncio.new_event_loop()

    def run(self, source: str) -> Found:
        """Run one cell."""
        with capture_output() as captured:
            running = self.shell.run_cell_async(
                source, store_history=True, transformed_cell=self.shell.transform_cell(source)
            )
            result = self.loop.run_until_complete(running)
            self.shell.events.trigger("post_execute")
            self.shell.events.trigger("post_run_cell", result)
        error = result.error_before_exec or result.error_in_exec
        shown = [captured.stdout, captured.stderr, *map(text_of, captured.outputs)]
        return Found("\n".join(shown), f"{type(error).__name__}: {error}" if error else "")

    def run_unchanged(self, cell: str) -> None:
        """Run one cell as it is, without drawing what it shows, which takes most of the time."""
        with nothing_drawn():
            found = self.run(self.sources[cell])
        if found.error:
            raise RuntimeError(f"cell {cell!r}, unchanged, ends in {found.error}")

    def run_changed(self, change: Change) -> Found:
        """Run the changed cell, and those that the change names."""
        shown = ""
        for source in (
            change.made_in(self.sources[change.cell]),
            *(self.sources[cell] for cell in change.run),
        ):
            found = self.run(source)
            shown += found.shown
            if found.error:
                return Found(shown, found.error)
        return Found(shown)


def text_of(output: RichOutput) -> str:
    """What a reader, or a test, sees of something displayed."""
    kinds = ("text/plain", "text/markdown", "text/html")
    texts = [str(output.data[kind]) for kind in kinds if kind in output.data]
    return "\n".join(re.sub(r"<[^>]*>", " ", text) for text in texts)


def run_with_changes(notebook: Path, changes: Sequence[Change]) -> list[Found]:
    """Run a notebook and make each change where it comes to its cell."""
    run = Run(notebook)
    found: dict[int, Found] = {}
    needed = needed_for(changes, run.sources)
    for cell in needed:
        for number, change in enumerate(changes):
            if change.cell != cell:
                continue
            if threads() == 1:
                found[number] = changed_in_a_fork(run, change)
            else:
                (found[number],) = _found_by_a_program(notebook, [change], FROM_THE_START)
        if cell != needed[-1]:
            run.run_unchanged(cell)
    return [found[number] for number in sorted(found)]


def needed_for(changes: Sequence[Change], sources: dict[str, str]) -> list[str]:
    """The cells that are changed, and those that bind or change a name that these build on."""
    cells: list[str] = []
    wanted: set[str] = set()
    for cell, source in reversed(sources.items()):
        here = [change for change in changes if change.cell == cell]
        run = [sources[later] for change in here for later in change.run]
        its = names_in(source)
        if here or (its.bound | its.changed) & wanted:
            wanted = (wanted - its.bound) | its.used | its.changed
            for each in (*run, *(change.made_in(source) for change in here)):
                wanted |= names_in(each).used
            cells.append(cell)
    return cells[::-1]


class Names(NamedTuple):
    """The names of a notebook that a cell uses, before it binds them; binds, always; changes."""

    used: set[str]
    bound: set[str]
    changed: set[str]


def names_in(source: str) -> Names:
    cell = parsed(source)
    its = Names(set(), set(), names.changed(cell))
    for statement in cell.body:
        its.used.update(names.used(statement) - its.bound - bound_before_its_body(statement))
        if isinstance(statement, ast.If | ast.Try | ast.While | ast.Match | ast.AugAssign):
            its.changed.update(names.bound(statement))
        else:
            its.bound.update(names.bound(statement))
    return its


def bound_before_its_body(statement: ast.stmt) -> set[str]:
    """The names that the loops and blocks of a statement bind first, such as `for name in ...`."""
    bound = set()
    for node in ast.walk(statement):
        match node:
            case ast.For(target=target) | ast.AsyncFor(target=target):
                bound |= names.bound(target)
            case ast.withitem(optional_vars=ast.expr() as target):
                bound |= names.bound(target)
    return bound


def run_up_to(notebook: Path, change: Change) -> list[Found]:
    """Run a notebook up to the cell that is changed, and the change."""
    run = Run(notebook)
    for cell in needed_for([change], run.sources)[:-1]:
        run.run_unchanged(cell)
    return [run.run_changed(change)]


def changed_in_a_fork(run: Run, change: Change) -> Found:
    reads, writes = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            with_a_selector_of_its_own(run.loop)
            found = run.run_changed(change)
        except BaseException as error:
            found = Found(error=f"{type(error).__name__}: {error}")
        answer(writes, [found])
        os._exit(0)
    os.close(writes)
    return answer_of(child, reads)


def answer(to: int, found: list[Found]) -> None:
    with open(to, "w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(asdict(one))}\n" for one in found)


def answer_of(child: int, reads: int) -> Found:
    with open(reads, encoding="utf-8") as file:
        text = file.read()
    os.waitpid(child, 0)
    return Found(**json.loads(text)) if text else Found(error="its process ended without a word")


def with_a_selector_of_its_own(loop: asyncio.AbstractEventLoop) -> None:
    """Part a loop from the one that it was forked from, whose epoll object it shares until then."""
    shared = loop._selector
    loop._selector = selectors.DefaultSelector()
    for key in list(shared.get_map().values()):
        loop._selector.register(key.fileobj, key.events, key.data)
    loop._close_self_pipe()
    loop._make_self_pipe()


@contextlib.contextmanager
def nothing_drawn() -> Iterator[None]:
    """Leave out the drawing of figures; their captions are made."""
    style = sys.modules.get("pubsub_lib.lab.figures.style")
    if style is None:  # nothing was drawn until now, and importing it takes a second
        yield
        return
    drawn, style.Plot.png = style.Plot.png, lambda _: b""
    try:
        yield
    finally:
        style.Plot.png = drawn


def threads() -> int:
    """How many threads this process has, also those that Python did not start."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else 2


def main() -> None:
    *options, path, changes = sys.argv[1:]
    notebook, made = Path(path).resolve(), [Change(**change) for change in json.loads(changes)]
    os.chdir(notebook.parent)  # as a kernel does
    to = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what programs print that a cell starts
    answer(to, run_up_to(notebook, *made) if options else run_with_changes(notebook, made))


if __name__ == "__main__":
    try:
        main()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)  # without waiting for a notebook's threads
