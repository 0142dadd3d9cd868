"""Execute notebooks again and save what they print, so that outputs are never edited by hand.

    python tools/refresh.py [notebook ...]

A notebook is written only if every cell ran. What would differ from run to run or from machine to
machine (interpreter version, timestamps, widget identifiers) is left out of the file. The picture
of the cell that is tagged `readme-picture` is copied to where the README shows it.
"""

import argparse
import base64
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from kernels import NOTEBOOK_BUDGET_S, neutral_environment, this_python
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.reader import NotJSONError

from pubsub_lib.lab.lesson.claims import NOT_SEEN
from pubsub_lib.lab.lesson.widget_views import drop_widget_views

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
README_PICTURE = Path("images", "readme.png")
README_PICTURE_TAG = "readme-picture"
CELL_TIMEOUT_S = 60
KEPT_CELL_METADATA = {"tags", "editable", "deletable"}
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class CannotRefreshError(Exception):
    """Says why: which cell failed, and how, or what cannot be read or written."""


@dataclass
class CellTimer:
    """Remembers which cell is running, and the slowest so far."""

    current: int = -1
    started: float = 0.0
    slowest: int = -1
    slowest_s: float = 0.0

    def start(self, cell: NotebookNode, cell_index: int) -> None:
        self.current, self.started = cell_index, time.perf_counter()

    def stop(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, object]) -> None:
        took = time.perf_counter() - self.started
        if took > self.slowest_s:
            self.slowest, self.slowest_s = cell_index, took


def format_source(text: str, path: Path) -> str:
    """The notebook with its code formatted by ruff, without touching the file."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path)]
    formatted = subprocess.run(
        [*command, "-"], input=text, capture_output=True, text=True, encoding="utf-8"
    )
    if formatted.returncode:
        raise CannotRefreshError(f"ruff cannot format it:\n{formatted.stderr.strip()}")
    return formatted.stdout


def execute(notebook: NotebookNode, folder: Path) -> CellTimer:
    """Run every cell, from the first, in a kernel of its own that works in `folder`."""
    timer = CellTimer()
    client = NotebookClient(
        notebook,
        km=this_python(AsyncKernelManager),
        timeout=CELL_TIMEOUT_S,
        force_raise_errors=True,
        record_timing=False,
        store_widget_state=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=timer.start,
        on_cell_executed=timer.stop,
    )
    try:
        # What a cell writes to stderr arrives as a message; the pipe only carries the kernel's log.
        client.execute(cleanup_kc=True, stderr=subprocess.DEVNULL)
    except CellTimeoutError:
        problem = f"took longer than {CELL_TIMEOUT_S} s"
    except DeadKernelError:
        problem = "killed its kernel"
    except CellExecutionError:
        problem = "raised\n\n" + saved_traceback(notebook.cells[timer.current])
    else:
        return timer
    source = notebook.cells[timer.current].source
    raise CannotRefreshError(f"cell {timer.current}\n\n{indent(source)}\n\n{problem}")


def saved_traceback(cell: NotebookNode) -> str:
    lines = [line for out in cell.outputs if out.output_type == "error" for line in out.traceback]
    return ANSI_COLOUR.sub("", "\n".join(lines))


def indent(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def normalise(notebook: NotebookNode) -> None:
    """Leave out whatever another run or another machine would write differently."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    for cell in notebook.cells:
        for key in set(cell.metadata) - KEPT_CELL_METADATA:
            del cell.metadata[key]
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
            drop_widget_views(cell.outputs)


def merge_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """One stdout and one stderr between any two other outputs.

    The kernel cuts a stream where its timer happens to fire, and interleaves the two by chance.
    """
    merged: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type != "stream":
            merged += [streams[name] for name in sorted(streams, reverse=True)]
            merged.append(output)
            streams = {}
        elif output.name in streams:
            streams[output.name].text += output.text
        else:
            streams[output.name] = output
    merged += [streams[name] for name in sorted(streams, reverse=True)]
    for output in merged:
        if output.output_type == "stream":
            output.text = keep_last_redraw(output.text)
    return merged


def keep_last_redraw(text: str) -> str:
    """Text as a terminal shows it: a progress bar redraws its line after a carriage return."""
    return re.sub(r"^.*\r(?=[^\n])", "", text, flags=re.MULTILINE)


def cells_with(mark: str, notebook: NotebookNode) -> list[int]:
    """The cells that have shown something which is marked so."""
    return [
        index
        for index, cell in enumerate(notebook.cells)
        for output in cell.get("outputs", [])
        if mark in output.get("data", {}).get("text/html", "")
    ]


def save_readme_picture(notebook: NotebookNode, folder: Path) -> None:
    """Copy the picture of the tagged cell, if this notebook has it."""
    for cell in notebook.cells:
        if README_PICTURE_TAG in cell.metadata.get("tags", []):
            (picture,) = (out.data["image/png"] for out in cell.outputs if "image/png" in out.data)
            destination = folder / README_PICTURE
            destination.parent.mkdir(exist_ok=True)
            destination.write_bytes(base64.b64decode(picture))


def refresh(path: Path) -> None:
    """Execute one notebook and save it if all went well."""
    try:
        before = path.read_text(encoding="utf-8")
        notebook = nbformat.reads(format_source(before, path), as_version=4)
    except OSError as error:
        raise CannotRefreshError(f"it cannot be read: {error.strerror}") from None
    except NotJSONError:
        raise CannotRefreshError("it is no notebook") from None
    started = time.perf_counter()
    timer = execute(notebook, path.parent)
    took = time.perf_counter() - started
    normalise(notebook)
    after = nbformat.writes(notebook) + "\n"
    try:
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
        save_readme_picture(notebook, path.parent)
    except OSError as error:
        raise CannotRefreshError(f"{error.filename} cannot be written: {error.strerror}") from None
    print(
        f"{path.name:32} {'unchanged' if after == before else 'written':9} {took:5.1f} s,"
        f" slowest: cell {timer.slowest}, {timer.slowest_s:.1f} s",
        flush=True,
    )
    for index in cells_with(NOT_SEEN, notebook):
        print(f"  warning: a claim of cell {index} could not be seen on this busy machine")
    if took > NOTEBOOK_BUDGET_S:
        print(f"  warning: more than {NOTEBOOK_BUDGET_S} s; make its experiments smaller")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of notebooks/")
    paths = parser.parse_args().notebooks or sorted(NOTEBOOKS.glob("*.ipynb"))
    failed = 0
    with neutral_environment():
        for path in paths:
            try:
                refresh(path.resolve())
            except CannotRefreshError as problem:
                failed += 1
                print(f"{path.name:32} NOT written: {problem}\n", file=sys.stderr, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
