"""Asks the type checker what it thinks of a module, given as text.

The checker, mypy, runs in a process of its own, on a copy in a temporary folder, so the program is
read and never executed. What comes back is where it objects and by which rule: its wording changes
from release to release, lines and rules do not.

>>> for objection in type_check('''
... def double(number: int) -> int:
...     return 2 * number
... double("two")
... '''):
...     print(objection)
line 3: double("two")  [arg-type]
"""

import atexit
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OPTIONS = ("--strict", "--config-file=", "--output=json")


@dataclass(frozen=True, slots=True)
class Objection:
    """One place to which the type checker objects.

    Attributes:
        line: the line's number, from 1.
        source: what stands there.
        rule: the name that mypy has for what is wrong, such as `arg-type`.
        message: what is wrong, in mypy's words.
    """

    line: int
    source: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.source}  [{self.rule}]"


def type_check(source: str) -> list[Objection]:
    """Return what mypy objects to, in strict mode; an empty list if it has no objection.

    A line break at the beginning of the source is not counted, so that the text can start on the
    line after the quotation marks.

    Raises:
        RuntimeError: if mypy cannot run.
    """
    source = source.removeprefix("\n")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "module.py").write_text(source, encoding="utf-8")
        finished = subprocess.run(
            [sys.executable, "-m", "mypy", *OPTIONS, f"--cache-dir={_cache_folder()}", "module.py"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
    # Python that cannot be parsed is a finding too, though mypy then returns 2, as for a crash.
    if finished.stderr or (finished.returncode > 1 and not finished.stdout.startswith("{")):
        raise RuntimeError(f"mypy cannot run: {finished.stderr or finished.stdout}")
    lines = [*source.splitlines(), ""]  # what is missing at the end is missed behind the last line
    reports = [json.loads(line) for line in finished.stdout.splitlines() if line.startswith("{")]
    return [
        Objection(
            report["line"], lines[report["line"] - 1].strip(), report["code"], report["message"]
        )
        for report in reports
        if report["severity"] == "error"
    ]


@cache
def _cache_folder() -> str:
    """What mypy has read once it need not read again as long as this process lives."""
    folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return folder.name
