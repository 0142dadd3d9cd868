"""Every notebook also works when all its cells are queued at once, as JupyterLab's Run All does.

What is run is the learner's copy, without the cells that only tests need, and among copies of which
none was run before.
"""

from pathlib import Path

import pytest

from pubsub_lib.nats.local_server.server import why_no_server
from tools.kernels import needs_server

from .running_all import TIME_LIMIT_S, copies_of, run_all, run_notebook
from .test_structure import NOTEBOOKS

# Until its kernel has started, a minute may go by.
pytestmark = [pytest.mark.run_all, pytest.mark.timeout(TIME_LIMIT_S + 120)]


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a learner who begins."""
    return copies_of(NOTEBOOKS[0].parents[1], tmp_path_factory.mktemp("my_course"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_all_cells_run_when_queued_at_once(path: Path, copies: Path):
    if needs_server(path) and (reason := why_no_server(of_our_own=True)):
        pytest.skip(reason)
    problems = run_notebook(copies / path.name)
    if problems:
        pytest.fail(f"{path.name}:\n" + "\n".join(problems), pytrace=False)


def test_good_cells_pass(tmp_path):
    sources = {"first": "import asyncio\nawait asyncio.sleep(0.01)", "second": "1 + 1"}
    assert run_all(sources, tmp_path) == []


def test_cell_that_raises_is_named_and_those_after_it(tmp_path):
    sources = {"first": "x = 1", "second": "1 / 0", "third": "x"}
    assert run_all(sources, tmp_path) == [
        "second: ZeroDivisionError: division by zero",
        "third: not run, because an earlier cell failed",
    ]


def test_cell_that_kills_the_kernel_is_named(tmp_path):
    sources = {"first": "x = 1", "second": "import os\nos._exit(1)", "third": "x"}
    assert run_all(sources, tmp_path) == ["second: the kernel died"]


def test_cell_that_waits_for_ever_is_named(tmp_path):
    sources = {"first": "import asyncio", "second": "await asyncio.Event().wait()", "third": "1"}
    problems = run_all(sources, tmp_path, time_limit_s=6)
    assert problems == ["no reply within 6 s from second, third"]
