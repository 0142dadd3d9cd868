"""Finds out which lines of the library each test runs, and how long it takes."""

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType

monitoring = sys.monitoring
TOOL = monitoring.COVERAGE_ID


@dataclass
class Run:
    """What one test does where nothing is mutated.

    Attributes:
        seconds: of processor time that it takes.
        waited: how long that took on the wall, in seconds.
        lines: those that it runs, as (file, number).
    """

    seconds: float = 0.0
    waited: float = 0.0
    lines: set[tuple[str, int]] = field(default_factory=set)


class Lines:
    """Notes the lines that are run of some functions."""

    def __init__(self, functions: Iterable[CodeType]) -> None:
        self._run = Run()
        monitoring.use_tool_id(TOOL, "mutants")
        monitoring.register_callback(TOOL, monitoring.events.LINE, self._note)
        for code in functions:
            monitoring.set_local_events(TOOL, code, monitoring.events.LINE)

    def _note(self, code: CodeType, line: int) -> object:
        self._run.lines.add((code.co_filename, line))
        return monitoring.DISABLE  # once a test is enough

    @contextmanager
    def measured(self) -> Iterator[Run]:
        """Yield what is run in the block; how long it takes is known after it."""
        self._run = Run()
        monitoring.restart_events()
        began, waiting_since = time.process_time(), time.monotonic()
        yield self._run
        self._run.seconds = time.process_time() - began
        self._run.waited = time.monotonic() - waiting_since
