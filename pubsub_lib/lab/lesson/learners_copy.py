"""Makes of a file of the course what a learner works with: no answers, and links that lead on.

The course's notebooks keep their outputs, which tests compare, and cells that only tests need. A
learner is to guess first, so a copy has neither.

>>> notebook = {"cells": [
...     {"cell_type": "markdown", "source": "See the [guide](guide.md) and [01](01_next.ipynb)."},
...     {"cell_type": "code", "source": "1 + 1", "outputs": ["2"], "execution_count": 1},
...     {"cell_type": "code", "source": "assert True", "metadata": {"tags": ["remove-cell"]}},
... ]}
>>> content = json.dumps(notebook).encode()
>>> copy = learners_copy("00_start.ipynb", content, left_out={"guide.md"})
>>> for cell in json.loads(copy)["cells"]:
...     print(cell["source"], cell.get("outputs"))
See the [guide](../notebooks/guide.md) and [01](01_next.ipynb). None
1 + 1 []
>>> fingerprint("00_start.ipynb", copy) == fingerprint("00_start.ipynb", content)
False
"""

import hashlib
import json
import re
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

#: The names of the course's notebooks: neither "Untitled.ipynb", nor "05_x-Copy1.ipynb".
NOTEBOOK_NAME = re.compile(r"\d\d_\w+\.ipynb")
#: The tag of a cell that only the tests need.
REMOVED = "remove-cell"
#: The folder of the originals, as seen from that of the copies.
ORIGINALS = "../notebooks"

_LINK = re.compile(r"(?P<before>\]\(<?|\b(?:href|src)=[\"'])(?P<file>[^)\s>\"'#]+)")


def learners_copy(name: str, content: bytes, *, left_out: Collection[str]) -> bytes:
    """Return what a learner gets of a file of the course.

    Args:
        name: the file's path below the folder of the originals.
        content: what the original holds.
        left_out: the names of the files there that learners get no copy of. A link to one of them
            leads to the original.

    Raises:
        ValueError: if a notebook is none.
    """
    match PurePosixPath(name).suffix:
        case ".ipynb":
            notebook = _notebook(content)
            kept = [cell for cell in notebook["cells"] if REMOVED not in _tags(cell)]
            notebook["cells"] = [_unanswered(cell, left_out) for cell in kept]
            return _as_jupyter_writes(notebook)
        case ".md":
            return _with_links(content.decode(), left_out).encode()
        case _:
            return content


def fingerprint(name: str, content: bytes) -> str:
    """Return what stays the same until somebody changes the file.

    Of a notebook it is made from the type and the source of its cells: running it changes nothing,
    nor does the empty cell that JupyterLab adds when the last one is run with Shift+Enter.

    Raises:
        ValueError: if a notebook is none.
    """
    if not name.endswith(".ipynb"):
        return hashlib.sha256(content).hexdigest()
    cells = [(cell["cell_type"], _source(cell)) for cell in _notebook(content)["cells"]]
    written = [cell for cell in cells if cell[1].strip()]
    return hashlib.sha256(json.dumps(written).encode()).hexdigest()


def _notebook(content: bytes) -> dict[str, Any]:
    """Read a notebook, and see that its cells have what is needed of them.

    Not with nbformat, which would upgrade the file in passing.
    """
    try:
        notebook = json.loads(content)
        for cell in notebook["cells"]:
            _source(cell), cell["cell_type"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"this is no notebook: {error!r}") from error
    return dict(notebook)


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])  # a string, or a list of lines


def _tags(cell: dict[str, Any]) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


def _unanswered(cell: dict[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    if cell["cell_type"] == "code":
        return cell | {"outputs": [], "execution_count": None}
    if cell["cell_type"] == "markdown":
        text = _with_links(_source(cell), left_out)
        as_lines = isinstance(cell["source"], list)
        return cell | {"source": text.splitlines(keepends=True) if as_lines else text}
    return cell


def _with_links(text: str, left_out: Collection[str]) -> str:
    """Let links to what learners do not get lead to the original."""

    def lead_on(link: re.Match[str]) -> str:
        file = link["file"]
        return f"{link['before']}{ORIGINALS}/{file}" if file in left_out else link[0]

    return _LINK.sub(lead_on, text)


def _as_jupyter_writes(notebook: dict[str, Any]) -> bytes:
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
